// Contract section 4: what each event holds, who gets it, and what nobody gets.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { RawSocket } from '../support/raw.js';
import { Server } from '../support/server.js';
import { assertNow, inWorld } from '../support/world.js';

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());
const scene = (name, body) => test(name, inWorld(() => server, body));

const phone = { type: 'mobile', os: 'iOS', browser: 'Safari' };
const desk = { type: 'desktop', os: 'Linux', browser: 'Firefox' };

describe('user_online and user_offline', () => {
  scene('go to every connected contact, to all of its devices, and to nobody else', async (world) => {
    const [alice, bob, carol, stranger] = world.users('alice', 'bob', 'carol', 'stranger');
    await world.befriend(alice, bob, carol);
    const b1 = await world.connect(bob);
    const b2 = await world.connect(bob);
    await b1.expect('user_devices_changed', { userId: bob });
    const c = await world.connect(carol);
    const s = await world.connect(stranger);
    const a = await world.connect(alice, { auth: { deviceInfo: phone } });
    for (const watcher of [b1, b2, c]) {
      const online = await watcher.expect('user_online', { userId: alice, status: 'online', deviceCount: 1 });
      assert.deepEqual(online.devices, [{ socketId: a.id, deviceType: 'mobile', connectedAt: online.devices[0].connectedAt }]);
      assertNow(online.devices[0].connectedAt);
      assertNow(online.lastSeen);
      assert.ok(!('customMessage' in online));
    }
    await a.settle();
    a.nothing();
    a.leave();
    for (const watcher of [b1, b2, c]) {
      const offline = await watcher.expect('user_offline', { userId: alice, status: 'offline', offlineReason: 'disconnected' });
      assertNow(offline.lastSeen);
    }
    // The stranger becomes a contact: had anything been sent to it, it would lie before that.
    await server.befriend(alice, stranger);
    const { added } = await s.expect('contacts_changed', { removed: [] });
    assert.equal(added[0].userId, alice);
    assert.equal(added[0].status, 'offline');
  });

  scene('a second device is no second user_online, the last one to leave is the user_offline', async (world) => {
    const { alice, a, b } = await world.pair();
    const a2 = await world.connect(alice);
    await b.expect('user_devices_changed', { userId: alice, deviceCount: 2 });
    a.leave();
    await b.expect('user_devices_changed', { userId: alice, deviceCount: 1 });
    a2.leave();
    await b.expect('user_offline', { userId: alice });
  });

  scene('user_online has the chosen status and message', async (world) => {
    const { alice, a, b } = await world.pair();
    await a.setStatus('away', { customMessage: 'back at 5' });
    await b.expect('user_status_changed', { status: 'away' });
    a.leave();
    await b.expect('user_offline');
    await world.connect(alice);
    await b.expect('user_online', { status: 'away', customMessage: 'back at 5' });
  });

  scene('an offline user keeps its lastSeen for whoever asks', async (world) => {
    const { alice, a, b } = await world.pair();
    a.leave();
    const { lastSeen, version } = await b.expect('user_offline');
    const asked = await b.ask('get_user_presence', { userId: alice });
    assert.equal(asked.status, 'offline');
    assert.equal(asked.lastSeen, lastSeen);
    assert.equal(asked.deviceCount, 0);
    assert.deepEqual(asked.devices ?? [], []);
    assert.ok(asked.version >= version);
    const { users: [bulk] } = await b.ask('check_users_presence', { userIds: [alice] });
    assert.equal(bulk.lastSeen, lastSeen);
  });
});

describe('user_status_changed', () => {
  scene('goes to watchers and to all own devices, also the one that asked', async (world) => {
    const { alice, a, b } = await world.pair();
    const a2 = await world.connect(alice);
    await b.expect('user_devices_changed');
    await a.expect('user_devices_changed');
    await a.setStatus('busy', { customMessage: 'In a meeting' });
    for (const reader of [a, a2, b]) {
      const data = await reader.expect('user_status_changed', { userId: alice, status: 'busy', customMessage: 'In a meeting', autoAway: false });
      assertNow(data.timestamp);
    }
    await a2.setStatus('busy');
    for (const reader of [a, a2, b]) {
      const data = await reader.expect('user_status_changed', { status: 'busy' });
      assert.ok(!('customMessage' in data));
    }
  });

  scene('is not sent when nothing changed', async (world) => {
    const { a, b } = await world.pair();
    await a.setStatus('online');
    await a.setStatus('busy', { customMessage: 'x' });
    await b.expect('user_status_changed', { status: 'busy' });
    await a.expect('user_status_changed', { status: 'busy' });
    await a.setStatus('busy', { customMessage: 'x' });
    await a.setStatus('busy', { customMessage: 'x', expiresAt: Date.now() + 3600000 });
    await world.marker(a, [b], 'busy');
  });

  scene('a message alone is a change', async (world) => {
    const { a, b } = await world.pair();
    await a.setStatus('online', { customMessage: 'one' });
    await b.expect('user_status_changed', { status: 'online', customMessage: 'one' });
    await a.setStatus('online');
    const data = await b.expect('user_status_changed', { status: 'online' });
    assert.ok(!('customMessage' in data));
  });
});

describe('user_devices_changed', () => {
  scene('has for watchers socketId, deviceType, connectedAt; for own devices everything', async (world) => {
    const { alice, a, b } = await world.pair({ watched: { auth: { deviceInfo: phone } } });
    const a2 = await world.connect(alice, { auth: { deviceInfo: desk }, headers: { 'user-agent': 'e2e/1.0' } });
    const seen = await b.expect('user_devices_changed', { userId: alice, deviceCount: 2 });
    assertNow(seen.lastSeen);
    assert.deepEqual(
      seen.devices.map((d) => [d.socketId, d.deviceType]).sort(),
      [[a.id, 'mobile'], [a2.id, 'desktop']].sort(),
    );
    const own = await a.expect('user_devices_changed', { userId: alice, deviceCount: 2 });
    const other = own.devices.find((d) => d.socketId === a2.id);
    assert.equal(other.os, 'Linux');
    assert.equal(other.browser, 'Firefox');
    assert.equal(other.userAgent, 'e2e/1.0');
    assert.match(other.ipAddress, /127\.0\.0\.1/);
    assertNow(other.lastHeartbeat);
    // Not to the device that is the change.
    await a2.settle();
    a2.nothing();
  });

  scene('comes when the kind of a device changes, and only then', async (world) => {
    const { alice, a, b } = await world.pair({ watched: { auth: { deviceInfo: { type: 'web', os: 'x' } } } });
    await a.heartbeat({ deviceInfo: { type: 'web', os: 'y', browser: 'z' } });
    await world.marker(a, [b]);
    await a.heartbeat({ deviceInfo: { type: 'mobile' } });
    const { devices } = await b.expect('user_devices_changed', { userId: alice, deviceCount: 1 });
    assert.equal(devices[0].deviceType, 'mobile');
    await a.settle();
    a.nothing();
  });

  scene('never stands beside the user_online or user_offline of the same change', async (world) => {
    const { alice, a, b } = await world.pair();
    a.leave();
    await b.expect('user_offline');
    const again = await world.connect(alice);
    await b.expect('user_online');
    await world.marker(again, [b]);
  });

  test('watchers are spared it with notify_device_changes = false, own devices are not', async () => {
    const quiet = await Server.start({ notify_device_changes: false });
    try {
      await inWorld(() => quiet, async (world) => {
        const { alice, a, b } = await world.pair();
        const a2 = await world.connect(alice);
        await a.expect('user_devices_changed', { deviceCount: 2 });
        await world.marker(a, [a2, b]);
        assert.equal((await b.ask('get_user_presence', { userId: alice })).deviceCount, 2);
        a2.leave();
        await a.expect('user_devices_changed', { deviceCount: 1 });
        await world.marker(a, [b]);
      })();
    } finally {
      await quiet.stop();
    }
  });
});

describe('versions', () => {
  scene('grow with each change, also over offline and again online, in events and answers alike', async (world) => {
    const { alice, a, b } = await world.pair();
    const versions = [b.version(alice)];
    const grown = (data) => {
      assert.ok(data.version > versions.at(-1), `${data.version} after ${versions.at(-1)}`);
      assert.ok(data.version < 2 ** 53);
      versions.push(data.version);
    };
    await a.setStatus('busy');
    grown(await b.expect('user_status_changed'));
    const a2 = await world.connect(alice);
    grown(await b.expect('user_devices_changed'));
    a.leave();
    grown(await b.expect('user_devices_changed'));
    a2.leave();
    grown(await b.expect('user_offline'));
    await world.connect(alice);
    grown(await b.expect('user_online'));
    const asked = await b.ask('get_user_presence', { userId: alice });
    assert.ok(asked.version >= versions.at(-1));
  });

  scene('an answer is never older than an event that was read before it', async (world) => {
    const { alice, a, b } = await world.pair();
    for (let i = 0; i < 50; i++) {
      a.emit('set_user_status', { status: 'online', customMessage: `${i}` });
      const { version } = await b.expect('user_status_changed', { customMessage: `${i}` });
      const { users: [user] } = await b.ask('check_users_presence', { userIds: [alice] });
      assert.ok(user.version >= version);
    }
  });

  scene('all watchers get the same ones', async (world) => {
    const [alice, bob, carol] = world.users('alice', 'bob', 'carol');
    await world.befriend(alice, bob, carol);
    const b = await world.connect(bob);
    const c = await world.connect(carol, { transport: 'polling' });
    const a = await world.connect(alice);
    await a.setStatus('away');
    for (const event of ['user_online', 'user_status_changed']) {
      assert.equal((await b.expect(event)).version, (await c.expect(event)).version);
    }
  });
});

scene('numbers are integers on the wire, never 1.7e12 or 1700000000000.0', async (world) => {
  const [alice, bob] = world.users('alice', 'bob');
  await world.befriend(alice, bob);
  const raw = await RawSocket.join(server, bob, { auth: { snapshot: true } });
  const a = await world.connect(alice);
  await a.setStatus('busy');
  a.leave();
  await raw.next('42["user_offline"');
  raw.send('421["user_heartbeat",{}]');
  await raw.next('431');
  for (const text of raw.frames) {
    for (const [, number] of text.matchAll(/"(?:lastSeen|version|timestamp|connectedAt|serverTime|deviceCount)":([^,}\]]+)/g)) {
      assert.match(number, /^\d+$/, text);
    }
  }
  raw.cut();
});
