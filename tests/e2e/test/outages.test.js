// What happens to presence when nodes and Redis fail (contract, section 9): seconds to the truth,
// and no event of somebody who never left.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import '../support/leave.js';
import { RoundRobin, through } from '../support/balancers.js';
import { Device } from '../support/device.js';
import { friends, onNodes, readiness } from '../support/nodes.js';
import { Redis, freePort } from '../support/redis.js';
import { Server } from '../support/server.js';
import { until } from '../support/time.js';
import { World } from '../support/world.js';

const TRUTH_AFTER_REDIS = 5000;
const TRUTH_AFTER_A_NODE = 20000;

// `count` nodes on a Redis of their own, which `body` gets as {redis, nodes, worlds}.
function cluster(count, settings, body, kind = {}) {
  return async () => {
    const redis = await Redis.start(kind);
    try {
      await onNodes(Array(count).fill(redis.url), settings, ({ nodes, worlds }) => body({ redis, nodes, worlds }));
    } finally {
      await redis.kill();
    }
  };
}

test('a node that is killed: its users go offline for the others, within 20 s, and nobody else does', cluster(2, {}, async ({ nodes, worlds }) => {
  await friends(worlds[0], 'alice', 'bob', 'carol');
  const bob = await worlds[1].connect('bob');
  const carol = await worlds[1].connect('carol');
  await bob.expect('user_online', { userId: 'carol' });
  const alice = await worlds[0].connect('alice');
  await bob.expect('user_online', { userId: 'alice' });
  await carol.expect('user_online', { userId: 'alice' });
  const killed = performance.now();
  await nodes[0].kill();
  await alice.lost();
  await bob.expect('user_offline', { userId: 'alice' }, { within: TRUTH_AFTER_A_NODE });
  await carol.expect('user_offline', { userId: 'alice' });
  assert.ok(performance.now() - killed < TRUTH_AFTER_A_NODE);
  await worlds[1].marker(carol, [bob]);
}));

test('a node that comes back under its name: its users of before are gone at once, and can come back', async () => {
  const redis = await Redis.start();
  const settings = { 'redis.url': redis.url, 'redis.prefix': 'presence:' };
  const one = await Server.start({ ...settings, node_id: 'one' });
  const two = await Server.start({ ...settings, node_id: 'two' });
  const [here, there] = [new World(one), new World(two)];
  try {
    await friends(here, 'alice', 'bob');
    const bob = await there.connect('bob');
    const alice = await here.connect('alice');
    await bob.expect('user_online', { userId: 'alice' });
    await one.kill();
    await alice.lost();
    await one.restart();
    await bob.expect('user_offline', { userId: 'alice' });
    await here.connect('alice');
    await bob.expect('user_online', { userId: 'alice' });
  } finally {
    here.end();
    there.end();
    await Promise.all([one.kill(), two.kill()]);
    await redis.kill();
  }
});

describe('Redis', () => {
  test('away: nodes go on alone and say so; back and empty: the truth within 5 s, and nobody was away', cluster(2, {}, async ({ redis, nodes, worlds }) => {
    await friends(worlds[0], 'alice', 'bob', 'carol');
    const alice = await worlds[0].connect('alice');
    const carol = await worlds[0].connect('carol');
    await alice.expect('user_online', { userId: 'carol' });
    const bob = await worlds[1].connect('bob');
    await alice.expect('user_online', { userId: 'bob' });
    await carol.expect('user_online', { userId: 'bob' });

    await redis.kill();
    await readiness(nodes, false);
    const known = await alice.ask('check_users_presence', { userIds: ['bob', 'carol'] });
    assert.equal(known.stale, true);
    assert.deepEqual(known.users.map((user) => user.status), ['online', 'online']);
    assert.equal((await alice.ask('get_user_presence', { userId: 'bob' })).stale, true);
    await alice.denied('store_unavailable', 'redis', 'set_user_status', { status: 'busy' });
    assert.equal((await nodes[0].tryApi('PUT', '/v1/users/alice/contacts/dave')).status, 503);
    // The same node sees who comes and goes; a newcomer is let in.
    carol.leave();
    await alice.expect('user_offline', { userId: 'carol' });
    const dave = await worlds[0].connect('dave');
    // Somebody leaves whom a watcher on the other node still holds for online.
    bob.leave();

    await redis.start();
    const back = performance.now();
    await readiness(nodes, true);
    await alice.expect('user_offline', { userId: 'bob' }, { within: TRUTH_AFTER_REDIS });
    assert.ok(performance.now() - back < TRUTH_AFTER_REDIS);
    assert.equal((await alice.ask('check_users_presence', { userIds: ['bob'] })).stale, undefined);
    assert.equal((await redis.hash('presence:user:alice')).status, 'online');
    assert.equal((await worlds[1].server.presence('dave')).status, 'online');
    // Lists live on in the nodes: whoever comes back is seen by those who stayed.
    await worlds[1].connect('bob');
    await alice.expect('user_online', { userId: 'bob' });
    dave.nothing();
  }));

  test('frozen and thawed: no event of anybody who stayed, and contacts that changed are known', cluster(2, {}, async ({ redis, nodes, worlds }) => {
    await friends(worlds[0], 'alice', 'bob');
    const alice = await worlds[0].connect('alice');
    const bob = await worlds[1].connect('bob');
    await alice.expect('user_online', { userId: 'bob' });
    redis.signal('SIGSTOP');
    await readiness(nodes, false);
    redis.signal('SIGCONT');
    await readiness(nodes, true);
    await worlds[1].befriend('bob', 'erin');
    assert.deepEqual((await bob.expect('contacts_changed')).added.map((user) => user.userId), ['erin']);
    await bob.setStatus('busy');
    await alice.expect('user_status_changed', { userId: 'bob', status: 'busy' });
  }));

  test('contacts that were changed while a node was cut off are known afterwards', cluster(1, {}, async ({ redis, nodes: [node], worlds: [world] }) => {
    await friends(world, 'alice', 'bob', 'carol');
    const alice = await world.connect('alice');
    await redis.kill();
    await readiness([node], false);
    // The same data where the node does not look for it.
    const { port } = redis;
    redis.port = await freePort();
    await redis.start();
    await redis.command('SREM', 'presence:contacts:alice', 'bob');
    await redis.command('SADD', 'presence:contacts:alice', 'dave');
    await redis.kill();
    redis.port = port;
    await redis.start();
    const changed = await alice.expect('contacts_changed');
    assert.deepEqual(changed.added.map((user) => user.userId), ['dave']);
    assert.deepEqual(changed.removed, ['bob']);
  }, { persistent: true }));

  test('away at start: clients are let in, and their contacts come when it does', cluster(1, {}, async ({ redis, nodes: [node], worlds: [world] }) => {
    await friends(world, 'alice', 'bob');
    const contacts = await redis.command('SMEMBERS', 'presence:contacts:alice');
    assert.deepEqual(contacts, ['bob']);
    await redis.kill();
    await readiness([node], false);
    const alice = await world.connect('alice');
    await redis.start();
    await redis.command('SADD', 'presence:contacts:alice', 'bob');
    await redis.command('SADD', 'presence:contacts:bob', 'alice');
    await readiness([node], true);
    const { added } = await alice.find('contacts_changed');
    assert.deepEqual(added.map((user) => user.userId), ['bob']);
  }));
});

test('draining: clients move to the other node, and nobody is told that they left', cluster(2, { drain_time: '2s', 'limits.devices_per_user': 1 }, async ({ nodes, worlds }) => {
  const balancer = await RoundRobin.start([nodes[0]]);
  const devices = [];
  try {
    const users = Array.from({ length: 20 }, (_, i) => `user${i}`);
    for (const user of users) await worlds[1].befriend('watcher', user);
    const watcher = await worlds[1].connect('watcher');
    for (const [i, user] of users.entries()) {
      const transport = i % 2 === 0 ? 'websocket' : 'polling';
      const device = new Device(through(nodes[0], balancer), user, {
        transport,
        reconnect: true,
        // Longer than disconnect_grace: the hold is what they need.
        io: { reconnectionDelay: 1500, reconnectionDelayMax: 3000 },
        // Those without are second devices, for which the held ones make room.
        auth: i % 3 === 0 ? {} : { deviceId: `device of ${user}` },
      });
      devices.push(device);
      await device.open();
    }
    for (const user of users) await watcher.find('user_online', { userId: user });
    watcher.skip();

    const before = watcher.events.length;
    await until(async () => (await nodes[0].api('GET', '/v1/stats')).json.nodes === 2, { what: 'the nodes to know each other' });
    const ended = nodes[0].end('SIGTERM');
    await until(async () => (await nodes[0].request('GET', '/readyz')).status === 503, { what: 'the node to be unready' });
    const refused = await nodes[0].request('GET', '/socket.io/?EIO=4&transport=polling');
    assert.equal(refused.status, 503, nodes[0].log);
    // As a balancer does when a node is unready. Polls of those who are there still are relayed back.
    balancer.nodes = [nodes[1]];
    assert.deepEqual(await ended, { code: 0, signal: null });
    await until(() => devices.every((device) => device.connected), { what: 'every device to be back', within: 20000 });
    for (const user of users) assert.equal((await nodes[1].presence(user)).status, 'online');
    for (const device of devices) assert.notEqual(device.losses[0], 'io server disconnect');
    const told = watcher.events.slice(before).filter(({ event }) => event === 'user_offline' || event === 'user_online');
    assert.deepEqual(told.map(({ event, data }) => [event, data.userId]), []);
  } finally {
    for (const device of devices) device.close();
    await balancer.stop();
  }
}));
