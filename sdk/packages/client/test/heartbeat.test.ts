// Being alive to the server (contract, section 6): by timer, where timers do not run, and not at all
// while the application sleeps.
import { expect, test, vi } from 'vitest';

import { createPresence, nodeActivity, type Activity, type ActivitySignal } from '../src/index.js';
import { during } from '../../../testing/noting.js';
import { until, useOpened, users, useServer } from '../../../testing/server.js';

const server = useServer({ stale_after: '600ms', auto_away_after: '5s', ping_interval: '150ms' });
const opened = useOpened();

async function watched(more: object) {
  const [alice, bob] = users('alice', 'bob');
  await server().befriend(alice, bob);
  const a = opened(createPresence({ url: server().url, auth: { userId: alice }, heartbeatInterval: 100 }));
  await until(() => a.store.synced);
  const b = opened(createPresence({ url: server().url, auth: { userId: bob }, ...more }));
  await until(() => a.store.user(bob).status === 'online', { what: 'bob online' });
  return { a, b, bob };
}

/** Heartbeats of the user's device that the server has heard since. */
function heard(user: string) {
  const times = new Set<number>();
  return async () => {
    const { devices } = await server().presence(user);
    times.add(devices[0].lastHeartbeat);
    return times.size;
  };
}

test('heartbeats keep the device live beyond stale_after', async () => {
  const { a, bob } = await watched({ heartbeatInterval: 100 });
  const offline = vi.fn();
  a.on('user_offline', offline);
  const beats = heard(bob);
  await until(async () => (await beats()) >= 12, { what: 'more than stale_after of heartbeats' });
  expect(offline).not.toHaveBeenCalled();
});

test('without any the device is stale; one makes it live again', async () => {
  const { a, b, bob } = await watched({ heartbeatInterval: 3_600_000 });
  await until(() => a.store.user(bob).offlineReason === 'inactive', { what: 'bob inactive' });
  expect(b.connection.status).toBe('connected');
  b.heartbeat();
  await until(() => a.store.user(bob).status === 'online', { what: 'bob back' });
});

test("where timers do not run, the server's pings keep it live", async () => {
  const { a, b, bob } = await watched({ heartbeatInterval: 200 });
  const offline = vi.fn();
  a.on('user_offline', offline);
  // The next timer that the client sets never fires; those of Socket.IO and of this test do.
  const real = globalThis.setTimeout;
  const never = (callback: () => void, ms?: number) => (ms === 200 ? 0 : real(callback, ms));
  await during(globalThis, 'setTimeout', { value: never }, async () => {
    b.heartbeat();
    const beats = heard(bob);
    await until(async () => (await beats()) >= 6, { what: 'heartbeats beyond stale_after' });
    expect(offline).not.toHaveBeenCalled();
  });
});

test('being idle is told, and coming back from it at once', async () => {
  let idle = 0;
  const { a, bob } = await watched({ heartbeatInterval: 100, activity: nodeActivity(() => idle) });
  idle = 6000;
  await until(() => a.store.user(bob).autoAway, { what: 'bob away by idling' });
  expect(a.store.user(bob).status).toBe('away');
  idle = 0;
  await until(() => a.store.user(bob).status === 'online', { what: 'bob back' });
  expect(a.store.user(bob).autoAway).toBeUndefined();
});

test('an application that sleeps sends none; awake it sends one and asks for the contacts', async () => {
  let signal: (name: ActivitySignal) => void = () => {};
  const activity: Activity = {
    idleMs: () => 0,
    subscribe(listener) {
      signal = listener;
      return () => (signal = () => {});
    },
  };
  const { a, b, bob } = await watched({ heartbeatInterval: 100, activity });
  signal('pause');
  await until(() => a.store.user(bob).offlineReason === 'inactive', { what: 'bob inactive' });
  const asked: string[] = [];
  b.socket!.onAnyOutgoing((event: string) => asked.push(event));
  signal('resume');
  await until(() => a.store.user(bob).status === 'online', { what: 'bob back' });
  expect(asked).toEqual(expect.arrayContaining(['user_heartbeat', 'get_contacts']));
  b.close();
  signal('resume'); // nothing listens any more
});

test('the clock of the server is known, also when that of the device is set', async () => {
  const hour = 3_600_000;
  let skew = hour;
  const truth = () => performance.timeOrigin + performance.now();
  const [alice] = users('alice');
  await during(Date, 'now', { value: () => truth() + skew }, async () => {
    const a = opened(createPresence({ url: server().url, auth: { userId: alice }, heartbeatInterval: 50 }));
    const isRight = () => Math.abs(a.now() - truth()) < 2000;
    await until(() => a.store.synced);
    expect(isRight()).toBe(true);
    skew = -hour;
    expect(isRight()).toBe(false);
    a.heartbeat();
    await until(isRight, { what: 'the clock to be corrected' });
  });
});
