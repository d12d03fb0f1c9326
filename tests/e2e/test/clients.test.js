// The main flow of the guide, for each client and each way to connect: log in, see contacts come
// and go, change status, ask, beat, lose the connection and come back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { TRANSPORTS } from '../support/device.js';
import { Server } from '../support/server.js';
import { checkBulk, checkPresence } from '../support/shapes.js';
import { until } from '../support/time.js';
import { assertNow, inWorld } from '../support/world.js';

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

for (const client of [4, 3]) {
  for (const transport of Object.keys(TRANSPORTS)) {
    const how = { client, transport };

    test(`socket.io-client ${client}.x over ${transport}: a day of two contacts`, inWorld(() => server, async (world) => {
      const [alice, bob, carol] = world.users('alice', 'bob', 'carol');
      await world.befriend(alice, bob);
      const b = await world.connect(bob, how);
      const a = await world.connect(alice, { ...how, auth: { deviceInfo: { type: 'mobile', os: 'iOS', browser: 'Safari' } } });

      const online = await b.expect('user_online', { userId: alice, status: 'online', deviceCount: 1 });
      assertNow(online.lastSeen);
      assert.deepEqual(online.devices, [
        { socketId: a.id, deviceType: 'mobile', connectedAt: online.devices[0].connectedAt },
      ]);

      // With an acknowledgement the answer comes there, and only there.
      const beat = await a.heartbeat({ deviceInfo: { type: 'mobile', os: 'iOS', browser: 'Safari' } });
      assertNow(beat.serverTime);
      assert.equal(typeof beat.cursor, 'string');
      const single = await b.ask('get_user_presence', { userId: alice, requestId: 'r1' });
      assert.equal(single.requestId, 'r1');
      assert.equal(single.status, 'online');
      checkPresence(single, bob);
      const bulk = await b.ask('check_users_presence', { userIds: [carol, alice, bob] });
      checkBulk(bulk, bob);
      assert.deepEqual(bulk.users.map((u) => [u.userId, u.status]), [[carol, 'offline'], [alice, 'online'], [bob, 'online']]);
      b.nothing();

      // Without one it comes as presence_status_response.
      b.emit('get_user_presence', { userId: alice });
      await b.expect('presence_status_response', { userId: alice, status: 'online' });
      b.emit('check_users_presence', { userIds: [alice], requestId: 'r2' });
      const emitted = await b.expect('presence_status_response', { requestId: 'r2' });
      assert.deepEqual(emitted.users.map((u) => u.userId), [alice]);

      const text = 'In a meeting ✅ 会議中';
      const own = await a.setStatus('busy', { customMessage: text });
      assert.equal(own.status, 'busy');
      assert.equal(own.customMessage, text);
      await a.expect('user_status_changed', { userId: alice, status: 'busy', customMessage: text, autoAway: false });
      await b.expect('user_status_changed', { userId: alice, status: 'busy', customMessage: text, autoAway: false });

      a.leave();
      const offline = await b.expect('user_offline', { userId: alice, status: 'offline', offlineReason: 'disconnected' });
      assertNow(offline.lastSeen);

      const again = await world.connect(alice, how);
      await b.expect('user_online', { userId: alice, status: 'busy', customMessage: text, deviceCount: 1 });
      await again.setStatus('online');
      const back = await b.expect('user_status_changed', { userId: alice, status: 'online' });
      assert.ok(!('customMessage' in back), 'a message that was left out is none');

      again.closeEngine();
      await b.expect('user_offline', { userId: alice, offlineReason: 'disconnected' });
      await b.settle();
      b.nothing();
    }));

    test(`socket.io-client ${client}.x over ${transport}: an automatic reconnection is not seen by contacts`, inWorld(() => server, async (world) => {
      const { alice, a, b } = await world.pair({ watched: { ...how, reconnect: true, auth: { deviceId: 'phone' } }, watcher: how });
      const first = a.id;
      // What a lost network looks like to the client: its engine closes, it connects again by itself.
      a.socket.io.engine.close();
      await until(() => a.connected && a.id && a.id !== first, { what: 'the client to reconnect' });
      await world.marker(a, [b]);
      const { devices } = await b.ask('get_user_presence', { userId: alice });
      assert.deepEqual(devices.map((d) => d.socketId), [a.id]);
    }));
  }
}

test('an upgrade in the middle of a stream of events loses, repeats and disorders nothing', inWorld(() => server, async (world) => {
  const [alice, bob] = world.users('alice', 'bob');
  await world.befriend(alice, bob);
  const a = await world.connect(alice);
  let running = true;
  const sent = [];
  const storm = (async () => {
    for (let n = 0; running; n++) {
      await a.setStatus('busy', { customMessage: `${n}` });
      sent.push(`${n}`);
    }
  })();
  const watchers = [];
  for (const client of [4, 3, 4, 3]) {
    const watcher = await world.connect(bob, { client, transport: 'upgrade', auth: { snapshot: true } });
    watchers.push(watcher);
  }
  running = false;
  await storm;
  for (const watcher of watchers) {
    const last = sent.at(-1);
    await until(() => watcher.events.some((e) => e.event === 'user_status_changed' && e.data.customMessage === last)
      || watcher.events[0]?.data.users?.[0]?.customMessage === last, { what: `message ${last} at a watcher` });
    const [snapshot, ...rest] = watcher.events;
    assert.equal(snapshot.event, 'presence_snapshot');
    const got = rest.filter((e) => e.data.userId === alice).map((e) => Number(e.data.customMessage));
    const from = Number(snapshot.data.users.find((u) => u.userId === alice).customMessage);
    assert.deepEqual(got, Array.from({ length: got.length }, (_, i) => from + 1 + i), 'messages without a gap from the snapshot on');
    assert.equal(from + got.length, Number(last));
  }
}));

test('the server serves the client bundle as Socket.IO does', inWorld(() => server, async () => {
  for (const name of ['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js', 'socket.io.msgpack.min.js']) {
    const answer = await server.request('GET', `/socket.io/${name}`);
    assert.equal(answer.status, 200, name);
    assert.equal(answer.headers['content-type'], 'application/javascript; charset=utf-8', name);
    assert.match(answer.text, /Socket\.IO v4\./, name);
    assert.equal(answer.headers['cache-control'], 'public, max-age=0', name);
    const { etag } = answer.headers;
    assert.match(etag, /^"4\.[^"]+"$/, name);
    for (const known of [etag, `W/${etag}`]) {
      const again = await server.request('GET', `/socket.io/${name}`, { headers: { 'if-none-match': known } });
      assert.equal(again.status, 304, `${name} if-none-match ${known}`);
      assert.equal(again.text, '');
    }
    const map = await server.request('GET', `/socket.io/${name}.map`);
    assert.equal(map.status, 200, `${name}.map`);
    assert.match(map.headers['content-type'], /^application\/json/, `${name}.map`);
    JSON.parse(map.text);
  }
  for (const wrong of ['/socket.io/socket.io.jsx', '/socket.io/../socket.io.js', '/socket.io/nothing.js', '/nothing']) {
    const answer = await server.request('GET', wrong);
    assert.ok(answer.status >= 400 && answer.status < 500, `${wrong}: ${answer.status}`);
  }
}));
