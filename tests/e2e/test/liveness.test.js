// Contract section 6: heartbeats, staleness, grace. stale_after is 1 s here, the grace 400 ms.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { RawPolling, RawSocket, Tcp } from '../support/raw.js';
import { Server } from '../support/server.js';
import { SLACK, until } from '../support/time.js';
import { assertNow, inWorld } from '../support/world.js';

const STALE = 1000;
const GRACE = 400;

let server;
before(async () => {
  server = await Server.start({ stale_after: `${STALE}ms`, disconnect_grace: `${GRACE}ms` });
});
after(() => server.stop());
const scene = (name, body) => test(name, inWorld(() => server, body));

/** A pair whose watcher stays live. */
async function watched(world, options) {
  const pair = await world.pair(options);
  pair.b.keepAlive(250);
  return pair;
}

describe('staleness', { concurrency: true }, () => {
  scene('a silent device makes its user offline (inactive) within 1 s of stale_after; its socket stays open', async (world) => {
    const { alice, a, b } = await watched(world);
    const { serverTime } = await a.heartbeat();
    const { lastSeen } = await b.expect('user_offline', { userId: alice, status: 'offline', offlineReason: 'inactive' });
    const took = b.last.wall - serverTime;
    assert.ok(took >= STALE - 20 && took <= STALE + 1000 + SLACK, `offline ${took} ms after the last heartbeat`);
    assert.ok(Math.abs(lastSeen - serverTime) <= 50, `lastSeen is ${lastSeen - serverTime} ms off the last heartbeat`);
    assert.equal((await b.ask('get_user_presence', { userId: alice })).deviceCount, 0);
    assert.equal(a.connected, true);
    assert.deepEqual(a.losses, []);
  });

  scene('its next heartbeat is a user_online', async (world) => {
    const { alice, a, b } = await watched(world);
    await b.expect('user_offline', { offlineReason: 'inactive' });
    await a.heartbeat();
    const online = await b.expect('user_online', { userId: alice, status: 'online', deviceCount: 1 });
    assert.equal(online.devices[0].socketId, a.id);
    assertNow(online.lastSeen);
  });

  scene('so is any other presence event of it', async (world) => {
    const { alice, a, b } = await watched(world);
    await b.expect('user_offline', { offlineReason: 'inactive' });
    await a.ask('check_users_presence', { userIds: [] });
    await b.expect('user_online', { userId: alice });
  });

  scene('a device that beats never goes stale', async (world) => {
    const { a, b } = await watched(world);
    const begin = performance.now();
    a.keepAlive(300);
    await until(() => performance.now() - begin > 3 * STALE, { what: 'three times stale_after' });
    await world.marker(a, [b]);
  });

  scene('any presence event counts as a heartbeat', async (world) => {
    const { alice, a, b } = await watched(world);
    const begin = performance.now();
    while (performance.now() - begin < 2.5 * STALE) {
      await a.ask('get_user_presence', { userId: alice });
      const next = performance.now() + 300;
      await until(() => performance.now() > next);
    }
    await world.marker(a, [b]);
  });

  scene('one of two devices going stale changes the count, not the status', async (world) => {
    const { alice, a, b } = await watched(world);
    a.keepAlive(250);
    const silent = await world.connect(alice);
    await b.expect('user_devices_changed', { deviceCount: 2 });
    const { devices } = await b.expect('user_devices_changed', { deviceCount: 1 });
    assert.deepEqual(devices.map((d) => d.socketId), [a.id]);
    await silent.heartbeat();
    await b.expect('user_devices_changed', { deviceCount: 2 });
  });

  scene('a user whose devices are all stale hears of contacts all the same', async (world) => {
    const { a, b } = await watched(world);
    await b.expect('user_offline', { offlineReason: 'inactive' });
    await b.setStatus('busy');
    await a.expect('user_status_changed', { userId: b.userId, status: 'busy' });
  });

  scene('a stale device that leaves is no second user_offline', async (world) => {
    const { alice, a, b } = await watched(world);
    await b.expect('user_offline', { offlineReason: 'inactive' });
    a.leave();
    const again = await world.connect(alice);
    await b.expect('user_online', { userId: alice });
    again.leave();
    await b.expect('user_offline', { offlineReason: 'disconnected' });
  });

  scene('a stale device that loses its transport is no second user_offline', async (world) => {
    const { alice, a, b } = await watched(world);
    await b.expect('user_offline', { offlineReason: 'inactive' });
    a.cut();
    const again = await world.connect(alice);
    await b.expect('user_online', { userId: alice });
    again.keepAlive(250);
    await world.marker(again, [b]);
  });
});

describe('leaving', () => {
  scene('a DISCONNECT packet takes the device away at once', async (world) => {
    const { a, b } = await watched(world);
    const left = performance.now();
    a.leave();
    await b.expect('user_offline', { offlineReason: 'disconnected' });
    const took = b.last.at - left;
    assert.ok(took < GRACE, `told ${took} ms after leaving; only an abrupt loss has a grace of ${GRACE} ms`);
  });

  scene('so does one over polling', async (world) => {
    const { a, b } = await watched(world, { watched: { transport: 'polling' } });
    const left = performance.now();
    a.leave();
    await b.expect('user_offline', { offlineReason: 'disconnected' });
    assert.ok(b.last.at - left < GRACE);
  });
});

describe('abrupt loss', () => {
  const losses = {
    'a cut TCP connection': async (world, alice) => {
      const device = await world.connect(alice);
      return () => device.cut();
    },
    'a websocket close frame': async (world, alice) => {
      const raw = await RawSocket.join(world.server, alice);
      return () => raw.ws.close();
    },
    'an Engine.IO close packet over websocket': async (world, alice) => {
      const raw = await RawSocket.join(world.server, alice);
      return () => raw.send('1');
    },
    'an Engine.IO close packet over polling': async (world, alice) => {
      const raw = await RawPolling.join(world.server, alice);
      return () => raw.post('1');
    },
    'an aborted poll': async (world, alice) => {
      const raw = await RawPolling.join(world.server, alice);
      return async () => {
        const poll = await Tcp.open(world.server);
        poll.send(`GET ${raw.target()} HTTP/1.1\r\nHost: x\r\n\r\n`);
        // By the time this is answered the poll waits.
        await raw.post('42["user_heartbeat",{}]');
        poll.close();
      };
    },
    'a packet that is no Socket.IO': async (world, alice) => {
      const raw = await RawSocket.join(world.server, alice);
      return () => raw.send('4!');
    },
  };
  for (const [name, begin] of Object.entries(losses)) {
    scene(`${name} is told when the grace has passed`, async (world) => {
      const [alice, bob] = world.users('alice', 'bob');
      await world.befriend(alice, bob);
      const b = await world.connect(bob);
      b.keepAlive(250);
      const lose = await begin(world, alice);
      await b.expect('user_online', { userId: alice });
      const lost = performance.now();
      await lose();
      await b.expect('user_offline', { userId: alice, offlineReason: 'disconnected' });
      const took = b.last.at - lost;
      assert.ok(took >= GRACE - 100 && took <= GRACE + 1000 + SLACK, `told after ${took} ms, the grace being ${GRACE} ms`);
    });
  }

  scene('coming back within the grace is not seen, with a deviceId', async (world) => {
    const { alice, a, b } = await watched(world, { watched: { auth: { deviceId: 'tab' } } });
    let current = a;
    for (let i = 0; i < 5; i++) {
      current.cut();
      current = await world.connect(alice, { transport: i % 2 ? 'upgrade' : 'websocket', auth: { deviceId: 'tab' } });
      if (i % 2) await current.settle();
    }
    await world.marker(current, [b]);
  });

  scene('coming back within the grace is no offline/online pair, without one', async (world) => {
    const { alice, a, b } = await watched(world);
    a.cut();
    const again = await world.connect(alice);
    again.keepAlive(250);
    await until(async () => {
      const { devices } = await server.presence(alice);
      return devices.length === 1 && devices[0].socketId === again.id;
    }, { what: 'the lingering device to be gone' });
    await again.setStatus('busy');
    await b.find('user_status_changed', { status: 'busy' });
    const seen = b.events.map((e) => e.event).filter((e) => e === 'user_offline' || e === 'user_online');
    assert.deepEqual(seen, ['user_online']);
  });

  scene('while it lingers everything is as it was', async (world) => {
    const { alice, a, b } = await watched(world, { watched: { auth: { deviceInfo: { type: 'mobile' } } } });
    await a.setStatus('busy', { customMessage: 'x' });
    await b.expect('user_status_changed');
    const before = await b.ask('get_user_presence', { userId: alice });
    const id = a.id;
    a.cut();
    const { lastSeen: _, ...while_ } = await b.ask('get_user_presence', { userId: alice });
    const { lastSeen: __, ...was } = before;
    assert.deepEqual(while_, was);
    assert.equal(while_.devices[0].socketId, id);
    await b.expect('user_offline');
  });

  scene('of one of two devices is a change of the count after the grace', async (world) => {
    const { alice, a, b } = await watched(world);
    a.keepAlive(250);
    const a2 = await world.connect(alice);
    await b.expect('user_devices_changed', { deviceCount: 2 });
    a2.cut();
    const cut = performance.now();
    await b.expect('user_devices_changed', { deviceCount: 1 });
    assert.ok(b.last.at - cut >= GRACE - 50);
  });
});

test('a grace of 0 turns it off', async () => {
  const hasty = await Server.start({ disconnect_grace: '0s' });
  try {
    await inWorld(() => hasty, async (world) => {
      const { a, b } = await world.pair();
      const lost = performance.now();
      a.cut();
      await b.expect('user_offline', { offlineReason: 'disconnected' });
      assert.ok(b.last.at - lost < 500 + SLACK);
    })();
  } finally {
    await hasty.stop();
  }
});

test('a client that stops answering pings is lost after ping_interval + ping_timeout', async () => {
  const strict = await Server.start({ ping_interval: '500ms', ping_timeout: '300ms', disconnect_grace: '200ms' });
  try {
    await inWorld(() => strict, async (world) => {
      const [alice, bob] = world.users('alice', 'bob');
      await world.befriend(alice, bob);
      const b = await world.connect(bob);
      const raw = await RawSocket.join(strict, alice, { pong: false });
      assert.equal(raw.handshake.pingInterval, 500);
      assert.equal(raw.handshake.pingTimeout, 300);
      const begin = performance.now();
      await b.expect('user_online', { userId: alice });
      await raw.next('2');
      await raw.ended();
      await b.expect('user_offline', { userId: alice, offlineReason: 'disconnected' });
      const took = b.last.at - begin;
      assert.ok(took >= 900 && took <= 2000 + SLACK, `offline after ${took} ms`);
      assert.equal(b.connected, true);
    })();
  } finally {
    await strict.stop();
  }
});

test('heartbeat_source = transport: any packet counts, so a client without heartbeats stays online', async () => {
  const lenient = await Server.start({ heartbeat_source: 'transport', stale_after: '800ms', ping_interval: '150ms', ping_timeout: '600ms' });
  try {
    await inWorld(() => lenient, async (world) => {
      const { a, b } = await world.pair();
      const begin = performance.now();
      await until(() => performance.now() - begin > 4000, { what: 'five times stale_after' });
      await world.marker(a, [b]);
    })();
  } finally {
    await lenient.stop();
  }
});

for (const [farewell, say] of Object.entries({
  'a DISCONNECT packet': (device) => device.leave(),
  'an Engine.IO close packet': (device) => device.closeEngine(),
})) {
  test(`heartbeat_source = transport: ${farewell} of a stale device is no sign of life`, async () => {
    const quiet = await Server.start({ heartbeat_source: 'transport', stale_after: '700ms' });
    try {
      await inWorld(() => quiet, async (world) => {
        const { alice, a, b } = await world.pair();
        await b.expect('user_offline', { userId: alice, offlineReason: 'inactive' });
        say(a);
        await world.devices(alice, 0);
        const again = await world.connect(alice);
        await b.expect('user_online', { userId: alice });
        await world.marker(again, [b]);
      })();
    } finally {
      await quiet.stop();
    }
  });
}

test('heartbeat_source = app: pongs do not count', async () => {
  const strict = await Server.start({ stale_after: '1s', ping_interval: '200ms', ping_timeout: '300ms' });
  try {
    await inWorld(() => strict, async (world) => {
      const { alice, a, b } = await watched(world);
      await b.expect('user_offline', { userId: alice, offlineReason: 'inactive' });
      assert.equal(a.connected, true);
    })();
  } finally {
    await strict.stop();
  }
});
