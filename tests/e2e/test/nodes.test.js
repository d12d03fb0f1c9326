// Two nodes that share a Redis (contract, section 9): nobody can tell which node anybody is on.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import '../support/leave.js';
import { Redis } from '../support/redis.js';
import { Server } from '../support/server.js';
import { until } from '../support/time.js';
import { assertNow, World } from '../support/world.js';

// Devices of one world may be on either node.
function inWorlds(servers, body) {
  return async (t) => {
    const worlds = servers().map((server) => new World(server));
    let failed = true;
    try {
      await body(...worlds, t);
      failed = false;
    } finally {
      for (const world of worlds) {
        try {
          world.end();
        } catch (error) {
          if (!failed) throw error;
        }
      }
    }
  };
}

describe('two nodes', () => {
  let redis, one, two;
  before(async () => {
    redis = await Redis.start();
    const node = () => Server.start({ 'redis.url': redis.url, 'redis.prefix': 'presence:' });
    [one, two] = await Promise.all([node(), node()]);
  });
  after(async () => {
    await Promise.all([one?.stop(), two?.stop()]);
    await redis?.kill();
  });
  const both = (body) => inWorlds(() => [one, two], body);

  test('contacts on different nodes see each other come, change and go', both(async (w1, w2) => {
    const [alice, bob] = w1.users('alice', 'bob');
    await w1.befriend(alice, bob);
    const b = await w2.connect(bob, { auth: { snapshot: true } });
    await b.expect('presence_snapshot');
    const a = await w1.connect(alice, { auth: { snapshot: true } });
    const snapshot = await a.expect('presence_snapshot');
    assert.equal(snapshot.users.find((user) => user.userId === bob).status, 'online');
    await b.expect('user_online', { userId: alice, deviceCount: 1 });
    await a.setStatus('busy', { customMessage: 'in a call' });
    await b.expect('user_status_changed', { userId: alice, status: 'busy', customMessage: 'in a call' });
    const answer = await b.ask('check_users_presence', { userIds: [alice] });
    assert.equal(answer.users[0].status, 'busy');
    assert.equal(answer.stale, undefined);
    a.leave();
    await b.expect('user_offline', { userId: alice, offlineReason: 'disconnected' });
  }));

  test('devices of one user on both nodes are one user', both(async (w1, w2) => {
    const [alice, bob] = w1.users('alice', 'bob');
    await w1.befriend(alice, bob);
    const b = await w2.connect(bob);
    const first = await w1.connect(alice);
    await b.expect('user_online', { userId: alice });
    const second = await w2.connect(alice);
    await b.expect('user_devices_changed', { userId: alice, deviceCount: 2 });
    await first.expect('user_devices_changed', { userId: alice, deviceCount: 2 });
    first.leave();
    await b.expect('user_devices_changed', { userId: alice, deviceCount: 1 });
    second.leave();
    await b.expect('user_offline', { userId: alice });
  }));

  test('one sees of one\'s devices what there is to see, whichever node they are on', both(async (w1, w2) => {
    const [alice] = w1.users('alice');
    const about = (type, os, browser) => ({ auth: { deviceInfo: { type, os, browser } }, headers: { 'User-Agent': `${browser} on ${os}` } });
    const phone = await w1.connect(alice, about('mobile', 'iOS', 'Safari'));
    const laptop = await w2.connect(alice, about('desktop', 'Linux', 'Firefox'));
    const complete = (devices) => {
      const seen = devices.map((each) => [each.socketId, each.deviceType, each.os, each.browser, each.userAgent, each.ipAddress]);
      assert.deepEqual(seen, [
        [phone.id, 'mobile', 'iOS', 'Safari', 'Safari on iOS', '127.0.0.1'],
        [laptop.id, 'desktop', 'Linux', 'Firefox', 'Firefox on Linux', '127.0.0.1'],
      ]);
      for (const each of devices) assertNow(each.lastHeartbeat);
    };
    complete((await phone.expect('user_devices_changed', { deviceCount: 2 })).devices);
    complete((await laptop.ask('get_user_presence', { userId: alice })).devices);
    complete((await laptop.setStatus('busy')).devices);
    complete((await phone.ask('get_user_presence', { userId: alice })).devices);
  }));

  test('a change of contacts on one node reaches devices on the other', both(async (w1, w2) => {
    const [alice, bob] = w1.users('alice', 'bob');
    const a = await w1.connect(alice);
    const b = await w2.connect(bob);
    await w1.befriend(alice, bob);
    const added = await b.expect('contacts_changed');
    assert.deepEqual(added.added.map((user) => [user.userId, user.status]), [[alice, 'online']]);
    assert.deepEqual((await a.expect('contacts_changed')).added.map((user) => user.status), ['online']);
    await w1.server.api('DELETE', `/v1/users/${alice}/contacts/${bob}`);
    assert.deepEqual((await b.expect('contacts_changed')).removed, [alice]);
  }));

  test('what was answered is known: a check right after a change sees it', both(async (w1, w2) => {
    for (let i = 0; i < 20; ++i) {
      const [alice, bob] = w1.users(`alice${i}`, `bob${i}`);
      const a = await w1.connect(alice);
      await w2.connect(bob);
      await w1.befriend(alice, bob);
      assert.equal((await a.ask('get_user_presence', { userId: bob })).status, 'online', `round ${i}`);
    }
  }));

  test('an operator sees, reaches and forgets users of either node', both(async (w1, w2) => {
    const [alice, bob] = w1.users('alice', 'bob');
    await w1.befriend(alice, bob);
    const b = await w2.connect(bob);
    const a = await w1.connect(alice, { auth: { deviceInfo: { type: 'mobile', os: 'iOS' } } });
    await b.expect('user_online', { userId: alice });
    const [device] = (await two.presence(alice)).devices;
    assert.deepEqual([device.socketId, device.os, device.ipAddress], [a.id, 'iOS', '127.0.0.1']);
    const { json } = await two.api('POST', '/v1/presence/query', { userIds: [alice, bob, 'nobody.at.all'] });
    assert.deepEqual(json.users.map((user) => user.status), ['online', 'online', 'offline']);
    const chosen = await two.api('PUT', `/v1/users/${alice}/status`, { status: 'busy' });
    assert.deepEqual([chosen.json.status, chosen.json.deviceCount], ['busy', 1]);
    await b.expect('user_status_changed', { userId: alice, status: 'busy' });
    assert.equal((await two.api('GET', `/v1/users/${alice}/export`)).json.chosenStatus, 'busy');
    assert.equal((await two.tryApi('DELETE', `/v1/users/${alice}/devices/nosuchdevice00000000`)).status, 404);
    await two.api('DELETE', `/v1/users/${alice}/devices/${a.id}`);
    assert.equal(await a.lost(), 'io server disconnect');
    await b.expect('user_offline', { userId: alice });
    const again = await w1.connect(alice);
    await b.expect('user_online', { userId: alice });
    await two.api('DELETE', `/v1/users/${alice}`);
    assert.equal(await again.lost(), 'io server disconnect');
    await until(async () => (await redis.command('EXISTS', `presence:user:${alice}`)) === 0, { what: 'the user to be forgotten' });
  }));

  test('the keys are those of the contract', both(async (w1) => {
    const [alice] = w1.users('alice');
    const a = await w1.connect(alice, { auth: { deviceInfo: { type: 'mobile' } } });
    const user = await redis.hash(`presence:user:${alice}`);
    assert.equal(user.status, 'online');
    assert.equal(user.deviceCount, '1');
    assert.deepEqual(await redis.command('SMEMBERS', `presence:devices:${alice}`), [a.id]);
    const device = await redis.hash(`presence:device:${alice}:${a.id}`);
    assert.equal(device.deviceType, 'mobile');
    assert.ok(Number(await redis.command('TTL', `presence:device:${alice}:${a.id}`)) > 170);
    assert.ok(Number(await redis.command('TTL', `presence:user:${alice}`)) > 290);
  }));
});
