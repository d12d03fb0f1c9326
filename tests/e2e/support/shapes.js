// The exact shapes of what the server sends: every field that must be there, none that must not,
// and never a null (a field without a value is absent).
import assert from 'node:assert/strict';

const isTime = (v) => Number.isSafeInteger(v) && v >= 0;
const isCount = isTime;
const isText = (v) => typeof v === 'string';
const isBoolean = (v) => typeof v === 'boolean';
const isVersion = (v) => Number.isSafeInteger(v) && v >= 0;
const isStatus = (v) => ['online', 'away', 'busy', 'offline'].includes(v);
const isKind = (v) => ['web', 'mobile', 'desktop'].includes(v);
const listOf = (shape) => (v, at) => {
  if (!Array.isArray(v)) return false;
  v.forEach((entry, i) => check(entry, shape, `${at}[${i}]`));
  return true;
};
const optional = (test) => Object.assign((v, at) => test(v, at), { optional: true });

function check(value, shape, at) {
  assert.ok(value !== null && typeof value === 'object' && !Array.isArray(value), `${at} is no object: ${JSON.stringify(value)}`);
  for (const [name, test] of Object.entries(shape)) {
    if (!(name in value)) {
      assert.ok(test.optional, `${at}.${name} is missing in ${JSON.stringify(value)}`);
      continue;
    }
    assert.ok(test(value[name], `${at}.${name}`), `${at}.${name} is wrong in ${JSON.stringify(value)}`);
  }
  for (const name of Object.keys(value)) {
    assert.ok(name in shape, `${at}.${name} should not be there: ${JSON.stringify(value)}`);
  }
}

// Only where Redis is away (contract, section 9).
const isStale = (value) => value === true;

/** What a watcher sees of a device. */
const visibleDevice = { socketId: isText, deviceType: isKind, connectedAt: isTime };

/** What the user's own devices and the operator see of it. */
const ownDevice = {
  ...visibleDevice,
  lastHeartbeat: isTime,
  os: optional(isText),
  browser: optional(isText),
  ipAddress: optional(isText),
  userAgent: optional(isText),
  deviceId: optional(isText),
};

const presence = (device) => ({
  userId: isText,
  status: isStatus,
  lastSeen: isTime,
  deviceCount: isCount,
  devices: optional(listOf(device)),
  customMessage: optional(isText),
  autoAway: optional(isBoolean),
  version: isVersion,
});
const visiblePresence = { ...presence(visibleDevice), requestId: optional(isText) };
// The user's own choice may come back with its end; nobody else is told when it ends.
const ownPresence = {
  ...presence(ownDevice),
  requestId: optional(isText),
  expiresAt: optional(isTime),
};

/** Exactly this for anybody who is no contact, existing or not. */
export const stranger = (userId) => ({ userId, status: 'offline', lastSeen: 0, deviceCount: 0 });

const events = (device) => ({
  user_online: {
    ...presence(device),
    devices: listOf(device),
  },
  user_offline: {
    userId: isText,
    status: (v) => v === 'offline',
    lastSeen: isTime,
    offlineReason: (v) => ['disconnected', 'inactive', 'manual'].includes(v),
    version: isVersion,
  },
  user_status_changed: {
    userId: isText,
    status: isStatus,
    customMessage: optional(isText),
    timestamp: isTime,
    autoAway: isBoolean,
    version: isVersion,
  },
  user_devices_changed: {
    userId: isText,
    deviceCount: isCount,
    devices: listOf(device),
    lastSeen: isTime,
    version: isVersion,
  },
});
const visibleEvents = events(visibleDevice);
const ownEvents = events(ownDevice);

/** A presence as `viewer` may see it: own, visible or a stranger's. */
export function checkPresence(value, viewer, at = 'presence') {
  if (value.userId === viewer) return check(value, ownPresence, at);
  if (!('version' in value)) {
    const { requestId, ...rest } = value;
    return assert.deepEqual(rest, stranger(value.userId), at);
  }
  return check(value, visiblePresence, at);
}

/** The operator's view. */
export function checkOwnPresence(value, at = 'presence') {
  check(value, ownPresence, at);
  assert.ok(Array.isArray(value.devices), `${at}.devices is missing`);
}

function checkUsers(list, viewer, at) {
  assert.ok(Array.isArray(list), `${at} is no list`);
  list.forEach((entry, i) => checkPresence(entry, viewer, `${at}[${i}]`));
}

/** A BulkPresenceResponse. */
export function checkBulk(value, viewer, at = 'presence_status_response') {
  checkUsers(value.users, viewer, `${at}.users`);
  check(value, { users: () => true, timestamp: isTime, requestId: optional(isText), stale: optional(isStale) }, at);
}

export function checkSnapshot(value, viewer, at = 'presence_snapshot') {
  checkUsers(value.users, viewer, `${at}.users`);
  check(value, {
    users: () => true,
    full: isBoolean,
    cursor: isText,
    timestamp: isTime,
    requestId: optional(isText),
    stale: optional(isStale),
  }, at);
  assert.ok(Buffer.byteLength(value.cursor) <= 1024, `${at}.cursor is longer than the server takes`);
}

/** Fails unless `data` is what `event` must look like to a device of user `viewer`. */
export function checkEvent(event, data, viewer) {
  switch (event) {
    case 'user_online':
    case 'user_offline':
    case 'user_status_changed':
    case 'user_devices_changed':
      return check(data, (data?.userId === viewer ? ownEvents : visibleEvents)[event], event);
    case 'contacts_changed':
      checkUsers(data.added, viewer, 'contacts_changed.added');
      return check(data, { added: () => true, removed: (v) => Array.isArray(v) && v.every(isText) }, event);
    case 'presence_snapshot':
      return checkSnapshot(data, viewer);
    case 'presence_status_response':
      return 'users' in data ? checkBulk(data, viewer) : checkPresence(data, viewer, event);
    case 'presence_error':
      return check(data, {
        code: isText,
        message: isText,
        event: isText,
        requestId: optional(isText),
      }, event);
    case 'token_expired':
      return undefined;
    default:
      return assert.fail(`the contract knows no event ${event}: ${JSON.stringify(data)}`);
  }
}
