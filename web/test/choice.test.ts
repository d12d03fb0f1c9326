import { nodeActivity, type UserPresence } from '@presenced/client';
import { describe, expect, test } from 'vitest';

import { byteLength, chosen, deviceKinds, expiresAt, ownStatusText, PretendedActivity } from '../src/choice.js';

const own = (more: Partial<UserPresence> = {}): UserPresence => ({
  userId: 'alice', status: 'online', lastSeen: 1, deviceCount: 1, ...more,
});

test.each([
  [undefined, 'online', ''],
  [own(), 'online', ''],
  [own({ status: 'busy', customMessage: 'Lunch' }), 'busy', 'Lunch'],
  [own({ status: 'away' }), 'away', ''],
  [own({ status: 'away', autoAway: true }), 'online', ''],
  [own({ status: 'offline' }), 'offline', ''],
  [own({ status: 'offline', deviceCount: 0 }), 'online', ''],
])('what was chosen by %j', (presence, status, message) => {
  expect(chosen(presence)).toEqual({ status, message });
});

test.each([
  [undefined, ''],
  [own({ status: 'offline', deviceCount: 0 }), ''],
  [own({ status: 'offline' }), 'Invisible to your contacts'],
  [own({ status: 'busy', deviceCount: 2 }), 'Busy (2 devices)'],
])('the own status of %j in words', (presence, text) => {
  expect(ownStatusText(presence)).toBe(text);
});

describe('when a choice ends', () => {
  const now = new Date(2026, 1, 28, 23, 30, 5).getTime() + 0.25;

  test('never, in a while, at midnight', () => {
    expect(expiresAt('never', now)).toBeUndefined();
    expect(expiresAt('3600000', now)).toBe(Math.round(now) + 3_600_000);
    expect(expiresAt('today', now)).toBe(new Date(2026, 2, 1).getTime());
  });
});

test('a message is as long as its bytes of UTF-8', () => {
  expect(byteLength('abc')).toBe(3);
  expect(byteLength('ü🙂')).toBe(6);
});

test('kinds of devices', () => {
  expect(deviceKinds()).toEqual([]);
  expect(deviceKinds([{ deviceType: 'web' }, { deviceType: 'mobile' }, { deviceType: 'web' }]))
    .toEqual(['1 mobile', '2 web']);
});

test('a device that pretends is untouched for longer than it takes to be away', () => {
  const activity = new PretendedActivity(nodeActivity(() => 40));
  expect(activity.idleMs()).toBe(40);
  activity.pretends = true;
  expect(activity.idleMs()).toBeGreaterThan(5 * 60_000);
});
