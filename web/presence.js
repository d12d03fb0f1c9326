// What this page knows of everybody's presence, and how it is put into words. No DOM and no socket
// here: events go in through apply(), so that test/presence.test.mjs can play any order of them.

const MINUTE = 60_000;

/**
 * The presence of the user and the contacts, kept true from the events of the server.
 *
 * Everything that the server says of a user carries a `version`, which only grows: what is older
 * than what is known is dropped, so that the order of an answer and an event does not matter.
 */
export class PresenceView {
  constructor(me) {
    this.me = me;
    this.users = new Map();     // userId -> presence, also of users that are no contacts (any more)
    this.contacts = new Set();  // userIds
    this.cursor = undefined;    // hand it in when reconnecting, to get only what changed
  }

  /** One event or answer of the server. Returns whether the page knows that kind of event. */
  apply(event, data) {
    switch (event) {
      case 'user_online':
        this.#replace(data);
        return true;
      case 'user_offline':
        this.#replace({deviceCount: 0, devices: [], ...data});
        return true;
      case 'user_status_changed':
        this.#update(data, {
          status: data.status,
          customMessage: data.customMessage,
          autoAway: data.autoAway === true,
        });
        return true;
      case 'user_devices_changed':
        this.#update(data, {
          deviceCount: data.deviceCount,
          devices: data.devices ?? [],
          lastSeen: data.lastSeen,
        });
        return true;
      case 'contacts_changed':
        for (const user of data.added ?? []) this.#addContact(user);
        for (const userId of data.removed ?? []) this.#removeContact(userId);
        return true;
      case 'presence_snapshot':
        this.#applySnapshot(data);
        return true;
      case 'presence_status_response':
        for (const user of data.users ?? [data]) this.#answer(user);
        return true;
      case 'presence_error':
      case 'token_expired':
        return true;
      default:
        return false;
    }
  }

  get(userId) {
    return this.users.get(userId) ?? {userId, status: 'offline', lastSeen: 0, deviceCount: 0};
  }

  /** The contacts, those who are there first, each group by name. */
  sortedContacts() {
    const rank = {online: 0, busy: 1, away: 1, offline: 2};
    return [...this.contacts].map((userId) => this.get(userId)).sort((a, b) =>
      rank[a.status] - rank[b.status] || a.userId.localeCompare(b.userId));
  }

  #isOlder(data) {
    const known = this.users.get(data.userId)?.version;
    return known !== undefined && data.version !== undefined && data.version < known;
  }

  // `data` is everything there is to know: what it leaves out is not there.
  #replace(data) {
    if (this.#isOlder(data)) return;
    const version = data.version ?? this.users.get(data.userId)?.version;
    this.users.set(data.userId, {...data, version});
  }

  #update(data, changes) {
    if (this.#isOlder(data)) return;
    const known = this.get(data.userId);
    this.users.set(data.userId, {...known, ...changes, version: data.version ?? known.version});
  }

  // A bulk answer counts devices without listing them; a list that still fits is kept.
  #answer(user) {
    const {devices, deviceCount} = this.get(user.userId);
    const stillFits = !user.devices && devices !== undefined && deviceCount === user.deviceCount;
    this.#replace(stillFits ? {...user, devices} : user);
  }

  #addContact(user) {
    this.contacts.add(user.userId);
    this.#replace(user);
  }

  #removeContact(userId) {
    this.contacts.delete(userId);
    this.users.delete(userId);
  }

  #applySnapshot({users = [], full, cursor}) {
    if (full) {
      const present = new Set(users.map((user) => user.userId));
      for (const userId of this.contacts) {
        if (!present.has(userId)) this.#removeContact(userId);
      }
    }
    for (const user of users) this.#addContact(user);
    if (cursor !== undefined) this.cursor = cursor;
  }
}

/** `Last seen 3h ago`; `now` and `lastSeen` in milliseconds by the server's clock. */
export function lastSeenText(lastSeen, now) {
  if (!lastSeen) return 'Offline';
  const minutes = Math.floor((now - lastSeen) / MINUTE);
  if (minutes < 5) return 'Last seen recently';
  if (minutes < 60) return `Last seen ${minutes}m ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `Last seen ${hours}h ago` : `Last seen ${Math.floor(hours / 24)}d ago`;
}

/** The status of somebody else in words. */
export function statusText(presence, now) {
  if (presence.status === 'offline') return lastSeenText(presence.lastSeen, now);
  const name = presence.status[0].toUpperCase() + presence.status.slice(1);
  const idle = presence.status === 'away' && presence.autoAway ? ', idle' : '';
  const devices = presence.deviceCount > 1 ? ` (${presence.deviceCount} devices)` : '';
  return name + idle + devices;
}

/** The own status in words: `offline` while connected is being invisible. */
export function ownStatusText(presence) {
  return presence.status === 'offline' ? 'Invisible to your contacts' : statusText(presence, 0);
}

/** `2 web, 1 mobile`, or nothing when no device is listed. */
export function deviceText(devices = []) {
  const counts = new Map();
  for (const {deviceType = 'web'} of devices) {
    counts.set(deviceType, (counts.get(deviceType) ?? 0) + 1);
  }
  return [...counts].sort().map(([type, count]) => `${count} ${type}`).join(', ');
}

/** The size that the server counts for a custom message: bytes of UTF-8. */
export function byteLength(text) {
  return new TextEncoder().encode(text).length;
}

/** What a browser's user agent says of it, roughly. */
export function describeBrowser(userAgent) {
  const first = (pairs) => pairs.find(([pattern]) => pattern.test(userAgent))?.[1];
  const os = first([[/iPhone|iPad/, 'iOS'], [/Android/, 'Android'], [/Windows/, 'Windows'],
    [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']]) ?? 'unknown';
  const browser = first([[/Edg\//, 'Edge'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'],
    [/Safari\//, 'Safari']]) ?? 'unknown';
  const type = /Mobi|iPhone|iPad|Android/.test(userAgent) ? 'mobile' : 'web';
  return {type, os, browser};
}
