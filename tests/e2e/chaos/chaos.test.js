// Three nodes on one Redis, users who come and go, and everything that can fail failing: afterwards
// what every watcher believes of everybody is the truth. `./dev chaos SECONDS SEED` runs it for longer; a
// run is repeated with the seed it printed, as far as the machine's timing lets it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Device } from '../support/device.js';
import { randomSource, SEED } from '../support/random.js';
import { Redis } from '../support/redis.js';
import { replica } from '../support/replica.js';
import { Server } from '../support/server.js';
import { until } from '../support/time.js';

const SECONDS = Number(process.env.E2E_CHAOS_SECONDS ?? 8);
const USERS = ['ann', 'ben', 'cat', 'dan', 'eve', 'fay'];
const MOST_DEVICES = 3;
const TRUTH_AFTER = 40000; // a lease, the grace, and what a busy machine needs

test(`chaos for ${SECONDS} s, seed ${SEED}`, async (t) => {
  const random = randomSource();
  const redis = await Redis.start({ persistent: true });
  const settings = { 'redis.url': redis.url, 'redis.prefix': 'presence:', 'limits.events_per_second': 0 };
  const nodes = await Promise.all([1, 2, 3].map(() => Server.start(settings)));
  const all = [];
  const mine = (user) => all.filter((device) => device.userId === user && device.connected);
  try {
    for (const [i, user] of USERS.entries()) {
      for (const other of USERS.slice(i + 1)) await nodes[0].befriend(user, other);
    }
    const steps = {
      async come() {
        const user = random.pick(USERS);
        if (mine(user).length >= MOST_DEVICES) return;
        const device = new Device(random.pick(nodes), user, {
          auth: { snapshot: true },
          transport: random.pick(['websocket', 'polling']),
        });
        await device.open().then(() => all.push(device), () => device.close());
      },
      async leave() {
        const here = all.filter((device) => device.connected);
        if (here.length > 0) random.pick(here).leave();
      },
      async lose() {
        const here = all.filter((device) => device.connected && device.transport === 'websocket');
        if (here.length > 0) random.pick(here).cut();
      },
      async choose() {
        const here = all.filter((device) => device.connected);
        if (here.length === 0) return;
        const status = random.pick(['online', 'away', 'busy', 'offline']);
        // Refused while Redis is away, or never answered by a node that dies.
        random.pick(here).socket.emit('set_user_status', { status, customMessage: `${random.below(1000)}` });
      },
    };
    const faults = {
      async killNode() {
        const node = random.pick(nodes);
        await node.kill();
        await node.restart();
      },
      async stopNode() {
        await random.pick(nodes).restart();
      },
      async freezeRedis() {
        redis.signal('SIGSTOP');
        await pause(random.below(4000));
        redis.signal('SIGCONT');
      },
      async killRedis() {
        await redis.kill();
        await pause(random.below(1500));
        await redis.start();
      },
    };
    const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
    const end = performance.now() + SECONDS * 1000;
    const happened = {};
    const note = (name) => (happened[name] = (happened[name] ?? 0) + 1);
    const going = (what, pace) =>
      (async () => {
        while (performance.now() < end) {
          const name = random.pick(Object.keys(what));
          note(name);
          await what[name]();
          await pause(random.below(pace));
        }
      })();
    await Promise.all([going(steps, 40), going(steps, 40), going(faults, 2500)]);
    t.diagnostic(JSON.stringify(happened));

    await Promise.all(nodes.map((node) => node.ready()));
    const agreed = async () => {
      const wrong = [];
      for (const user of USERS) {
        const seen = await Promise.all(nodes.map((node) => node.presence(user)));
        if (seen.some((each) => each.stale)) wrong.push(`${user} is stale`);
        const [{ status, customMessage }] = seen;
        const count = mine(user).length;
        for (const each of seen) {
          if (each.deviceCount !== count) wrong.push(`${user} has ${each.deviceCount} devices, not ${count}`);
          if (each.status !== status) wrong.push(`${user} is ${status} and ${each.status}`);
        }
        for (const watcher of all.filter((device) => device.connected && device.userId !== user)) {
          const believed = replica(watcher).get(user);
          const is = status === 'offline' ? [status, 0, undefined] : [status, count, customMessage];
          const held = believed && [believed.status, believed.deviceCount, believed.customMessage || undefined];
          if (JSON.stringify(held) !== JSON.stringify(is)) wrong.push(`${watcher.userId} holds ${user} for ${held}, not ${is}`);
        }
      }
      return wrong;
    };
    // What Redis holds of whoever is wrong: which node each device is of, and the leases.
    const evidence = async () => {
      const held = {
        now: Date.now(),
        nodes: await redis.hash('presence:nodes'),
        stats: await Promise.all(nodes.map((node) => node.api('GET', '/v1/stats'))),
      };
      for (const user of USERS) {
        for (const id of await redis.command('SMEMBERS', `presence:devices:${user}`)) {
          held[`${user} ${id}`] = await redis.hash(`presence:device:${user}:${id}`);
        }
      }
      return JSON.stringify(held, null, 1);
    };
    let wrong = [];
    await until(async () => (wrong = await agreed()).length === 0, {
      within: TRUTH_AFTER,
      every: 250,
      what: () => `the truth (seed ${SEED}):\n${wrong.join('\n')}`,
    }).catch(async (error) => {
      t.diagnostic(await evidence());
      t.diagnostic(nodes.map((node) => node.log).join('\n---\n'));
      throw error;
    });
    for (const device of all) device.sound();
    assert.ok(Object.keys(faults).some((name) => happened[name] > 0));
  } finally {
    for (const device of all) device.close();
    redis.signal('SIGCONT');
    await Promise.all(nodes.map((node) => node.running && node.kill()));
    await redis.kill();
  }
});
