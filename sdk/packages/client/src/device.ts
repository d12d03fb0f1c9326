import type { DeviceInfo } from './wire.js';

const KEY = 'presenced.devices';

/** A device's id (contract, section 1: device key), until it is given back. */
export interface DeviceId {
  value: string;
  /** Another presence of this tab may have it. */
  release(): void;
}

/**
 * An id that this tab keeps over reloads, in sessionStorage.
 *
 * While it is used, the id is not in sessionStorage: it is taken out here and put back when the page
 * is left (or the presence closed). A duplicated tab, which starts with a copy of the storage, so
 * finds none and gets its own; as the same device the two would replace each other without end.
 */
export function acquireDeviceId(): DeviceId {
  const [kept, ...rest] = readIds();
  if (kept) writeIds(rest);
  const take = () => writeIds(readIds().filter((other) => other !== id.value));
  const putBack = () => writeIds([...readIds(), id.value]);
  const inPage = typeof addEventListener === 'function';
  const id = {
    value: kept ?? randomId(),
    release() {
      if (inPage) {
        removeEventListener('pagehide', putBack);
        removeEventListener('pageshow', take);
      }
      putBack();
    },
  };
  if (inPage) {
    addEventListener('pagehide', putBack);
    // A page that comes back from the back/forward cache goes on as the device it was.
    addEventListener('pageshow', take);
  }
  return id;
}

export function randomId(): string {
  // Not a secret: the server looks at it only beside the user's token.
  const part = () => Math.random().toString(36).slice(2, 12);
  return part() + part();
}

// There is no sessionStorage outside of browsers, and a browser may forbid it by throwing: then the
// next page is another device.
function readIds(): string[] {
  try {
    return sessionStorage.getItem(KEY)!.split(' ');
  } catch {
    return [];
  }
}

function writeIds(ids: string[]): void {
  try {
    if (ids.length) sessionStorage.setItem(KEY, ids.join(' '));
    else sessionStorage.removeItem(KEY);
  } catch {
    // As above.
  }
}

const first = (text: string, names: Record<string, RegExp>) =>
  Object.keys(names).find((name) => names[name]!.test(text));

/** What a browser's user agent says of the device, roughly; `web` alone where there is none. */
export function describeDevice(userAgent = globalThis.navigator?.userAgent ?? ''): DeviceInfo {
  const os = first(userAgent, {
    iOS: /iPhone|iPad/, Android: /Android/, Windows: /Windows/, macOS: /Mac OS X/, Linux: /Linux/,
  });
  const browser = first(userAgent, {
    Edge: /Edg\//, Firefox: /Firefox\//, Chrome: /Chrome\//, Safari: /Safari\//,
  });
  return {
    type: /Mobi|iPhone|iPad|Android/.test(userAgent) ? 'mobile' : 'web',
    ...(os && { os }),
    ...(browser && { browser }),
  };
}
