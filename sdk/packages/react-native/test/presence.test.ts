// A phone whose application comes and goes, with a real server.
import { createPresence } from '@presenced/client';
import { expect, test } from 'vitest';

import { appStateActivity, createMobilePresence } from '../src/index.js';
import { AppStateOfATest } from '../../../testing/app_state.js';
import { until, useOpened, users, useServer } from '../../../testing/server.js';

const server = useServer({ stale_after: '600ms', disconnect_grace: '10s' });
const opened = useOpened();

async function phone(state: AppStateOfATest) {
  const [alice, bob] = users('alice', 'bob');
  await server().befriend(alice, bob);
  const a = opened(createPresence({ url: server().url, auth: { userId: alice }, heartbeatInterval: 100 }));
  await until(() => a.store.synced);
  const b = opened(createMobilePresence({
    url: server().url, auth: { userId: bob }, heartbeatInterval: 100,
    AppState: state, Platform: { OS: 'ios', Version: '17.2' },
  }));
  await until(() => b.store.synced);
  const asked: string[] = [];
  b.socket!.onAnyOutgoing((event: string) => asked.push(event));
  return { a, b, bob, asked };
}

test('it is a mobile device with its system', async () => {
  const { a, b, bob } = await phone(new AppStateOfATest());
  await until(() => a.store.user(bob).status === 'online');
  expect(a.store.user(bob).devices![0]!.deviceType).toBe('mobile');
  await until(() => b.me?.devices);
  expect(b.me!.devices![0]).toMatchObject({ deviceType: 'mobile', os: 'iOS 17.2' });
});

test('in the background it goes stale though its connection stays; in front it is back and up to date', async () => {
  const state = new AppStateOfATest();
  const { a, b, bob, asked } = await phone(state);
  await until(() => a.store.user(bob).status === 'online');
  state.become('inactive', 'background');
  asked.length = 0;
  await until(() => a.store.user(bob).offlineReason === 'inactive', { what: 'the phone to go stale' });
  expect(b.connection.status).toBe('connected');
  expect(asked).toEqual([]);
  state.become('inactive', 'active');
  await until(() => a.store.user(bob).status === 'online', { what: 'the phone in front' });
  expect(asked[0]).toBe('user_heartbeat');
  expect(asked).toContain('get_contacts');
});

test('a connection that was lost in the background is made at once in front', async () => {
  const state = new AppStateOfATest();
  const { b } = await phone(state);
  b.socket!.io.reconnectionDelay(600_000);
  b.socket!.io.reconnectionDelayMax(600_000);
  state.become('background');
  b.socket!.io.engine.close();
  await until(() => b.connection.status === 'connecting');
  state.become('active');
  await until(() => b.connection.status === 'connected', { what: 'the connection' });
});

test('started in the background it sends nothing until it is in front', async () => {
  const state = new AppStateOfATest('background');
  const { asked } = await phone(state);
  expect(asked).not.toContain('user_heartbeat');
  state.become('active');
  await until(() => asked.includes('user_heartbeat'));
});

test('closed, it listens no more', async () => {
  const state = new AppStateOfATest();
  const { b } = await phone(state);
  expect(state.listenerCount).toBe(1);
  b.close();
  expect(state.listenerCount).toBe(0);
});

test('the idle time is that since it was left', () => {
  const state = new AppStateOfATest();
  const activity = appStateActivity(state);
  const signals: string[] = [];
  activity.subscribe((signal) => signals.push(signal));
  expect(activity.idleMs()).toBe(0);
  state.become('inactive', 'background', 'inactive', 'active', 'active');
  expect(signals).toEqual(['pause', 'resume']);
  state.become('background');
  expect(activity.idleMs()).toBeLessThan(5000);
});
