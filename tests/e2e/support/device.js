// A device of a user: an unmodified socket.io-client (4.x or 3.x) that notes everything it is sent.
//
// Tests read its events strictly in order: `expect` takes the next unread event and fails if it is
// another one. That nothing came is proved without waiting by a marker (see world.js): something
// that must arrive after whatever should not have been sent.
//
// Each event is checked on arrival against the shape the contract gives it, and against what no
// device may ever see: a version that does not grow, an `online` when it was already told so, a
// change of somebody who is offline. The first such finding fails the next step of the test.
import assert from 'node:assert/strict';
import { io as io4 } from 'socket.io-client';
import { io as io3 } from 'socket.io-client-3';

import { checkEvent } from './shapes.js';
import { DEADLINE, until, within } from './time.js';

const clients = { 4: io4, 3: io3 };

/** Ways to connect, by the names that the tests use. */
export const TRANSPORTS = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};

/** An Error for a refused connection: message, data as the server sent them. */
export class Refused extends Error {}

export class Device {
  #server;
  #position = 0;
  #findings = [];
  #versions = new Map();
  #visible = new Map();
  #heartbeats = null;

  /**
   * A device that is about to connect. Options: client (4 or 3), transport (see TRANSPORTS),
   * auth (fields of the CONNECT payload beside userId), namespace, query, headers, reconnect,
   * checks (false: only note the events), and anything else for the client's `io()`.
   */
  constructor(server, userId, options = {}) {
    const {
      client = 4,
      transport = 'websocket',
      auth = {},
      namespace = '/',
      query,
      headers,
      reconnect = false,
      checks = true,
      io = {},
    } = options;
    this.#server = server;
    this.userId = userId;
    this.checks = checks;
    /** Everything received: {event, data, at (ms, monotonic), wall (ms since the epoch)}. */
    this.events = [];
    /** Reasons of lost connections, oldest first. */
    this.losses = [];
    this.socket = clients[client](server.url + (namespace === '/' ? '' : namespace), {
      auth: { ...(userId === undefined ? {} : { userId }), ...auth },
      transports: TRANSPORTS[transport],
      forceNew: true,
      reconnection: reconnect,
      reconnectionDelay: 20,
      reconnectionDelayMax: 100,
      autoConnect: false,
      ...(query ? { query } : {}),
      ...(headers ? { extraHeaders: headers } : {}),
      ...io,
    });
    this.socket.onAny((event, ...args) => this.#note(event, args));
    this.socket.on('disconnect', (reason) => {
      this.losses.push(reason);
      // A new connection is a new device: it was told nothing yet. Versions still only grow.
      this.#visible.clear();
    });
    this.transport = transport;
  }

  /** Connects and returns the device; rejects with Refused when the server answers CONNECT_ERROR. */
  static async connect(server, userId, options) {
    const device = new Device(server, userId, options);
    await device.open();
    return device;
  }

  /** Tries to connect and returns the refusal; fails when it was let in. */
  static async refused(server, userId, options) {
    const device = new Device(server, userId, options);
    try {
      await device.open();
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    } finally {
      device.close();
    }
    throw new Error(`${userId} was let in with ${JSON.stringify(options)}`);
  }

  async open() {
    const opened = new Promise((resolve, fail) => {
      this.socket.once('connect', resolve);
      this.socket.once('connect_error', (error) => {
        const refused = new Refused(error.message);
        refused.data = error.data;
        refused.transportFailed = error.type === 'TransportError';
        refused.cause = error;
        fail(refused);
      });
    });
    this.socket.connect();
    await within(opened, `${this.userId} to connect`);
    if (this.transport === 'upgrade') {
      await until(() => this.transportName === 'websocket', { what: 'the upgrade to websocket' });
    }
  }

  get id() {
    return this.socket.id;
  }
  get connected() {
    return this.socket.connected;
  }
  get transportName() {
    return this.socket.io.engine?.transport?.name;
  }

  // --- what came ---

  #note(event, args) {
    const data = args[0];
    this.events.push({ event, data, at: performance.now(), wall: Date.now() });
    if (!this.checks) return;
    try {
      assert.ok(args.length === 1 || (event === 'token_expired' && args.length === 0), `${event} came with ${args.length} arguments`);
      checkEvent(event, data, this.userId);
      this.#follow(event, data);
    } catch (error) {
      this.#findings.push(error);
    }
  }

  // Order, duplicates and repeated news of each user, as far as this device was told.
  #follow(event, data) {
    switch (event) {
      case 'presence_snapshot':
        // Asked for again later, a snapshot may be older than the events around it, never newer
        // than what follows; only one that opens a connection is a state to start from.
        for (const user of data.users) this.#learn(user);
        break;
      case 'contacts_changed':
        for (const user of data.added) this.#learn(user);
        for (const id of data.removed) this.#visible.delete(id);
        break;
      case 'user_online':
      case 'user_offline':
      case 'user_status_changed':
      case 'user_devices_changed': {
        const { userId, version } = data;
        const before = this.#versions.get(userId);
        assert.ok(
          before === undefined || version > before,
          `${event} of ${userId} has version ${version} after ${before}`,
        );
        this.#versions.set(userId, version);
        if (userId === this.userId) return;
        const known = this.#visible.get(userId);
        if (event === 'user_online') {
          assert.notEqual(known, 'here', `user_online of ${userId}, who was already told online`);
          assert.notEqual(data.status, 'offline', 'user_online with status offline');
          this.#visible.set(userId, 'here');
        } else if (event === 'user_offline') {
          assert.notEqual(known, 'away', `user_offline of ${userId}, who was already told offline`);
          this.#visible.set(userId, 'away');
        } else {
          assert.notEqual(known, 'away', `${event} of ${userId}, who was told offline`);
          assert.notEqual(data.status, 'offline', `${event} to offline instead of user_offline`);
          this.#visible.set(userId, 'here');
        }
      }
    }
  }

  #learn(user) {
    if (user.version === undefined) return;
    const before = this.#versions.get(user.userId);
    if (before !== undefined && user.version < before) return;
    this.#versions.set(user.userId, user.version);
    if (user.userId !== this.userId) {
      this.#visible.set(user.userId, user.status === 'offline' ? 'away' : 'here');
    }
  }

  /** The last version of a user that this device was told. */
  version(userId) {
    return this.#versions.get(userId);
  }

  /** Fails if anything that came broke a shape or an order. */
  sound() {
    if (this.#findings.length === 0) return;
    const [first] = this.#findings;
    first.message = `${this.userId}: ${first.message}\n${this.story()}`;
    throw first;
  }

  /** The last events, for messages. */
  story() {
    const lines = this.events.slice(-12).map(({ event, data }, i, shown) => {
      const n = this.events.length - shown.length + i;
      return `  ${n < this.#position ? ' ' : '*'}${n} ${event} ${JSON.stringify(data)?.slice(0, 400)}`;
    });
    return `events of ${this.userId} (* unread):\n${lines.join('\n') || '  none'}`;
  }

  get unread() {
    return this.events.slice(this.#position);
  }

  /** Takes the next unread event, which must be this one and have these fields. Gives its data. */
  async expect(event, fields = {}, { within: ms = DEADLINE } = {}) {
    await until(() => this.events.length > this.#position, {
      within: ms,
      what: () => `${event} ${JSON.stringify(fields)} at ${this.userId}\n${this.story()}`,
    });
    this.sound();
    const got = this.events[this.#position];
    assert.equal(got.event, event, `the next event should be ${event} ${JSON.stringify(fields)}\n${this.story()}`);
    for (const [name, value] of Object.entries(fields)) {
      assert.deepEqual(got.data[name], value, `${event}.${name}\n${this.story()}`);
    }
    this.#position += 1;
    this.last = got;
    return got.data;
  }

  /** Skips to the next unread event of this name with these fields (or for which the function holds). */
  async find(event, match = {}, { within: ms = DEADLINE } = {}) {
    const test = typeof match === 'function'
      ? match
      : (data) => Object.entries(match).every(([name, value]) => data[name] === value);
    const index = await until(
      () => {
        const found = this.events.findIndex(
          (e, i) => i >= this.#position && e.event === event && test(e.data),
        );
        return found === -1 ? undefined : { found };
      },
      { within: ms, what: () => `${event} ${JSON.stringify(match)} at ${this.userId}\n${this.story()}` },
    );
    this.sound();
    this.#position = index.found + 1;
    this.last = this.events[index.found];
    return this.last.data;
  }

  /** Fails when there are unread events. Says something only after a marker or an answer. */
  nothing() {
    this.sound();
    assert.deepEqual(this.unread.map(({ event, data }) => ({ event, data })), [], `${this.userId} was told something`);
  }

  /** Forgets what is unread. */
  skip() {
    this.sound();
    this.#position = this.events.length;
  }

  // --- what goes ---

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  /** Emits with an acknowledgement and gives its argument, a refusal included. */
  async call(event, ...args) {
    const answer = await within(
      new Promise((resolve) => this.socket.emit(event, ...args, (...got) => resolve(got))),
      () => `the acknowledgement of ${event} to ${this.userId}\n${this.story()}`,
    );
    assert.equal(answer.length, 1, `the acknowledgement of ${event} has ${answer.length} arguments`);
    return answer[0];
  }

  /** The same, and fails if it is refused. */
  async ask(event, ...args) {
    const answer = await this.call(event, ...args);
    assert.equal(answer?.error, undefined, `${event} ${JSON.stringify(args)} was refused: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** The same, and fails unless it is refused with this code and a message that names `name`. */
  async denied(code, name, event, ...args) {
    const answer = await this.call(event, ...args);
    assertError(answer?.error, code, name, `${event} ${JSON.stringify(args)?.slice(0, 200)}: ${JSON.stringify(answer)}`);
    assert.deepEqual(Object.keys(answer), ['error']);
    assert.deepEqual(Object.keys(answer.error).sort(), ['code', 'message']);
    return answer.error;
  }

  setStatus(status, more = {}) {
    return this.ask('set_user_status', { status, ...more });
  }

  heartbeat(payload = {}) {
    return this.ask('user_heartbeat', { timestamp: Date.now(), ...payload });
  }

  /** A round trip: what the server wrote to this device before it answered has come. */
  async settle() {
    await this.ask('check_users_presence', { userIds: [] });
  }

  /** Heartbeats until the device closes, so that it stays live on a server with a short stale_after. */
  keepAlive(every) {
    this.#heartbeats ??= setInterval(() => {
      if (this.connected) this.emit('user_heartbeat', { timestamp: Date.now() });
    }, every);
  }

  stopHeartbeats() {
    clearInterval(this.#heartbeats);
    this.#heartbeats = null;
  }

  /** Leaves deliberately: a Socket.IO DISCONNECT packet. */
  leave() {
    this.stopHeartbeats();
    this.socket.disconnect();
  }

  /** Loses the transport without a word: the TCP connection is cut. Websocket only. */
  cut() {
    this.stopHeartbeats();
    const ws = this.socket.io.engine.transport.ws;
    assert.ok(ws?._socket, 'only a websocket can be cut');
    ws._socket.destroy();
  }

  /** Closes the Engine.IO session without leaving the namespace. */
  closeEngine() {
    this.stopHeartbeats();
    this.socket.io.engine.close();
  }

  /** Waits until the connection is gone and gives the reason the client saw. */
  async lost(ms = DEADLINE) {
    await until(() => this.losses.length > 0, { within: ms, what: `${this.userId} to be disconnected` });
    return this.losses.at(-1);
  }

  close() {
    this.stopHeartbeats();
    this.socket.io.reconnection(false);
    this.socket.disconnect();
    this.socket.io.engine?.close();
  }

  get server() {
    return this.#server;
  }
}

/** Fails unless the error has this code and a message in which `name` occurs. */
export function assertError(error, code, name, about = '') {
  assert.ok(error, `not refused: ${about}`);
  assert.equal(error.code, code, about);
  assert.equal(typeof error.message, 'string', about);
  if (name) {
    assert.ok(error.message.includes(name), `the message should name ${name}: ${JSON.stringify(error)} ${about}`);
  }
}
