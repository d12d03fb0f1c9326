import { defaultActivity, type Activity } from './activity.js';
import { Connection, type AnySocket, type Auth, type ConnectionOptions } from './connection.js';
import { acquireDeviceId, describeDevice, type DeviceId } from './device.js';
import { Emitter, type Unsubscribe } from './emitter.js';
import { closedError, type PresenceError } from './errors.js';
import { Heartbeats } from './heartbeat.js';
import type { ConnectionState, Link, LinkOwner } from './link.js';
import { MemoryStore, type PresenceStore, type UserPresence } from './store.js';
import { canShare, SharedLink, type TabOwner } from './tabs.js';
import type { DeviceInfo, ServerEvents, Status } from './wire.js';

interface CommonOptions {
  /** Who the user is; needed only where it is neither in `auth` nor the `sub` of a JWT. */
  userId?: string;
  /** What others see of the device. Default: read from the browser's user agent. */
  deviceInfo?: DeviceInfo;
  /** Kept across reconnects (contract, section 1). Default: one that the tab keeps over reloads. */
  deviceId?: string;
  /** For how long nobody has touched the device. Default: the page's activity in a browser. */
  activity?: Activity;
  /** Milliseconds between heartbeats. Default: 30,000 (contract, section 6). */
  heartbeatInterval?: number;
  /** Milliseconds to wait for an answer. Default: 10,000. */
  timeout?: number;
  /** False: `connect()` has to be called. Default: true. */
  autoConnect?: boolean;
}

/** A connection of presence's own. */
export interface OwnConnectionOptions extends CommonOptions {
  /** Where presenced listens, such as `https://presence.example.com`. */
  url: string;
  auth: Auth;
  /** Options of socket.io-client, such as `path` or `transports`. */
  socketOptions?: NonNullable<ConnectionOptions['socketOptions']>;
  /**
   * The tabs of this browser share one connection and are one device. Needs `userId` here or in
   * `auth`; each tab has its own connection where the browser has no Web Locks.
   */
  share?: boolean;
}

/** The application's socket to presenced. */
export interface SocketOptions extends CommonOptions {
  /**
   * The application connects, authenticates and closes it. What it sends as `auth` gets the fields of
   * presence in addition; `auth` as a function is asked for a fresh token when one has expired.
   */
  socket: AnySocket;
}

export type PresenceOptions = OwnConnectionOptions | SocketOptions;

/** The events of `presence.on`: those of the server, and two of the client. */
export interface PresenceEvents extends ServerEvents {
  connection: ConnectionState;
  error: PresenceError;
}

export interface StatusDetails {
  /** At most 256 bytes of UTF-8. */
  customMessage?: string;
  /** When the choice ends by itself, by the server's clock. */
  expiresAt?: number | Date;
}

/** One user's presence, and what that user sees of others. */
export interface Presence {
  readonly store: PresenceStore;
  readonly connection: ConnectionState;
  /** The user, as far as known: from the options, or from a JWT. */
  readonly userId: string | undefined;
  /** The user's own view of itself: with all devices, and `offline` while invisible. */
  readonly me: UserPresence | undefined;
  /** The socket that is used; with `share` only in the tab that is connected. */
  readonly socket: AnySocket | undefined;
  on<Name extends keyof PresenceEvents>(
    name: Name,
    listener: (value: PresenceEvents[Name]) => void,
  ): Unsubscribe;
  /** The time by the server's clock, for `lastSeenText` and `statusText`. */
  now(): number;
  /**
   * Chooses a status (`offline`: invisible) and a message: the whole choice, what is left out is none.
   * Gives the own presence. Rejects with a PresenceError, as do the others.
   */
  setStatus(status: Status, details?: StatusDetails): Promise<UserPresence>;
  /** Asks the server about users, in their order, each once; those who are no contacts look offline. */
  check(userIds: readonly string[]): Promise<readonly UserPresence[]>;
  /** Asks the server about one user. */
  get(userId: string): Promise<UserPresence>;
  /** Sends a heartbeat now. */
  heartbeat(): void;
  /** Asks for all contacts and the own presence again. */
  resync(): Promise<void>;
  /** Connects, also after having been refused or ended by the server. */
  connect(): void;
  /** Ends it for good: an own connection is closed, an application's socket is left as it was. */
  close(): void;
}

/** Follows the presence of the user's contacts, and keeps the server told that this device is there. */
export function createPresence(options: PresenceOptions): Presence {
  const presence = new Client(options);
  if (options.autoConnect !== false) presence.connect();
  return presence;
}

const MOST_IDS = 1000; // in one check_users_presence

class Client implements Presence {
  readonly store = new MemoryStore();
  connection: ConnectionState = { status: 'disconnected' };
  userId: string | undefined;
  readonly #events = new Emitter<PresenceEvents>();
  readonly #heartbeats: Heartbeats;
  readonly #deviceInfo: DeviceInfo;
  readonly #deviceId: DeviceId;
  readonly #link: Link;
  #lastSocket: AnySocket | undefined;
  #cursor: string | undefined;
  #serverAhead = 0;
  #closed = false;

  constructor(options: PresenceOptions) {
    const {
      userId, deviceId, deviceInfo = describeDevice(), activity = defaultActivity(),
      heartbeatInterval: interval = 30_000, timeout = 10_000,
    } = options;
    const { url, auth, socketOptions, share, socket } =
      options as Partial<OwnConnectionOptions & SocketOptions>;
    this.#deviceInfo = deviceInfo;
    this.#deviceId = deviceId ? { value: deviceId, release() {} } : acquireDeviceId();
    this.userId = userId ?? (auth && 'userId' in auth ? auth.userId : undefined);

    const open = (owner: LinkOwner) => {
      const connection = new Connection({ url, auth, socketOptions, socket, timeout }, owner);
      this.#lastSocket = connection.socket;
      return connection;
    };
    if (share && !this.userId) throw new TypeError('share needs userId');
    const key = `presenced ${url} ${this.userId}`;
    const owner = this.#owner();
    this.#link = share && canShare()
      ? new SharedLink({ key, timeout, interval, open }, owner)
      : open(owner);
    this.#heartbeats = new Heartbeats({
      interval,
      activity,
      send: (idleMs) => this.#link.beat(idleMs),
      onResume: (paused) => {
        this.#link.wake();
        if (paused && this.connection.status === 'connected') this.#sync();
      },
    });
  }

  get me(): UserPresence | undefined {
    return this.userId === undefined ? undefined : this.store.user(this.userId);
  }

  get socket(): AnySocket | undefined {
    return this.#lastSocket;
  }

  on<Name extends keyof PresenceEvents>(
    name: Name,
    listener: (value: PresenceEvents[Name]) => void,
  ): Unsubscribe {
    return this.#events.on(name, listener);
  }

  now(): number {
    return Date.now() + this.#serverAhead;
  }

  async setStatus(status: Status, details: StatusDetails = {}): Promise<UserPresence> {
    const { customMessage, expiresAt } = details;
    const own = await this.#ask('set_user_status', {
      status,
      ...(customMessage && { customMessage }),
      ...(expiresAt !== undefined && { expiresAt: +expiresAt }),
    });
    this.userId ??= own.userId;
    this.store.apply('presence_status_response', own);
    return this.store.user(own.userId);
  }

  async check(userIds: readonly string[]): Promise<readonly UserPresence[]> {
    const unique = [...new Set(userIds)];
    for (let at = 0; at < unique.length; at += MOST_IDS) {
      const part = unique.slice(at, at + MOST_IDS);
      const answer = await this.#ask('check_users_presence', { userIds: part });
      this.store.apply('presence_status_response', answer);
    }
    return unique.map((userId) => this.store.user(userId));
  }

  async get(userId: string): Promise<UserPresence> {
    const answer = await this.#ask('get_user_presence', { userId });
    this.store.apply('presence_status_response', answer);
    return this.store.user(userId);
  }

  heartbeat(): void {
    this.#heartbeats.beat();
  }

  async resync(): Promise<void> {
    const [contacts] = await Promise.all([
      this.#ask('get_contacts', {}),
      this.userId !== undefined && this.get(this.userId),
    ]);
    this.#take('presence_snapshot', contacts);
  }

  connect(): void {
    if (this.#closed) throw closedError();
    this.#link.connect();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#heartbeats.stop();
    this.#link.close();
    this.#deviceId.release();
    this.#setConnection({ status: 'disconnected', error: closedError() });
  }

  #ask: Link['ask'] = (name, payload) =>
    this.#closed ? Promise.reject(closedError()) : this.#link.ask(name, payload);

  #owner(): TabOwner {
    return {
      handshake: () => ({
        deviceId: this.#deviceId.value,
        deviceInfo: this.#deviceInfo,
        snapshot: true,
        ...(this.#cursor && { cursor: this.#cursor }),
      }),
      onState: (state) => {
        this.#setConnection(state);
        if (state.status !== 'connected') return;
        this.#heartbeats.beat();
        // Nobody tells a device of its own user's presence as it is when it connects.
        if (this.userId !== undefined) this.get(this.userId).catch(() => {});
      },
      onUnsynced: () => this.#sync(),
      onEvent: (name, data) => this.#take(name, data),
      onBeat: ({ serverTime, cursor }, sentAt) => {
        // With something stale in the store, what changed since is not enough.
        if (this.store.stale) this.#sync();
        else this.#cursor = cursor;
        this.#serverAhead = serverTime - (sentAt + Date.now()) / 2;
      },
      onPing: () => this.#heartbeats.poke(),
      onError: (error) => this.#closed || this.#events.emit('error', error),
      onToken: (token) => (this.userId ??= subjectOf(token)),
      onDeviceId: (deviceId) => (this.#deviceId.value = deviceId),
    };
  }

  #take<Name extends keyof ServerEvents>(name: Name, data: ServerEvents[Name]): void {
    if (name === 'presence_snapshot') {
      const { cursor, stale, timestamp } = data as ServerEvents['presence_snapshot'];
      this.#cursor = stale ? undefined : cursor;
      this.#serverAhead ||= timestamp - Date.now();
    }
    if (name !== 'presence_error' && name !== 'token_expired') {
      this.store.apply(name as 'user_online', data as ServerEvents['user_online']);
    }
    this.#events.emit(name, data as PresenceEvents[Name]);
  }

  #sync(): void {
    // A connection that is lost meanwhile brings its own snapshot.
    this.resync().catch(() => {});
  }

  #setConnection(state: ConnectionState): void {
    if (this.#closed && state.status !== 'disconnected') return;
    this.connection = state;
    this.#events.emit('connection', state);
  }
}

// The user of a JWT, which is checked by the server, not here.
function subjectOf(token: string): string | undefined {
  try {
    const part = token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), (char) => char.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown };
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
