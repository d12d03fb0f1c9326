// Contract section 5, line by line.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Server } from '../support/server.js';
import { SLACK, until } from '../support/time.js';
import { assertNow, inWorld } from '../support/world.js';

let server;
before(async () => {
  server = await Server.start({ disconnect_grace: '700ms' });
});
after(() => server.stop());
const scene = (name, body) => test(name, inWorld(() => server, body));

const idle = { idleMs: 300000 };
const active = { idleMs: 0 };

describe('line 2: invisible', () => {
  scene('watchers get user_offline with reason manual, own devices user_status_changed', async (world) => {
    const { alice, a, b } = await world.pair();
    const a2 = await world.connect(alice);
    await a.expect('user_devices_changed');
    await b.expect('user_devices_changed');
    const own = await a.setStatus('offline');
    assert.equal(own.status, 'offline');
    const offline = await b.expect('user_offline', { userId: alice, status: 'offline', offlineReason: 'manual' });
    assertNow(offline.lastSeen);
    await a.expect('user_status_changed', { status: 'offline', autoAway: false });
    await a2.expect('user_status_changed', { status: 'offline' });

    const seen = await b.ask('get_user_presence', { userId: alice });
    assert.equal(seen.status, 'offline');
    assert.equal(seen.deviceCount, 0);
    assert.deepEqual(seen.devices ?? [], []);
    assert.equal(seen.lastSeen, offline.lastSeen);
    const { users: [bulk] } = await b.ask('check_users_presence', { userIds: [alice] });
    assert.equal(bulk.deviceCount, 0);
    assert.equal(bulk.lastSeen, offline.lastSeen);

    const ownView = await a.ask('get_user_presence', { userId: alice });
    assert.equal(ownView.status, 'offline');
    assert.deepEqual(ownView.devices.map((d) => d.socketId).sort(), [a.id, a2.id].sort());
    assert.deepEqual((await server.presence(alice)).devices.map((d) => d.socketId).sort(), [a.id, a2.id].sort());
  });

  scene('watchers hear nothing of what the user does meanwhile, and lastSeen stands still', async (world) => {
    const { alice, bob, a, b } = await world.pair();
    await a.setStatus('offline');
    const { lastSeen } = await b.expect('user_offline', { offlineReason: 'manual' });
    const a2 = await world.connect(alice);
    await a2.heartbeat({ deviceInfo: { type: 'mobile' } });
    await a.setStatus('offline', { customMessage: 'still invisible' });
    await a.heartbeat(active);
    a2.leave();
    await world.devices(alice, 1);
    const seen = await b.ask('get_user_presence', { userId: alice });
    assert.equal(seen.lastSeen, lastSeen);
    assert.equal(seen.status, 'offline');
    await a.setStatus('online');
    await b.expect('user_online', { userId: alice, status: 'online', deviceCount: 1 });
    assert.equal((await a.ask('get_user_presence', { userId: bob })).status, 'online');
  });

  scene('the user still receives events', async (world) => {
    const { a, b } = await world.pair();
    await a.setStatus('offline');
    await b.expect('user_offline');
    await a.expect('user_status_changed', { status: 'offline' });
    await b.setStatus('busy');
    await a.expect('user_status_changed', { userId: b.userId, status: 'busy' });
  });

  scene('when it ends, connectedAt for watchers is not earlier than that moment', async (world) => {
    const { a, b } = await world.pair();
    await a.setStatus('offline');
    await b.expect('user_offline');
    const before = await a.heartbeat();
    await a.setStatus('online');
    const { devices, lastSeen } = await b.expect('user_online');
    assert.ok(devices[0].connectedAt >= before.serverTime, `${devices[0].connectedAt} is before ${before.serverTime}`);
    assertNow(lastSeen);
    await a.find('user_status_changed', { status: 'online' });
  });

  scene('it may end in away or busy', async (world) => {
    const { a, b } = await world.pair();
    await a.setStatus('offline');
    await b.expect('user_offline');
    await a.setStatus('busy', { customMessage: 'here' });
    await b.expect('user_online', { status: 'busy', customMessage: 'here' });
  });

  scene('an invisible user who leaves and comes back was never there', async (world) => {
    const { alice, a, b } = await world.pair();
    await a.setStatus('offline');
    const { lastSeen } = await b.expect('user_offline', { offlineReason: 'manual' });
    a.leave();
    await world.devices(alice, 0);
    const again = await world.connect(alice);
    assert.equal((await again.ask('get_user_presence', { userId: alice })).status, 'offline');
    assert.equal((await b.ask('get_user_presence', { userId: alice })).lastSeen, lastSeen);
    b.nothing();
    await again.setStatus('online');
    await b.expect('user_online', { userId: alice });
  });

  test('with privacy.manual_offline = hidden the reason is disconnected', async () => {
    const hidden = await Server.start({ 'privacy.manual_offline': 'hidden' });
    try {
      await inWorld(() => hidden, async (world) => {
        const { alice, a, b } = await world.pair();
        await a.setStatus('offline');
        const offline = await b.expect('user_offline', { userId: alice, status: 'offline', offlineReason: 'disconnected' });
        const seen = await b.ask('get_user_presence', { userId: alice });
        assert.equal(seen.lastSeen, offline.lastSeen);
        assert.equal(seen.deviceCount, 0);
        await a.setStatus('online');
        await b.expect('user_online', { userId: alice });
      })();
    } finally {
      await hidden.stop();
    }
  });
});

describe('line 3: chosen away or busy', () => {
  scene('holds over idleness and activity', async (world) => {
    const { alice, a, b } = await world.pair();
    await a.setStatus('busy');
    await b.expect('user_status_changed', { status: 'busy', autoAway: false });
    await a.find('user_status_changed', { status: 'busy' });
    await a.heartbeat(idle);
    await world.marker(a, [b], 'busy');
    assert.notEqual((await b.ask('get_user_presence', { userId: alice })).autoAway, true);
    await a.heartbeat(active);
    await world.marker(a, [b], 'busy');
  });

  scene('survives leaving and coming back, from another device too', async (world) => {
    const { alice, a, b } = await world.pair();
    await a.setStatus('away', { customMessage: 'lunch' });
    await b.expect('user_status_changed', { status: 'away', customMessage: 'lunch' });
    a.leave();
    await b.expect('user_offline');
    const again = await world.connect(alice, { transport: 'polling', auth: { deviceInfo: { type: 'mobile' } } });
    await b.expect('user_online', { status: 'away', customMessage: 'lunch' });
    await again.setStatus('online');
    const data = await b.expect('user_status_changed', { status: 'online' });
    assert.ok(!('customMessage' in data));
  });
});

describe('line 4: auto-away', () => {
  scene('at exactly auto_away_after, and back with the first activity', async (world) => {
    const { alice, a, b } = await world.pair();
    await a.heartbeat({ idleMs: 299999 });
    await world.marker(a, [b]);
    await a.heartbeat({ idleMs: 300000 });
    for (const reader of [b, a]) await reader.expect('user_status_changed', { userId: alice, status: 'away', autoAway: true });
    const seen = await b.ask('get_user_presence', { userId: alice });
    assert.equal(seen.status, 'away');
    assert.equal(seen.autoAway, true);
    await a.heartbeat({ idleMs: 360000 });
    await a.heartbeat(active);
    for (const reader of [b, a]) await reader.expect('user_status_changed', { userId: alice, status: 'online', autoAway: false });
    assert.notEqual((await b.ask('get_user_presence', { userId: alice })).autoAway, true);
  });

  scene('only when every device is idle', async (world) => {
    const { alice, a, b } = await world.pair();
    const a2 = await world.connect(alice);
    await b.expect('user_devices_changed', { deviceCount: 2 });
    await a.expect('user_devices_changed', { deviceCount: 2 });
    await a.heartbeat(idle);
    await world.marker(a2, [a, b]);
    await a2.heartbeat(idle);
    for (const reader of [a, a2, b]) await reader.expect('user_status_changed', { status: 'away', autoAway: true });
    await a.heartbeat({ idleMs: 10 });
    for (const reader of [a, a2, b]) await reader.expect('user_status_changed', { status: 'online', autoAway: false });
  });

  scene('the last active device leaving makes it true, a new device makes it false', async (world) => {
    const { alice, a, b } = await world.pair();
    const a2 = await world.connect(alice);
    await b.expect('user_devices_changed', { deviceCount: 2 });
    await a.heartbeat(idle);
    a2.leave();
    await b.find('user_status_changed', { status: 'away', autoAway: true });
    await world.connect(alice);
    await b.find('user_status_changed', { status: 'online', autoAway: false });
    assert.equal((await b.ask('get_user_presence', { userId: alice })).deviceCount, 2);
  });

  scene('a lingering active device still counts', async (world) => {
    const { a, b, alice } = await world.pair();
    const a2 = await world.connect(alice);
    await b.expect('user_devices_changed', { deviceCount: 2 });
    await a.expect('user_devices_changed', { deviceCount: 2 });
    await a.heartbeat(idle);
    a2.cut();
    const cut = performance.now();
    await b.find('user_status_changed', { status: 'away', autoAway: true });
    const after = performance.now() - cut;
    assert.ok(after >= 600, `away ${after} ms after the loss, the grace being 700 ms`);
  });

  scene('a message stays with it', async (world) => {
    const { a, b } = await world.pair();
    await a.setStatus('online', { customMessage: 'hello' });
    await b.expect('user_status_changed', { customMessage: 'hello' });
    await a.heartbeat(idle);
    await b.expect('user_status_changed', { status: 'away', autoAway: true, customMessage: 'hello' });
  });

  test('auto_away_after is a setting', async () => {
    const quick = await Server.start({ auto_away_after: '1s' });
    try {
      await inWorld(() => quick, async (world) => {
        const { a, b } = await world.pair();
        await a.heartbeat({ idleMs: 1000 });
        await b.expect('user_status_changed', { status: 'away', autoAway: true });
      })();
    } finally {
      await quick.stop();
    }
  });
});

describe('line 5: only lingering devices', () => {
  scene('stay as they were: away stays away until the grace ends', async (world) => {
    const { a, b, alice } = await world.pair();
    await a.heartbeat(idle);
    await b.expect('user_status_changed', { status: 'away', autoAway: true });
    a.cut();
    await b.expect('user_offline', { userId: alice, offlineReason: 'disconnected' });
  });

  scene('online stays online until the grace ends', async (world) => {
    const { a, b, alice } = await world.pair();
    a.cut();
    const seen = await b.ask('get_user_presence', { userId: alice });
    assert.equal(seen.status, 'online');
    assert.equal(seen.deviceCount, 1);
    await b.expect('user_offline', { userId: alice });
  });
});

describe('expiresAt', () => {
  scene('ends the choice at that moment', async (world) => {
    const { alice, a, b } = await world.pair();
    const expiresAt = Date.now() + 1500;
    await a.setStatus('busy', { customMessage: 'short', expiresAt });
    await b.expect('user_status_changed', { status: 'busy', customMessage: 'short' });
    await a.expect('user_status_changed', { status: 'busy' });
    for (const reader of [a, b]) {
      const data = await reader.expect('user_status_changed', { userId: alice, status: 'online' });
      assert.ok(!('customMessage' in data));
      const off = reader.last.wall - expiresAt;
      assert.ok(off >= -20 && off <= 1000 + SLACK, `${off} ms after expiresAt`);
    }
  });

  scene('ends being invisible', async (world) => {
    const { alice, a, b } = await world.pair();
    await a.setStatus('offline', { expiresAt: Date.now() + 800 });
    await b.expect('user_offline', { offlineReason: 'manual' });
    await b.expect('user_online', { userId: alice, status: 'online' });
    await a.find('user_status_changed', { status: 'online' });
  });

  scene('a new choice replaces it with its end', async (world) => {
    const { a, b } = await world.pair();
    const first = Date.now() + 600;
    await a.setStatus('busy', { expiresAt: first });
    await a.setStatus('away');
    await b.expect('user_status_changed', { status: 'busy' });
    await b.expect('user_status_changed', { status: 'away' });
    await a.find('user_status_changed', { status: 'away' });
    await until(() => Date.now() > first + 1200, { what: 'the end of the replaced choice' });
    await world.marker(a, [b], 'away');
  });

  scene('passes while nobody is connected', async (world) => {
    const { alice, a, b } = await world.pair();
    const expiresAt = Date.now() + 700;
    await a.setStatus('busy', { customMessage: 'gone by then', expiresAt });
    await b.expect('user_status_changed', { status: 'busy' });
    a.leave();
    await b.expect('user_offline');
    await until(() => Date.now() > expiresAt + 1100, { what: 'expiresAt to pass' });
    await world.connect(alice);
    const online = await b.expect('user_online', { userId: alice, status: 'online' });
    assert.ok(!('customMessage' in online));
  });
});

describe('customMessage', () => {
  scene('comes back as it was sent, up to 256 bytes of UTF-8', async (world) => {
    const { alice, a, b } = await world.pair();
    const messages = [
      'x'.repeat(256),
      '界'.repeat(85),
      '👩‍👩‍👧 <b>"&amp;\\ \u2028\u2029 \u202e',
      '</script><script>alert(1)</script>',
      '\ufeff\ufffd é e\u0301',
    ];
    for (const customMessage of messages) {
      const own = await a.setStatus('online', { customMessage });
      assert.equal(own.customMessage, customMessage);
      await b.expect('user_status_changed', { customMessage });
      assert.equal((await b.ask('get_user_presence', { userId: alice })).customMessage, customMessage);
      assert.equal((await server.presence(alice)).customMessage, customMessage);
    }
  });

  scene('an empty one is none', async (world) => {
    const { a, b } = await world.pair();
    await a.setStatus('online', { customMessage: 'something' });
    await b.expect('user_status_changed', { customMessage: 'something' });
    await a.setStatus('online', { customMessage: '' });
    const data = await b.expect('user_status_changed', { status: 'online' });
    assert.ok(!data.customMessage);
  });
});

describe('lastSeen', () => {
  scene('is now for a live user', async (world) => {
    const { alice, b } = await world.pair();
    assertNow((await b.ask('get_user_presence', { userId: alice })).lastSeen);
    const { users: [bulk] } = await b.ask('check_users_presence', { userIds: [alice] });
    assertNow(bulk.lastSeen);
  });

  scene('is the moment the transport was lost, not the end of the grace', async (world) => {
    const { a, b } = await world.pair();
    const cut = Date.now();
    a.cut();
    const { lastSeen } = await b.expect('user_offline');
    assert.ok(lastSeen >= cut - 20 && lastSeen < cut + 500, `${lastSeen - cut} ms after the loss`);
  });
});
