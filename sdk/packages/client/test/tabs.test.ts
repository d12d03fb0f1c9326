// Tabs that share one connection: several clients in this process are the tabs of a browser, with the
// BroadcastChannel of Node.js between them and a server that sees one device.
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { createPresence, nodeActivity, type OwnConnectionOptions, type Presence } from '../src/index.js';
import { LocksOfABrowser } from '../../../testing/locks.js';
import { frozen, until, useOpened, users, useServer } from '../../../testing/server.js';

const server = useServer({ disconnect_grace: '10s', auto_away_after: '5s' });
const opened = useOpened();

const navigatorBefore = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
const browser = (locks: unknown) =>
  Object.defineProperty(globalThis, 'navigator', { value: { locks, userAgent: '' }, configurable: true });
beforeEach(() => browser(new LocksOfABrowser()));
afterAll(() => {
  if (navigatorBefore) Object.defineProperty(globalThis, 'navigator', navigatorBefore);
  else delete (globalThis as { navigator?: unknown }).navigator;
});

const tab = (userId: string, more: Partial<OwnConnectionOptions> = {}): Presence =>
  opened(createPresence({
    url: server().url, auth: { userId }, share: true,
    socketOptions: { reconnectionDelay: 20 }, ...more,
  }));
const devices = async (user: string) => (await server().presence(user)).devices.length as number;

async function twoTabs(more: Partial<OwnConnectionOptions> = {}) {
  const [alice, bob] = users('alice', 'bob');
  await server().befriend(alice, bob);
  const leader = tab(alice, more);
  await until(() => leader.store.synced);
  const other = tab(alice, more);
  await until(() => other.store.synced, { what: 'the contacts of the second tab' });
  return { alice, bob, leader, other };
}

test('two tabs are one connection and one device, and both know everything', async () => {
  const { alice, bob, leader, other } = await twoTabs();
  expect(other.socket).toBeUndefined();
  expect(await devices(alice)).toBe(1);
  expect(other.connection.status).toBe('connected');

  const seen: string[] = [];
  other.on('user_online', ({ userId }) => seen.push(userId));
  const b = opened(createPresence({ url: server().url, auth: { userId: bob } }));
  await until(() => other.store.user(bob).status === 'online' && leader.store.user(bob).status === 'online');
  expect(seen).toEqual([bob]);
  await until(() => other.me?.status === 'online');

  await other.setStatus('busy', { customMessage: 'from the second tab' });
  await until(() => leader.me?.customMessage === 'from the second tab');
  await until(() => b.store.user(alice).status === 'busy');
  expect((await other.check([bob]))[0]).toBe(other.store.user(bob));
  await expect(other.setStatus('busy', { customMessage: 'x'.repeat(257) }))
    .rejects.toMatchObject({ code: 'invalid_argument', event: 'set_user_status' });
});

describe('when the tab with the connection goes', () => {
  test.each([
    ['closed by the application', (leader: Presence) => leader.close()],
    ['closed by the user', (leader: Presence) => {
      leader.socket!.io.reconnection(false);
      leader.socket!.io.engine.close();
      leader.close(); // its lock and its channel go with it
    }],
  ])('%s: another takes over, as the same device, and nobody is told', async (_, goes) => {
    const { alice, bob, leader, other } = await twoTabs();
    const b = opened(createPresence({ url: server().url, auth: { userId: bob } }));
    await until(() => b.store.user(alice).status === 'online');
    const news = vi.fn();
    for (const name of ['user_offline', 'user_online', 'user_devices_changed'] as const) b.on(name, news);

    goes(leader);
    await until(() => other.socket?.connected, { what: 'the other tab to connect' });
    expect(await devices(alice)).toBe(1);
    await b.setStatus('away');
    await until(() => other.store.user(bob).status === 'away', { what: 'news in the other tab' });
    await b.get(alice);
    expect(news).not.toHaveBeenCalled();
  });

  test('the last tab says goodbye', async () => {
    const { alice, bob, leader, other } = await twoTabs();
    const b = opened(createPresence({ url: server().url, auth: { userId: bob } }));
    await until(() => b.store.user(alice).status === 'online');
    other.close();
    leader.close();
    await until(() => b.store.user(alice).status === 'offline'); // sooner than the grace
  });

  test('what was asked of it is asked again, of the one that takes over', async () => {
    const { alice, bob, leader, other } = await twoTabs();
    const third = tab(alice);
    await until(() => third.store.synced);
    let answers: Promise<unknown>[] = [];
    let passedOn = 0;
    leader.socket!.onAnyOutgoing((event) => event === 'get_user_presence' && passedOn++);
    await frozen(server(), async () => {
      answers = [other.get(bob), third.get(bob)];
      await until(() => passedOn === 2, { what: 'both to be asked of the server' });
      leader.close();
    });
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ userId: bob });
  });
});

test('a lost connection is told to all tabs, and what was missed comes to all', async () => {
  const { bob, leader, other } = await twoTabs();
  const states: string[] = [];
  other.on('connection', ({ status }) => states.push(status));
  leader.socket!.io.engine.close();
  opened(createPresence({ url: server().url, auth: { userId: bob } }));
  await until(() => states.at(-1) === 'connected');
  expect(states).toEqual(['connecting', 'connected']);
  await until(() => other.store.user(bob).status === 'online');
});

test('the device is idle when all its tabs are', async () => {
  const idle = { leader: 0, other: 0 };
  const [alice] = users('alice');
  const options = (name: keyof typeof idle) =>
    ({ heartbeatInterval: 60, activity: nodeActivity(() => idle[name]) });
  const leader = tab(alice, options('leader'));
  await until(() => leader.store.synced);
  const other = tab(alice, options('other'));
  await until(() => other.me?.status === 'online');

  idle.leader = 6_000_000;
  const asked: unknown[] = [];
  leader.socket!.onAnyOutgoing((event, { idleMs }) => event === 'user_heartbeat' && asked.push(idleMs));
  await until(() => asked.length >= 5);
  expect(asked.every((ms) => (ms as number) < 5000)).toBe(true);
  expect(leader.me?.status).toBe('online');
});

test('users who share a browser do not share a connection; servers neither', async () => {
  const [alice, bob] = users('alice', 'bob');
  const a = tab(alice);
  const b = tab(bob);
  await until(() => a.store.synced && b.store.synced);
  expect(await devices(alice)).toBe(1);
  expect(await devices(bob)).toBe(1);
});

test('who the user is has to be known', () => {
  expect(() => createPresence({ url: server().url, auth: () => ({ token: 'x' }), share: true })).toThrow(TypeError);
});

describe('a browser without Web Locks', () => {
  test('has a connection for each tab', async () => {
    browser(undefined);
    const [alice] = users('alice');
    const first = tab(alice);
    const second = tab(alice);
    await until(() => first.store.synced && second.store.synced);
    expect(await devices(alice)).toBe(2);
  });
});

test('refused by the server: all tabs know why, and any of them can try again', async () => {
  const first = tab('', { userId: 'nobody' });
  await until(() => first.connection.status === 'disconnected');
  const second = tab('', { userId: 'nobody' });
  await until(() => second.connection.status === 'disconnected');
  expect(second.connection.error?.code).toBe('unauthorized');
  const states: string[] = [];
  first.on('connection', ({ status }) => states.push(status));
  second.connect();
  await until(() => states.length === 2);
  expect(states).toEqual(['connecting', 'disconnected']);
});
