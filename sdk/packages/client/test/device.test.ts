// @vitest-environment jsdom
// A tab as a device: its id over reloads, its user agent, its activity. The environment gives a page;
// the server and the connection are real.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { browserActivity, createPresence, describeDevice, type Presence } from '../src/index.js';
import { acquireDeviceId as acquire, type DeviceId } from '../src/device.js';
import { during } from '../../../testing/noting.js';
import { until, useOpened, users, useServer } from '../../../testing/server.js';

const server = useServer({ disconnect_grace: '10s' });
const opened = useOpened();
beforeEach(() => sessionStorage.clear());

// What a test took is given back, since all tests of this file are in one page.
const taken: DeviceId[] = [];
afterEach(() => taken.splice(0).forEach((id) => id.release()));
function acquireDeviceId(): DeviceId {
  const id = acquire();
  taken.push(id);
  return id;
}

const leave = () => window.dispatchEvent(new Event('pagehide'));

describe('the id of a tab', () => {
  test('is the same after a reload', () => {
    const before = acquireDeviceId();
    leave();
    expect(acquireDeviceId().value).toBe(before.value);
  });

  test('is not that of the tab it was duplicated from', () => {
    const original = acquireDeviceId();
    // A duplicate starts with a copy of the storage as it is while the original is open.
    expect(acquireDeviceId().value).not.toBe(original.value);
    leave();
    const reloaded = acquireDeviceId();
    expect(acquireDeviceId().value).not.toBe(reloaded.value);
  });

  test('is that of each presence in the page, and free again when one is closed', () => {
    const [first, second] = [acquireDeviceId(), acquireDeviceId()];
    expect(first.value).not.toBe(second.value);
    first.release();
    expect(acquireDeviceId().value).toBe(first.value);
    leave();
    expect([acquireDeviceId().value, acquireDeviceId().value].sort()).toEqual([first.value, second.value].sort());
  });

  test('stays when the page comes back from the back/forward cache', () => {
    const id = acquireDeviceId();
    leave();
    window.dispatchEvent(new Event('pageshow'));
    expect(acquireDeviceId().value).not.toBe(id.value);
  });

  test('is there without sessionStorage, too', async () => {
    const forbidden = () => {
      throw new DOMException('forbidden', 'SecurityError');
    };
    await during(window, 'sessionStorage', { get: forbidden }, () => {
      expect(acquireDeviceId().value).toMatch(/^[a-z0-9]{8,64}$/);
      leave();
    });
  });

  test('makes a reload no news to anybody', async () => {
    const [alice, bob] = users('alice', 'bob');
    await server().befriend(alice, bob);
    const connect = (userId: string, more = {}) => createPresence({ url: server().url, auth: { userId }, ...more });
    const b = opened(connect(bob, { deviceId: 'of another browser' }));
    await until(() => b.store.synced);
    const news: string[] = [];
    for (const name of ['user_online', 'user_offline', 'user_devices_changed'] as const) b.on(name, () => news.push(name));

    const before = connect(alice);
    await until(() => before.store.synced);
    before.socket!.io.reconnection(false);
    before.socket!.io.engine.close(); // what a browser does when a page goes
    leave();
    const after = opened(connect(alice));
    await until(() => after.store.synced);
    await b.get(alice); // after all news
    expect(news).toEqual(['user_online']);
    expect(b.store.user(alice).deviceCount).toBe(1);
    before.close();
  });
});

test.each([
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17.0 Mobile/15E148 Safari/604.1',
    { type: 'mobile', os: 'iOS', browser: 'Safari' }],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0',
    { type: 'web', os: 'Windows', browser: 'Edge' }],
  ['Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36',
    { type: 'mobile', os: 'Android', browser: 'Chrome' }],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0',
    { type: 'web', os: 'Linux', browser: 'Firefox' }],
  ['', { type: 'web' }],
])('what a user agent says: %s', (userAgent, info) => {
  expect(describeDevice(userAgent)).toEqual(info);
});

describe('activity of a page', () => {
  afterEach(() => vi.useRealTimers());

  test('the idle time ends by pointer and keyboard; after a minute that is told', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const activity = browserActivity();
    const signals: string[] = [];
    const stop = activity.subscribe((signal) => signals.push(signal));
    for (const [name, after] of [['pointermove', 59_000], ['keydown', 60_000], ['wheel', 61_000], ['scroll', 500]] as const) {
      vi.setSystemTime(Date.now() + after);
      expect(activity.idleMs()).toBe(after);
      document.body.dispatchEvent(new Event(name)); // does not bubble, is seen all the same
      expect(activity.idleMs()).toBe(0);
    }
    expect(signals).toEqual(['active', 'active']);
    stop();
    vi.setSystemTime(Date.now() + 100_000);
    document.body.dispatchEvent(new Event('keydown'));
    expect(signals).toHaveLength(2);
  });

  test('a page that is shown, thawed or online again is awake', async () => {
    const signals: string[] = [];
    const stop = browserActivity().subscribe((signal) => signals.push(signal));
    document.dispatchEvent(new Event('visibilitychange'));
    document.dispatchEvent(new Event('resume'));
    window.dispatchEvent(new Event('pageshow'));
    window.dispatchEvent(new Event('online'));
    expect(signals).toEqual(['resume', 'resume', 'resume', 'resume']);
    await during(document, 'visibilityState', { value: 'hidden' }, () => {
      document.dispatchEvent(new Event('visibilitychange'));
    });
    expect(signals).toHaveLength(4);
    stop();
  });

  test('awake, it does not wait to connect again', async () => {
    const [alice] = users('alice');
    // Reconnecting by itself would take far longer than a test may.
    const presence: Presence = opened(createPresence({
      url: server().url, auth: { userId: alice },
      socketOptions: { reconnectionDelay: 600_000, reconnectionDelayMax: 600_000 },
    }));
    await until(() => presence.store.synced);
    presence.socket!.io.engine.close();
    await until(() => presence.connection.status === 'connecting');
    window.dispatchEvent(new Event('online'));
    await until(() => presence.connection.status === 'connected', { what: 'the connection' });
  });
});
