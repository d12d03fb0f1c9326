import { randomId } from './device.js';
import { closedError, PresenceError } from './errors.js';
import type { ConnectionState, Link, LinkOwner } from './link.js';
import type { ClientEvents, ConnectPayload, HeartbeatAck, ServerEvents } from './wire.js';

// What tabs tell each other. `from` and `to` are tabs.
type Message =
  | { type: 'hello' | 'connect' | 'wake' }
  | { type: 'ask'; from: string; id: number; name: keyof ClientEvents; payload: unknown }
  | { type: 'answer'; to: string; id: number; answer?: unknown; error?: Refusal }
  | { type: 'beat'; idleMs: number | undefined }
  | { type: 'beaten'; answer: HeartbeatAck; sentAt: number }
  | { type: 'state'; status: ConnectionState['status']; error?: Refusal; deviceId?: string }
  | { type: 'event'; name: keyof ServerEvents; data: unknown };

// An error as it passes a channel, which knows no classes.
type Refusal = Pick<PresenceError, 'code' | 'message'>;
const refusal = ({ code, message }: PresenceError): Refusal => ({ code, message });

interface Asked {
  name: keyof ClientEvents;
  payload: unknown;
  settle(answer: unknown, error?: Refusal): void;
}

/** What only a tab that belongs to several has to know beside its own state. */
export interface TabOwner extends LinkOwner {
  /** The tabs are one device: all go by the id of the one that is connected. */
  onDeviceId(deviceId: string): void;
}

export interface TabOptions {
  /** The same for all tabs that share, and for no others. */
  key: string;
  timeout: number;
  interval: number;
  open(owner: LinkOwner): Link;
}

/** Whether this browser has what sharing needs. Web Locks exist on secure pages only. */
export function canShare(): boolean {
  return typeof BroadcastChannel !== 'undefined' && !!globalThis.navigator?.locks;
}

/**
 * One connection for all tabs: whoever holds the lock has it, the others ask through a channel and
 * hear what it hears. The browser gives the lock to the next tab when that one is closed or crashes;
 * as the same device within the server's grace, so that nobody is told that anything happened.
 */
export class SharedLink implements Link {
  readonly #options: TabOptions;
  readonly #owner: TabOwner;
  readonly #tab = randomId();
  readonly #channel: BroadcastChannel;
  readonly #asked = new Map<number, Asked>();
  readonly #abort = new AbortController();
  #own: Link | undefined; // of the tab that is connected
  #release = () => {};
  #state: ConnectionState = { status: 'connecting' };
  #joined = false;
  #lastActive = 0;
  #lastBeat = 0;
  #ids = 0;

  constructor(options: TabOptions, owner: TabOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#channel = new BroadcastChannel(options.key);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#receive(data);
  }

  connect(): void {
    if (this.#own) return this.#own.connect();
    if (this.#joined) return this.#post({ type: 'connect' });
    this.#joined = true;
    this.#owner.onState(this.#state);
    this.#post({ type: 'hello' });
    navigator.locks
      .request(this.#options.key, { signal: this.#abort.signal }, () => this.#lead())
      .catch(() => {}); // closed while it waited
  }

  ask<Name extends keyof ClientEvents>(
    name: Name,
    payload: ClientEvents[Name]['payload'],
  ): Promise<ClientEvents[Name]['ack']> {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      const settle: Asked['settle'] = (answer, error) => {
        clearTimeout(timer);
        this.#asked.delete(id);
        if (error) reject(new PresenceError(error.code, error.message, name));
        else resolve(answer as ClientEvents[Name]['ack']);
      };
      const late: Refusal = { code: 'timeout', message: `no answer to ${name}` };
      const timer = setTimeout(() => settle(undefined, late), this.#options.timeout);
      this.#asked.set(id, { name, payload, settle });
      this.#send(id);
    });
  }

  #send(id: number): void {
    const { name, payload, settle } = this.#asked.get(id)!;
    if (!this.#own) return this.#post({ type: 'ask', from: this.#tab, id, name, payload });
    this.#own.ask(name, payload as never).then(settle, (error) => settle(undefined, refusal(error)));
  }

  beat(idleMs: number | undefined): void {
    if (this.#own) this.#beatFor(idleMs, true);
    else this.#post({ type: 'beat', idleMs });
  }

  wake(): void {
    if (this.#own) this.#own.wake();
    else this.#post({ type: 'wake' });
  }

  close(): void {
    this.#abort.abort();
    for (const { settle } of [...this.#asked.values()]) settle(undefined, closedError());
    const end = (silently: boolean) => {
      this.#own?.close(silently);
      this.#channel.close();
      this.#release();
    };
    if (!this.#own) return end(false);
    // Goodbye is said only when no other tab takes over.
    navigator.locks.query().then(
      ({ pending = [] }) => end(pending.some(({ name }) => name === this.#options.key)),
      () => end(true),
    );
  }

  /** Opens the connection and keeps the lock until this tab is closed. */
  #lead(): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve();
    const owner = this.#owner;
    this.#own = this.#options.open({
      ...owner,
      onState: (state) => {
        this.#state = state;
        owner.onState(state);
        this.#tell(owner.handshake());
      },
      onEvent: (name, data) => {
        owner.onEvent(name, data);
        this.#post({ type: 'event', name, data });
      },
      onBeat: (answer, sentAt) => {
        owner.onBeat(answer, sentAt);
        this.#post({ type: 'beaten', answer, sentAt });
      },
    });
    this.#own.connect();
    this.#sendAgain();
    return new Promise((release) => (this.#release = release));
  }

  #tell({ deviceId }: ConnectPayload): void {
    const { status, error } = this.#state;
    this.#post({
      type: 'state',
      status,
      ...(deviceId && { deviceId }),
      ...(error && { error: refusal(error) }),
    });
  }

  #receive(message: Message): void {
    const own = this.#own;
    const owner = this.#owner;
    switch (message.type) {
      case 'hello':
        if (own) this.#tell(owner.handshake());
        break;
      case 'connect':
        own?.connect();
        break;
      case 'wake':
        own?.wake();
        break;
      case 'ask':
        if (own) this.#answer(own, message);
        break;
      case 'answer':
        if (message.to !== this.#tab) break;
        this.#asked.get(message.id)?.settle(message.answer, message.error);
        break;
      case 'beat':
        if (own) this.#beatFor(message.idleMs, false);
        break;
      case 'beaten':
        owner.onBeat(message.answer, message.sentAt);
        break;
      case 'event':
        owner.onEvent(message.name, message.data as never);
        break;
      case 'state':
        this.#follow(message);
    }
  }

  #follow({ status, error, deviceId }: Message & { type: 'state' }): void {
    if (deviceId) this.#owner.onDeviceId(deviceId);
    const wasConnected = this.#state.status === 'connected';
    this.#state = { status, ...(error && { error: new PresenceError(error.code, error.message) }) };
    this.#owner.onState(this.#state);
    if (wasConnected || status !== 'connected') return;
    this.#owner.onUnsynced();
    this.#sendAgain();
  }

  // A tab that is gone cannot answer. Doing any of the requests twice does no harm.
  #sendAgain(): void {
    for (const id of [...this.#asked.keys()]) this.#send(id);
  }

  #answer(own: Link, { from, id, name, payload }: Message & { type: 'ask' }): void {
    const to = { type: 'answer', to: from, id } as const;
    own.ask(name, payload as never).then(
      (answer) => this.#post({ ...to, answer }),
      (error) => this.#post({ ...to, error: refusal(error) }),
    );
  }

  // The device is as active as the tab that was touched last. The others' heartbeats are needed only
  // when that changes, or when this tab's own are late because it is throttled.
  #beatFor(idleMs: number | undefined, ownTab: boolean): void {
    const now = Date.now();
    const wasIdle = now - this.#lastActive >= 60_000;
    if (idleMs !== undefined) this.#lastActive = Math.max(this.#lastActive, now - idleMs);
    const isBack = wasIdle && now - this.#lastActive < 60_000;
    if (!ownTab && !isBack && now - this.#lastBeat < this.#options.interval) return;
    this.#lastBeat = now;
    this.#own?.beat(this.#lastActive ? now - this.#lastActive : undefined);
  }

  #post(message: Message): void {
    // A tab that is closing has nothing more to say; what it was asked is asked again elsewhere.
    if (!this.#abort.signal.aborted) this.#channel.postMessage(message);
  }
}
