// The guide's texts, word for word, and other languages.
import { describe, expect, test } from 'vitest';

import { lastSeenText, statusText, type UserPresence } from '../src/index.js';

const MINUTE = 60_000;
const now = 1_700_000_000_000;
const ago = (minutes: number) => now - minutes * MINUTE;
const user = (more: Partial<UserPresence>): UserPresence => ({
  userId: 'bob', status: 'offline', lastSeen: 0, deviceCount: 0, ...more,
});

describe('lastSeenText', () => {
  test.each([
    [0.9, 'Just now'], [1, '1m ago'], [59.9, '59m ago'], [60, '1h ago'], [23 * 60 + 59, '23h ago'],
    [24 * 60, '1d ago'], [72 * 60, '3d ago'],
  ])('%d minutes: %s', (minutes, text) => {
    expect(lastSeenText(ago(minutes), { now })).toBe(text);
  });

  test('never seen: nothing', () => {
    expect(lastSeenText(0, { now })).toBe('');
    expect(lastSeenText(undefined)).toBe('');
  });

  test('a device whose clock is ahead of the server does not look into the future', () => {
    expect(lastSeenText(now + 5 * MINUTE, { now })).toBe('Just now');
  });

  test('in other languages', () => {
    expect(lastSeenText(ago(180), { now, locale: 'vi' })).toBe('3 giờ trước');
    expect(lastSeenText(ago(0), { now, locale: 'de' })).toBe('jetzt');
    expect(lastSeenText(ago(0), { now, locale: 'de', words: { justNow: 'Gerade eben' } })).toBe('Gerade eben');
  });
});

describe('statusText', () => {
  test.each<[Partial<UserPresence>, string]>([
    [{ status: 'online', deviceCount: 1 }, 'Online'],
    [{ status: 'online', deviceCount: 2 }, 'Online (2 devices)'],
    [{ status: 'away', deviceCount: 1 }, 'Away'],
    [{ status: 'busy', deviceCount: 3 }, 'Busy (3 devices)'],
    [{}, 'Offline'],
    [{ lastSeen: ago(4) }, 'Last seen recently'],
    [{ lastSeen: ago(5) }, 'Last seen 5m ago'],
    [{ lastSeen: ago(120) }, 'Last seen 2h ago'],
    [{ lastSeen: ago(72 * 60) }, 'Last seen 3d ago'],
  ])('%o: %s', (presence, text) => {
    expect(statusText(user(presence), { now })).toBe(text);
  });

  test('nobody known is offline', () => {
    expect(statusText(undefined)).toBe('Offline');
  });

  test('in other languages', () => {
    const words = {
      busy: 'Bận', recently: 'Vừa mới truy cập', lastSeen: (text: string) => `Truy cập ${text}`,
      devices: (count: number) => `(${count} thiết bị)`,
    };
    const options = { now, locale: 'vi', words };
    expect(statusText(user({ status: 'busy', deviceCount: 2 }), options)).toBe('Bận (2 thiết bị)');
    expect(statusText(user({ lastSeen: ago(120) }), options)).toBe('Truy cập 2 giờ trước');
    expect(statusText(user({ lastSeen: ago(1) }), options)).toBe('Vừa mới truy cập');
  });
});
