// Contract section 8: what was acknowledged survives, whatever ends the server.
import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Server } from '../support/server.js';
import { inWorld, World } from '../support/world.js';

const ends = {
  'SIGTERM': (server) => server.stop(),
  'kill -9': (server) => server.kill(),
};

for (const [name, end] of Object.entries(ends)) {
  test(`${name}: statuses, contacts, blocks, last-seen times and versions survive`, async () => {
    const server = await Server.start();
    try {
      const world = new World(server);
      const { alice, bob, a, b } = await world.pair();
      const [carol] = world.users('carol');
      await server.befriend(bob, carol);
      await server.block(carol, bob);
      await b.expect('contacts_changed', { removed: [] });
      await a.setStatus('busy', { customMessage: 'survives', expiresAt: Date.now() + 3600000 });
      const { version } = await b.find('user_status_changed', { status: 'busy' });
      await b.setStatus('away');
      const before = await server.presence(alice);
      await end(server);
      world.end();
      assert.ok(readdirSync(server.dataDir).length > 0, 'the data directory holds the store');

      await server.restart();
      assert.deepEqual(await server.contacts(bob), [alice, carol].sort());
      const offline = await server.presence(alice);
      assert.equal(offline.deviceCount, 0);
      assert.equal(offline.status, 'offline');
      // A last-seen time may lose its last second.
      assert.ok(offline.lastSeen >= before.lastSeen - 1500, `lastSeen lost ${before.lastSeen - offline.lastSeen} ms`);

      const second = new World(server);
      const b2 = await second.connect(bob, { auth: { snapshot: true } });
      const snapshot = await b2.expect('presence_snapshot', { full: true });
      const seen = snapshot.users.find((u) => u.userId === alice);
      assert.equal(seen.status, 'offline');
      assert.ok(seen.version > version, `version ${seen.version} after the restart, ${version} before`);
      assert.ok(!('version' in snapshot.users.find((u) => u.userId === carol)), 'the block survived');
      assert.equal((await b2.ask('get_user_presence', { userId: bob })).status, 'away');
      await second.connect(alice);
      const online = await b2.expect('user_online', { userId: alice, status: 'busy', customMessage: 'survives' });
      assert.ok(online.version > seen.version);
      second.end();
    } finally {
      await server.stop();
    }
  });
}

test('kill -9 in the middle of changes: each acknowledged one is there, and versions never step back', async () => {
  const server = await Server.start({ 'limits.events_per_second': 0 });
  try {
    let version = 0;
    for (let round = 0; round < 5; round++) {
      const world = new World(server);
      const b = await world.connect('bob', { auth: { snapshot: round > 0 } });
      if (round === 0) await server.befriend('alice', 'bob');
      const a = await world.connect('alice');
      let acknowledged = -1;
      let running = true;
      const changes = (async () => {
        for (let n = 0; running; n++) {
          a.emit('set_user_status', { status: 'busy', customMessage: `${round}.${n}` }, (answer) => {
            if (!answer.error) acknowledged = n;
          });
          await server.tryApi('PUT', `/v1/users/alice/contacts/friend.${round}.${n}`).catch(() => {});
        }
      })();
      await b.find('user_status_changed', (data) => data.customMessage === `${round}.15`);
      await server.kill();
      running = false;
      await changes;
      const told = Math.max(...b.events.filter((e) => e.data.version).map((e) => e.data.version));
      world.end();
      assert.ok(told > version, `round ${round}: versions up to ${told} after ${version}`);
      version = told;

      await server.restart();
      const own = await server.presence('alice');
      const probe = new World(server);
      const again = await probe.connect('alice');
      const { customMessage } = await again.ask('get_user_presence', { userId: 'alice' });
      const [r, n] = customMessage.split('.').map(Number);
      assert.equal(r, round);
      assert.ok(n >= acknowledged, `message ${customMessage} is there, ${round}.${acknowledged} was acknowledged`);
      assert.equal(own.deviceCount, 0);
      probe.end();
    }
  } finally {
    await server.stop();
  }
});

test('kill -9 after acknowledged contact changes', async () => {
  const server = await Server.start();
  try {
    const expected = [];
    for (let i = 0; i < 30; i++) {
      await server.befriend('hub', `c${i}`);
      expected.push(`c${i}`);
      if (i % 3 === 0) {
        await server.unfriend('hub', `c${i}`);
        expected.pop();
      }
    }
    await server.kill();
    await server.restart();
    assert.deepEqual(await server.contacts('hub'), expected.sort());
    assert.deepEqual(await server.contacts('c1'), ['hub']);
    assert.deepEqual(await server.contacts('c0'), []);
  } finally {
    await server.stop();
  }
});

test('clients come back by themselves after a restart, and watchers end with the truth', async () => {
  const server = await Server.start();
  try {
    await inWorld(() => server, async (world) => {
      const { alice, a, b } = await world.pair({
        watcher: { reconnect: true },
        watched: { reconnect: true, auth: { deviceId: 'phone' } },
      });
      await a.setStatus('busy', { customMessage: 'x' });
      await b.find('user_status_changed');
      await server.stop();
      assert.equal(await a.lost(), 'transport close');
      await b.lost();
      // A reconnecting client asks for a snapshot, as the guide's reconnection handler asks for presence.
      b.socket.auth = { userId: b.userId, snapshot: true };
      await server.restart();
      const { users: [seen] } = await b.find('presence_snapshot');
      if (seen.status === 'offline') await b.find('user_online', { userId: alice, status: 'busy' });
      else assert.equal(seen.status, 'busy');
    })();
  } finally {
    await server.stop();
  }
});

test('the data directory of a running server is not given to a second one', async () => {
  const server = await Server.start();
  try {
    await assert.rejects(Server.start({ data_dir: server.dataDir }), (error) => {
      assert.match(error.message, /ended \(2\)/);
      assert.ok(error.message.includes(server.dataDir), error.message);
      return true;
    });
    await server.api('GET', '/v1/contacts');
  } finally {
    await server.stop();
  }
});

/** Overwrites a part of the database, from `begin` to `end` (0 to 1), with zeros. */
function damage(server, begin, end) {
  const file = path.join(server.dataDir, 'presenced.db');
  const { size } = statSync(file);
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(Math.floor(size * (end - begin))), 0, undefined, Math.floor(size * begin));
  closeSync(fd);
}

test('a damaged database ends the start with a line that names it', async () => {
  const server = await Server.start();
  await server.api('PUT', '/v1/users/alice/contacts/bob');
  await server.stop();
  damage(server, 0.2, 1);
  await assert.rejects(server.restart(), (error) => {
    assert.match(error.message, /ended \(2\)/);
    assert.match(error.message, /^presenced: .*presenced\.db: /m);
    return true;
  });
});

test('a listing of contacts that cannot be read to its end does not look like the whole', async () => {
  const server = await Server.start();
  try {
    const edges = Array.from({ length: 20000 }, (_, i) => `{"user":"${String(i).padStart(60, 'u')}","contact":"${String(i).padStart(60, 'c')}"}`);
    await server.api('POST', '/v1/contacts', edges.join('\n'));
    await server.stop();
    damage(server, 0.5, 0.75);
    await server.restart();
    // Refused when the first page is damaged, cut off when a later one is.
    await assert.rejects(server.api('GET', '/v1/contacts'), (error) => error.code === 'ECONNRESET' || /: 503 /.test(error.message));
  } finally {
    await server.kill();
  }
});
