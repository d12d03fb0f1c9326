import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

import { closedError, PresenceError, type PresenceErrorCode } from './errors.js';
import type { Link, LinkOwner } from './link.js';
import type { ClientEvents, ConnectErrorData, ErrorAck, ServerEvents } from './wire.js';

/** Who the user is (contract, section 2). */
export type Credentials = { token: string } | { userId: string };

/**
 * Credentials, or a function that fetches them: for every attempt to connect (`connect`), and when
 * the server says that the token has expired (`expired`).
 */
export type Auth = Credentials | ((why: 'connect' | 'expired') => Credentials | Promise<Credentials>);

/** An application's socket, whatever events it declares. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnySocket = Socket<any, any>;

export interface ConnectionOptions {
  /** The server's address, for a connection of presence's own. */
  url?: string | undefined;
  auth?: Auth | undefined;
  /** Options of socket.io-client for that connection. */
  socketOptions?: Partial<ManagerOptions & SocketOptions> | undefined;
  /** The application's socket, in place of `url` and `auth`. */
  socket?: AnySocket | undefined;
  /** Milliseconds to wait for an acknowledgement. */
  timeout: number;
}

const EVENTS: (keyof ServerEvents)[] = [
  'user_online', 'user_offline', 'user_status_changed', 'user_devices_changed', 'contacts_changed',
  'presence_status_response', 'presence_snapshot', 'presence_batch', 'presence_error',
  'token_expired',
];

// Refusals that another attempt cannot change.
const FINAL = ['unauthorized', 'invalid_argument'];
const LONGEST_WAIT_MS = 30_000;

type Fields = Record<string, unknown>;
type Refusal = { message: string; data?: ConnectErrorData };

const authError = (reason: unknown) =>
  reason instanceof PresenceError
    ? reason
    : new PresenceError('unauthorized', `auth failed: ${String(reason)}`);

/**
 * The link over a Socket.IO socket. With an application's own socket the application decides when it
 * connects; its CONNECT payload gets the fields of presence in addition.
 */
export class Connection implements Link {
  readonly socket: AnySocket;
  readonly #options: ConnectionOptions;
  readonly #owner: LinkOwner;
  readonly #owned: boolean;
  readonly #auth: unknown;
  // Requests that wait for an acknowledgement or for the connection.
  readonly #waiting = new Set<(error: PresenceError) => void>();
  readonly #undo: (() => void)[] = [];
  #announced = false; // the coming CONNECT carries our fields, so a snapshot will follow
  #expired = false; // told that the token has expired, and no fresh one was taken yet
  #token: unknown; // the last one sent
  #attempts = 0;
  #closed = false; // whatever still comes of auth begins nothing again
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions, owner: LinkOwner) {
    this.#options = options;
    this.#owner = owner;
    const { socket, url, auth, socketOptions } = options;
    this.#owned = !socket;
    this.#auth = socket ? socket.auth : auth;
    this.socket = socket ?? io(url!, { ...socketOptions, autoConnect: false });
    this.socket.auth = (send: (fields: Fields) => void) => void this.#announce(send);
    this.#listen();
  }

  connect(): void {
    if (!this.#owned) {
      // It may have connected before it was handed in.
      if (this.socket.connected) this.#onConnect();
      return;
    }
    if (this.socket.connected || this.#closed) return;
    this.#stopRetrying();
    this.#owner.onState({ status: 'connecting' });
    this.socket.connect();
  }

  wake(): void {
    const { socket } = this;
    const waits = !socket.connected && socket.active && socket.io.engine?.readyState === 'closed';
    if (!this.#owned || !(waits || this.#retry)) return;
    socket.disconnect();
    this.connect();
  }

  close(silently = false): void {
    this.#closed = true;
    this.#stopRetrying();
    for (const undo of this.#undo) undo();
    this.#rejectAll(closedError());
    if (!this.#owned) {
      this.socket.auth = this.#auth as AnySocket['auth'];
      return;
    }
    if (silently && this.socket.connected) {
      // Without a DISCONNECT packet the device lingers until another tab has taken over.
      this.socket.io.reconnection(false);
      this.socket.io.engine.close();
    }
    this.socket.disconnect();
  }

  ask<Name extends keyof ClientEvents>(
    name: Name,
    payload: ClientEvents[Name]['payload'],
  ): Promise<ClientEvents[Name]['ack']> {
    type Answer = ClientEvents[Name]['ack'];
    const { socket } = this;
    const waiting = this.#waiting;
    return new Promise<Answer>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        waiting.delete(fail);
        socket.off('connect', send);
      };
      const fail = (error: PresenceError) => {
        // Only what was sent is lost with the connection.
        if (error.code === 'disconnected' && !sent) return;
        settle();
        reject(error);
      };
      const send = () => {
        sent = true;
        socket.off('connect', send);
        socket.emit(name, payload, (answer: Answer & Partial<ErrorAck>) => {
          settle();
          const { error } = answer;
          if (error) reject(new PresenceError(error.code, error.message, name));
          else resolve(answer);
        });
      };
      const timer = setTimeout(
        () => fail(new PresenceError('timeout', `no answer to ${name}`, name)),
        this.#options.timeout,
      );
      let sent = false;
      waiting.add(fail);
      if (socket.connected) send();
      else socket.on('connect', send);
    });
  }

  beat(idleMs: number | undefined): void {
    if (!this.socket.connected) return;
    const sentAt = Date.now();
    const { deviceInfo } = this.#owner.handshake();
    this.ask('user_heartbeat', {
      timestamp: sentAt,
      ...(deviceInfo && { deviceInfo }),
      ...(idleMs !== undefined && { idleMs }),
    }).then(
      (answer) => this.#owner.onBeat(answer, sentAt),
      // A lost connection is told as such; nobody waits for this answer.
      (error: PresenceError) => {
        if (!['disconnected', 'closed', 'timeout'].includes(error.code)) this.#owner.onError(error);
      },
    );
  }

  #listen(): void {
    const { socket } = this;
    const owner = this.#owner;
    this.#on(socket, 'connect', () => this.#onConnect());
    this.#on(socket, 'disconnect', (reason: string) => this.#onDisconnect(reason));
    this.#on(socket, 'connect_error', (error: Refusal) => this.#onRefused(error));
    for (const name of EVENTS) this.#on(socket, name, (data: never) => owner.onEvent(name, data));
    this.#on(socket, 'token_expired', () => void this.#refreshToken());
    this.#on(socket.io, 'ping', () => owner.onPing());
  }

  #on(
    from: AnySocket | AnySocket['io'],
    name: string,
    listener: (value: never) => void,
  ): void {
    const emitter = from as AnySocket;
    emitter.on(name, listener);
    this.#undo.push(() => emitter.off(name, listener));
  }

  #onConnect(): void {
    this.#attempts = 0;
    this.#expired = false;
    this.#owner.onState({ status: 'connected' });
    if (!this.#announced) this.#owner.onUnsynced();
    this.#announced = false;
  }

  #onDisconnect(reason: string): void {
    const error = new PresenceError('disconnected', reason);
    this.#rejectAll(error);
    // Socket.IO connects again by itself unless one of the two sides wanted the end.
    if (this.socket.active) this.#owner.onState({ status: 'connecting', error });
    else if (this.#expired && this.#fetches) this.#retryLater(error);
    else this.#owner.onState({ status: 'disconnected', error });
  }

  #onRefused({ message, data }: Refusal): void {
    this.#announced = false;
    const code: PresenceErrorCode = data?.code ?? 'unreachable';
    const error = new PresenceError(code, message);
    if (this.socket.active) return this.#owner.onState({ status: 'connecting', error });
    const final = FINAL.includes(code) || (code === 'token_expired' && !this.#fetches);
    if (this.#owned && !final) return this.#retryLater(error);
    this.#owner.onState({ status: 'disconnected', error });
    this.#owner.onError(error);
  }

  #retryLater(error: PresenceError): void {
    this.#owner.onState({ status: 'connecting', error });
    const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.#attempts++);
    this.#stopRetrying();
    this.#retry = setTimeout(() => this.connect(), wait * (0.5 + Math.random() / 2));
  }

  #stopRetrying(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  /** Whether asking again may give other credentials. */
  get #fetches(): boolean {
    return this.#owned && typeof this.#auth === 'function';
  }

  #credentials(why: 'connect' | 'expired'): Promise<Fields> {
    const auth = this.#auth;
    return new Promise((resolve, reject) => {
      if (typeof auth !== 'function') return resolve((auth ?? {}) as Fields);
      // Socket.IO's own form, with a callback, or ours.
      if (!this.#owned) return auth(resolve);
      Promise.resolve(why).then(auth as (why: string) => Fields).then(resolve, reject);
    });
  }

  async #announce(send: (fields: Fields) => void): Promise<void> {
    try {
      const fields = await this.#credentials('connect');
      this.#token = fields.token;
      if (typeof fields.token === 'string') this.#owner.onToken(fields.token);
      this.#announced = true;
      send({ ...fields, ...this.#owner.handshake() });
    } catch (reason) {
      const error = authError(reason);
      this.#owner.onError(error);
      this.socket.disconnect();
      this.#retryLater(error);
    }
  }

  async #refreshToken(): Promise<void> {
    this.#expired = true;
    try {
      const { token } = await this.#credentials('expired');
      if (typeof token !== 'string' || token === this.#token) {
        throw new PresenceError('token_expired', 'no fresh token');
      }
      this.#token = token;
      await this.ask('refresh_token', { token });
      this.#expired = false;
    } catch (reason) {
      this.#owner.onError(authError(reason));
    }
  }

  #rejectAll(error: PresenceError): void {
    for (const fail of [...this.#waiting]) fail(error);
  }
}
