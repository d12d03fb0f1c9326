// Merging: what the store believes after events in an order that a network can produce.
import { describe, expect, test, vi } from 'vitest';

import { MemoryStore } from '../src/store.js';
import type { PresenceStatus, UserOnline } from '../src/wire.js';

const device = { socketId: 's', deviceType: 'web', connectedAt: 1 } as const;
const online = (version: number, more: Partial<UserOnline> = {}): UserOnline => ({
  userId: 'bob', status: 'online', lastSeen: 10, deviceCount: 1, devices: [device], version, ...more,
});
const offline = (version: number) => ({
  userId: 'bob', status: 'offline', lastSeen: 20, offlineReason: 'disconnected', version,
}) as const;
const snapshot = (users: PresenceStatus[], full = true) => ({ users, full, cursor: 'c', timestamp: 1 });

describe('versions', () => {
  test('older news are dropped, whatever they are', () => {
    const store = new MemoryStore();
    store.apply('presence_snapshot', snapshot([online(5)]));
    store.apply('user_offline', offline(4));
    store.apply('user_status_changed', {
      userId: 'bob', status: 'busy', timestamp: 1, autoAway: false, version: 3,
    });
    store.apply('user_devices_changed', {
      userId: 'bob', deviceCount: 2, devices: [device, device], lastSeen: 1, version: 4,
    });
    store.apply('presence_status_response', { ...online(2), status: 'away' });
    store.apply('presence_batch', { users: [{ ...online(2), status: 'away' }], timestamp: 1 });
    expect(store.user('bob')).toEqual({
      userId: 'bob', status: 'online', lastSeen: 10, deviceCount: 1, devices: [device],
    });
  });

  test('newer news replace, and a batch is news', () => {
    const store = new MemoryStore();
    store.apply('presence_snapshot', snapshot([online(1)]));
    store.apply('user_offline', offline(2));
    expect(store.user('bob')).toEqual({
      userId: 'bob', status: 'offline', lastSeen: 20, deviceCount: 0, offlineReason: 'disconnected',
    });
    store.apply('presence_batch', { users: [online(3)], timestamp: 1 });
    expect(store.user('bob').status).toBe('online');
    expect(store.user('bob').offlineReason).toBeUndefined();
  });

  test('a stranger has no version and is believed', () => {
    const store = new MemoryStore();
    store.apply('presence_snapshot', snapshot([online(9)]));
    store.apply('presence_status_response', {
      users: [{ userId: 'bob', status: 'offline', lastSeen: 0, deviceCount: 0 }], timestamp: 1,
    });
    expect(store.user('bob')).toEqual({ userId: 'bob', status: 'offline', lastSeen: 0, deviceCount: 0 });
  });
});

describe('what an event leaves alone', () => {
  test('a status keeps the devices, devices keep status and message', () => {
    const store = new MemoryStore();
    store.apply('user_online', online(1));
    store.apply('user_status_changed', {
      userId: 'bob', status: 'busy', customMessage: 'Lunch', timestamp: 1, autoAway: false, version: 2,
    });
    expect(store.user('bob')).toMatchObject({ status: 'busy', customMessage: 'Lunch', deviceCount: 1 });
    store.apply('user_devices_changed', {
      userId: 'bob', deviceCount: 2, devices: [device, device], lastSeen: 30, version: 3,
    });
    expect(store.user('bob')).toMatchObject({ status: 'busy', customMessage: 'Lunch', deviceCount: 2 });
    store.apply('user_status_changed', {
      userId: 'bob', status: 'away', timestamp: 1, autoAway: true, version: 4,
    });
    expect(store.user('bob')).toEqual({
      userId: 'bob', status: 'away', autoAway: true, lastSeen: 30, deviceCount: 2,
      devices: [device, device],
    });
  });

  test('a bulk answer, which lists no devices, keeps a list that still fits', () => {
    const store = new MemoryStore();
    store.apply('user_online', online(1));
    const bare: PresenceStatus = { userId: 'bob', status: 'online', lastSeen: 11, deviceCount: 1, version: 1 };
    store.apply('presence_status_response', { users: [bare], timestamp: 1 });
    expect(store.user('bob').devices).toEqual([device]);
    store.apply('presence_status_response', { users: [{ ...bare, deviceCount: 2, version: 2 }], timestamp: 1 });
    expect(store.user('bob').devices).toBeUndefined();
  });
});

describe('contacts', () => {
  test('a full snapshot takes away who is missing, a partial one does not', () => {
    const store = new MemoryStore();
    expect(store.synced).toBe(false);
    store.apply('presence_snapshot', snapshot([online(1), online(1, { userId: 'carol' })]));
    expect(store.synced).toBe(true);
    store.apply('presence_snapshot', snapshot([online(2)], false));
    expect(store.contacts().map((user) => user.userId)).toEqual(['bob', 'carol']);
    store.apply('presence_snapshot', snapshot([online(3)]));
    expect(store.contacts().map((user) => user.userId)).toEqual(['bob']);
    expect(store.user('carol').status).toBe('offline');
  });

  test('a stale snapshot marks its users and takes nobody away; true news unmark', () => {
    const store = new MemoryStore();
    store.apply('presence_snapshot', snapshot([online(1), online(1, { userId: 'carol' })]));
    store.apply('presence_snapshot', { ...snapshot([online(1)]), stale: true });
    expect(store.contacts()).toHaveLength(2);
    expect(store.user('bob').stale).toBe(true);
    expect(store.stale).toBe(true);
    store.apply('user_devices_changed', {
      userId: 'bob', deviceCount: 1, devices: [device], lastSeen: 1, version: 2,
    });
    expect(store.user('bob').stale).toBeUndefined();
    expect(store.stale).toBe(false);
  });

  test('contacts_changed adds and removes; a removed one comes back with any version', () => {
    const store = new MemoryStore();
    store.apply('contacts_changed', { added: [online(7)], removed: [] });
    expect(store.isContact('bob')).toBe(true);
    store.apply('contacts_changed', { added: [], removed: ['bob'] });
    expect(store.isContact('bob')).toBe(false);
    expect(store.user('bob').status).toBe('offline');
    store.apply('contacts_changed', { added: [online(3)], removed: [] });
    expect(store.user('bob').status).toBe('online');
  });
});

describe('snapshots and subscriptions', () => {
  test('the same object until something changes that can be seen', () => {
    const store = new MemoryStore();
    const unknown = store.user('bob');
    expect(store.user('bob')).toBe(unknown);
    store.apply('presence_snapshot', snapshot([online(1)]));
    const [before, list] = [store.user('bob'), store.contacts()];
    expect(Object.isFrozen(before)).toBe(true);
    const changed = vi.fn();
    store.subscribe(changed);
    // A newer version and another lastSeen of somebody who is there: nothing to see.
    store.apply('presence_snapshot', snapshot([online(2, { lastSeen: 99 })]));
    expect(store.user('bob')).toBe(before);
    expect(store.contacts()).toBe(list);
    expect(changed).not.toHaveBeenCalled();
    store.apply('user_offline', offline(3));
    expect(store.user('bob')).not.toBe(before);
    expect(store.contacts()).not.toBe(list);
    expect(before.status).toBe('online');
  });

  test('subscribers of one user hear of that user, those of all hear once per event', () => {
    const store = new MemoryStore();
    const bob = vi.fn();
    const carol = vi.fn();
    const all: ReadonlySet<string>[] = [];
    const unsubscribe = store.subscribeUser('bob', bob);
    store.subscribeUser('carol', carol);
    store.subscribe((changed) => all.push(changed));
    store.apply('presence_snapshot', snapshot([online(1), online(1, { userId: 'dave' })]));
    expect(bob).toHaveBeenCalledTimes(1);
    expect(bob).toHaveBeenCalledWith(store.user('bob'));
    expect(carol).not.toHaveBeenCalled();
    expect(all).toEqual([new Set(['bob', 'dave'])]);
    unsubscribe();
    store.apply('user_offline', offline(2));
    expect(bob).toHaveBeenCalledTimes(1);
    expect(all).toHaveLength(2);
  });

  test('an empty list of contacts is news, too', () => {
    const store = new MemoryStore();
    const all = vi.fn();
    store.subscribe(all);
    store.apply('presence_snapshot', snapshot([]));
    store.apply('presence_snapshot', snapshot([]));
    expect(all).toHaveBeenCalledTimes(1);
  });
});
