import { createPresence, type Presence } from '@presenced/client';
import { afterEach } from 'vitest';
import { createRoot, type Root } from 'react-dom/client';
import type { ReactNode } from 'react';

import { usePlace } from '../../../testing/page.js';
import { until, useOpened, users, type Server } from '../../../testing/server.js';

/** Renders into the page; gives the element, and unmounts at the end of the test. */
export function useRender() {
  const place = usePlace();
  const roots: Root[] = [];
  afterEach(() => {
    for (const root of roots.splice(0)) root.unmount();
  });
  return (what: ReactNode) => {
    const element = place();
    const root = createRoot(element);
    roots.push(root);
    root.render(what);
    return { element, root };
  };
}

/** A user and two contacts, all connected. */
export function useFriends(server: () => Server) {
  const opened = useOpened();
  const connect = (userId: string, more: object = {}) =>
    opened(createPresence({ url: server().url, auth: { userId }, deviceId: `device of ${userId}`, ...more }));
  return async () => {
    const [alice, bob, carol] = users('alice', 'bob', 'carol');
    await server().befriend(alice, bob);
    await server().befriend(alice, carol);
    const [a, b, c] = [alice, bob, carol].map((user) => connect(user)) as [Presence, Presence, Presence];
    await until(() => a.store.user(bob).status === 'online' && a.store.user(carol).status === 'online');
    return { alice, bob, carol, a, b, c, connect };
  };
}
