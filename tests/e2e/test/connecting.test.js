// Contract section 2, apart from tokens (tokens.test.js) and snapshots (snapshots.test.js).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertError, Device } from '../support/device.js';
import { RawPolling, RawSocket } from '../support/raw.js';
import { Server } from '../support/server.js';
import { SLACK, until } from '../support/time.js';
import { inWorld, World } from '../support/world.js';

let server;
before(async () => {
  server = await Server.start({ 'limits.devices_per_user': 3, connect_timeout: '1s' });
});
after(() => server.stop());
const scene = (name, body) => test(name, inWorld(() => server, body));

/** Connects with this CONNECT payload and expects the refusal. */
async function refusal(auth, code, name, options = {}) {
  const error = await Device.refused(server, undefined, { auth, ...options });
  assertError({ code: error.data?.code, message: error.message }, code, name, JSON.stringify(auth)?.slice(0, 200));
}

describe('the handshake', () => {
  scene('websocket: Engine.IO v4 open packet with exactly its five fields', async () => {
    const raw = await RawSocket.open(server);
    assert.deepEqual(Object.keys(raw.handshake).sort(), ['maxPayload', 'pingInterval', 'pingTimeout', 'sid', 'upgrades']);
    assert.deepEqual(raw.handshake.upgrades, []);
    assert.equal(raw.handshake.maxPayload, 1000000);
    raw.cut();
  });

  scene('polling offers the upgrade to websocket', async () => {
    const raw = await RawPolling.open(server);
    assert.deepEqual(raw.handshake.upgrades, ['websocket']);
    await raw.post('1');
  });

  scene('Engine.IO 3 is refused with code 5, an unknown transport with 0, an unknown sid with 1', async () => {
    const ask = async (query, method = 'GET') => {
      const answer = await server.request(method, `/socket.io/?${query}`);
      return [answer.status, answer.json];
    };
    assert.deepEqual(await ask('EIO=3&transport=polling'), [400, { code: 5, message: 'Unsupported protocol version' }]);
    assert.deepEqual(await ask('EIO=4&transport=carrier'), [400, { code: 0, message: 'Transport unknown' }]);
    assert.deepEqual(await ask('EIO=4&transport=polling&sid=nobody'), [400, { code: 1, message: 'Session ID unknown' }]);
    assert.deepEqual(await ask('EIO=4&transport=polling', 'POST'), [400, { code: 2, message: 'Bad handshake method' }]);
  });

  scene('the CONNECT answer is {sid}, a new id that is the device, not the Engine.IO session', async (world) => {
    const [alice] = world.users('alice');
    const raw = await RawSocket.open(server);
    raw.send(`40${JSON.stringify({ userId: alice })}`);
    const answer = JSON.parse((await raw.next('40')).slice(2));
    assert.deepEqual(Object.keys(answer), ['sid']);
    assert.notEqual(answer.sid, raw.handshake.sid);
    const { devices } = await server.presence(alice);
    assert.deepEqual(devices.map((d) => d.socketId), [answer.sid]);
    raw.cut();
  });

  scene('any other namespace is an invalid one', async (world) => {
    const [alice] = world.users('alice');
    for (const client of [4, 3]) {
      const error = await Device.refused(server, alice, { client, namespace: '/chat' });
      assert.equal(error.message, 'Invalid namespace');
    }
    const raw = await RawSocket.open(server);
    raw.send('40/chat,');
    assert.equal(await raw.next('44'), '44/chat,{"message":"Invalid namespace"}');
    // The connection stays open: the presence namespace can still be joined.
    raw.send(`40${JSON.stringify({ userId: alice })}`);
    await raw.next('40');
    raw.cut();
  });

  scene('a connection that never sends CONNECT is closed after connect_timeout', async () => {
    const begin = performance.now();
    const raw = await RawSocket.open(server);
    await raw.ended();
    const took = performance.now() - begin;
    assert.ok(took >= 900 && took <= 2000 + SLACK, `closed after ${took} ms, connect_timeout being 1 s`);
  });

  scene('a refused CONNECT does not disarm connect_timeout, a successful one does', async (world) => {
    const [alice] = world.users('alice');
    const refused = await RawSocket.open(server);
    const joined = await RawSocket.join(server, alice);
    refused.send('40{}');
    await refused.next('44');
    await refused.ended();
    assert.equal(joined.closed, null);
    joined.send('420["get_user_presence",{"userId":"x"}]');
    await joined.next('430');
    joined.cut();
  });
});

describe('the CONNECT payload', () => {
  scene('no or an empty userId: unauthorized', async () => {
    await refusal({}, 'unauthorized');
    await refusal({ userId: '' }, 'unauthorized');
    const raw = await RawSocket.open(server);
    raw.send('40');
    const error = JSON.parse((await raw.next('44')).slice(2));
    assert.equal(error.data.code, 'unauthorized');
    assert.deepEqual(Object.keys(error).sort(), ['data', 'message']);
    raw.cut();
  });

  scene('wrong types and lengths: invalid_argument that names the field', async (world) => {
    const [userId] = world.users('alice');
    const wrong = [
      [{ userId: 7 }, 'userId'],
      [{ userId: ['x'] }, 'userId'],
      [{ userId: 'x'.repeat(129) }, 'userId'],
      [{ userId: 'é'.repeat(65) }, 'userId'],
      [{ userId: 'a\u0007b' }, 'userId'],
      [{ userId: 'a\u0085b' }, 'userId'],
      [{ userId, deviceId: 5 }, 'deviceId'],
      [{ userId, deviceId: '' }, 'deviceId'],
      [{ userId, deviceId: 'd'.repeat(65) }, 'deviceId'],
      [{ userId, deviceInfo: 'phone' }, 'deviceInfo'],
      [{ userId, deviceInfo: [] }, 'deviceInfo'],
      [{ userId, deviceInfo: { type: 5 } }, 'type'],
      [{ userId, deviceInfo: { os: {} } }, 'os'],
      [{ userId, deviceInfo: { browser: false } }, 'browser'],
      [{ userId, snapshot: 'yes' }, 'snapshot'],
      [{ userId, snapshot: 1 }, 'snapshot'],
      [{ userId, cursor: 5 }, 'cursor'],
      [{ userId, cursor: 'c'.repeat(1025) }, 'cursor'],
    ];
    for (const [auth, name] of wrong) await refusal(auth, 'invalid_argument', name);
  });

  scene('over polling the refusal is the same', async () => {
    await refusal({ userId: 7 }, 'invalid_argument', 'userId', { transport: 'polling' });
    await refusal({ userId: 7 }, 'invalid_argument', 'userId', { client: 3, transport: 'polling' });
  });

  scene('the longest ids that are allowed, in any script, and unknown fields', async (world) => {
    for (const userId of [`${world.number}${'x'.repeat(125)}`, `用户/é "quoted" #?&%25.${world.number}`]) {
      const device = await world.connect(userId, {
        auth: { deviceId: 'd'.repeat(64), favouriteColour: 'blue', deviceInfo: { type: 'desktop', os: 'Linux', browser: 'Firefox', version: 7 } },
      });
      const own = await device.ask('get_user_presence', { userId });
      assert.equal(own.userId, userId);
      assert.equal(own.devices[0].os, 'Linux');
      assert.equal((await server.presence(userId)).userId, userId);
    }
  });
});

describe('several devices', () => {
  scene('one more than limits.devices_per_user is refused, and the others stay', async (world) => {
    const [alice] = world.users('alice');
    const devices = [await world.connect(alice), await world.connect(alice), await world.connect(alice)];
    const error = await Device.refused(server, alice);
    assert.equal(error.data.code, 'too_many_devices');
    for (const device of devices) await device.settle();
    assert.equal((await server.presence(alice)).deviceCount, 3);
    devices[0].leave();
    await world.devices(alice, 2);
    await world.connect(alice);
  });

  scene('a second connection with the same deviceId replaces the first, silently', async (world) => {
    const { alice, a, b } = await world.pair({ watched: { auth: { deviceId: 'laptop' } } });
    const phone = await world.connect(alice);
    await b.expect('user_devices_changed', { deviceCount: 2 });
    await a.expect('user_devices_changed', { deviceCount: 2 });
    const successor = await world.connect(alice, { auth: { deviceId: 'laptop' } });
    assert.equal(await a.lost(), 'io server disconnect');
    await world.marker(successor, [phone, b]);
    const { deviceCount, devices } = await server.presence(alice);
    assert.equal(deviceCount, 2);
    assert.deepEqual(devices.map((d) => d.socketId).sort(), [phone.id, successor.id].sort());
    a.nothing();
  });

  scene('a replacement is let in when the user is at the limit', async (world) => {
    const [alice] = world.users('alice');
    const old = await world.connect(alice, { auth: { deviceId: 'one' } });
    await world.connect(alice);
    await world.connect(alice);
    await world.connect(alice, { auth: { deviceId: 'one' } });
    assert.equal(await old.lost(), 'io server disconnect');
    assert.equal((await server.presence(alice)).deviceCount, 3);
  });

  scene('the same deviceId of another user is another device', async (world) => {
    const { alice, bob } = await world.pair({ watcher: { auth: { deviceId: 'same' } }, watched: { auth: { deviceId: 'same' } } });
    assert.equal((await server.presence(alice)).deviceCount, 1);
    assert.equal((await server.presence(bob)).deviceCount, 1);
  });

  scene('a replaced device that lost its transport is not told of, and not counted twice', async (world) => {
    const { alice, a, b } = await world.pair({ watched: { auth: { deviceId: 'phone' } } });
    a.cut();
    const again = await world.connect(alice, { auth: { deviceId: 'phone' } });
    await world.marker(again, [b]);
    assert.equal((await server.presence(alice)).deviceCount, 1);
  });
});

test('lingering devices make room for a new one, silently', async () => {
  const patient = await Server.start({ 'limits.devices_per_user': 2, disconnect_grace: '30s' });
  try {
    await inWorld(() => patient, async (world) => {
      const { alice, a, b } = await world.pair();
      const second = await world.connect(alice);
      await b.expect('user_devices_changed', { deviceCount: 2 });
      await a.expect('user_devices_changed', { deviceCount: 2 });
      second.cut();
      const third = await until(() => world.connect(alice).catch(() => null), { what: 'room for a third device' });
      await world.marker(third, [a, b]);
      const { deviceCount, devices } = await patient.presence(alice);
      assert.equal(deviceCount, 2);
      assert.deepEqual(devices.map((d) => d.socketId).sort(), [a.id, third.id].sort());
    })();
  } finally {
    await patient.stop();
  }
});

describe('CORS', () => {
  const origin = 'https://app.example';

  scene('by default any origin, without credentials, on success and on errors', async () => {
    for (const query of ['EIO=4&transport=polling', 'EIO=4&transport=polling&sid=nobody', 'EIO=3&transport=polling']) {
      const { headers } = await server.request('GET', `/socket.io/?${query}`, { headers: { origin } });
      assert.equal(headers['access-control-allow-origin'], '*', query);
      assert.equal(headers['access-control-allow-credentials'], undefined, query);
    }
    const preflight = await server.request('OPTIONS', '/socket.io/?EIO=4&transport=polling', {
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,x-mine' },
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers['access-control-allow-origin'], '*');
    assert.match(preflight.headers['access-control-allow-methods'], /GET/);
    assert.match(preflight.headers['access-control-allow-methods'], /POST/);
    assert.match(preflight.headers['access-control-allow-headers'], /authorization,\s*x-mine/i);
    const raw = await RawSocket.open(server, { origin });
    raw.cut();
  });

  test('a list of origins is echoed, and holds for websockets too', async () => {
    const strict = await Server.start({ 'cors.origins': `${origin},https://other.example` });
    const world = new World(strict);
    try {
      const ask = (from) => strict.request('GET', '/socket.io/?EIO=4&transport=polling', { headers: from ? { origin: from } : {} });
      for (const allowed of [origin, 'https://other.example']) {
        const { headers } = await ask(allowed);
        assert.equal(headers['access-control-allow-origin'], allowed);
        assert.match(headers.vary ?? '', /origin/i);
      }
      const foreign = await ask('https://evil.example');
      assert.notEqual(foreign.headers['access-control-allow-origin'], 'https://evil.example');
      assert.notEqual(foreign.headers['access-control-allow-origin'], '*');

      const refused = new RawSocket(strict, { origin: 'https://evil.example' });
      await until(() => refused.refusedStatus, { what: 'the websocket of a foreign origin to be refused' });
      assert.ok(refused.refusedStatus >= 400 && refused.refusedStatus < 500, `${refused.refusedStatus}`);
      const welcome = await RawSocket.open(strict, { origin });
      welcome.cut();
      // No Origin: not a browser.
      await world.connect('alice');
      world.end();
    } finally {
      await strict.stop();
    }
  });
});

test('who leaves / and joins it again on the same connection is known as before', async () => {
  const server = await Server.start({ trusted_proxies: '127.0.0.1' });
  try {
    const raw = await RawSocket.open(server, { headers: { 'X-Forwarded-For': '203.0.113.9', 'User-Agent': 'e2e/6' } });
    const join = async () => {
      raw.send('40{"userId":"alice"}');
      raw.id = JSON.parse((await raw.next('40')).slice(2)).sid;
      const { devices } = await server.presence('alice');
      assert.deepEqual(devices.map((d) => [d.socketId, d.ipAddress, d.userAgent]), [[raw.id, '203.0.113.9', 'e2e/6']]);
    };
    await join();
    raw.send('41');
    await join();
    // Sent away, too.
    await server.api('DELETE', `/v1/users/alice/devices/${raw.id}`);
    await raw.next('41');
    await join();
    raw.cut();
  } finally {
    await server.stop();
  }
});

describe('behind a proxy that is trusted', () => {
  const proxied = (settings = {}) => Server.start({ trusted_proxies: '127.0.0.1', ...settings });

  test('the address is what the last proxy wrote, also beside a header that the client invented', async () => {
    const server = await proxied();
    try {
      for (const [forwarded, address] of [
        ['203.0.113.9', '203.0.113.9'],
        ['6.6.6.6, 203.0.113.9', '203.0.113.9'],
        [['6.6.6.6', '203.0.113.9'], '203.0.113.9'],
      ]) {
        const raw = await RawSocket.join(server, 'alice', { headers: { 'X-Forwarded-For': forwarded } });
        assert.deepEqual((await server.presence('alice')).devices.map((d) => d.ipAddress), [address]);
        await server.api('DELETE', `/v1/users/alice/devices/${raw.id}`);
        raw.cut();
      }
    } finally {
      await server.stop();
    }
  });

  test('limits.connections_per_address counts its clients, not the proxy', async () => {
    const server = await proxied({ 'limits.connections_per_address': 2 });
    const open = (address) => RawSocket.open(server, { headers: { 'X-Forwarded-For': address } });
    try {
      const sockets = [await open('192.0.2.1'), await open('192.0.2.1'), await open('192.0.2.2')];
      const refused = new RawSocket(server, { headers: { 'X-Forwarded-For': '192.0.2.1' } });
      await until(() => refused.refusedStatus, { what: 'the third websocket of one client to be refused' });
      assert.equal(refused.refusedStatus, 429);
      assert.equal((await server.request('GET', '/healthz')).status, 200, 'the proxy itself');
      sockets[0].cut();
      const again = await until(
        async () => {
          const next = new RawSocket(server, { headers: { 'X-Forwarded-For': '192.0.2.1' } });
          await until(() => next.refusedStatus || next.frames.length > 0, { what: 'an answer' });
          return next.frames.length > 0 && next;
        },
        { what: 'the place of the socket that was cut' },
      );
      for (const socket of [...sockets, again]) socket.cut();
    } finally {
      await server.stop();
    }
  });
});

test('insecure auth is refused on an address that is not loopback, unless asked for', async () => {
  await assert.rejects(Server.start({ listen: '0.0.0.0:0' }), (error) => {
    assert.match(error.message, /insecure/);
    return true;
  });
  const open = await Server.start({ listen: '0.0.0.0:0' }, { args: ['--i-know-this-is-insecure'] });
  await open.stop();
});
