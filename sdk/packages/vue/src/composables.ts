import type { ConnectionState, Presence, Status, UserPresence } from '@presenced/client';
import {
  computed, onScopeDispose, shallowRef, toValue, watchEffect,
  type ComputedRef, type MaybeRefOrGetter, type ShallowRef,
} from 'vue';

import { usePresenceClient } from './plugin.js';

/** What a store knows, as long as the component (or scope) lives. */
export type Snapshot<Value> = Readonly<ShallowRef<Value>>;

// `read` may depend on refs; `subscribe` belongs to what it read.
function useSnapshot<Value>(
  read: () => Value,
  subscribe: (changed: () => void) => () => void,
): Snapshot<Value> {
  const value = shallowRef(read());
  const update = () => (value.value = read());
  watchEffect(
    (onCleanup) => {
      update();
      onCleanup(subscribe(update));
    },
    { flush: 'sync' },
  );
  return value;
}

/** The presence of one user; changes with that of this user, and for nobody else. */
export function usePresence(userId: MaybeRefOrGetter<string>): Snapshot<UserPresence> {
  const { store } = usePresenceClient();
  return useSnapshot(
    () => store.user(toValue(userId)),
    (changed) => store.subscribeUser(toValue(userId), changed),
  );
}

/** The presence of some users, in their order. */
export function usePresences(userIds: MaybeRefOrGetter<readonly string[]>): Snapshot<readonly UserPresence[]> {
  const { store } = usePresenceClient();
  return useSnapshot(
    () => toValue(userIds).map((id) => store.user(id)),
    (changed) => {
      const each = toValue(userIds).map((id) => store.subscribeUser(id, changed));
      return () => each.forEach((unsubscribe) => unsubscribe());
    },
  );
}

/** All contacts, in the order in which they became known. */
export function useContacts(): Snapshot<readonly UserPresence[]> {
  const { store } = usePresenceClient();
  return useSnapshot(() => store.contacts(), (changed) => store.subscribe(changed));
}

/** Whether and why it is not connected. */
export function useConnection(): Snapshot<ConnectionState> {
  const presence = usePresenceClient();
  return useSnapshot(() => presence.connection, (changed) => presence.on('connection', changed));
}

export interface MyStatus {
  /** The own view, as soon as it is known: `offline` while invisible, and with all devices. */
  presence: Snapshot<UserPresence | undefined>;
  status: ComputedRef<Status>;
  customMessage: ComputedRef<string | undefined>;
  /** Chooses a status: the whole choice, what is left out is none. Rejects with a PresenceError. */
  setStatus: Presence['setStatus'];
}

/** The user's own status, and how it is chosen. */
export function useMyStatus(): MyStatus {
  const client = usePresenceClient();
  const presence = useSnapshot(() => client.me, (changed) => client.store.subscribe(changed));
  return {
    presence,
    status: computed(() => presence.value?.status ?? 'offline'),
    customMessage: computed(() => presence.value?.customMessage),
    setStatus: (status, details) => client.setStatus(status, details),
  };
}

// One timer for all texts that tell how long ago something was.
const clocks = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;
const TICK_MS = 30_000;

/** The time by the server's clock, for texts such as `3m ago`: changes twice a minute. */
export function useNow(): Snapshot<number> {
  const presence = usePresenceClient();
  const now = shallowRef(presence.now());
  if (typeof document === 'undefined') return now;
  const tick = () => (now.value = presence.now());
  clocks.add(tick);
  ticking ??= setInterval(() => clocks.forEach((each) => each()), TICK_MS);
  onScopeDispose(() => {
    clocks.delete(tick);
    if (clocks.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  });
  return now;
}
