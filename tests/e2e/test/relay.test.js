// No sticky sessions (contract, section 9): three nodes on one Redis, and balancers that send each
// request to the next of them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import '../support/leave.js';
import { HaProxy, Nginx, RoundRobin, through } from '../support/balancers.js';
import { RawPolling, RawSocket } from '../support/raw.js';
import { Redis } from '../support/redis.js';
import { Server, temporaryDirectory } from '../support/server.js';
import { until, within } from '../support/time.js';
import { inWorld } from '../support/world.js';

const UNKNOWN = { code: 1, message: 'Session ID unknown' };

async function startNode(redis, settings = {}) {
  const node = await Server.start({ 'redis.url': redis.url, trusted_proxies: '127.0.0.1', ...settings });
  await until(async () => (await node.request('GET', '/readyz')).status === 200, { what: 'a node to be ready' });
  return node;
}

/** Until every node relays to every other one: each answers a poll of a session of each. */
async function acquainted(nodes) {
  for (const owner of nodes) {
    for (const other of nodes) {
      await until(
        async () => {
          const raw = await RawPolling.open(owner);
          raw.server = other;
          const met = (await raw.post('40{"userId":"nobody.special"}')).status === 200;
          await raw.post('1');
          return met;
        },
        { every: 50, what: 'the nodes to know each other' },
      );
    }
  }
}

describe('three nodes behind balancers that are not sticky', () => {
  let redis, nodes, roundRobin;
  before(async () => {
    redis = await Redis.start();
    nodes = await Promise.all([startNode(redis), startNode(redis), startNode(redis)]);
    roundRobin = await RoundRobin.start(nodes);
    await acquainted(nodes);
  });
  after(async () => {
    await roundRobin?.stop();
    await Promise.all((nodes ?? []).map((node) => node.stop()));
    await redis?.kill();
  });

  // A crowd in a circle: each sees the one before and the one behind.
  async function crowd(world, transport, size) {
    const users = world.users(...Array.from({ length: size }, (_, i) => `${transport}${i}`));
    for (let i = 0; i < size; ++i) await world.befriend(users[i], users[(i + 1) % size]);
    const devices = await Promise.all(users.map((user) => world.connect(user, { transport, checks: false })));
    await Promise.all(devices.map((device, i) => device.setStatus('busy', { customMessage: `I am ${i}` })));
    for (const [i, device] of devices.entries()) {
      for (const other of [(i + size - 1) % size, (i + 1) % size]) {
        const told = ({ event, data }) => event === 'user_status_changed' && data.userId === users[other] && data.customMessage === `I am ${other}`;
        await until(() => device.events.some(told), { what: () => `${users[i]} to be told of ${users[other]}` });
      }
    }
    for (const device of devices) {
      assert.deepEqual(device.losses, [], 'nobody lost the connection');
      assert.equal(device.transportName, transport === 'upgrade' ? 'websocket' : transport);
    }
  }

  for (const transport of ['polling', 'websocket', 'upgrade']) {
    test(`forty clients over ${transport}, round-robin`, () =>
      inWorld(() => through(nodes[0], roundRobin), async (world) => {
        roundRobin.seen.clear();
        await crowd(world, transport, 40);
        if (transport === 'websocket') return;
        const spread = [...roundRobin.seen.values()].filter((ports) => ports.size > 1);
        assert.equal(spread.length, 40, 'the requests of each session went to several nodes');
      })());
  }

  test('HAProxy with conf/haproxy.cfg', async () => {
    const haproxy = await HaProxy.start(nodes);
    try {
      for (const transport of ['polling', 'websocket', 'upgrade']) {
        await inWorld(() => through(nodes[0], haproxy), (world) => crowd(world, transport, 20))();
      }
    } finally {
      await haproxy.stop();
    }
  });

  test('nginx with conf/nginx.conf', async () => {
    const nginx = await Nginx.start(nodes);
    try {
      for (const transport of ['polling', 'upgrade']) {
        await inWorld(() => through(nodes[0], nginx), (world) => crowd(world, transport, 10))();
      }
    } finally {
      await nginx.stop();
    }
  });

  test('a client behind a proxy keeps its address, whichever nodes its requests pass', inWorld(() => nodes[0], async (world) => {
    const [alice] = world.users('alice');
    const raw = await RawPolling.open(nodes[1], { headers: { 'x-forwarded-for': '203.0.113.9' } });
    raw.server = nodes[0];
    await raw.post(`40${JSON.stringify({ userId: alice })}`);
    raw.server = nodes[2];
    await raw.until((packet) => packet.startsWith('40'));
    const [device] = (await nodes[0].presence(alice)).devices;
    assert.equal(device.ipAddress, '203.0.113.9');
    await raw.post('1');
  }));

  test('large payloads pass in both directions', inWorld(() => nodes[0], async (world) => {
    const [alice] = world.users('alice');
    const raw = await RawPolling.join(nodes[1], alice);
    raw.server = nodes[2];
    const long = 'x'.repeat(300_000);
    const answer = await raw.post(`42["no_such_event","${long}"]\x1e420["get_presence",{}]`);
    assert.equal(answer.status, 200);
    assert.equal((await raw.post('4'.padEnd(1_000_001, '2'))).status, 413);
    await raw.post('1');
  }));

  test('sids that name no node are unknown, and so is a request that claims to be relayed', async () => {
    const sid = Buffer.alloc(18, 7).toString('base64url');
    const lost = new RawPolling(nodes[0]);
    lost.sid = sid;
    assert.deepEqual((await lost.get()).json, UNKNOWN);
    const raw = await RawPolling.open(nodes[0]);
    raw.server = nodes[1];
    raw.headers = { 'x-presenced-relay': 't=1,for=192.0.2.1,v1=00' };
    const answer = await raw.get();
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, UNKNOWN);
    raw.headers = {};
    assert.equal((await raw.post('1')).status, 200, 'the session is not touched by it');
  });
});

test('nodes that serve TLS relay over TLS', async () => {
  const dir = temporaryDirectory();
  const [cert, key] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')];
  const made = spawnSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=presence.example', '-keyout', key, '-out', cert,
  ]);
  assert.equal(made.status, 0, String(made.stderr ?? made.error));
  const redis = await Redis.start();
  const settings = { 'redis.url': redis.url, 'tls.cert': cert, 'tls.key': key };
  const nodes = await Promise.all([Server.start(settings), Server.start(settings)]);
  try {
    const ca = readFileSync(cert);
    for (const node of nodes) {
      node.scheme = 'https';
      const request = node.request.bind(node);
      node.request = (method, target, options = {}) =>
        request(method, target, { ca, servername: 'presence.example', ...options });
      await until(async () => (await node.request('GET', '/readyz')).status === 200, { what: 'a node to be ready' });
    }
    await acquainted(nodes);
    const raw = await RawPolling.join(nodes[0], 'alice');
    raw.server = nodes[1];
    await raw.post('420["get_contacts",{}]');
    await raw.until((packet) => packet.startsWith('430'));
    const entries = Object.values(await redis.hash('presence:nodes'));
    assert.ok(entries.every((entry) => / tls:127\.0\.0\.1:\d+$/.test(entry)), entries.join());
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    await redis.kill();
  }
});

describe('a node that is killed', () => {
  let redis, nodes, doomed;
  before(async () => {
    redis = await Redis.start();
    nodes = await Promise.all([startNode(redis), startNode(redis)]);
    doomed = await startNode(redis);
    await acquainted([...nodes, doomed]);
  });
  after(async () => {
    await doomed?.kill().catch(() => {});
    await Promise.all((nodes ?? []).map((node) => node.stop()));
    await redis?.kill();
  });

  test('what waits for it ends, its sids are unknown at once, and its clients come back', async () => {
    const raw = await RawPolling.join(doomed, 'carol.waits');
    raw.server = nodes[0];
    const waiting = raw.get();
    const roundRobin = await RoundRobin.start([doomed, ...nodes]);
    try {
      await inWorld(() => through(nodes[0], roundRobin), async (world) => {
        const users = world.users(...Array.from({ length: 12 }, (_, i) => `user${i}`));
        const transports = ['polling', 'websocket', 'upgrade'];
        const devices = await Promise.all(
          users.map((user, i) => world.connect(user, { transport: transports[i % 3], reconnect: true, checks: false })),
        );
        await doomed.kill();
        const answer = await within(waiting, 'the waiting request to end', 2000);
        assert.equal(answer.status, 400);
        assert.deepEqual(answer.json, UNKNOWN);
        // Its lease lasts for seconds, and still nobody waits.
        const begun = performance.now();
        for (const node of nodes) {
          raw.server = node;
          const refused = await raw.get();
          assert.equal(refused.status, 400);
          assert.deepEqual(refused.json, UNKNOWN);
        }
        const upgrade = new RawSocket(nodes[0], { parameters: { sid: raw.sid } });
        await until(() => upgrade.refusedStatus, { what: 'the upgrade to be refused' });
        assert.equal(upgrade.refusedStatus, 400);
        assert.ok(performance.now() - begun < 1500, 'at once');
        roundRobin.nodes = nodes;
        await until(() => devices.every((device) => device.connected), { within: 15000, what: 'all clients to come back' });
        assert.ok(devices.some((device) => device.losses.length > 0), 'some had been on the node');
        for (const [i, user] of users.entries()) {
          await until(async () => (await nodes[i % 2].presence(user)).status === 'online', { what: `${user} to be online` });
        }
      })();
    } finally {
      await roundRobin.stop();
    }
  });
});
