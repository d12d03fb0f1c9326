// @vitest-environment jsdom
// The hooks, with a real server: what they show, and when they render.
import type { Presence } from '@presenced/client';
import { StrictMode, version } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, test } from 'vitest';

import {
  PresenceProvider, useConnection, useContacts, useMyStatus, usePresence, usePresenceClient,
  usePresences, type MyStatus,
} from '../src/index.js';
import { until, users, useServer } from '../../../testing/server.js';
import { useFriends, useRender } from './support.js';

const server = useServer();
const friends = useFriends(server);
const render = useRender();

test('with the React that this run is for', () => {
  expect(version.split('.')[0]).toBe(process.env.REACT);
});

/** Shows what a hook gives, and counts how often it was rendered. */
function probe<Value>(hook: () => Value) {
  const seen = { renders: 0, value: undefined as Value | undefined };
  function Probe() {
    seen.renders++;
    seen.value = hook();
    return null;
  }
  return { seen, Probe };
}

test('usePresence renders for its user only, and once per change', async () => {
  const { bob, carol, a, b, c } = await friends();
  const shown = probe(() => usePresence(bob));
  render(<PresenceProvider presence={a}><shown.Probe /></PresenceProvider>);
  await until(() => shown.seen.value?.status === 'online');
  const { renders } = shown.seen;

  for (const status of ['busy', 'away', 'offline', 'online'] as const) await c.setStatus(status);
  await until(() => a.store.user(carol).status === 'online');
  await b.setStatus('busy');
  await until(() => shown.seen.value?.status === 'busy', { what: 'the change of bob' });
  expect(shown.seen.renders).toBe(renders + 1);
  expect(shown.seen.value).toBe(a.store.user(bob));

  await a.check([bob, carol]); // nothing new
  await a.resync();
  expect(shown.seen.renders).toBe(renders + 1);
});

test('usePresences renders for its users, and gives the same array in between', async () => {
  const { bob, carol, a, b, c } = await friends();
  const shown = probe(() => usePresences([carol])); // a new array each time
  const both = probe(() => usePresences([bob, carol]));
  render(<PresenceProvider presence={a}><shown.Probe /><both.Probe /></PresenceProvider>);
  await until(() => both.seen.value?.length === 2);
  const [renders, rendersOfBoth] = [shown.seen.renders, both.seen.renders];
  await b.setStatus('busy');
  await until(() => both.seen.value![0]!.status === 'busy');
  expect(shown.seen.renders).toBe(renders);
  expect(both.seen.renders).toBe(rendersOfBoth + 1);
  await c.setStatus('away');
  await until(() => shown.seen.value![0]!.status === 'away');
  expect(both.seen.value!.map((user) => user.status)).toEqual(['busy', 'away']);
});

test('a hook follows another user when its argument changes', async () => {
  const { bob, carol, a, b } = await friends();
  await b.setStatus('busy');
  function Name({ id }: { id: string }) {
    const { status } = usePresence(id);
    const many = usePresences([id]);
    return <p>{`${status} ${many[0]!.userId}`}</p>;
  }
  const { element, root } = render(<PresenceProvider presence={a}><Name id={carol} /></PresenceProvider>);
  await until(() => element.textContent === `online ${carol}`);
  root.render(<PresenceProvider presence={a}><Name id={bob} /></PresenceProvider>);
  await until(() => element.textContent === `busy ${bob}`);
});

test('useContacts lists all of them', async () => {
  const { alice, bob, carol, a } = await friends();
  const shown = probe(() => useContacts().map((user) => user.userId));
  render(<PresenceProvider presence={a}><shown.Probe /></PresenceProvider>);
  await until(() => shown.seen.value?.length === 2);
  expect([...shown.seen.value!].sort()).toEqual([bob, carol]);
  await server().unfriend(alice, carol);
  await until(() => shown.seen.value!.length === 1);
});

test('useMyStatus shows and chooses the own status, and renders for nobody else', async () => {
  const { alice, bob, a, b } = await friends();
  await until(() => a.me?.status === 'online');
  const shown = probe<MyStatus>(() => useMyStatus());
  render(<PresenceProvider presence={a}><shown.Probe /></PresenceProvider>);
  await until(() => shown.seen.value?.status === 'online');
  const { renders } = shown.seen;
  await b.setStatus('away');
  await a.get(bob);
  expect(shown.seen.renders).toBe(renders);
  await shown.seen.value!.setStatus('offline', { customMessage: 'Hidden' });
  await until(() => shown.seen.value?.status === 'offline');
  expect(shown.seen.value).toMatchObject({ customMessage: 'Hidden', presence: { deviceCount: 1 } });
  await until(() => b.store.user(alice).offlineReason === 'manual');
  await expect(shown.seen.value!.setStatus('busy', { customMessage: '\n' }))
    .rejects.toMatchObject({ code: 'invalid_argument' });
});

test('useConnection tells whether it is connected', async () => {
  const { a } = await friends();
  const seen: string[] = [];
  const shown = probe(() => seen.push(useConnection().status));
  render(<PresenceProvider presence={a}><shown.Probe /></PresenceProvider>);
  await until(() => seen.at(-1) === 'connected');
  a.socket!.io.engine.close();
  await until(() => seen.at(-1) === 'connected' && seen.length > 1);
  expect(seen).toEqual(['connected', 'connecting', 'connected']);
});

describe('the provider', () => {
  test('opens a connection and closes it, also in StrictMode', async () => {
    const [alice] = users('alice');
    const seen = new Set<Presence | undefined>();
    function Probe() {
      seen.add(usePresenceClient());
      return <p>{usePresence('bob').status}</p>;
    }
    const { element, root } = render(
      <StrictMode>
        <PresenceProvider options={{ url: server().url, auth: { userId: alice } }}><Probe /></PresenceProvider>
      </StrictMode>,
    );
    await until(async () => (await server().presence(alice)).deviceCount === 1, { what: 'the device' });
    expect(element.textContent).toBe('offline');
    await until(() => [...seen].at(-1)?.connection.status === 'connected');
    expect((await server().presence(alice)).deviceCount).toBe(1);
    root.unmount();
    await until(async () => (await server().presence(alice)).deviceCount === 0, { what: 'the end' });
  });

  test('leaves a presence that it was given as it is', async () => {
    const { a } = await friends();
    const { root } = render(<PresenceProvider presence={a}>shown</PresenceProvider>);
    root.unmount();
    await a.resync();
    expect(a.connection.status).toBe('connected');
  });

  test('on a server everybody is offline, and nothing connects', () => {
    function Page() {
      const { status } = useMyStatus();
      return <p>{[usePresence('bob').status, useContacts().length, useConnection().status, status].join(' ')}</p>;
    }
    const html = renderToString(
      <PresenceProvider options={{ url: server().url, auth: { userId: 'x' } }}><Page /></PresenceProvider>,
    );
    expect(html).toBe('<p>offline 0 connecting offline</p>');
  });

  test('has to be there', () => {
    function Page() {
      return <p>{usePresence('bob').status}</p>;
    }
    expect(() => renderToString(<Page />)).toThrow('<PresenceProvider>');
  });
});
