// @vitest-environment jsdom
// The guide's own snippets, as they stand, against a real server: what was written by the guide has to
// work, and what @presenced/client says in words is what the guide says.
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import { renderToStaticMarkup } from 'react-dom/server';
import { io, type Socket } from 'socket.io-client';
import ts from 'typescript';
import { afterEach, expect, test, vi } from 'vitest';
import { createApp, h, type App, type Component } from 'vue';

import { STATUS_COLORS, statusText, type Status } from '@presenced/client';
import reactNativeSnippet from '../guide/react-native.jsx?raw';
import reactSnippet from '../guide/react.jsx?raw';
import statusSnippet from '../guide/status-text.jsx?raw';
import vueSnippet from '../guide/vue.js?raw';
import { AppStateOfATest } from '../app_state.js';
import { usePlace } from '../page.js';
import { until, useOpened, users, useServer } from '../server.js';

const server = useServer({ stale_after: '1500ms', disconnect_grace: '200ms' });
const opened = useOpened();
const place = usePlace();
afterEach(() => vi.useRealTimers());

/** What a snippet defines, when it is run with these names around it. */
function snippet<Defined>(text: string, around: object, defines: string[]): Defined {
  const { outputText } = ts.transpileModule(text, {
    fileName: 'snippet.jsx',
    compilerOptions: { jsx: ts.JsxEmit.React, module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const module = { exports: {} };
  const names = { React, module, exports: module.exports, require: () => around, ...around };
  const body = `${outputText}\nreturn { ${defines.join(', ')} };`;
  return (new Function(...Object.keys(names), body) as (...values: unknown[]) => Defined)(...Object.values(names));
}

async function connect(userId: string): Promise<Socket> {
  const socket = io(server().url, { auth: { userId }, forceNew: true });
  opened({ close: () => socket.disconnect() });
  await until(() => socket.connected);
  return socket;
}

async function friends() {
  const [alice, bob] = users('alice', 'bob');
  await server().befriend(alice, bob);
  const socket = await connect(alice);
  // What keeps alice live is not what is tested here.
  const beat = setInterval(() => socket.emit('user_heartbeat', {}), 300);
  opened({ close: () => clearInterval(beat) });
  return { bob, socket, contacts: [{ id: bob, name: 'Bob', avatar: '/bob.png' }] };
}

const device = { getDeviceType: () => 'web', getOS: () => 'Linux', getBrowser: () => 'Firefox' };

test('React: the contact list', async () => {
  const { bob, socket, contacts } = await friends();
  const { useState, useEffect } = React;
  const { ContactList } = snippet<{ ContactList: React.ComponentType<{ contacts: unknown }> }>(
    reactSnippet, { useState, useEffect, socket, ...device }, ['ContactList'],
  );
  const element = place();
  const root = createRoot(element);
  const [status, dot] = [
    () => element.querySelector('.contact-status')?.textContent,
    () => element.querySelector<HTMLElement>('.status-indicator')?.style.backgroundColor,
  ];
  root.render(<ContactList contacts={contacts} />);
  try {
    await until(() => element.querySelector('.contact-name')?.textContent === 'Bob');
    const first = await connect(bob);
    await until(() => status() === 'Online ', { what: 'bob online' });
    expect(dot()).toBe('rgb(76, 175, 80)');

    const second = await connect(bob);
    root.render(<ContactList contacts={[...contacts]} />); // asks again
    await until(() => status() === 'Online (2 devices)', { what: 'two devices' });

    first.emit('set_user_status', { status: 'busy' });
    await until(async () => (await server().presence(bob)).status === 'busy');
    root.render(<ContactList contacts={[...contacts]} />);
    await until(() => dot() === 'rgb(244, 67, 54)', { what: 'the colour of busy' });

    second.disconnect();
    first.disconnect();
    await until(() => dot() === 'rgb(158, 158, 158)', { what: 'the colour of offline' });
    expect(status()).toBe('Just now');
  } finally {
    root.unmount();
  }
  expect(socket.listeners('user_online')).toEqual([]);
});

test('React: the heartbeat every 30 s', async () => {
  const { socket } = await friends();
  const { useState, useEffect } = React;
  const { usePresenceSystem } = snippet<{ usePresenceSystem: () => unknown }>(
    reactSnippet, { useState, useEffect, socket, ...device }, ['usePresenceSystem'],
  );
  const sent: unknown[] = [];
  socket.onAnyOutgoing((event: string, payload: { deviceInfo?: unknown }) => {
    if (event === 'user_heartbeat' && payload.deviceInfo) sent.push(payload.deviceInfo);
  });
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const root = createRoot(place());
  let mounted = false;
  root.render(React.createElement(() => {
    usePresenceSystem();
    useEffect(() => void (mounted = true));
    return null;
  }));
  await until(() => mounted);
  vi.advanceTimersByTime(60_000);
  expect(sent).toEqual(Array(2).fill({ type: 'web', os: 'Linux', browser: 'Firefox' }));
  root.unmount();
});

test('Vue: the mixin and the contact list', async () => {
  const { bob, socket, contacts } = await friends();
  type Module = { module: { exports: { default: Component } } };
  const { module } = snippet<Module>(vueSnippet, {}, ['module']);
  const element = place();
  // The snippet is written for Vue 2 and leaves its template to the reader.
  const app: App = createApp({
    extends: module.exports.default,
    methods: { isMobile: () => false, getOS: device.getOS, getBrowser: device.getBrowser },
    beforeUnmount(this: { $options: { beforeDestroy(): void } }) {
      this.$options.beforeDestroy.call(this);
    },
    render(this: { contactsWithPresence: { name: string; presence: { status: string; deviceCount: number } }[] }) {
      return this.contactsWithPresence.map(({ name, presence }) => h('p', `${name} ${presence.status} ${presence.deviceCount}`));
    },
  } as Component, { contacts });
  app.config.globalProperties.$socket = socket;
  app.config.globalProperties.$set = (map: Map<string, unknown>, key: string, value: unknown) => map.set(key, value);
  app.mount(element);
  await until(() => element.textContent === 'Bob offline 0', { what: 'the answer' });
  const first = await connect(bob);
  await until(() => element.textContent === 'Bob online 1', { what: 'bob online' });
  first.disconnect();
  await until(() => element.textContent === 'Bob offline 0', { what: 'bob offline' });
  app.unmount();
  for (const event of ['user_online', 'user_offline', 'presence_status_response']) {
    expect(socket.listeners(event), event).toEqual([]);
  }
});

test('React Native: the manager', async () => {
  const { bob, socket } = await friends();
  const appState = new AppStateOfATest();
  type Manager = { startHeartbeat(): void; stopHeartbeat(): void };
  const around = { AppState: appState, Platform: { OS: 'android', Version: 34 } };
  const { MobilePresenceManager } = snippet<{ MobilePresenceManager: new (socket: Socket) => Manager }>(
    reactNativeSnippet, around, ['MobilePresenceManager'],
  );
  const news: string[] = [];
  socket.on('user_online', ({ userId }) => news.push(`${userId} online`));
  socket.on('user_offline', ({ userId, offlineReason }) => news.push(`${userId} ${offlineReason}`));

  const phone = await connect(bob);
  const manager = new MobilePresenceManager(phone);
  manager.startHeartbeat();
  await until(() => news.at(-1) === `${bob} online`);
  appState.become('inactive', 'background');
  await until(() => news.at(-1) === `${bob} inactive`, { what: 'the phone in the background to go offline' });
  expect(phone.connected).toBe(true);
  appState.become('active');
  await until(() => news.at(-1) === `${bob} online`, { what: 'the phone in front to be online' });
  expect((await server().presence(bob)).devices[0]).toMatchObject({ deviceType: 'mobile', os: 'android' });
  manager.stopHeartbeat();
});

test('React Native: the contact', async () => {
  type Props = { contact: object; presence?: { status: Status } };
  const View = ({ style, children }: { style: object[]; children?: React.ReactNode }) =>
    <div style={Object.assign({}, ...[style].flat())}>{children}</div>;
  const Text = ({ children }: { children: React.ReactNode }) => <p>{children}</p>;
  const Image = () => null;
  const around = { View, Text, Image, TouchableOpacity: View, styles: {}, AppState: new AppStateOfATest() };
  const { ContactWithPresence } = snippet<{ ContactWithPresence: React.ComponentType<Props> }>(
    reactNativeSnippet, around, ['ContactWithPresence'],
  );
  for (const status of Object.keys(STATUS_COLORS) as Status[]) {
    const html = renderToStaticMarkup(<ContactWithPresence contact={{ name: 'Bob' }} presence={{ status }} />);
    expect(html).toContain(`background-color:${STATUS_COLORS[status]}`);
  }
});

test("the guide's StatusText says what statusText says", async () => {
  const Text = ({ children }: { children: React.ReactNode }) => <>{children}</>;
  const { StatusText } = snippet<{ StatusText: React.ComponentType<{ presence: unknown }> }>(
    statusSnippet, { Text, styles: {} }, ['StatusText'],
  );
  vi.useFakeTimers({ toFake: ['Date'] });
  const minutes = [0, 4.9, 5, 59.9, 60, 61, 23.9 * 60, 24 * 60, 100 * 60];
  const presences = [
    undefined,
    ...minutes.map((ago) => ({ status: 'offline' as Status, lastSeen: Date.now() - ago * 60_000, deviceCount: 0 })),
    ...(['offline', 'online', 'away', 'busy'] as const).flatMap((status) =>
      [0, 1, 2].map((deviceCount) => ({ status, lastSeen: 0, deviceCount }))),
  ];
  for (const presence of presences) {
    const guide = renderToStaticMarkup(<StatusText presence={presence} />);
    expect(statusText(presence && { userId: 'bob', ...presence }), JSON.stringify(presence)).toBe(guide);
  }
});
