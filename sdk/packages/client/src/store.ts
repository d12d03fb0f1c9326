import { Emitter, type Unsubscribe } from './emitter.js';
import type { Device, OfflineReason, PresenceStatus, ServerEvents, Status } from './wire.js';

/**
 * What is known of a user: an immutable snapshot. The same object is given until something that can
 * be seen changes. Fields without a value are absent.
 */
export interface UserPresence {
  readonly userId: string;
  readonly status: Status;
  /** Milliseconds since the epoch by the server's clock; 0: never seen, or not to be seen. */
  readonly lastSeen: number;
  readonly deviceCount: number;
  readonly devices?: readonly Readonly<Device>[];
  readonly customMessage?: string;
  /** Away because nobody touched any of the devices. */
  readonly autoAway?: boolean;
  /** Why the user went offline, when that was told (contract, section 4). */
  readonly offlineReason?: OfflineReason;
  /** The server could not look: this is what it knew before (contract, section 9). */
  readonly stale?: boolean;
}

/** Read access to everybody's presence. */
export interface PresenceStore {
  /** The presence of a user; somebody who is not known is offline and was never seen. */
  user(userId: string): UserPresence;
  /** All contacts, in the order in which they became known. The same array until one changes. */
  contacts(): readonly UserPresence[];
  isContact(userId: string): boolean;
  /** Whether the contacts have arrived: until then everybody looks offline. */
  readonly synced: boolean;
  /** Calls back after each change with the users it concerns (none: only `synced` changed). */
  subscribe(listener: (changed: ReadonlySet<string>) => void): Unsubscribe;
  /** Calls back after each change of this user. */
  subscribeUser(userId: string, listener: (presence: UserPresence) => void): Unsubscribe;
}

/** The events that say something of users. */
export type StoreEvents = Omit<ServerEvents, 'presence_error' | 'token_expired'>;

type Known = Partial<Omit<UserPresence, 'userId'>>;

/**
 * Keeps the presence of users true from events and answers in any order: what carries an older
 * `version` than what is known of the user is dropped (contract, section 4).
 */
export class MemoryStore implements PresenceStore {
  synced = false;
  readonly #users = new Map<string, UserPresence>();
  readonly #versions = new Map<string, number>();
  readonly #contactIds = new Set<string>();
  #list: readonly UserPresence[] | undefined;
  #changed = new Set<string>();
  readonly #all = new Emitter<{ change: ReadonlySet<string> }>();
  readonly #each = new Emitter<Record<string, UserPresence>>();

  user(userId: string): UserPresence {
    let known = this.#users.get(userId);
    if (!known) this.#users.set(userId, (known = snapshot(userId, {})));
    return known;
  }

  contacts(): readonly UserPresence[] {
    return (this.#list ??= Object.freeze([...this.#contactIds].map((userId) => this.user(userId))));
  }

  isContact(userId: string): boolean {
    return this.#contactIds.has(userId);
  }

  subscribe(listener: (changed: ReadonlySet<string>) => void): Unsubscribe {
    return this.#all.on('change', listener);
  }

  subscribeUser(userId: string, listener: (presence: UserPresence) => void): Unsubscribe {
    return this.#each.on(userId, listener);
  }

  /** Whether anything known is stale, so that asking again is worth it. */
  get stale(): boolean {
    return [...this.#users.values()].some((user) => user.stale);
  }

  /** Takes in an event, or an answer as if it had come as its event; then tells the subscribers. */
  apply<Name extends keyof StoreEvents>(name: Name, data: StoreEvents[Name]): void {
    const synced = this.synced;
    this.#merge(name, data);
    const changed = this.#changed;
    if (changed.size === 0 && synced === this.synced) return;
    this.#changed = new Set();
    for (const userId of changed) this.#each.emit(userId, this.user(userId));
    this.#all.emit('change', changed);
  }

  #merge(name: keyof StoreEvents, data: StoreEvents[keyof StoreEvents]): void {
    switch (name) {
      case 'user_online':
        return this.#replace(data as PresenceStatus);
      case 'user_offline':
        return this.#replace({ deviceCount: 0, ...(data as ServerEvents['user_offline']) });
      case 'user_status_changed': {
        const { userId, version, status, customMessage, autoAway } =
          data as ServerEvents['user_status_changed'];
        const { lastSeen, deviceCount, devices } = this.user(userId);
        return this.#put(userId, version, {
          status, customMessage, autoAway, lastSeen, deviceCount, devices,
        });
      }
      case 'user_devices_changed': {
        const { userId, version, deviceCount, devices, lastSeen } =
          data as ServerEvents['user_devices_changed'];
        const known = { ...this.user(userId), stale: false };
        return this.#put(userId, version, { ...known, deviceCount, devices, lastSeen });
      }
      case 'contacts_changed': {
        const { added, removed } = data as ServerEvents['contacts_changed'];
        for (const user of added) this.#addContact(user);
        for (const userId of removed) this.#removeContact(userId);
        return;
      }
      case 'presence_snapshot':
        return this.#takeSnapshot(data as ServerEvents['presence_snapshot']);
      default: {
        const { users, stale } = data as { users?: PresenceStatus[]; stale?: boolean };
        if (!users) return this.#replace(data as PresenceStatus);
        for (const user of users) this.#replace({ ...user, stale });
      }
    }
  }

  #takeSnapshot({ users, full, stale }: ServerEvents['presence_snapshot']): void {
    // Without its store a server may not know the list; nobody is taken away for that.
    if (full && !stale) {
      const present = new Set(users.map((user) => user.userId));
      for (const userId of this.#contactIds) {
        if (!present.has(userId)) this.#removeContact(userId);
      }
    }
    for (const user of users) this.#addContact({ ...user, stale });
    this.synced = true;
  }

  #addContact(user: PresenceStatus & { stale?: boolean | undefined }): void {
    const { userId } = user;
    if (!this.#contactIds.has(userId)) {
      this.#contactIds.add(userId);
      this.#list = undefined;
      this.#changed.add(userId);
    }
    this.#replace(user);
  }

  #removeContact(userId: string): void {
    if (!this.#contactIds.delete(userId)) return;
    // What the server would now answer: a stranger, who has no version.
    this.#versions.delete(userId);
    this.#changed.add(userId);
    this.#list = undefined;
    this.#put(userId, undefined, {});
  }

  // `data` is all there is to know. Only bulk answers count devices without listing them: a list
  // that still fits is kept.
  #replace({ userId, version, ...data }: Known & { userId: string; version?: number }): void {
    const known = this.user(userId);
    const devices = data.devices ??
      (data.deviceCount === known.deviceCount ? known.devices : undefined);
    this.#put(userId, version, { ...data, devices });
  }

  #put(userId: string, version: number | undefined, data: Known): void {
    const last = this.#versions.get(userId);
    if (version !== undefined) {
      if (last !== undefined && version < last) return;
      this.#versions.set(userId, version);
    }
    const next = snapshot(userId, data);
    if (looksLike(next, this.user(userId))) return;
    this.#users.set(userId, next);
    this.#changed.add(userId);
    if (this.#contactIds.has(userId)) this.#list = undefined;
  }
}

function snapshot(userId: string, data: Known): UserPresence {
  const {
    status = 'offline', lastSeen = 0, deviceCount = 0, devices, customMessage, autoAway,
    offlineReason, stale,
  } = data;
  return Object.freeze({
    userId, status, lastSeen, deviceCount,
    ...(devices?.length && { devices }),
    ...(customMessage && { customMessage }),
    ...(autoAway && { autoAway }),
    ...(offlineReason && { offlineReason }),
    ...(stale && { stale }),
  });
}

// The time at which somebody who is there was last seen is now, whatever the last event said.
function looksLike(a: UserPresence, b: UserPresence): boolean {
  const seen = ({ lastSeen, ...rest }: UserPresence) =>
    JSON.stringify([rest, rest.status === 'offline' && lastSeen]);
  return seen(a) === seen(b);
}
