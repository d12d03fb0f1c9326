// Contract section 11: the operators' HTTP. Statistics, metrics, explain, claims and events are
// tested with the features they belong to.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Server } from '../support/server.js';
import { checkBulk, checkOwnPresence } from '../support/shapes.js';
import { inWorld } from '../support/world.js';

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());
const scene = (name, body) => test(name, inWorld(() => server, body));

const id = encodeURIComponent;

/** An RFC 9457 answer with this status, whose text names what is wrong. */
function assertProblem(answer, status, name) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/, answer.text);
  const problem = answer.json;
  assert.equal(typeof problem, 'object');
  assert.equal(typeof problem.title, 'string');
  if ('status' in problem) assert.equal(problem.status, status);
  if (name) assert.ok(answer.text.includes(name), `the problem should name ${name}: ${answer.text}`);
}

const routes = [
  ['GET', '/v1/users/alice/presence'],
  ['POST', '/v1/presence/query', { userIds: [] }],
  ['PUT', '/v1/users/alice/status', { status: 'online' }],
  ['DELETE', '/v1/users/alice/devices/x'],
  ['GET', '/v1/users/alice/contacts'],
  ['PUT', '/v1/users/alice/contacts', { contacts: [] }],
  ['PUT', '/v1/users/alice/contacts/bob'],
  ['DELETE', '/v1/users/alice/contacts/bob'],
  ['PUT', '/v1/users/alice/blocks/bob'],
  ['DELETE', '/v1/users/alice/blocks/bob'],
  ['GET', '/v1/contacts'],
  ['POST', '/v1/contacts', ''],
  ['DELETE', '/v1/users/alice'],
  ['GET', '/v1/users/alice/export'],
];

describe('the key', () => {
  scene('no, an empty, a wrong or a differently carried one: 401 problem+json', async () => {
    for (const [method, target, body] of routes) {
      for (const authorization of [undefined, '', 'Bearer', 'Bearer ', 'Bearer wrong', 'Basic e2e-operator-key', 'e2e-operator-key', 'Bearer e2e-operator-ke', 'Bearer e2e-operator-keyy']) {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const answer = await server.request(method, target, {
          body: text,
          headers: {
            ...(authorization === undefined ? {} : { authorization }),
            ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }),
          },
        });
        assertProblem(answer, 401);
      }
    }
  });

  test('without one configured there is no such API', async () => {
    const keyless = await Server.start({ api_key: undefined });
    try {
      for (const [method, target] of routes) {
        for (const authorization of [undefined, 'Bearer ', 'Bearer x']) {
          const answer = await keyless.request(method, target, { headers: authorization ? { authorization } : {} });
          assert.equal(answer.status, 404, `${method} ${target}: ${answer.status}`);
        }
      }
      assert.equal((await keyless.request('GET', '/healthz')).status, 200);
    } finally {
      await keyless.stop();
    }
  });
});

describe('health', () => {
  scene('/healthz and /readyz need no key', async () => {
    for (const target of ['/healthz', '/readyz']) {
      assert.equal((await server.request('GET', target)).status, 200);
      assert.equal((await server.request('HEAD', target)).status, 200);
    }
  });

  test('they may be bound to another address', async () => {
    const split = await Server.start({ admin_listen: '127.0.0.1:0' });
    try {
      // The address is in the log; on the public one they are no more.
      assert.equal((await split.request('GET', '/healthz')).status, 404);
      const [, host, port] = /operators are served on http:\/\/(\S+):(\d+)/.exec(split.log);
      const ask = async (target) => (await fetch(`http://${host}:${port}${target}`)).status;
      assert.equal(await ask('/healthz'), 200);
      assert.equal(await ask('/readyz'), 200);
      assert.equal(await ask('/v1/stats'), 401);
      for (const other of ['/', '/nothing', '/healthz/x', '/socket.io/?EIO=4&transport=polling']) assert.equal(await ask(other), 404, other);
    } finally {
      await split.stop();
    }
  });
});

describe('presence', () => {
  scene('GET presence is the own view with full devices', async (world) => {
    const [alice] = world.users('alice');
    const a = await world.connect(alice, { auth: { deviceInfo: { type: 'mobile', os: 'iOS', browser: 'Safari' } }, headers: { 'user-agent': 'e2e/2.0' } });
    const presence = await server.presence(alice);
    checkOwnPresence(presence);
    assert.equal(presence.status, 'online');
    const { connectedAt, lastHeartbeat, ipAddress, deviceId: _, ...rest } = presence.devices[0];
    assert.deepEqual(rest, { socketId: a.id, deviceType: 'mobile', os: 'iOS', browser: 'Safari', userAgent: 'e2e/2.0' });
    assert.ok(lastHeartbeat >= connectedAt);
    assert.match(ipAddress, /127\.0\.0\.1/);
    await a.setStatus('offline');
    const invisible = await server.presence(alice);
    assert.equal(invisible.status, 'offline');
    assert.equal(invisible.devices.length, 1);
  });

  scene('of somebody who never came', async (world) => {
    const [nobody] = world.users('nobody');
    const presence = await server.presence(nobody);
    assert.equal(presence.userId, nobody);
    assert.equal(presence.status, 'offline');
    assert.equal(presence.lastSeen, 0);
    assert.equal(presence.deviceCount, 0);
  });

  scene('POST query: in request order, each once, whoever they are', async (world) => {
    const [alice, bob, nobody] = world.users('alice', 'bob', 'nobody');
    await world.connect(alice);
    await (await world.connect(bob)).setStatus('busy');
    const { json } = await server.api('POST', '/v1/presence/query', { userIds: [nobody, bob, alice, bob], requestId: 'q1' });
    checkBulk({ ...json, users: json.users.filter((u) => u.version !== undefined).map(({ devices, expiresAt, ...u }) => u) }, null);
    assert.deepEqual(json.users.map((u) => [u.userId, u.status]), [[nobody, 'offline'], [bob, 'busy'], [alice, 'online']]);
    assert.ok(Number.isSafeInteger(json.timestamp));
  });

  scene('POST query: errors', async () => {
    const bad = (body, name) => server.tryApi('POST', '/v1/presence/query', body).then((answer) => assertProblem(answer, 400, name));
    await bad('{', undefined);
    await bad('', undefined);
    await bad('[]', undefined);
    await bad({}, 'userIds');
    await bad({ userIds: 'x' }, 'userIds');
    await bad({ userIds: ['a', 5] }, '1');
    await bad({ userIds: Array(1001).fill('x') }, 'userIds');
  });
});

describe('PUT status', () => {
  scene('is as set_user_status', async (world) => {
    const { alice, a, b } = await world.pair();
    await server.api('PUT', `/v1/users/${id(alice)}/status`, { status: 'busy', customMessage: 'by the operator' });
    await a.expect('user_status_changed', { userId: alice, status: 'busy', customMessage: 'by the operator' });
    await b.expect('user_status_changed', { userId: alice, status: 'busy', customMessage: 'by the operator' });
    await server.api('PUT', `/v1/users/${id(alice)}/status`, { status: 'offline' });
    await b.expect('user_offline', { userId: alice, offlineReason: 'manual' });
    await server.api('PUT', `/v1/users/${id(alice)}/status`, { status: 'online', expiresAt: Date.now() + 60000 });
    await b.expect('user_online', { userId: alice, status: 'online' });
  });

  scene('for somebody who is not there holds when they come, and does not bring them online', async (world) => {
    const [alice, bob] = world.users('alice', 'bob');
    await world.befriend(alice, bob);
    const b = await world.connect(bob);
    await server.api('PUT', `/v1/users/${id(alice)}/status`, { status: 'away', customMessage: 'later' });
    assert.equal((await server.presence(alice)).status, 'offline');
    await world.connect(alice);
    await b.expect('user_online', { userId: alice, status: 'away', customMessage: 'later' });
  });

  scene('errors name the field', async (world) => {
    const [alice] = world.users('alice');
    const bad = (body, name) => server.tryApi('PUT', `/v1/users/${alice}/status`, body).then((answer) => assertProblem(answer, 400, name));
    await bad({}, 'status');
    await bad({ status: 'lunch' }, 'status');
    await bad({ status: 'busy', customMessage: 'x'.repeat(257) }, 'customMessage');
    await bad({ status: 'busy', expiresAt: 5 }, 'expiresAt');
    await bad('nonsense');
  });
});

describe('DELETE device', () => {
  scene('disconnects it with a DISCONNECT packet', async (world) => {
    const { alice, a, b } = await world.pair();
    const a2 = await world.connect(alice);
    await b.expect('user_devices_changed', { deviceCount: 2 });
    await a.expect('user_devices_changed', { deviceCount: 2 });
    await server.api('DELETE', `/v1/users/${id(alice)}/devices/${id(a2.id)}`);
    assert.equal(await a2.lost(), 'io server disconnect');
    await b.expect('user_devices_changed', { deviceCount: 1 });
    await a.expect('user_devices_changed', { deviceCount: 1 });
    await server.api('DELETE', `/v1/users/${id(alice)}/devices/${id(a.id)}`);
    assert.equal(await a.lost(), 'io server disconnect');
    await b.expect('user_offline', { offlineReason: 'disconnected' });
  });

  scene('unknown, or of another user: 404', async (world) => {
    const { alice, bob, a, b } = await world.pair();
    assertProblem(await server.tryApi('DELETE', `/v1/users/${id(alice)}/devices/nothing`), 404);
    assertProblem(await server.tryApi('DELETE', `/v1/users/${id(bob)}/devices/${id(a.id)}`), 404);
    await world.marker(a, [b]);
  });
});

describe('contacts and blocks', () => {
  scene('list, add, remove, replace', async (world) => {
    const [a, b, c] = world.users('a', 'b', 'c');
    assert.deepEqual((await server.api('GET', `/v1/users/${a}/contacts`)).json, { contacts: [] });
    await server.befriend(a, b);
    await server.befriend(c, a);
    assert.deepEqual(await server.contacts(a), [b, c]);
    assert.deepEqual(await server.contacts(b), [a]);
    await server.unfriend(a, b);
    assert.deepEqual(await server.contacts(a), [c]);
    assert.deepEqual(await server.contacts(b), []);
    await server.api('PUT', `/v1/users/${a}/contacts`, { contacts: [b] });
    assert.deepEqual(await server.contacts(a), [b]);
    assert.deepEqual(await server.contacts(c), []);
    await server.api('PUT', `/v1/users/${a}/contacts`, { contacts: [] });
    assert.deepEqual(await server.contacts(b), []);
  });

  scene('ids are percent-encoded in paths and come back as they are', async (world) => {
    const [a] = world.users('a');
    const odd = [`x/y${world.number}`, `q?r=1&s#t ${world.number}`, `50%25 ${world.number}`, `ü 界 👩‍👩‍👧 ${world.number}`, `a+b@c.example:${world.number}`, `.${world.number}`, '..', `"\\${world.number}`];
    for (const other of odd) await server.befriend(a, other);
    assert.deepEqual(await server.contacts(a), [...odd].sort());
    for (const other of odd) {
      assert.deepEqual(await server.contacts(other), [a]);
      assert.equal((await server.presence(other)).userId, other);
    }
    const device = await world.connect(odd[0]);
    assert.equal((await server.presence(odd[0])).deviceCount, 1);
    device.leave();
  });

  scene('bad ids and bad lists', async (world) => {
    const [a] = world.users('a');
    const bad = async (method, target, body) => assertProblem(await server.tryApi(method, target, body), 400);
    await bad('PUT', `/v1/users/${a}/contacts/${'x'.repeat(129)}`);
    await bad('PUT', `/v1/users/${'x'.repeat(129)}/contacts/${a}`);
    await bad('PUT', `/v1/users/${a}/contacts/%00`);
    await bad('PUT', `/v1/users/${a}/contacts/%0a`);
    await bad('PUT', `/v1/users/${a}/contacts/%ff`);
    await bad('PUT', `/v1/users/${a}/contacts/%zz`);
    await bad('PUT', `/v1/users/${a}/contacts/%4`);
    await bad('PUT', `/v1/users/${a}/contacts`, { contacts: 'x' });
    await bad('PUT', `/v1/users/${a}/contacts`, { contacts: ['ok', 5] });
    await bad('PUT', `/v1/users/${a}/contacts`, {});
    await bad('PUT', `/v1/users/${a}/contacts`, '{"contacts":');
    assert.deepEqual(await server.contacts(a), []);
  });

  scene('nobody is a contact of oneself', async (world) => {
    const [a] = world.users('a');
    await server.tryApi('PUT', `/v1/users/${a}/contacts/${a}`);
    const device = await world.connect(a, { auth: { snapshot: true } });
    const { users } = await device.expect('presence_snapshot');
    assert.deepEqual(users, []);
    await world.marker(device, []);
  });
});

describe('all edges', () => {
  test('POST imports NDJSON and GET streams it', async () => {
    const fresh = await Server.start();
    try {
      const lines = [];
      for (let i = 0; i < 5000; i++) lines.push({ user: `u${i}`, contact: `u${(i * 7 + 1) % 5000}` });
      const body = lines.map((line) => JSON.stringify(line)).join('\n') + '\n';
      await fresh.tryApi('POST', '/v1/contacts', body, { 'content-type': 'application/x-ndjson' }).then((answer) => {
        assert.ok(answer.status >= 200 && answer.status < 300, `${answer.status} ${answer.text}`);
      });
      const exported = await fresh.api('GET', '/v1/contacts');
      assert.match(exported.headers['content-type'], /ndjson/);
      const edges = new Set(exported.text.trim().split('\n').map((line) => {
        const { user, contact } = JSON.parse(line);
        return `${user} ${contact}`;
      }));
      for (const { user, contact } of lines) assert.ok(edges.has(`${user} ${contact}`), `${user} ${contact}`);
      assert.ok((await fresh.contacts('u0')).includes('u1'));

      // What came out goes into another server and comes out the same.
      const second = await Server.start();
      try {
        await second.tryApi('POST', '/v1/contacts', exported.text, { 'content-type': 'application/x-ndjson' });
        const again = await second.api('GET', '/v1/contacts');
        assert.deepEqual(again.text.trim().split('\n').sort(), exported.text.trim().split('\n').sort());
      } finally {
        await second.stop();
      }
    } finally {
      await fresh.stop();
    }
  });

  scene('an import takes effect for who is connected', async (world) => {
    const [a, b] = world.users('a', 'b');
    const device = await world.connect(a);
    await world.connect(b);
    await server.tryApi('POST', '/v1/contacts', `{"user":"${a}","contact":"${b}"}\n`, { 'content-type': 'application/x-ndjson' });
    const { added } = await device.expect('contacts_changed');
    assert.deepEqual(added.map((u) => [u.userId, u.status]), [[b, 'online']]);
  });

  scene('a bad line is named', async () => {
    for (const bad of ['{"user":"a"}', 'nonsense', '{"user":"a","contact":5}', '["a","b"]']) {
      const answer = await server.tryApi('POST', '/v1/contacts', `{"user":"p","contact":"q"}\n${bad}\n`, { 'content-type': 'application/x-ndjson' });
      assertProblem(answer, 400, '2');
    }
  });
});

describe('forgetting a user', () => {
  scene('export gives all that is kept; DELETE forgets it and tells the contacts', async (world) => {
    const { alice, bob, a, b } = await world.pair();
    await a.setStatus('busy', { customMessage: 'private' });
    await b.expect('user_status_changed');
    const { json } = await server.api('GET', `/v1/users/${id(alice)}/export`);
    const text = JSON.stringify(json);
    for (const kept of [alice, bob, 'busy', 'private']) assert.ok(text.includes(kept), `${kept} in ${text}`);

    await server.api('DELETE', `/v1/users/${id(alice)}`);
    assert.equal(await a.lost(), 'io server disconnect');
    const { removed } = await b.find('contacts_changed', (data) => data.removed.length > 0);
    assert.deepEqual(removed, [alice]);
    assert.deepEqual(await server.contacts(alice), []);
    assert.deepEqual(await server.contacts(bob), []);
    const gone = await server.presence(alice);
    assert.equal(gone.lastSeen, 0);
    assert.equal(gone.customMessage, undefined);

    // A new user of this name starts from nothing.
    const again = await world.connect(alice);
    const own = await again.ask('get_user_presence', { userId: alice });
    assert.equal(own.status, 'online');
    assert.ok(!('customMessage' in own));
  });
});

test('a node has a name, made up unless it is given', async () => {
  const named = await Server.start({ node_id: 'berlin-1' });
  try {
    const nodes = [];
    for (const each of [named, server]) nodes.push((await each.api('GET', '/v1/stats')).json.node);
    assert.equal(nodes[0], 'berlin-1');
    assert.match(nodes[1], /^[0-9a-f]{16}$/);
  } finally {
    await named.stop();
  }
});

describe('errors', () => {
  scene('an unknown route is 404, a wrong method 405 (or 404), all problem+json', async () => {
    for (const target of ['/v1', '/v1/', '/v1/nothing', '/v1/users', '/v1/users/a', '/v1/users/a/nothing', '/v1/users/a/contacts/b/c']) {
      assertProblem(await server.tryApi('POST', target, {}), (await server.tryApi('POST', target, {})).status === 405 ? 405 : 404);
    }
    const wrong = await server.tryApi('PATCH', '/v1/users/a/presence');
    assertProblem(wrong, wrong.status === 404 ? 404 : 405);
  });

  scene('HEAD is GET without the body, and 405 says what is allowed', async () => {
    for (const target of ['/v1/users/a/presence', '/v1/users/a/contacts', '/v1/users/a/export', '/v1/contacts', '/v1/stats']) {
      const [get, head] = [await server.tryApi('GET', target), await server.tryApi('HEAD', target)];
      assert.equal(head.status, 200, target);
      assert.equal(head.text, '', target);
      assert.equal(head.headers['content-type'], get.headers['content-type'], target);
    }
    assert.equal((await server.tryApi('HEAD', '/v1/presence/query')).status, 405);
    for (const [target, allowed] of [['/v1/users/a/presence', 'GET, HEAD'], ['/v1/users/a/contacts', 'GET, HEAD, PUT'], ['/v1/users/a/contacts/b', 'PUT, DELETE']]) {
      assert.equal((await server.tryApi('PATCH', target)).headers.allow, allowed);
    }
  });

  scene('an oversized body is 413', async () => {
    const answer = await server.tryApi('POST', '/v1/presence/query', `{"userIds":["${'x'.repeat(20_000_000)}"]}`).catch((error) => error);
    // The server may close while the body is still being sent.
    if (answer instanceof Error) assert.match(String(answer.code), /ECONNRESET|EPIPE/);
    else assert.equal(answer.status, 413);
    assert.equal((await server.request('GET', '/healthz')).status, 200);
  });
});
