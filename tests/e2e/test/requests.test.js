// Contract section 3: each client event with and without acknowledgement, and everything that can
// be wrong with it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertError } from '../support/device.js';
import { RawSocket } from '../support/raw.js';
import { Server } from '../support/server.js';
import { checkBulk, checkPresence, stranger } from '../support/shapes.js';
import { assertNow, inWorld } from '../support/world.js';

let server;
before(async () => {
  server = await Server.start({ 'limits.events_per_second': 0 });
});
after(() => server.stop());
const scene = (name, body) => test(name, inWorld(() => server, body));

describe('user_heartbeat', () => {
  scene('is acknowledged with {serverTime, cursor} and without an acknowledgement answered by nothing', async (world) => {
    const { a, b } = await world.pair();
    const answer = await a.ask('user_heartbeat', { timestamp: Date.now() });
    assert.deepEqual(Object.keys(answer).sort(), ['cursor', 'serverTime']);
    assertNow(answer.serverTime);
    assert.ok(Number.isSafeInteger(answer.serverTime));
    a.emit('user_heartbeat', { timestamp: Date.now(), deviceInfo: { type: 'web', os: 'Windows', browser: 'Edge' } });
    await a.settle();
    a.nothing();
    b.nothing();
  });

  scene("the client's timestamp is not trusted", async (world) => {
    const [alice] = world.users('alice');
    const a = await world.connect(alice);
    for (const timestamp of [0, 1, Date.now() + 1e10, -5, 1.5]) {
      const answer = await a.call('user_heartbeat', { timestamp });
      if (!answer.error) assertNow(answer.serverTime);
    }
    const { devices, lastSeen } = await server.presence(alice);
    assertNow(devices[0].lastHeartbeat);
    assertNow(lastSeen);
  });

  scene('deviceInfo may be given in part, and unknown fields are ignored', async (world) => {
    const [alice] = world.users('alice');
    const a = await world.connect(alice);
    await a.heartbeat({ deviceInfo: { type: 'mobile', os: 'android', version: 33 }, battery: 0.5, idleMs: 0 });
    const { devices: [device] } = await server.presence(alice);
    assert.equal(device.deviceType, 'mobile');
    assert.equal(device.os, 'android');
  });

  scene('browser may be a whole navigator.userAgent', async (world) => {
    const [alice] = world.users('alice');
    const browser = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1';
    const a = await world.connect(alice, { auth: { deviceInfo: { type: 'mobile', os: 'iOS', browser } } });
    await a.heartbeat({ deviceInfo: { type: 'mobile', os: 'iOS', browser } });
    assert.equal((await server.presence(alice)).devices[0].browser, browser);
  });

  scene('wrong types name the field and change nothing', async (world) => {
    const [alice] = world.users('alice');
    const a = await world.connect(alice, { auth: { deviceInfo: { type: 'desktop', os: 'Linux' } } });
    const wrong = [
      [{ timestamp: 'now' }, 'timestamp'],
      [{ deviceInfo: 'phone' }, 'deviceInfo'],
      [{ deviceInfo: null }, 'deviceInfo'],
      [{ deviceInfo: { type: 1 } }, 'type'],
      [{ deviceInfo: { type: 'mobile', os: 1 } }, 'os'],
      [{ deviceInfo: { type: 'mobile', browser: [] } }, 'browser'],
      [{ idleMs: '5' }, 'idleMs'],
      [{ idleMs: -1 }, 'idleMs'],
    ];
    for (const [payload, name] of wrong) await a.denied('invalid_argument', name, 'user_heartbeat', payload);
    const { devices: [device] } = await server.presence(alice);
    assert.equal(device.deviceType, 'desktop');
    assert.equal(device.os, 'Linux');
  });
});

describe('check_users_presence', () => {
  scene('answers in request order, each id once', async (world) => {
    const { alice, bob, b } = await world.pair();
    const [x, y] = world.users('x', 'y');
    const { users } = await b.ask('check_users_presence', { userIds: [y, alice, x, alice, y, bob, x] });
    assert.deepEqual(users.map((u) => u.userId), [y, alice, x, bob]);
    assert.deepEqual(users[0], stranger(y));
    assert.equal(users[1].status, 'online');
    assert.equal(users[3].status, 'online');
  });

  scene('requestId comes back, and is absent when it was not given', async (world) => {
    const { alice, b } = await world.pair();
    const withId = await b.ask('check_users_presence', { userIds: [alice], requestId: 'abc' });
    checkBulk(withId, b.userId);
    assert.equal(withId.requestId, 'abc');
    assertNow(withId.timestamp);
    const without = await b.ask('check_users_presence', { userIds: [alice] });
    assert.ok(!('requestId' in without));
    b.emit('check_users_presence', { userIds: [alice], requestId: 'xyz' });
    await b.expect('presence_status_response', { requestId: 'xyz' });
    b.emit('check_users_presence', { userIds: [alice] });
    assert.ok(!('requestId' in (await b.expect('presence_status_response'))));
  });

  scene('0, 1 and 1,000 ids are answered, 1,001 refused, counted before duplicates are dropped', async (world) => {
    const { alice, b } = await world.pair();
    const many = Array.from({ length: 1000 }, (_, i) => `many${i}`);
    assert.deepEqual((await b.ask('check_users_presence', { userIds: [] })).users, []);
    assert.deepEqual((await b.ask('check_users_presence', { userIds: many })).users.map((u) => u.userId), many);
    assert.equal((await b.ask('check_users_presence', { userIds: Array(1000).fill(alice) })).users.length, 1);
    await b.denied('invalid_argument', 'userIds', 'check_users_presence', { userIds: [...many, 'one more'] });
    await b.denied('invalid_argument', 'userIds', 'check_users_presence', { userIds: Array(1001).fill(alice) });
  });

  scene('the full status, as the screens of the guide colour it', async (world) => {
    const { alice, a, b } = await world.pair();
    for (const status of ['away', 'busy', 'online']) {
      await a.setStatus(status);
      await b.find('user_status_changed', { status });
      const { users: [user] } = await b.ask('check_users_presence', { userIds: [alice] });
      assert.equal(user.status, status);
      assert.equal(user.deviceCount, 1);
    }
  });

  scene('a bad id names its index', async (world) => {
    const { b } = await world.pair();
    const bad = [5, null, '', 'x'.repeat(129), 'a\nb', {}, ['x'], true];
    for (const id of bad) {
      const error = await b.denied('invalid_argument', 'userIds', 'check_users_presence', { userIds: ['good', 'fine', id] });
      assert.match(error.message, /\b2\b/, `the index of ${JSON.stringify(id)?.slice(0, 20)} in ${error.message}`);
    }
  });

  scene('missing or wrong fields', async (world) => {
    const { b } = await world.pair();
    for (const userIds of [undefined, null, 'x', 5, {}]) {
      await b.denied('invalid_argument', 'userIds', 'check_users_presence', { userIds });
    }
    await b.denied('invalid_argument', 'requestId', 'check_users_presence', { userIds: [], requestId: 5 });
  });
});

describe('get_user_presence', () => {
  scene('of a contact, of oneself, of a stranger', async (world) => {
    const { alice, bob, a, b } = await world.pair({
      watched: { auth: { deviceInfo: { type: 'mobile', os: 'iOS', browser: 'Safari' } } },
    });
    const contact = await b.ask('get_user_presence', { userId: alice });
    checkPresence(contact, bob);
    assert.deepEqual(contact.devices, [{ socketId: a.id, deviceType: 'mobile', connectedAt: contact.devices[0].connectedAt }]);

    const own = await a.ask('get_user_presence', { userId: alice });
    checkPresence(own, alice);
    assert.equal(own.devices[0].os, 'iOS');
    assert.equal(own.devices[0].browser, 'Safari');
    assertNow(own.devices[0].lastHeartbeat);
    assert.match(own.devices[0].ipAddress, /127\.0\.0\.1/);

    const [nobody, existing] = world.users('nobody', 'existing');
    await world.connect(existing);
    for (const id of [nobody, existing]) {
      assert.deepEqual(await b.ask('get_user_presence', { userId: id }), stranger(id));
      assert.deepEqual(await b.ask('get_user_presence', { userId: id, requestId: 'q' }), { ...stranger(id), requestId: 'q' });
      b.emit('get_user_presence', { userId: id });
      assert.deepEqual(await b.expect('presence_status_response'), stranger(id));
    }
  });

  scene('missing or wrong fields', async (world) => {
    const { b } = await world.pair();
    for (const userId of [undefined, null, '', 5, [], 'x'.repeat(129), 'a\u0000']) {
      await b.denied('invalid_argument', 'userId', 'get_user_presence', { userId });
    }
    await b.denied('invalid_argument', 'requestId', 'get_user_presence', { userId: 'x', requestId: {} });
  });
});

describe('set_user_status', () => {
  scene('is acknowledged with the own PresenceStatus; without one, own devices are told and that is all', async (world) => {
    const { alice, a, b } = await world.pair();
    const own = await a.ask('set_user_status', { status: 'busy', customMessage: 'x' });
    checkPresence(own, alice);
    assert.equal(own.userId, alice);
    assert.equal(own.status, 'busy');
    assert.equal(own.customMessage, 'x');
    assert.equal(own.deviceCount, 1);
    await a.expect('user_status_changed', { status: 'busy', customMessage: 'x' });
    await b.expect('user_status_changed', { status: 'busy', customMessage: 'x' });
    a.emit('set_user_status', { status: 'away' });
    await a.expect('user_status_changed', { status: 'away' });
    await b.expect('user_status_changed', { status: 'away' });
    await a.settle();
    a.nothing();
  });

  scene('each of several at once is acknowledged with what it chose, not with what came after', async (world) => {
    const [alice] = world.users('alice');
    const a = await world.connect(alice);
    const choices = ['busy', 'away', 'offline', 'online'].map((status, i) => ({ status, customMessage: `choice ${i}` }));
    const answers = await Promise.all(choices.map((choice) => a.ask('set_user_status', choice)));
    assert.deepEqual(answers.map(({ status, customMessage }) => ({ status, customMessage })), choices);
    answers.forEach(({ version }, i) => assert.ok(i === 0 || version > answers[i - 1].version));
  });

  scene('missing or wrong fields change nothing', async (world) => {
    const { alice, a, b } = await world.pair();
    await a.setStatus('busy', { customMessage: 'kept' });
    await a.find('user_status_changed');
    await b.find('user_status_changed');
    const wrong = [
      [{}, 'status'],
      [{ status: 'lunch' }, 'status'],
      [{ status: 'ONLINE' }, 'status'],
      [{ status: 5 }, 'status'],
      [{ status: null }, 'status'],
      [{ customMessage: 'only' }, 'status'],
      [{ status: 'away', customMessage: 5 }, 'customMessage'],
      [{ status: 'away', customMessage: 'x'.repeat(257) }, 'customMessage'],
      [{ status: 'away', customMessage: 'é'.repeat(129) }, 'customMessage'],
      [{ status: 'away', customMessage: 'a\nb' }, 'customMessage'],
      [{ status: 'away', customMessage: 'a\u0000b' }, 'customMessage'],
      [{ status: 'away', customMessage: 'a\u007fb' }, 'customMessage'],
      [{ status: 'away', expiresAt: 'tomorrow' }, 'expiresAt'],
      [{ status: 'away', expiresAt: Date.now() - 1000 }, 'expiresAt'],
      [{ status: 'away', expiresAt: 0 }, 'expiresAt'],
      [{ status: 'away', expiresAt: -1 }, 'expiresAt'],
    ];
    for (const [payload, name] of wrong) await a.denied('invalid_argument', name, 'set_user_status', payload);
    const own = await server.presence(alice);
    assert.equal(own.status, 'busy');
    assert.equal(own.customMessage, 'kept');
    await world.marker(a, [b], 'busy');
  });
});

describe('refusals', () => {
  scene('without an acknowledgement they are presence_error {code, message, event, requestId?}', async (world) => {
    const { b } = await world.pair();
    const cases = [
      ['check_users_presence', { userIds: 'x' }, 'invalid_argument', 'userIds'],
      ['get_user_presence', {}, 'invalid_argument', 'userId'],
      ['set_user_status', { status: 'lunch' }, 'invalid_argument', 'status'],
      ['user_heartbeat', { idleMs: 'x' }, 'invalid_argument', 'idleMs'],
      ['get_contacts', { requestId: 5 }, 'invalid_argument', 'requestId'],
      ['refresh_token', {}, 'invalid_argument', 'token'],
      ['dance', {}, 'unknown_event', 'dance'],
    ];
    for (const [event, payload, code, name] of cases) {
      b.emit(event, payload);
      const error = await b.expect('presence_error', { code, event });
      assertError(error, code, name);
      assert.ok(!('requestId' in error));
    }
    b.emit('get_user_presence', { userId: 5, requestId: 'r9' });
    await b.expect('presence_error', { requestId: 'r9', event: 'get_user_presence' });
    b.emit('check_users_presence', { userIds: 5, requestId: 'r10' });
    await b.expect('presence_error', { requestId: 'r10', event: 'check_users_presence' });
    await b.settle();
    b.nothing();
  });

  scene('with one they are {error: {code, message}} and nothing is emitted', async (world) => {
    const { b } = await world.pair();
    await b.denied('unknown_event', 'dance', 'dance', {});
    await b.denied('unknown_event', 'presence_snapshot', 'presence_snapshot', {});
    await b.denied('invalid_argument', 'userId', 'get_user_presence', { requestId: 'r' });
    await b.settle();
    b.nothing();
  });

  scene('a payload that is no object', async (world) => {
    const { b } = await world.pair();
    for (const event of ['check_users_presence', 'get_user_presence', 'set_user_status', 'user_heartbeat', 'refresh_token', 'get_contacts']) {
      for (const payload of ['text', 5, true, ['list'], null]) {
        const answer = await b.call(event, payload);
        assert.equal(answer.error?.code, 'invalid_argument', `${event} ${JSON.stringify(payload)}: ${JSON.stringify(answer)}`);
      }
    }
    for (const event of ['check_users_presence', 'get_user_presence', 'set_user_status', 'refresh_token']) {
      assert.equal((await b.call(event)).error?.code, 'invalid_argument', `${event} without a payload`);
    }
    await b.settle();
    assert.deepEqual(b.losses, []);
  });

  scene('binary payloads are refused, too', async (world) => {
    const { b } = await world.pair();
    const answer = await b.call('get_user_presence', { userId: Buffer.from('x') });
    assert.equal(answer.error?.code, 'invalid_argument');
    assert.equal((await b.call('dance', Buffer.from([1, 2, 3]))).error?.code, 'unknown_event');
    // Also where an object belongs, which is what the wire has in the place of one.
    for (const event of ['user_heartbeat', 'get_contacts', 'set_user_status']) {
      await b.denied('invalid_argument', 'payload', event, Buffer.from('x'));
    }
    await b.denied('invalid_argument', 'deviceInfo', 'user_heartbeat', { deviceInfo: Buffer.from('x') });
    await b.denied('invalid_argument', 'userIds', 'check_users_presence', { userIds: [Buffer.from('x')] });
    // An unknown field is ignored whatever it holds.
    await b.heartbeat({ photo: Buffer.from('x'), deviceInfo: { type: 'web', icon: new Uint8Array(3) } });
    await b.settle();
  });

  scene('a hundred of them do not close the connection', async (world) => {
    const { a, b } = await world.pair();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => b.call(i % 2 ? 'dance' : 'get_user_presence', { userId: i })));
    for (const { error } of answers) assert.match(error.code, /^(invalid_argument|unknown_event)$/);
    await world.marker(a, [b]);
    assert.deepEqual(b.losses, []);
  });
});

scene('an acknowledgement id of 0 and large ones are real ids', async (world) => {
  const [alice] = world.users('alice');
  const raw = await RawSocket.join(server, alice);
  for (const id of [0, 7, 4294967296]) {
    raw.send(`42${id}["get_user_presence",{"userId":"x"}]`);
    const answer = await raw.next(`43${id}[`);
    assert.deepEqual(JSON.parse(answer.slice(`43${id}`.length)), [stranger('x')]);
  }
  raw.cut();
});

scene('answers come in the order of the questions', async (world) => {
  const { alice, b } = await world.pair();
  for (let i = 0; i < 50; i++) {
    if (i % 2) b.emit('get_user_presence', { userId: alice, requestId: `${i}` });
    else b.emit('check_users_presence', { userIds: [alice], requestId: `${i}` });
  }
  for (let i = 0; i < 50; i++) await b.expect('presence_status_response', { requestId: `${i}` });
});
