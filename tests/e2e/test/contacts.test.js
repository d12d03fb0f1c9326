// Contract section 7: who sees whom, and what strangers see.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Server } from '../support/server.js';
import { stranger } from '../support/shapes.js';
import { inWorld } from '../support/world.js';

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());
const scene = (name, body) => test(name, inWorld(() => server, body));

const users = (device, ...userIds) => device.ask('check_users_presence', { userIds }).then((answer) => answer.users);

describe('strangers', () => {
  scene('existing or not, online or not, busy or invisible, look exactly the same', async (world) => {
    const [me, nobody, online, busy, invisible, gone, friendOfFriend] = world.users('me', 'nobody', 'online', 'busy', 'invisible', 'gone', 'fof');
    const [friend] = world.users('friend');
    await world.befriend(friend, me, friendOfFriend);
    await world.connect(online);
    await world.connect(friendOfFriend);
    await (await world.connect(busy)).setStatus('busy', { customMessage: 'secret' });
    await (await world.connect(invisible)).setStatus('offline');
    (await world.connect(gone)).leave();
    await world.devices(gone, 0);
    const device = await world.connect(me);
    const ids = [nobody, online, busy, invisible, gone, friendOfFriend];
    assert.deepEqual(await users(device, ...ids), ids.map(stranger));
    for (const id of ids) assert.deepEqual(await device.ask('get_user_presence', { userId: id }), stranger(id));
  });

  scene('oneself is seen without being a contact', async (world) => {
    const [me] = world.users('me');
    const device = await world.connect(me);
    const [own] = await users(device, me);
    assert.equal(own.status, 'online');
    assert.equal(own.deviceCount, 1);
  });
});

describe('one-way contacts (mutual=false)', () => {
  scene('A sees B, B does not see A', async (world) => {
    const [a, b] = world.users('a', 'b');
    await server.befriend(a, b, '?mutual=false');
    const mine = await world.connect(a);
    const other = await world.connect(b);
    await mine.expect('user_online', { userId: b });
    assert.deepEqual(await other.ask('get_user_presence', { userId: a }), stranger(a));
    await mine.setStatus('busy');
    await mine.expect('user_status_changed', { userId: a });
    await other.settle();
    other.nothing();
    assert.deepEqual(await server.contacts(a), [b]);
    assert.deepEqual(await server.contacts(b), []);
    other.leave();
    await mine.expect('user_offline', { userId: b });
  });

  scene('removing one direction leaves the other', async (world) => {
    const { alice, bob, a, b } = await world.pair();
    await server.unfriend(alice, bob, '?mutual=false');
    await a.expect('contacts_changed', { added: [], removed: [bob] });
    assert.deepEqual(await a.ask('get_user_presence', { userId: bob }), stranger(bob));
    await world.marker(a, [b]);
  });
});

describe('changes of contacts', () => {
  scene('a new contact arrives with its presence at both, at once', async (world) => {
    const [alice, bob] = world.users('alice', 'bob');
    const a = await world.connect(alice, { auth: { deviceInfo: { type: 'mobile' } } });
    await a.setStatus('busy', { customMessage: 'x' });
    await a.expect('user_status_changed');
    const b = await world.connect(bob);
    const b2 = await world.connect(bob, { transport: 'polling' });
    await b.expect('user_devices_changed');
    await server.befriend(alice, bob);
    for (const reader of [b, b2]) {
      const { added } = await reader.expect('contacts_changed', { removed: [] });
      assert.equal(added.length, 1);
      assert.equal(added[0].userId, alice);
      assert.equal(added[0].status, 'busy');
      assert.equal(added[0].customMessage, 'x');
      assert.deepEqual(added[0].devices.map((d) => [d.socketId, d.deviceType]), [[a.id, 'mobile']]);
    }
    const { added } = await a.expect('contacts_changed', { removed: [] });
    assert.deepEqual(added.map((u) => [u.userId, u.status, u.deviceCount]), [[bob, 'online', 2]]);
    await world.marker(a, [b, b2], 'busy');
    await world.marker(b, [b2, a]);
  });

  scene('a removed one stops there, at both', async (world) => {
    const { alice, bob, a, b } = await world.pair();
    await server.unfriend(bob, alice);
    await b.expect('contacts_changed', { added: [], removed: [alice] });
    await a.expect('contacts_changed', { added: [], removed: [bob] });
    assert.deepEqual(await b.ask('get_user_presence', { userId: alice }), stranger(alice));
    await a.setStatus('busy');
    await a.expect('user_status_changed', { status: 'busy' });
    await server.befriend(alice, bob);
    // Had bob been told of `busy`, it would lie before this.
    const { added } = await b.expect('contacts_changed', { removed: [] });
    assert.equal(added[0].status, 'busy');
  });

  scene('adding twice and removing what is not there change nothing', async (world) => {
    const { alice, bob, a, b } = await world.pair();
    await server.befriend(alice, bob);
    await server.befriend(bob, alice);
    await server.unfriend(alice, 'somebody.else');
    await world.marker(a, [b]);
    await world.marker(b, [a]);
  });

  scene('an offline contact is added as offline with its lastSeen', async (world) => {
    const [alice, bob] = world.users('alice', 'bob');
    (await world.connect(alice)).leave();
    await world.devices(alice, 0);
    const { lastSeen } = await server.presence(alice);
    const b = await world.connect(bob);
    await server.befriend(alice, bob);
    const { added } = await b.expect('contacts_changed');
    assert.equal(added[0].status, 'offline');
    assert.equal(added[0].deviceCount, 0);
    assert.equal(added[0].lastSeen, lastSeen);
  });

  scene('replacing the list tells what was added and what was removed', async (world) => {
    const [me, x, y, z] = world.users('me', 'x', 'y', 'z');
    await world.befriend(me, x, y);
    const device = await world.connect(me);
    const other = await world.connect(z);
    await server.api('PUT', `/v1/users/${me}/contacts`, { contacts: [y, z] });
    // One event or one for each edge: what counts is the sum.
    const added = [];
    const removed = [];
    while (added.length < 1 || removed.length < 1) {
      const data = await device.expect('contacts_changed');
      added.push(...data.added.map((u) => u.userId));
      removed.push(...data.removed);
    }
    assert.deepEqual(added, [z]);
    assert.deepEqual(removed, [x]);
    assert.deepEqual(await server.contacts(me), [y, z].sort());
    assert.deepEqual(await server.contacts(z), [me]);
    assert.deepEqual(await server.contacts(x), []);
    const back = await other.expect('contacts_changed', { removed: [] });
    assert.deepEqual(back.added.map((u) => u.userId), [me]);
  });

  scene('a contact of a user who is not connected counts when it connects', async (world) => {
    const [alice, bob] = world.users('alice', 'bob');
    const a = await world.connect(alice);
    await server.befriend(alice, bob);
    await a.expect('contacts_changed', { removed: [] });
    const b = await world.connect(bob, { auth: { snapshot: true } });
    const { users: [seen] } = await b.expect('presence_snapshot');
    assert.equal(seen.userId, alice);
    assert.equal(seen.status, 'online');
    await a.expect('user_online', { userId: bob });
  });
});

describe('blocks', () => {
  scene('who is blocked sees a stranger, and is told user_offline (disconnected) if it saw somebody', async (world) => {
    const { alice, bob, a, b } = await world.pair();
    await server.block(alice, bob);
    await b.expect('user_offline', { userId: alice, status: 'offline', offlineReason: 'disconnected' });
    assert.deepEqual(await b.ask('get_user_presence', { userId: alice }), stranger(alice));
    assert.deepEqual(await users(b, alice), [stranger(alice)]);
    // It stays in the list of who is blocked, and the one who blocks still sees the other.
    assert.deepEqual(await server.contacts(bob), [alice]);
    const { users: list } = await b.ask('get_contacts', {});
    assert.deepEqual(list, [stranger(alice)]);
    assert.equal((await a.ask('get_user_presence', { userId: bob })).status, 'online');
    await b.setStatus('busy');
    await a.expect('user_status_changed', { userId: bob, status: 'busy' });
    await b.expect('user_status_changed', { userId: bob });

    // Nothing of what happens meanwhile, and user_online when it ends.
    await a.setStatus('away');
    await a.expect('user_status_changed', { userId: alice });
    const a2 = await world.connect(alice);
    await a.expect('user_devices_changed');
    a2.leave();
    await a.expect('user_devices_changed');
    await server.unblock(alice, bob);
    await b.expect('user_online', { userId: alice, status: 'away', deviceCount: 1 });
    await world.marker(a, [b], 'away');
  });

  scene('of somebody who is offline or invisible tells nothing, neither does its end', async (world) => {
    const { alice, bob, a, b } = await world.pair();
    await a.setStatus('offline');
    await b.expect('user_offline', { offlineReason: 'manual' });
    await server.block(alice, bob);
    assert.deepEqual(await b.ask('get_user_presence', { userId: alice }), stranger(alice));
    await server.unblock(alice, bob);
    assert.equal((await b.ask('get_user_presence', { userId: alice })).status, 'offline');
    await a.setStatus('online');
    await b.expect('user_online', { userId: alice });
  });

  scene('before the two are contacts: the blocked one gets a stranger as contact', async (world) => {
    const [alice, bob] = world.users('alice', 'bob');
    const a = await world.connect(alice);
    const b = await world.connect(bob);
    await server.block(alice, bob);
    await server.befriend(alice, bob);
    const { added } = await b.expect('contacts_changed', { removed: [] });
    assert.deepEqual(added, [stranger(alice)]);
    assert.equal((await a.expect('contacts_changed')).added[0].status, 'online');
    await server.unblock(alice, bob);
    await b.expect('user_online', { userId: alice });
  });

  scene('twice is once, and of a stranger tells nothing', async (world) => {
    const { alice, bob, a, b } = await world.pair();
    const [other] = world.users('other');
    const o = await world.connect(other);
    await server.block(alice, other);
    await server.block(alice, bob);
    await server.block(alice, bob);
    await b.expect('user_offline', { userId: alice });
    await server.unblock(alice, bob);
    await server.unblock(alice, bob);
    await b.expect('user_online', { userId: alice });
    await world.marker(a, [b]);
    await o.settle();
    o.nothing();
  });

  scene('a blocked user who connects later is told nothing', async (world) => {
    const [alice, bob] = world.users('alice', 'bob');
    await world.befriend(alice, bob);
    await server.block(alice, bob);
    const b = await world.connect(bob, { auth: { snapshot: true } });
    assert.deepEqual((await b.expect('presence_snapshot')).users, [stranger(alice)]);
    const a = await world.connect(alice);
    await a.setStatus('busy');
    await a.find('user_status_changed');
    await server.unblock(alice, bob);
    await b.expect('user_online', { userId: alice, status: 'busy' });
  });
});
