// Connections that break, servers that restart, Redis that is away: in the end the store is true.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { createPresence, type OwnConnectionOptions, type Presence } from '../src/index.js';
import { frozen, Redis, Server, until, useOpened, users, useServer } from '../../../testing/server.js';

const opened = useOpened();
const impatient = { reconnectionDelay: 20, reconnectionDelayMax: 100 };
const to = (server: Server, userId: string, more: Partial<OwnConnectionOptions> = {}) =>
  opened(createPresence({ url: server.url, auth: { userId }, socketOptions: impatient, ...more }));

describe('one node', () => {
  const server = useServer({ 'limits.devices_per_user': 2, disconnect_grace: '5s' });

  async function watched() {
    const [alice, bob] = users('alice', 'bob');
    await server().befriend(alice, bob);
    const a = to(server(), alice);
    const b = to(server(), bob);
    await until(() => a.store.user(bob).status === 'online' && b.store.user(alice).status === 'online');
    return { alice, bob, a, b };
  }

  test('a lost connection comes back as the same device, with what changed only', async () => {
    const { a, b, alice } = await watched();
    const news = vi.fn();
    for (const name of ['user_online', 'user_offline', 'user_devices_changed'] as const) b.on(name, news);
    const snapshots: unknown[] = [];
    a.on('presence_snapshot', (snapshot) => snapshots.push(snapshot));
    a.socket!.io.engine.close();
    await until(() => a.connection.status === 'connecting');
    await b.setStatus('busy', { customMessage: 'while alice was away' });
    await until(() => snapshots.length === 1, { what: 'the snapshot' });
    expect(snapshots[0]).toMatchObject({ full: false, users: [{ status: 'busy' }] });
    expect(a.store.contacts()[0]).toMatchObject({ status: 'busy', customMessage: 'while alice was away' });
    expect((await server().presence(alice)).deviceCount).toBe(1);
    await b.get(alice); // after whatever the server had to say before
    expect(news).not.toHaveBeenCalled();
  });

  test('contacts that changed meanwhile are right, too', async () => {
    const { a, alice, bob } = await watched();
    const [carol] = users('carol');
    a.socket!.io.reconnection(false);
    a.socket!.io.engine.close();
    await until(() => !a.socket!.connected);
    await server().unfriend(alice, bob);
    await server().befriend(alice, carol);
    a.connect();
    await until(() => a.store.isContact(carol), { what: 'the new list' });
    expect(a.store.contacts().map((user) => user.userId)).toEqual([carol]);
  });

  test('an answer that is lost with the connection: disconnected', async () => {
    const { a } = await watched();
    await frozen(server(), () => {
      const answer = a.get('x');
      a.socket!.io.engine.close();
      return expect(answer).rejects.toMatchObject({ code: 'disconnected' });
    });
  });

  test('a restarted server is found again by itself', async () => {
    const { a, b, bob } = await watched();
    await b.setStatus('away');
    await server().restart();
    await until(() => a.connection.status === 'connected' && b.connection.status === 'connected');
    await until(() => a.store.user(bob).status === 'away', { what: 'the truth' });
    await b.setStatus('online');
    await until(() => a.store.user(bob).status === 'online', { what: 'what changes afterwards' });
  });

  test('too many devices: it comes in when there is room', async () => {
    const [alice] = users('alice');
    const first = to(server(), alice);
    const second = to(server(), alice);
    await until(() => first.store.synced && second.store.synced);
    const third = to(server(), alice);
    await until(() => third.connection.error?.code === 'too_many_devices');
    expect(third.connection.status).toBe('connecting');
    first.close();
    await until(() => third.store.synced, { what: 'the third device' });
  });

  test('a second one with its deviceId replaces it, and the two do not fight', async () => {
    const [alice] = users('alice');
    const first = to(server(), alice, { deviceId: 'the-device' });
    await until(() => first.store.synced);
    const second = to(server(), alice, { deviceId: 'the-device' });
    await until(() => first.connection.status === 'disconnected');
    expect(first.connection.error).toMatchObject({ code: 'disconnected', message: 'io server disconnect' });
    await until(() => second.connection.status === 'connected');
    first.connect();
    await until(() => second.connection.status === 'disconnected' && first.connection.status === 'connected');
  });

  test('nobody there: it says so and goes on trying', async () => {
    const presence = opened(createPresence({
      url: 'http://127.0.0.1:9', auth: { userId: 'alice' }, socketOptions: impatient,
    }));
    await until(() => presence.connection.error?.code === 'unreachable');
    expect(presence.connection.status).toBe('connecting');
  });
});

describe('Redis away', () => {
  let redis: Redis;
  let server: Server;
  beforeAll(async () => {
    redis = await Redis.start();
    server = await Server.start({ 'redis.url': redis.url });
  });
  afterAll(async () => {
    await server.stop();
    await redis.kill();
  });

  test('answers are marked stale, nobody is lost, and the mark goes when Redis is back', async () => {
    const [alice, bob] = users('alice', 'bob');
    await server.befriend(alice, bob);
    const a: Presence = to(server, alice, { heartbeatInterval: 100 });
    to(server, bob);
    await until(() => a.store.user(bob).status === 'online');
    await redis.kill();
    await until(async () => (await a.get(bob)).stale, { what: 'a stale answer', within: 15_000 });
    a.socket!.io.engine.close();
    await until(() => a.connection.status === 'connecting');
    await until(() => a.connection.status === 'connected');
    await a.resync();
    expect(a.store.contacts()).toMatchObject([{ userId: bob, status: 'online', stale: true }]);
    await expect(a.setStatus('busy')).rejects.toMatchObject({ code: 'store_unavailable' });
    await redis.start();
    await until(() => a.store.user(bob).stale === undefined, { what: 'fresh answers', within: 15_000 });
    expect(a.store.user(bob).status).toBe('online');
  }, 40_000);
});
