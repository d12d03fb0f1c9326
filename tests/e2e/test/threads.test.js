// Several core threads, many users, everything at once: what each watcher is told is exactly what
// happened, once and in order. A run is repeated with E2E_SEED=<the seed it printed>.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { TRANSPORTS } from '../support/device.js';
import { randomSource, SEED } from '../support/random.js';
import { essence, replica } from '../support/replica.js';
import { Server } from '../support/server.js';
import { DEADLINE, until } from '../support/time.js';
import { inWorld } from '../support/world.js';

const transports = Object.keys(TRANSPORTS);
const kinds = ['web', 'mobile', 'desktop'];
const AWAY = 300000;
const GRACE = 3000;

async function importEdges(server, edges) {
  const body = edges.map(([user, contact]) => JSON.stringify({ user, contact })).join('\n');
  // Both directions are spelled out, so that it does not matter how an import reads one line.
  const back = edges.map(([user, contact]) => JSON.stringify({ user: contact, contact: user })).join('\n');
  const answer = await server.tryApi('POST', '/v1/contacts', `${body}\n${back}\n`, { 'content-type': 'application/x-ndjson' });
  assert.ok(answer.status >= 200 && answer.status < 300, answer.text);
}

async function withServer(settings, body) {
  const server = await Server.start({ 'limits.events_per_second': 0, ...settings });
  try {
    await inWorld(() => server, body)();
  } finally {
    await server.stop();
  }
}

/** One user, its devices, and what watchers must be told of each step. */
class Actor {
  devices = [];
  chosen = { status: 'online' };
  expected = []; // per step: the events, in either order within the step
  steps = [];

  losses = 0;

  constructor(world, userId, random, observer) {
    this.world = world;
    this.userId = userId;
    this.random = random;
    this.observer = observer;
  }

  /** What a device was told of this user, in the words of `expected`. */
  stream(device) {
    return device.events.filter((e) => e.data.userId === this.userId).map(told);
  }

  story() {
    return `${this.userId}: ${this.steps.join('; ')}`;
  }

  /** What watchers see now. */
  visible() {
    const { status, customMessage } = this.chosen;
    if (this.devices.length === 0 || status === 'offline') return { status: 'offline', deviceCount: 0 };
    const idle = this.devices.every((d) => d.idle);
    const auto = status === 'online' && idle;
    return {
      status: auto ? 'away' : status,
      autoAway: auto,
      ...(customMessage ? { customMessage } : {}),
      deviceCount: this.devices.length,
      kinds: this.devices.map((d) => d.type).sort().join(),
    };
  }

  /** Does one thing and notes what watchers must be told of it. */
  async step() {
    const before = this.visible();
    const { name, model, act, reason = 'disconnected' } = this.#choose();
    const restore = { devices: this.devices.map((d) => ({ ...d })), chosen: this.chosen };
    model();
    const after = this.visible();
    // Chosen away becoming automatic away (or back) changes neither status nor message.
    if (before.status === after.status && before.customMessage === after.customMessage && before.autoAway !== after.autoAway) {
      this.devices = restore.devices;
      this.chosen = restore.chosen;
      return;
    }
    this.steps.push(name);
    const events = [];
    if (before.status === 'offline' && after.status !== 'offline') {
      events.push(`user_online ${JSON.stringify(essence(after))}`);
    } else if (before.status !== 'offline' && after.status === 'offline') {
      events.push(`user_offline ${reason}`);
    } else if (after.status !== 'offline') {
      if (before.status !== after.status || before.customMessage !== after.customMessage) {
        events.push(`user_status_changed ${after.status} ${after.customMessage ?? ''} ${after.autoAway}`);
      }
      if (before.kinds !== after.kinds) {
        events.push(`user_devices_changed ${after.deviceCount} ${after.kinds}`);
      }
    }
    this.expected.push(...(events.length > 0 ? [events.sort()] : []));
    await act();
    const count = this.expected.flat().length;
    await until(() => this.stream(this.observer).length >= count, {
      within: GRACE + DEADLINE,
      every: 20,
      what: () => `${JSON.stringify(events)} at ${this.observer.userId}\n${this.story()}\ngot ${JSON.stringify(this.stream(this.observer))}`,
    });
    await this.world.devices(this.userId, this.devices.length);
  }

  #connectOptions(device) {
    return {
      client: device.client,
      transport: device.transport,
      auth: { deviceId: device.key, deviceInfo: { type: device.type, os: 'any' } },
    };
  }

  #choose() {
    const { random, userId, world } = this;
    const device = this.devices.length > 0 ? random.pick(this.devices) : null;
    const dice = random.below(10);
    if (!device || (dice < 2 && this.devices.length < 4)) {
      const fresh = {
        key: `${userId}.${random.below(1e9)}`,
        type: random.pick(kinds),
        client: random.pick([4, 3]),
        transport: random.pick(transports),
        idle: false,
      };
      return {
        name: `connect ${fresh.key} ${fresh.type} ${fresh.transport}`,
        model: () => this.devices.push(fresh),
        act: async () => {
          fresh.live = await world.connect(userId, this.#connectOptions(fresh));
        },
      };
    }
    const without = () => (this.devices = this.devices.filter((d) => d.key !== device.key));
    const own = (key) => this.devices.find((d) => d.key === key);
    switch (dice) {
      case 2:
        return { name: `leave ${device.key}`, model: without, act: () => device.live.leave() };
      case 3:
        // Each takes as long as the grace.
        if (++this.losses > 2) break;
        return { name: `lose ${device.key}`, model: without, act: () => device.live.closeEngine() };
      case 4:
        // A reload: the same device key within the grace. What it last reported is not carried over.
        if (device.idle) break;
        return {
          name: `reload ${device.key}`,
          model: () => {},
          act: async () => {
            device.live.closeEngine();
            own(device.key).live = await world.connect(userId, this.#connectOptions(device));
          },
        };
      case 5: {
        const idle = random.chance(0.6);
        return {
          name: `idle ${device.key} ${idle}`,
          model: () => (own(device.key).idle = idle),
          act: () => device.live.heartbeat({ idleMs: idle ? AWAY + random.below(1000) : random.below(AWAY) }),
        };
      }
      case 6: {
        const type = random.pick(kinds);
        return {
          name: `type ${device.key} ${type}`,
          model: () => (own(device.key).type = type),
          act: () => device.live.heartbeat({ deviceInfo: { type } }),
        };
      }
    }
    const status = random.pick(['online', 'online', 'away', 'busy', 'offline']);
    const customMessage = random.chance(0.5) ? `m${random.below(3)}` : undefined;
    return {
      name: `choose ${status} ${customMessage ?? ''}`,
      reason: 'manual',
      model: () => (this.chosen = { status, customMessage }),
      act: () => device.live.setStatus(status, { customMessage }),
    };
  }
}

/** An event of a watched user, in the words of Actor.expected. */
function told({ event, data }) {
  switch (event) {
    case 'user_online':
      return `user_online ${JSON.stringify(essence(data))}`;
    case 'user_offline':
      return `user_offline ${data.offlineReason}`;
    case 'user_status_changed':
      return `user_status_changed ${data.status} ${data.customMessage ?? ''} ${data.autoAway}`;
    default:
      return `${event} ${data.deviceCount} ${data.devices.map((d) => d.deviceType).sort().join()}`;
  }
}

describe(`many users on several threads (seed ${SEED})`, () => {
  for (const threads of [1, 4]) {
    test(`--threads ${threads}: 40 users, each watcher is told exactly what happened`, () =>
      withServer({ threads, disconnect_grace: `${GRACE}ms` }, async (world) => {
        const names = world.users(...Array.from({ length: 40 }, (_, i) => `actor${i}`));
        const watching = world.users(...Array.from({ length: 5 }, (_, i) => `observer${i}`));
        const random = randomSource(threads);
        const edges = watching.flatMap((observer) => names.map((actor) => [observer, actor]));
        for (const actor of names) {
          for (let i = 0; i < 5; i++) {
            const other = random.pick(names);
            if (other !== actor) edges.push([actor, other]);
          }
        }
        await importEdges(world.server, edges);
        const observers = [];
        for (const [i, user] of watching.entries()) {
          const observer = await world.connect(user, { transport: transports[i % 3], client: 4 - (i % 2), auth: { snapshot: true } });
          await observer.expect('presence_snapshot', { full: true });
          observers.push(observer);
        }
        const actors = names.map((name, i) => new Actor(world, name, randomSource(1000 * threads + i), observers[0]));
        await Promise.all(actors.map(async (actor) => {
          for (let i = 0; i < 20; i++) await actor.step();
        }));

        for (const actor of actors) {
          const expected = actor.expected.flat().length;
          for (const observer of observers) {
            await until(() => actor.stream(observer).length >= expected, {
              what: () => `${expected} events at ${observer.userId}\n${actor.story()}\nexpected ${JSON.stringify(actor.expected)}\ngot ${JSON.stringify(actor.stream(observer))}`,
            });
            const got = actor.stream(observer);
            const grouped = actor.expected.map(({ length }) => got.splice(0, length).sort());
            assert.deepEqual([...grouped, ...got], actor.expected, `at ${observer.userId}: ${actor.story()}`);
          }
        }
        // Questions, the operator and what was followed all say the same.
        for (const observer of observers) {
          const { users } = await observer.ask('check_users_presence', { userIds: names });
          const followed = replica(observer);
          for (const [i, actor] of actors.entries()) {
            assert.deepEqual(essence(users[i]), essence(actor.visible()), actor.userId);
            assert.deepEqual(essence(followed.get(actor.userId)), essence(actor.visible()), actor.userId);
          }
        }
      }));
  }

  test('--threads 4: 50 users without any order: nothing twice, nothing old, and the truth in the end', () =>
    withServer({ threads: 4, disconnect_grace: '100ms' }, async (world) => {
      const { server } = world;
      const random = randomSource(77);
      const names = world.users(...Array.from({ length: 50 }, (_, i) => `user${i}`));
      const contacts = new Map(names.map((name) => [name, new Set()]));
      const blocked = new Set();
      const edges = [];
      for (const user of names) {
        for (let i = 0; i < 8; i++) {
          const other = random.pick(names);
          if (other === user || contacts.get(user).has(other)) continue;
          contacts.get(user).add(other);
          contacts.get(other).add(user);
          edges.push([user, other]);
        }
      }
      await importEdges(server, edges);
      // Half of them watch from the beginning to the end.
      const watchers = await Promise.all(names.slice(0, 25).map(async (user, i) => {
        const device = await world.connect(user, { transport: transports[i % 3], auth: { snapshot: true } });
        await until(() => device.events.length > 0);
        assert.equal(device.events[0].event, 'presence_snapshot');
        return device;
      }));

      const restless = async (user, stream) => {
        const dice = randomSource(stream);
        let device = null;
        for (let i = 0; i < 30; i++) {
          // The other loop of this user never takes this device away: their device keys differ.
          if (!device) {
            device = await world.connect(user, {
              transport: dice.pick(['websocket', 'websocket', 'upgrade', 'polling']),
              auth: { snapshot: dice.chance(0.5), ...(dice.chance(0.5) ? { deviceId: `${stream}` } : {}) },
            });
            continue;
          }
          switch (dice.below(6)) {
            case 0:
              device.leave();
              device = null;
              break;
            case 1:
              device.closeEngine();
              device = null;
              break;
            case 2:
              await device.heartbeat({ idleMs: dice.pick([0, AWAY]), deviceInfo: { type: dice.pick(kinds) } });
              break;
            default:
              await device.setStatus(dice.pick(['online', 'away', 'busy', 'offline']), dice.chance(0.5) ? { customMessage: `n${i}` } : {});
          }
        }
      };
      const meddler = async () => {
        const dice = randomSource(99);
        for (let i = 0; i < 150; i++) {
          const [a, b] = [dice.pick(names), dice.pick(names)];
          if (a === b) continue;
          switch (dice.below(4)) {
            case 0:
              await server.befriend(a, b);
              contacts.get(a).add(b);
              contacts.get(b).add(a);
              break;
            case 1:
              await server.unfriend(a, b);
              contacts.get(a).delete(b);
              contacts.get(b).delete(a);
              break;
            case 2:
              await server.block(a, b);
              blocked.add(`${a} ${b}`);
              break;
            case 3:
              await server.unblock(a, b);
              blocked.delete(`${a} ${b}`);
          }
        }
      };
      await Promise.all([meddler(), ...names.flatMap((user, i) => [restless(user, 2 * i + 200), restless(user, 2 * i + 201)])]);

      const truth = new Map();
      const settled = async () => {
        for (const user of names) truth.set(user, essence(await server.presence(user)));
        for (const device of watchers) {
          const followed = replica(device);
          const wanted = contacts.get(device.userId);
          if (followed.size !== wanted.size) return false;
          for (const user of wanted) {
            const seen = blocked.has(`${user} ${device.userId}`) ? essence(null) : truth.get(user);
            if (JSON.stringify(essence(followed.get(user))) !== JSON.stringify(seen)) return false;
          }
        }
        return true;
      };
      await until(settled, { what: () => differences(watchers, contacts, blocked, truth) });
      for (const device of watchers) {
        device.sound();
        // Asked, the server says what was followed.
        const ids = [...contacts.get(device.userId)];
        const { users } = await device.ask('check_users_presence', { userIds: ids });
        const followed = replica(device);
        for (const [i, id] of ids.entries()) assert.deepEqual(essence(users[i]), essence(followed.get(id)), `${id} at ${device.userId}`);
      }
    }));

  test('--threads 4: 200 users log in at once; each contact is told of each once', () =>
    withServer({ threads: 4 }, async (world) => {
      const names = world.users(...Array.from({ length: 200 }, (_, i) => `login${i}`));
      const random = randomSource(5);
      const contacts = new Map(names.map((name) => [name, new Set()]));
      const edges = [];
      for (const user of names) {
        while (contacts.get(user).size < 10) {
          const other = random.pick(names);
          if (other === user || contacts.get(user).has(other)) continue;
          contacts.get(user).add(other);
          contacts.get(other).add(user);
          edges.push([user, other]);
        }
      }
      await importEdges(world.server, edges);
      const devices = await Promise.all(names.map((user, i) => world.connect(user, {
        transport: i % 10 === 0 ? 'polling' : 'websocket',
        auth: { snapshot: true },
      })));
      for (const device of devices) {
        const all = contacts.get(device.userId);
        await until(() => [...replica(device).values()].filter((u) => u.status === 'online').length === all.size, {
          what: () => `${all.size} contacts of ${device.userId} to be online\n${device.story()}`,
        });
        const online = device.events.filter((e) => e.event === 'user_online').map((e) => e.data.userId);
        assert.equal(online.length, new Set(online).size, `${device.userId} was told twice`);
        assert.equal(device.events[0].event, 'presence_snapshot');
        const known = device.events[0].data.users.filter((u) => u.status === 'online').map((u) => u.userId);
        assert.deepEqual([...known, ...online].sort(), [...all].sort(), `${device.userId}: snapshot and events together`);
      }
    }));
});

function differences(watchers, contacts, blocked, truth) {
  const lines = [];
  for (const device of watchers) {
    const followed = replica(device);
    const all = new Set([...followed.keys(), ...contacts.get(device.userId)]);
    for (const user of all) {
      const wanted = !contacts.get(device.userId).has(user)
        ? 'no contact'
        : JSON.stringify(blocked.has(`${user} ${device.userId}`) ? essence(null) : truth.get(user));
      const seen = followed.has(user) ? JSON.stringify(essence(followed.get(user))) : 'no contact';
      if (wanted !== seen) lines.push(`${device.userId} sees ${user} as ${seen}, which is ${wanted}`);
    }
  }
  return `watchers to hold the truth:\n${lines.slice(0, 10).join('\n')}`;
}
