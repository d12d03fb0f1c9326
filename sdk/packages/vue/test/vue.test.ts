// @vitest-environment jsdom
// The composables and components, with a real server: what they show, and when they render.
import { createPresence, STATUS_COLORS, type Presence, type Status } from '@presenced/client';
import { afterEach, describe, expect, test } from 'vitest';
import { createApp, createSSRApp, h, nextTick, ref, type App, type Component } from 'vue';
import { renderToString } from 'vue/server-renderer';

import {
  ContactItem, ContactList, PresenceDot, presencePlugin, useConnection, useContacts, useMyStatus,
  usePresence, usePresences, type MyStatus, type PresencePluginOptions,
} from '../src/index.js';
import { contrast } from '../../../testing/contrast.js';
import { expectAccessible, usePlace } from '../../../testing/page.js';
import { until, useOpened, users, useServer } from '../../../testing/server.js';

const server = useServer();
const opened = useOpened();
const place = usePlace();
const apps: App[] = [];
afterEach(() => {
  for (const app of apps.splice(0)) app.unmount();
});

const connect = (userId: string, more: object = {}) =>
  opened(createPresence({ url: server().url, auth: { userId }, deviceId: `device of ${userId}`, ...more }));

async function friends() {
  const [alice, bob, carol] = users('alice', 'bob', 'carol');
  await server().befriend(alice, bob);
  await server().befriend(alice, carol);
  const [a, b, c] = [alice, bob, carol].map((user) => connect(user)) as [Presence, Presence, Presence];
  await until(() => a.store.user(bob).status === 'online' && a.store.user(carol).status === 'online');
  return { alice, bob, carol, a, b, c };
}

function mount(root: Component, given: PresencePluginOptions) {
  const element = place();
  const app = createApp(root).use(presencePlugin, given);
  apps.push(app);
  app.mount(element);
  return { element, app };
}

/** A component that shows what `setup` gives, and counts how often it renders. */
function probe(setup: () => () => unknown) {
  const seen = { renders: 0 };
  const root: Component = {
    setup() {
      const show = setup();
      return () => {
        seen.renders++;
        return h('p', String(show()));
      };
    },
  };
  return { seen, root };
}

test('usePresence renders for its user only, and follows another when its argument changes', async () => {
  const { bob, carol, a, b, c } = await friends();
  const id = ref(bob);
  const { seen, root } = probe(() => {
    const presence = usePresence(id);
    return () => presence.value.status;
  });
  const { element } = mount(root, { presence: a });
  expect(element.textContent).toBe('online');
  await c.setStatus('away');
  await until(() => a.store.user(carol).status === 'away');
  await b.setStatus('busy');
  await until(() => element.textContent === 'busy');
  await a.resync();
  await nextTick();
  expect(seen.renders).toBe(2);
  id.value = carol;
  await until(() => element.textContent === 'away');
  await c.setStatus('online');
  await until(() => element.textContent === 'online');
  await b.setStatus('online');
  await until(() => a.store.user(bob).status === 'online');
  await nextTick();
  expect(seen.renders).toBe(4);
});

test('usePresences, useContacts and useConnection', async () => {
  const { bob, carol, a, b } = await friends();
  const { root } = probe(() => {
    const two = usePresences(() => [carol, bob]);
    const all = useContacts();
    const connection = useConnection();
    return () => [...two.value.map((user) => user.status), all.value.length, connection.value.status].join(' ');
  });
  const { element } = mount(root, { presence: a });
  expect(element.textContent).toBe('online online 2 connected');
  await b.setStatus('busy');
  await until(() => element.textContent === 'online busy 2 connected');
  a.socket!.io.engine.close();
  await until(() => element.textContent === 'online busy 2 connecting');
  await until(() => element.textContent === 'online busy 2 connected');
});

test('useMyStatus shows and chooses the own status', async () => {
  const { alice, a, b } = await friends();
  let mine: MyStatus | undefined;
  const { root } = probe(() => {
    const my = (mine = useMyStatus());
    return () => `${my.status.value} ${my.customMessage.value ?? ''}`;
  });
  const { element } = mount(root, { presence: a });
  await until(() => element.textContent === 'online ');
  await mine!.setStatus('offline', { customMessage: 'Hidden' });
  await until(() => element.textContent === 'offline Hidden');
  await until(() => b.store.user(alice).offlineReason === 'manual');
});

describe('the plugin', () => {
  test('opens a connection, and closes it with the app', async () => {
    const [alice] = users('alice');
    const { root } = probe(() => () => 'shown');
    const { app } = mount(root, { options: { url: server().url, auth: { userId: alice } } });
    await until(async () => (await server().presence(alice)).deviceCount === 1);
    app.unmount();
    apps.length = 0;
    await until(async () => (await server().presence(alice)).deviceCount === 0);
  });

  test('leaves a presence that it was given as it is, and listens to it no more', async () => {
    const { bob, a, b } = await friends();
    const { seen, root } = probe(() => {
      const presence = usePresence(bob);
      return () => presence.value.status;
    });
    const { app } = mount(root, { presence: a });
    app.unmount();
    apps.length = 0;
    await b.setStatus('busy');
    await until(() => a.store.user(bob).status === 'busy');
    await nextTick();
    expect(seen.renders).toBe(1);
  });

  test('on a server shows what it is given', async () => {
    const { bob, a } = await friends();
    const { root } = probe(() => {
      const presence = usePresence(bob);
      return () => presence.value.status;
    });
    expect(await renderToString(createSSRApp(root).use(presencePlugin, { presence: a }))).toBe('<p>online</p>');
  });

  test('has to be there', () => {
    const { root } = probe(() => {
      usePresence('bob');
      return () => '';
    });
    const app = createApp(root);
    app.config.warnHandler = () => {};
    expect(() => app.mount(place())).toThrow('presencePlugin');
  });
});

describe('components', () => {
  const find = (element: Element, selector: string) => element.querySelector<HTMLElement>(selector)!;

  test('a dot has a colour, a shape and a name for each status', async () => {
    const statuses = Object.keys(STATUS_COLORS) as Status[];
    const element = place();
    const app = createApp(() => statuses.map((status) => h(PresenceDot, { presence: { status } })));
    apps.push(app);
    app.mount(element);
    const dots = [...element.children];
    expect(dots.map((dot) => dot.getAttribute('aria-label'))).toEqual(['Online', 'Away', 'Busy', 'Offline']);
    statuses.forEach((status, i) => expect(dots[i]!.innerHTML).toContain(STATUS_COLORS[status]));
    expect(new Set(dots.map((dot) => dot.innerHTML.replace(/#[0-9A-F]{6}/g, ''))).size).toBe(4);
    await expectAccessible(element);
  });

  test('a contact as the guide shows it', async () => {
    const { bob, a, b } = await friends();
    const contact = { id: bob, name: 'Bob', avatar: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' };
    const { element } = mount(() => h(ContactItem, { contact }), { presence: a });
    expect(find(element, '.presence-status').textContent).toBe('Online');
    const second = connect(bob, { deviceId: 'another' });
    await until(() => find(element, '.presence-status').textContent === 'Online (2 devices)');
    const badge = find(element, '.presence-devices');
    expect(badge.textContent).toBe('2');
    expect([badge.style.background, badge.style.color]).toEqual(['rgb(33, 150, 243)', 'rgb(0, 0, 0)']);
    expect(contrast('#000000', '#2196f3')).toBeGreaterThan(4.5);
    await b.setStatus('busy', { customMessage: '<b>In a meeting</b>' });
    await until(() => find(element, '.presence-message')?.textContent === '<b>In a meeting</b>');
    expect(find(element, '.presence-contact').dataset.status).toBe('busy');
    await expectAccessible(element);
    second.close();
    b.close();
    await until(() => find(element, '.presence-status').textContent === 'Last seen recently');
    await expectAccessible(element);
  });

  test('a list of all contacts, those who are there first', async () => {
    const { bob, carol, a, b } = await friends();
    const { element } = mount(() => h(ContactList, { label: 'Friends', unstyled: true }), { presence: a });
    const names = () => [...element.querySelectorAll('.presence-name')].map((name) => name.textContent);
    expect(names()).toEqual([bob, carol]);
    await b.setStatus('busy');
    await until(() => names()[0] === carol);
    expect(find(element, 'ul').getAttribute('aria-label')).toBe('Friends');
    expect(element.innerHTML).not.toMatch(/<(ul|div|span)[^>]* style=/);
    await expectAccessible(element);
  });

  test('a change of one contact renders that one alone', async () => {
    const { bob, carol, a, b } = await friends();
    const renders: Record<string, number> = {};
    const item = ({ contact }: { contact: { id: string } }) => [
      h(ContactItem, { contact }, {
        default: ({ presence, text }: { presence: { userId: string }; text: string }) => {
          renders[presence.userId] = (renders[presence.userId] ?? 0) + 1;
          return [h('span', text)];
        },
      }),
    ];
    const contacts = [{ id: bob }, { id: carol }];
    const { element } = mount(() => h(ContactList, { contacts }, { item }), { presence: a });
    expect(element.textContent).toBe('OnlineOnline');
    await b.setStatus('away');
    await until(() => element.textContent === 'AwayOnline');
    expect(renders).toEqual({ [bob]: 2, [carol]: 1 });
  });
});
