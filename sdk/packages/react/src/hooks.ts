import type { ConnectionState, Presence, Status, StatusDetails, UserPresence } from '@presenced/client';
import { useCallback, useEffect, useMemo, useReducer, useRef, useSyncExternalStore } from 'react';

import { usePresenceClient } from './context.js';

const nothing = () => () => {};
const NO_CONTACTS: readonly UserPresence[] = Object.freeze([]);
const NOT_YET: ConnectionState = Object.freeze({ status: 'connecting' });

// Before there is a presence everybody is as somebody unknown is.
const unknown = (userId: string): UserPresence => ({
  userId, status: 'offline', lastSeen: 0, deviceCount: 0,
});

function useSnapshot<Snapshot>(
  subscribe: (changed: () => void) => () => void,
  read: () => Snapshot,
): Snapshot {
  return useSyncExternalStore(subscribe, read, read);
}

/** The presence of one user. Renders again when that of this user changes, and for nobody else. */
export function usePresence(userId: string): UserPresence {
  const store = usePresenceClient()?.store;
  const before = useMemo(() => unknown(userId), [userId]);
  const subscribe = useCallback(
    (changed: () => void) => store?.subscribeUser(userId, changed) ?? nothing(),
    [store, userId],
  );
  return useSnapshot(subscribe, () => store?.user(userId) ?? before);
}

/** The presence of some users, in their order; the same array until one of them changes. */
export function usePresences(userIds: readonly string[]): readonly UserPresence[] {
  const store = usePresenceClient()?.store;
  const key = JSON.stringify(userIds);
  const ids = useMemo(() => JSON.parse(key) as string[], [key]);
  const before = useMemo(() => ids.map(unknown), [ids]);
  const last = useRef<readonly UserPresence[]>(before);
  const subscribe = useCallback(
    (changed: () => void) => {
      const each = ids.map((id) => store?.subscribeUser(id, changed));
      return () => each.forEach((unsubscribe) => unsubscribe?.());
    },
    [store, ids],
  );
  return useSnapshot(subscribe, () => {
    if (!store) return before;
    const now = ids.map((id) => store.user(id));
    const same = now.length === last.current.length && now.every((user, i) => user === last.current[i]);
    if (!same) last.current = now;
    return last.current;
  });
}

/** All contacts, in the order in which they became known. Renders again when any of them changes. */
export function useContacts(): readonly UserPresence[] {
  const store = usePresenceClient()?.store;
  const subscribe = useCallback((changed: () => void) => store?.subscribe(changed) ?? nothing(), [store]);
  return useSnapshot(subscribe, () => store?.contacts() ?? NO_CONTACTS);
}

/** Whether and why it is not connected. */
export function useConnection(): ConnectionState {
  const presence = usePresenceClient();
  const subscribe = useCallback(
    (changed: () => void) => presence?.on('connection', changed) ?? nothing(),
    [presence],
  );
  return useSnapshot(subscribe, () => presence?.connection ?? NOT_YET);
}

export interface MyStatus {
  /** The own view, as soon as it is known: `offline` while invisible, and with all devices. */
  presence: UserPresence | undefined;
  status: Status;
  customMessage: string | undefined;
  /** Chooses a status: the whole choice, what is left out is none. Rejects with a PresenceError. */
  setStatus: Presence['setStatus'];
}

/** The user's own status, and how it is chosen. */
export function useMyStatus(): MyStatus {
  const client = usePresenceClient();
  const subscribe = useCallback((changed: () => void) => client?.store.subscribe(changed) ?? nothing(), [client]);
  const presence = useSnapshot(subscribe, () => client?.me);
  const setStatus = useCallback(
    (status: Status, details?: StatusDetails) =>
      client?.setStatus(status, details) ??
      Promise.reject(new Error('the <PresenceProvider> is not mounted yet')),
    [client],
  );
  return useMemo(
    () => ({
      presence,
      status: presence?.status ?? 'offline',
      customMessage: presence?.customMessage,
      setStatus,
    }),
    [presence, setStatus],
  );
}

// One timer for all texts that tell how long ago something was.
const clocks = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;
const TICK_MS = 30_000;

/**
 * The time by the server's clock, for texts such as `3m ago`: while `active` is true the component
 * renders again twice a minute.
 */
export function useNow(active = true): number {
  const presence = usePresenceClient();
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!active) return;
    clocks.add(renderAgain);
    ticking ??= setInterval(() => clocks.forEach((tick) => tick()), TICK_MS);
    return () => {
      clocks.delete(renderAgain);
      if (clocks.size > 0) return;
      clearInterval(ticking);
      ticking = undefined;
    };
  }, [active]);
  return presence?.now() ?? Date.now();
}
