import assert from 'node:assert/strict';
import {test} from 'node:test';

import {byteLength, describeBrowser, deviceText, lastSeenText, ownStatusText, PresenceView,
  statusText} from '../presence.js';

const online = (userId, version, more = {}) =>
  ({userId, status: 'online', lastSeen: 1000, deviceCount: 1, version, ...more});
const snapshot = (users, more = {}) =>
  ({users, full: true, cursor: 'c1', timestamp: 1000, ...more});

function viewWith(...users) {
  const view = new PresenceView('me');
  view.apply('presence_snapshot', snapshot(users));
  return view;
}

test('a full snapshot is the contact list', () => {
  const view = viewWith(online('bob', 1), online('carol', 1));
  view.apply('presence_snapshot', snapshot([online('carol', 2)], {cursor: 'c2'}));
  assert.deepEqual([...view.contacts], ['carol']);
  assert.equal(view.cursor, 'c2');
});

test('a snapshot of changes leaves the other contacts as they are', () => {
  const view = viewWith(online('bob', 1), online('carol', 1));
  view.apply('presence_snapshot', snapshot([online('bob', 2, {status: 'busy'})], {full: false}));
  assert.equal(view.contacts.size, 2);
  assert.equal(view.get('bob').status, 'busy');
});

test('what is older than what is known is dropped, whatever event it comes in', () => {
  const view = viewWith(online('bob', 5, {status: 'busy'}));
  const older = {userId: 'bob', version: 4, status: 'away', deviceCount: 9, lastSeen: 1};
  for (const event of ['user_online', 'user_offline', 'user_status_changed',
    'user_devices_changed', 'presence_status_response']) {
    view.apply(event, older);
    assert.deepEqual(view.get('bob'), online('bob', 5, {status: 'busy'}), event);
  }
  view.apply('presence_snapshot', snapshot([older]));
  assert.equal(view.get('bob').status, 'busy');
});

test('going offline ends devices and message, and keeps the reason', () => {
  const view = viewWith(online('bob', 1, {customMessage: 'hi', devices: [{socketId: 's'}]}));
  view.apply('user_offline',
    {userId: 'bob', status: 'offline', lastSeen: 7, offlineReason: 'inactive', version: 2});
  const bob = view.get('bob');
  assert.equal(bob.deviceCount, 0);
  assert.deepEqual(bob.devices, []);
  assert.equal(bob.customMessage, undefined);
  assert.equal(bob.offlineReason, 'inactive');
});

test('a status change keeps the devices, and its absent message is none', () => {
  const view = viewWith(online('bob', 1, {customMessage: 'hi', devices: [{socketId: 's'}]}));
  view.apply('user_status_changed',
    {userId: 'bob', status: 'away', autoAway: true, timestamp: 2, version: 2});
  const bob = view.get('bob');
  assert.equal(bob.status, 'away');
  assert.equal(bob.autoAway, true);
  assert.equal(bob.customMessage, undefined);
  assert.equal(bob.devices.length, 1);
});

test('a change of devices keeps status and message', () => {
  const view = viewWith(online('bob', 1, {customMessage: 'hi'}));
  const devices = [{socketId: 'a', deviceType: 'web'}, {socketId: 'b', deviceType: 'mobile'}];
  view.apply('user_devices_changed',
    {userId: 'bob', deviceCount: 2, devices, lastSeen: 9, version: 2});
  assert.equal(view.get('bob').customMessage, 'hi');
  assert.equal(view.get('bob').lastSeen, 9);
  assert.equal(deviceText(view.get('bob').devices), '1 mobile, 1 web');
});

test('contacts come and go', () => {
  const view = viewWith(online('bob', 1));
  view.apply('contacts_changed', {added: [online('dave', 3)], removed: ['bob']});
  assert.deepEqual([...view.contacts], ['dave']);
  view.apply('contacts_changed', {added: [online('bob', 1)], removed: []});
  assert.equal(view.get('bob').status, 'online');
});

test('an answer of one user and of many', () => {
  const view = viewWith(online('bob', 1, {devices: [{socketId: 's'}]}));
  view.apply('presence_status_response', online('me', 4, {requestId: 'r'}));
  assert.equal(view.get('me').version, 4);
  assert.equal(view.contacts.has('me'), false);
  view.apply('presence_status_response', {users: [online('bob', 2)], timestamp: 1});
  assert.equal(view.get('bob').devices.length, 1);
  view.apply('presence_status_response',
    {users: [online('bob', 3, {deviceCount: 2})], timestamp: 1});
  assert.equal(view.get('bob').devices, undefined);
});

test('a stranger has no version, and does not make older news new', () => {
  const view = viewWith(online('bob', 5));
  const stranger = {userId: 'bob', status: 'offline', lastSeen: 0, deviceCount: 0};
  view.apply('presence_status_response', {users: [stranger], timestamp: 1});
  assert.equal(view.get('bob').status, 'offline');
  view.apply('user_online', online('bob', 4));
  assert.equal(view.get('bob').status, 'offline');
  view.apply('user_online', online('bob', 6));
  assert.equal(view.get('bob').status, 'online');
});

test('unknown events are said to be unknown', () => {
  assert.equal(new PresenceView('me').apply('something_else', {}), false);
});

test('contacts are sorted by being there, then by name', () => {
  const view = viewWith(online('zoe', 1), online('bob', 1, {status: 'offline'}),
    online('al', 1, {status: 'away'}), online('amy', 1));
  assert.deepEqual(view.sortedContacts().map((user) => user.userId), ['amy', 'zoe', 'al', 'bob']);
});

test('last seen in words', () => {
  const minute = 60_000;
  const now = 100 * 24 * 60 * minute;
  assert.equal(lastSeenText(0, now), 'Offline');
  assert.equal(lastSeenText(now + minute, now), 'Last seen recently');
  assert.equal(lastSeenText(now - 4 * minute, now), 'Last seen recently');
  assert.equal(lastSeenText(now - 5 * minute, now), 'Last seen 5m ago');
  assert.equal(lastSeenText(now - 60 * minute, now), 'Last seen 1h ago');
  assert.equal(lastSeenText(now - 72 * 60 * minute, now), 'Last seen 3d ago');
});

test('status in words', () => {
  assert.equal(statusText(online('b', 1), 0), 'Online');
  assert.equal(statusText(online('b', 1, {deviceCount: 2}), 0), 'Online (2 devices)');
  assert.equal(statusText(online('b', 1, {status: 'away', autoAway: true}), 0), 'Away, idle');
  assert.equal(statusText({status: 'offline', lastSeen: 0}, 5), 'Offline');
  assert.equal(ownStatusText({status: 'offline', lastSeen: 5}), 'Invisible to your contacts');
  assert.equal(ownStatusText(online('b', 1, {status: 'busy'})), 'Busy');
});

test('messages are measured in bytes', () => {
  assert.equal(byteLength('aé€😀'), 10);
});

test('browsers are told apart', () => {
  assert.deepEqual(describeBrowser('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 ' +
    '(KHTML, like Gecko) Chrome/120.0 Safari/537.36'), {type: 'web', os: 'Linux', browser: 'Chrome'});
  assert.deepEqual(describeBrowser('Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) ' +
    'AppleWebKit/605.1 Version/17.0 Mobile/15E148 Safari/604.1'),
  {type: 'mobile', os: 'iOS', browser: 'Safari'});
  assert.deepEqual(describeBrowser(''), {type: 'web', os: 'unknown', browser: 'unknown'});
});
