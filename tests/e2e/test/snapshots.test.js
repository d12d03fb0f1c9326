// Contract section 2: presence_snapshot on connecting and its cursors; section 3: get_contacts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { overRedis, Server } from '../support/server.js';
import { stranger } from '../support/shapes.js';
import { until } from '../support/time.js';
import { inWorld } from '../support/world.js';

let server;
before(async () => {
  server = await Server.start({ 'limits.events_per_second': 0 });
});
after(() => server.stop());
const scene = (name, body, options = {}) => test(name, options, inWorld(() => server, body));
// With Redis a cursor reaches a minute further back (docs/adr/0003).
const exactly = { skip: overRedis('what changed shortly before the cursor is told again') };

const byId = (snapshot) => Object.fromEntries(snapshot.users.map((u) => [u.userId, u]));
const ids = (snapshot) => snapshot.users.map((u) => u.userId).sort();

describe('a snapshot on connecting', () => {
  scene('one entry for each contact, whoever they are, and nobody else', async (world) => {
    const [me, online, busy, gone, never, foreign] = world.users('me', 'online', 'busy', 'gone', 'never', 'foreign');
    await world.befriend(me, online, busy, gone, never);
    const o = await world.connect(online, { auth: { deviceInfo: { type: 'desktop', os: 'Linux', browser: 'Firefox' } } });
    const y = await world.connect(busy);
    await y.setStatus('busy', { customMessage: 'tests' });
    await world.connect(foreign);
    const g = await world.connect(gone);
    g.leave();
    await world.devices(gone, 0);

    const device = await world.connect(me, { auth: { snapshot: true } });
    const snapshot = await device.expect('presence_snapshot', { full: true });
    assert.deepEqual(ids(snapshot), [online, busy, gone, never].sort());
    const users = byId(snapshot);
    assert.equal(users[online].status, 'online');
    assert.deepEqual(users[online].devices.map((d) => [d.socketId, d.deviceType]), [[o.id, 'desktop']]);
    assert.equal(users[busy].status, 'busy');
    assert.equal(users[busy].customMessage, 'tests');
    assert.equal(users[gone].status, 'offline');
    assert.ok(users[gone].lastSeen > 0);
    assert.equal(users[never].status, 'offline');
    assert.equal(users[never].lastSeen, 0);
    await device.settle();
    device.nothing();
  });

  scene('none without asking, and an empty one without contacts', async (world) => {
    const [loner] = world.users('loner');
    const silent = await world.connect(loner);
    const asked = await world.connect(loner, { auth: { snapshot: true } });
    await asked.expect('presence_snapshot', { full: true, users: [] });
    await silent.expect('user_devices_changed', { deviceCount: 2 });
    const refused = await world.connect(loner, { auth: { snapshot: false } });
    await silent.expect('user_devices_changed', { deviceCount: 3 });
    await refused.settle();
    refused.nothing();
  });

  scene('it comes before any later event, however busy the contacts are', async (world) => {
    const [me, ...others] = world.users('me', 'a', 'b', 'c');
    await world.befriend(me, ...others);
    const devices = await Promise.all(others.map((user) => world.connect(user)));
    let running = true;
    const storms = devices.map(async (device) => {
      for (let n = 0; running; n++) await device.setStatus('online', { customMessage: `${n}` });
    });
    for (let round = 0; round < 15; round++) {
      const transport = ['websocket', 'polling', 'upgrade'][round % 3];
      const device = await world.connect(me, { transport, auth: { snapshot: true, deviceId: 'same' } });
      await until(() => device.events.length > 5, { what: 'some events' });
      await device.expect('presence_snapshot', { full: true });
      // Versions are checked against the snapshot as they come (support/device.js); and no step is missing.
      const seen = {};
      for (const [id, user] of Object.entries(byId(device.events[0].data))) seen[id] = Number(user.customMessage ?? -1);
      for (const { event, data } of device.events.slice(1)) {
        if (event !== 'user_status_changed') continue;
        assert.equal(Number(data.customMessage), seen[data.userId] + 1, `${data.userId} skipped or repeated a step`);
        seen[data.userId] += 1;
      }
      device.skip();
      device.leave();
    }
    running = false;
    await Promise.all(storms);
  });
});

scene('a list of tens of thousands arrives whole, and events behind it', async (world) => {
  const [me, friend] = world.users('me', 'friend');
  const many = Array.from({ length: 50000 }, (_, i) => `${world.number}.${i}.${'x'.repeat(100)}`);
  await server.api('PUT', `/v1/users/${me}/contacts?mutual=false`, { contacts: [...many, friend] });
  for (const transport of ['websocket', 'polling']) {
    const device = await world.connect(me, { transport, auth: { snapshot: true } });
    const a = await world.connect(friend);
    const { users } = await device.expect('presence_snapshot', { full: true });
    assert.equal(users.length, many.length + 1);
    await device.expect('user_online', { userId: friend });
    assert.equal((await device.ask('get_contacts', {})).users.length, many.length + 1);
    for (const gone of [a, device]) {
      gone.leave();
      await world.devices(gone.userId, 0);
    }
  }
});

describe('a snapshot from a cursor', () => {
  /** me with contacts, having read a full snapshot and left; gives the cursor. */
  async function left(world, ...names) {
    const [me, ...others] = world.users('me', ...names);
    await world.befriend(me, ...others);
    const devices = [];
    for (const user of others) devices.push(await world.connect(user));
    const mine = await world.connect(me, { auth: { snapshot: true } });
    const { cursor } = await mine.expect('presence_snapshot', { full: true });
    return { me, mine, others, devices, cursor };
  }

  scene('only what changed since, with full: false', async (world) => {
    const { me, mine, others: [a, b, c], devices, cursor } = await left(world, 'a', 'b', 'c');
    mine.leave();
    await world.devices(me, 0);
    await devices[0].setStatus('away');
    devices[2].leave();
    await world.devices(c, 0);
    const again = await world.connect(me, { auth: { snapshot: true, cursor } });
    const snapshot = await again.expect('presence_snapshot', { full: false });
    assert.deepEqual(ids(snapshot), [a, c].sort());
    assert.equal(byId(snapshot)[a].status, 'away');
    assert.equal(byId(snapshot)[c].status, 'offline');
    assert.ok(!ids(snapshot).includes(b));
    // And the stream goes on from the snapshot.
    await devices[1].setStatus('online', { customMessage: 'b' });
    await again.expect('user_status_changed', { userId: b, customMessage: 'b' });

    // The new cursor goes on from there.
    again.leave();
    await world.devices(me, 0);
    await devices[1].setStatus('busy');
    const third = await world.connect(me, { auth: { cursor: snapshot.cursor } });
    const next = await third.expect('presence_snapshot', { full: false });
    assert.deepEqual(ids(next), [b]);
  }, exactly);

  scene('a cursor implies snapshot; nothing changed is an empty one', async (world) => {
    const { me, mine, cursor } = await left(world, 'a', 'b');
    mine.leave();
    await world.devices(me, 0);
    const again = await world.connect(me, { auth: { cursor } });
    await again.expect('presence_snapshot', { full: false, users: [] });
  }, exactly);

  scene('the cursor of a heartbeat: events that came before it are not repeated', async (world) => {
    const { me, mine, others: [a, b], devices } = await left(world, 'a', 'b');
    await devices[0].setStatus('busy');
    await mine.expect('user_status_changed', { userId: a });
    const { cursor } = await mine.heartbeat();
    mine.leave();
    await world.devices(me, 0);
    await devices[1].setStatus('away');
    const again = await world.connect(me, { auth: { cursor } });
    const snapshot = await again.expect('presence_snapshot', { full: false });
    assert.deepEqual(ids(snapshot), [b]);
  }, exactly);

  scene('a new contact is a change', async (world) => {
    const { me, mine, cursor } = await left(world, 'a');
    mine.leave();
    await world.devices(me, 0);
    const [late] = world.users('late');
    await world.befriend(me, late);
    const again = await world.connect(me, { auth: { cursor } });
    const snapshot = await again.expect('presence_snapshot');
    assert.ok(ids(snapshot).includes(late));
  });

  scene('a contact removed meanwhile does not stay on the screen', async (world) => {
    const { me, mine, others: [a, b], cursor } = await left(world, 'a', 'b');
    mine.leave();
    await world.devices(me, 0);
    await server.unfriend(me, a);
    const again = await world.connect(me, { auth: { cursor } });
    const snapshot = await again.expect('presence_snapshot');
    // Either a full one, in which it is missing, or a change to what a stranger looks like.
    if (snapshot.full) assert.deepEqual(ids(snapshot), [b]);
    else assert.deepEqual(byId(snapshot)[a], stranger(a));
  });

  scene('a contact that blocked me meanwhile does not stay on the screen', async (world) => {
    const { me, mine, others: [a], cursor } = await left(world, 'a', 'b');
    mine.leave();
    await world.devices(me, 0);
    await server.block(a, me);
    const again = await world.connect(me, { auth: { cursor } });
    const snapshot = await again.expect('presence_snapshot');
    assert.deepEqual(byId(snapshot)[a], stranger(a));
  });

  scene('an unknown cursor gets a full snapshot', async (world) => {
    const { me, others } = await left(world, 'a');
    for (const cursor of ['nonsense', '', '0', 'ü', '{"v":1}', '9'.repeat(1024)]) {
      const again = await world.connect(me, { auth: { cursor } });
      const snapshot = await again.expect('presence_snapshot', { full: true });
      assert.deepEqual(ids(snapshot), others);
      again.leave();
    }
  });

  scene("another user's cursor tells nothing of that user's contacts", async (world) => {
    const { cursor, devices } = await left(world, 'a', 'b');
    const [mallory, friend] = world.users('mallory', 'friend');
    await world.befriend(mallory, friend);
    await world.connect(friend);
    await devices[0].setStatus('busy');
    const device = await world.connect(mallory, { auth: { cursor } });
    const snapshot = await device.expect('presence_snapshot', { full: true });
    assert.deepEqual(ids(snapshot), [friend]);
  });
});

describe('get_contacts', () => {
  scene('with and without an acknowledgement', async (world) => {
    const [me, a, b] = world.users('me', 'a', 'b');
    await world.befriend(me, a, b);
    await world.connect(a);
    const device = await world.connect(me);
    const answer = await device.ask('get_contacts', { requestId: 'c1' });
    assert.equal(answer.full, true);
    assert.equal(answer.requestId, 'c1');
    assert.deepEqual(ids(answer), [a, b].sort());
    assert.equal(byId(answer)[a].status, 'online');
    await device.settle();
    device.nothing();
    device.emit('get_contacts', {});
    const emitted = await device.expect('presence_snapshot', { full: true });
    assert.ok(!('requestId' in emitted));
    assert.deepEqual(ids(emitted), [a, b].sort());
  });

  scene('its cursor serves for the next connection', async (world) => {
    const [me, a, b] = world.users('me', 'a', 'b');
    await world.befriend(me, a, b);
    const x = await world.connect(a);
    const device = await world.connect(me);
    const { cursor } = await device.ask('get_contacts', {});
    device.leave();
    await world.devices(me, 0);
    await x.setStatus('busy');
    const again = await world.connect(me, { auth: { cursor } });
    assert.deepEqual(ids(await again.expect('presence_snapshot', { full: false })), [a]);
  });
});
