// The client against a real server: what it knows, asks and is told.
import { io } from 'socket.io-client';
import { describe, expect, test } from 'vitest';

import { createPresence, PresenceError, type PresenceOptions } from '../src/index.js';
import { frozen, until, useOpened, users, useServer } from '../../../testing/server.js';

const server = useServer({ disconnect_grace: '10s' });
const opened = useOpened();
const connect = (userId: string, more: Partial<PresenceOptions> = {}) =>
  opened(createPresence({ url: server().url, auth: { userId }, ...more } as PresenceOptions));

async function friends() {
  const [alice, bob] = users('alice', 'bob');
  await server().befriend(alice, bob);
  const a = connect(alice);
  await until(() => a.store.synced, { what: 'the contacts of alice' });
  return { alice, bob, a };
}

describe('the contacts', () => {
  test('arrive when it connects, and are followed', async () => {
    const { bob, a } = await friends();
    expect(a.store.contacts()).toEqual([{ userId: bob, status: 'offline', lastSeen: 0, deviceCount: 0 }]);

    const b = connect(bob, { deviceInfo: { type: 'mobile', os: 'iOS' } });
    await until(() => a.store.user(bob).status === 'online', { what: 'bob online' });
    expect(a.store.user(bob)).toMatchObject({ deviceCount: 1, devices: [{ deviceType: 'mobile' }] });
    expect(a.store.user(bob).devices![0]).not.toHaveProperty('os');

    connect(bob);
    await until(() => a.store.user(bob).deviceCount === 2, { what: 'a second device' });

    await b.setStatus('busy', { customMessage: 'In a meeting' });
    await until(() => a.store.user(bob).status === 'busy', { what: 'bob busy' });
    expect(a.store.user(bob).customMessage).toBe('In a meeting');

    await b.setStatus('offline');
    await until(() => a.store.user(bob).status === 'offline', { what: 'bob invisible' });
    expect(a.store.user(bob)).toMatchObject({ deviceCount: 0, offlineReason: 'manual' });
    expect(a.store.user(bob).customMessage).toBeUndefined();
  });

  test('are added and removed while connected', async () => {
    const { alice, a } = await friends();
    const [carol] = users('carol');
    connect(carol);
    await until(async () => (await server().presence(carol)).deviceCount === 1);
    await server().befriend(alice, carol);
    await until(() => a.store.user(carol).status === 'online', { what: 'the new contact' });
    expect(a.store.isContact(carol)).toBe(true);
    await server().unfriend(alice, carol);
    await until(() => !a.store.isContact(carol), { what: 'the contact to be removed' });
    expect(a.store.user(carol)).toMatchObject({ status: 'offline', lastSeen: 0 });
  });
});

describe('the own view', () => {
  test('shows devices with details, and offline while invisible', async () => {
    const { alice, a } = await friends();
    await until(() => a.me?.status === 'online', { what: 'the own presence' });
    expect(a.userId).toBe(alice);
    expect(a.me!.devices![0]).toHaveProperty('lastHeartbeat');
    const second = connect(alice);
    await until(() => a.me?.deviceCount === 2, { what: 'the other device' });
    await second.setStatus('offline', { customMessage: 'away from everybody' });
    await until(() => a.me?.status === 'offline', { what: 'being invisible' });
    expect(a.me).toMatchObject({ deviceCount: 2, customMessage: 'away from everybody' });
    const own = await a.setStatus('online');
    expect(own).toMatchObject({ status: 'online' });
    expect(own.customMessage).toBeUndefined();
  });

  test('a choice ends when it said so', async () => {
    const { a } = await friends();
    await a.setStatus('busy', { expiresAt: new Date(a.now() + 300) });
    expect(a.me?.status).toBe('busy');
    await until(() => a.me?.status === 'online', { what: 'the choice to end' });
  });
});

describe('asking', () => {
  test('check gives each once in order, also strangers; get gives one', async () => {
    const { bob, a } = await friends();
    connect(bob);
    await until(() => a.store.user(bob).status === 'online');
    const answer = await a.check(['nobody', bob, 'nobody']);
    expect(answer.map(({ userId, status }) => [userId, status])).toEqual([['nobody', 'offline'], [bob, 'online']]);
    expect(answer[1]).toBe(a.store.user(bob));
    expect(answer[1]!.devices).toHaveLength(1);
    expect(await a.get(bob)).toBe(a.store.user(bob));
    expect(a.store.isContact('nobody')).toBe(false);
  });

  test('about more users than one request may name', async () => {
    const { a } = await friends();
    const many = Array.from({ length: 2001 }, (_, i) => `user${i}`);
    expect((await a.check(many)).map((user) => user.userId)).toEqual(many);
  });

  test('a refusal is a PresenceError with the code and the event', async () => {
    const { a } = await friends();
    const refused = await a.setStatus('busy', { customMessage: 'x'.repeat(257) }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PresenceError);
    expect(refused).toMatchObject({ code: 'invalid_argument', event: 'set_user_status' });
    expect((refused as Error).message).toContain('customMessage');
  });

  test('before it is connected waits for the connection', async () => {
    const [alice] = users('alice');
    const a = connect(alice);
    expect(a.connection.status).toBe('connecting');
    expect((await a.setStatus('away')).status).toBe('away');
  });

  test('a server that does not answer: timeout', async () => {
    const { a } = await friends();
    const slow = connect(users('slow')[0], { timeout: 150 });
    await until(() => slow.store.synced);
    await frozen(server(), () => expect(slow.get('x')).rejects.toMatchObject({ code: 'timeout' }));
    await a.get('x');
  });

  test('close: what waits is refused, and nothing comes any more', async () => {
    const { alice, a } = await friends();
    const answer = a.get('x');
    a.close();
    await expect(answer).rejects.toMatchObject({ code: 'closed' });
    expect(a.connection).toMatchObject({ status: 'disconnected', error: { code: 'closed' } });
    expect(() => a.connect()).toThrow(PresenceError);
    await expect(a.setStatus('busy')).rejects.toMatchObject({ code: 'closed' });
    await expect(a.check([alice])).rejects.toMatchObject({ code: 'closed' });
    // A deliberate leave: gone at once, not after the grace.
    await until(async () => (await server().presence(alice)).deviceCount === 0);
  });
});

describe('events', () => {
  test('of the server come by name with their types, after the store has taken them in', async () => {
    const { bob, a } = await friends();
    const seen: string[] = [];
    a.on('user_online', ({ userId, devices }) => seen.push(`${userId} ${devices.length} ${a.store.user(userId).status}`));
    const stop = a.on('user_offline', ({ offlineReason }) => seen.push(offlineReason));
    const b = connect(bob);
    await until(() => seen.length === 1 && b.connection.status === 'connected');
    expect(seen).toEqual([`${bob} 1 online`]);
    b.close();
    await until(() => seen.length === 2);
    expect(seen[1]).toBe('disconnected');
    stop();
    connect(bob);
    await until(() => seen.length === 3);
  });

  test('a listener that throws does not disturb the others', async () => {
    const { bob, a } = await friends();
    const uncaught: unknown[] = [];
    const original = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    try {
      a.on('user_online', () => {
        throw new Error('of the application');
      });
      let heard = false;
      a.on('user_online', () => (heard = true));
      connect(bob);
      await until(() => heard && uncaught.length === 1);
      expect(a.store.user(bob).status).toBe('online');
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of original) process.on('uncaughtException', listener);
    }
  });

  test('the connection is told', async () => {
    const [alice] = users('alice');
    const a = connect(alice, { autoConnect: false });
    const states: string[] = [];
    a.on('connection', ({ status }) => states.push(status));
    expect(a.connection.status).toBe('disconnected');
    a.connect();
    await until(() => a.store.synced);
    a.socket!.io.engine.close();
    await until(() => states.filter((state) => state === 'connected').length === 2);
    a.close();
    expect(states).toEqual(['connecting', 'connected', 'connecting', 'connected', 'disconnected']);
  });
});

describe("an application's socket", () => {
  const open = (userId: string) => {
    const socket = io(server().url, { auth: { userId }, forceNew: true });
    opened({ close: () => socket.disconnect() });
    return socket;
  };

  test('that connects later: its handshake asks for the contacts', async () => {
    const [alice, bob] = users('alice', 'bob');
    await server().befriend(alice, bob);
    const socket = io(server().url, { auth: { userId: alice }, autoConnect: false });
    opened({ close: () => socket.disconnect() });
    const a = opened(createPresence({ socket, userId: alice }));
    let snapshots = 0;
    a.on('presence_snapshot', () => snapshots++);
    expect(socket.connected).toBe(false);
    socket.connect();
    await until(() => a.store.synced && a.me?.status === 'online');
    expect(a.store.isContact(bob)).toBe(true);
    expect(snapshots).toBe(1);
  });

  test('that is connected already: the contacts are asked for; later connections are as the first', async () => {
    const [alice, bob] = users('alice', 'bob');
    await server().befriend(alice, bob);
    const socket = open(alice);
    await until(() => socket.connected);
    const a = opened(createPresence({ socket, userId: alice }));
    await until(() => a.store.synced, { what: 'the contacts' });
    expect(a.connection.status).toBe('connected');

    let partial: boolean | undefined;
    a.on('presence_snapshot', ({ full }) => (partial = !full));
    socket.io.engine.close();
    await until(() => partial !== undefined, { what: 'the snapshot of the second connection' });
    expect(partial).toBe(true);
  });

  test('is left as it was by close', async () => {
    const [alice] = users('alice');
    const auth = { userId: alice };
    const socket = io(server().url, { auth, forceNew: true });
    opened({ close: () => socket.disconnect() });
    const a = opened(createPresence({ socket, userId: alice }));
    await until(() => a.store.synced);
    a.close();
    expect(socket.connected).toBe(true);
    expect(socket.auth).toBe(auth);
    for (const name of ['connect', 'disconnect', 'connect_error', 'user_online', 'token_expired']) {
      expect(socket.listeners(name as 'connect'), name).toEqual([]);
    }
    expect(socket.io.listeners('ping')).toEqual([]);
  });

  test('learns who the user is from the first answer that tells, and is refused as the application', async () => {
    const [alice] = users('alice');
    const a = opened(createPresence({ socket: open(alice) }));
    await until(() => a.store.synced);
    expect(a.me).toBeUndefined();
    await a.setStatus('busy');
    expect(a.me?.status).toBe('busy');

    const socket = io(server().url, { auth: { userId: '' }, forceNew: true });
    opened({ close: () => socket.disconnect() });
    const refused = opened(createPresence({ socket }));
    await until(() => refused.connection.status === 'disconnected' && refused.connection.error);
    expect(refused.connection.error!.code).toBe('unauthorized');
  });
});
