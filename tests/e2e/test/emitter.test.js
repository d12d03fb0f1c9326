// Other Socket.IO back ends on the same Redis (contract, section 9): unmodified
// @socket.io/redis-emitter, and a Node server with @socket.io/redis-adapter.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { createAdapter } from '@socket.io/redis-adapter';
import { Emitter } from '@socket.io/redis-emitter';
import { createClient } from 'redis';
import { Server as NodeServer } from 'socket.io';
import { io } from 'socket.io-client';

import { Redis } from '../support/redis.js';
import { Server } from '../support/server.js';
import { until, within } from '../support/time.js';

const REQUESTS = 'socket.io-request#/#';

let redis, one, two, publisher, subscriber, node, emitter;
const clients = [];

/** A client that notes the events of back ends in order; `answers` are its acknowledgements. */
async function connect(server, userId, answers = {}) {
  const socket = io(server.url, { auth: { userId }, transports: ['websocket'], forceNew: true, reconnection: false });
  clients.push(socket);
  const client = { socket, userId, got: [], lost: undefined };
  socket.on('disconnect', (reason) => (client.lost = reason));
  socket.onAny((event, ...args) => {
    if (event.startsWith('user_')) return; // presence
    const ack = typeof args.at(-1) === 'function' ? args.pop() : undefined;
    client.got.push([event, ...args]);
    if (ack && event in answers) ack(...answers[event]);
  });
  await within(new Promise((done, fail) => socket.on('connect', done).on('connect_error', fail)), `${userId} to connect`);
  return client;
}

/** Waits for the client's next events, which must be exactly these. */
async function gets(client, ...events) {
  await until(() => client.got.length >= events.length, {
    what: () => `${client.userId} to get ${JSON.stringify(events)}; so far ${JSON.stringify(client.got)}`,
  });
  assert.deepEqual(client.got.splice(0), events);
}

let marks = 0;
/** Proves that nothing else came: what all are sent now is the next thing they read. */
async function nothing(...readers) {
  const mark = ++marks;
  emitter.emit('mark', mark);
  for (const reader of readers) await gets(reader, ['mark', mark]);
}

const names = (() => {
  let worlds = 0;
  return (...users) => {
    ++worlds;
    return users.map((user) => `${user}.${worlds}`);
  };
})();

before(async () => {
  redis = await Redis.start();
  [one, two] = await Promise.all([1, 2].map(() => Server.start({ 'redis.url': redis.url, threads: 2 })));
  publisher = createClient({ url: redis.url });
  subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  node = new NodeServer(http.createServer(), { adapter: createAdapter(publisher, subscriber, { requestsTimeout: 4000 }) });
  emitter = new Emitter(publisher);
  await until(async () => (await redis.command('PUBSUB', 'NUMSUB', REQUESTS))[1] === 3, {
    what: 'two nodes and the Node server to listen',
  });
});

after(async () => {
  for (const socket of clients) socket.disconnect();
  await node?.close();
  await Promise.all([publisher?.quit(), subscriber?.quit()]);
  await Promise.all([one?.stop(), two?.stop()]);
  await redis?.kill();
});

describe('@socket.io/redis-emitter', () => {
  test('reaches all devices of a user, on every node and thread, and nobody else', async () => {
    const [alice, bob] = names('alice', 'bob');
    const devices = await Promise.all([one, one, one, two].map((server) => connect(server, alice)));
    const other = await connect(two, bob);
    const at = new Date();
    emitter.to(`user:${alice}`).emit('invoice_paid', { id: 7, total: 12.5, at, time: 1700000000000 }, null, 'ü');
    for (const device of devices) {
      await gets(device, ['invoice_paid', { id: 7, total: 12.5, at: at.toISOString(), time: 1700000000000 }, null, 'ü']);
    }
    await nothing(other, ...devices);
  });

  test('binary arguments arrive as they were', async () => {
    const [alice] = names('alice');
    const device = await connect(one, alice);
    emitter.in(`user:${alice}`).emit('file', Buffer.from([0, 1, 255]), { name: 'x', part: new Uint8Array([7]) });
    await gets(device, ['file', Buffer.from([0, 1, 255]), { name: 'x', part: Buffer.from([7]) }]);
  });

  test('several rooms are a union, except takes away, the own id is a room', async () => {
    const [alice, bob, carol] = names('alice', 'bob', 'carol');
    const [a, b, c] = [await connect(one, alice), await connect(one, bob), await connect(two, carol)];
    emitter.to([`user:${alice}`, `user:${bob}`, a.socket.id]).volatile.compress(false).emit('both', 1);
    await gets(a, ['both', 1]);
    await gets(b, ['both', 1]);
    emitter.except(`user:${bob}`).emit('not bob');
    await gets(a, ['not bob']);
    await gets(c, ['not bob']);
    emitter.to(c.socket.id).emit('by id');
    await gets(c, ['by id']);
    await nothing(a, b, c);
  });

  test('socketsJoin and socketsLeave', async () => {
    const [alice, bob] = names('alice', 'bob');
    const [a, b] = [await connect(one, alice), await connect(two, bob)];
    emitter.in([`user:${alice}`, `user:${bob}`]).socketsJoin(['vip', 'gold']);
    emitter.to('vip').emit('welcome');
    await gets(a, ['welcome']);
    await gets(b, ['welcome']);
    emitter.in(`user:${bob}`).socketsLeave('vip');
    emitter.to('vip').emit('again');
    await gets(a, ['again']);
    await nothing(a, b);
    emitter.to('gold').emit('still');
    await gets(b, ['still']);
  });

  test('disconnectSockets: with a DISCONNECT packet, or the whole connection', async () => {
    for (const close of [false, true]) {
      const [alice, bob] = names('alice', 'bob');
      const [a, b, other] = [await connect(one, alice), await connect(two, alice), await connect(two, bob)];
      emitter.in(`user:${alice}`).disconnectSockets(close);
      for (const device of [a, b]) {
        await until(() => device.lost, { what: 'the device to be disconnected' });
        assert.equal(device.lost, 'io server disconnect');
      }
      await until(async () => (await one.presence(alice)).deviceCount === 0, { what: 'alice to be gone' });
      await nothing(other);
      assert.equal(other.lost, undefined);
    }
  });

  test('another namespace, broken messages and reserved names disturb nobody', async () => {
    const [alice] = names('alice');
    const device = await connect(one, alice);
    emitter.of('/custom').emit('elsewhere');
    // Not on the channel of events: there it would end the Node server's subscription.
    await publisher.publish(REQUESTS, Buffer.from([0xc1]));
    await publisher.publish(REQUESTS, '{"type":4,"opts":{"rooms":"everybody"}}');
    await publisher.publish(REQUESTS, '{');
    emitter.serverSideEmit('hello');
    await nothing(device);
    await until(() => /back ends: 1 dropped/.test(one.log), { what: 'a line about it' });
    assert.equal(one.log.match(/dropped/g).length, 1, 'at most one a minute');
  });

  test('no event of a client reaches the rooms', async () => {
    const [alice, bob] = names('alice', 'bob');
    const [a, b] = [await connect(one, alice), await connect(one, bob)];
    a.socket.emit('join', `user:${bob}`);
    a.socket.emit('socketsJoin', [`user:${bob}`]);
    await until(() => a.got.length === 2);
    assert.ok(a.got.splice(0).every(([event, error]) => event === 'presence_error' && error.code === 'unknown_event'));
    emitter.to(`user:${bob}`).emit('private');
    await gets(b, ['private']);
    await nothing(a, b);
  });
});

describe('a Node server with @socket.io/redis-adapter', () => {
  test('emits to users', async () => {
    const [alice] = names('alice');
    const device = await connect(one, alice);
    node.to(`user:${alice}`).emit('from node', 1, Buffer.from('x'));
    await gets(device, ['from node', 1, Buffer.from('x')]);
    node.local.emit('local');
    await nothing(device);
  });

  test('fetchSockets, allSockets, allRooms are answered by every node', async () => {
    const [alice, bob] = names('alice', 'bob');
    const [a, b, c] = [await connect(one, alice), await connect(two, alice), await connect(two, bob)];
    const sockets = await node.in(`user:${alice}`).fetchSockets();
    assert.deepEqual(sockets.map((s) => s.id).sort(), [a.socket.id, b.socket.id].sort());
    for (const socket of sockets) assert.deepEqual([...socket.rooms].sort(), [socket.id, `user:${alice}`].sort());
    const excepted = await node.except(`user:${alice}`).fetchSockets();
    assert.ok(excepted.some((s) => s.id === c.socket.id) && !excepted.some((s) => s.id === a.socket.id));
    const rooms = await node.of('/').adapter.allRooms();
    for (const room of [`user:${alice}`, `user:${bob}`, a.socket.id, c.socket.id]) assert.ok(rooms.has(room), room);
    // By the request of earlier versions (type 0).
    const answers = [];
    const listener = (message) => answers.push(JSON.parse(message));
    const listening = publisher.duplicate();
    await listening.connect();
    await listening.subscribe('socket.io-response#/#', listener);
    await publisher.publish(REQUESTS, JSON.stringify({ uid: 'x', requestId: 'all', type: 0, rooms: [`user:${alice}`] }));
    await until(() => answers.filter((answer) => answer.requestId === 'all').length === 3);
    await listening.quit();
    assert.deepEqual(answers.flatMap((answer) => answer.sockets ?? []).sort(), [a.socket.id, b.socket.id].sort());
  });

  test('joins, leaves and disconnects', async () => {
    const [alice] = names('alice');
    const device = await connect(two, alice);
    node.in(`user:${alice}`).socketsJoin('team');
    node.to('team').emit('in');
    await gets(device, ['in']);
    node.in('team').socketsLeave('team');
    node.to('team').emit('out');
    await nothing(device);
    node.in(device.socket.id).disconnectSockets(true);
    await until(() => device.lost === 'io server disconnect', { what: 'the device to be disconnected' });
  });

  test('gets every acknowledgement of a broadcast', async () => {
    const [alice, bob] = names('alice', 'bob');
    const a = await connect(one, alice, { ask: [{ yes: 1, data: Buffer.from('b') }] });
    const b = await connect(two, alice, { ask: ['two'] });
    const c = await connect(two, bob, { ask: [] });
    const answers = await node.to([`user:${alice}`, `user:${bob}`]).timeout(5000).emitWithAck('ask', 1, Buffer.from('q'));
    assert.equal(answers.length, 3);
    assert.ok(answers.some((answer) => answer?.yes === 1 && Buffer.from(answer.data).toString() === 'b'));
    assert.ok(answers.includes('two') && answers.some((answer) => answer == null));
    for (const device of [a, b, c]) await gets(device, ['ask', 1, Buffer.from('q')]);
  });

  test('is told who did not acknowledge in time', async () => {
    const [alice] = names('alice');
    await connect(one, alice, { ask: ['yes'] });
    await connect(two, alice);
    await assert.rejects(node.to(`user:${alice}`).timeout(300).emitWithAck('ask'), (error) => {
      assert.deepEqual(error.responses, ['yes']);
      return true;
    });
  });

  test('a broadcast to nobody is over at once; serverSideEmit does not fail because of presenced', async () => {
    assert.deepEqual(await node.to('user:nobody').timeout(3000).emitWithAck('ask'), []);
    assert.deepEqual(await node.serverSideEmitWithAck('hello'), [null, null]);
  });
});

test('after Redis was away events arrive again', async () => {
  const [alice] = names('alice');
  const device = await connect(one, alice);
  await redis.kill();
  await redis.start();
  await until(async () => (await redis.command('PUBSUB', 'NUMSUB', REQUESTS))[1] === 3, { what: 'all to listen again' });
  emitter.to(`user:${alice}`).emit('back');
  await gets(device, ['back']);
  assert.match(one.log, /back ends: events of other Socket.IO servers are missed/);
});
