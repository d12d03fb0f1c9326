// @vitest-environment jsdom
// The components, with a real server: texts, colours, badge, and what assistive technology is told.
import { STATUS_COLORS, type Status } from '@presenced/client';
import { expect, test } from 'vitest';

import { ContactItem, ContactList, PresenceDot, PresenceProvider } from '../src/index.js';
import { contrast } from '../../../testing/contrast.js';
import { expectAccessible } from '../../../testing/page.js';
import { until, useServer } from '../../../testing/server.js';
import { useFriends, useRender } from './support.js';

const server = useServer();
const friends = useFriends(server);
const render = useRender();
const find = (element: Element, selector: string) => element.querySelector<HTMLElement>(selector)!;

test('a dot has a colour, a shape and a name for each status', async () => {
  const statuses = Object.keys(STATUS_COLORS) as Status[];
  const { element } = render(statuses.map((status) => <PresenceDot key={status} presence={{ status }} />));
  await until(() => element.children.length === 4);
  const dots = [...element.children];
  expect(dots.map((dot) => dot.getAttribute('aria-label'))).toEqual(['Online', 'Away', 'Busy', 'Offline']);
  expect(dots.every((dot) => dot.getAttribute('role') === 'img')).toBe(true);
  statuses.forEach((status, i) => expect(dots[i]!.innerHTML).toContain(STATUS_COLORS[status]));
  const shapes = dots.map((dot) => dot.innerHTML.replace(/#[0-9A-F]{6}/g, ''));
  expect(new Set(shapes).size).toBe(4);
  await expectAccessible(element);
});

test('a contact as the guide shows it', async () => {
  const { bob, a, b, connect } = await friends();
  const contact = { id: bob, name: 'Bob', avatar: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' };
  const { element } = render(<PresenceProvider presence={a}><ContactItem contact={contact} /></PresenceProvider>);
  await until(() => find(element, '.presence-status')?.textContent === 'Online');
  expect(find(element, '.presence-name').textContent).toBe('Bob');
  expect(find(element, '.presence-devices')).toBeNull();

  const second = connect(bob, { deviceId: 'another', deviceInfo: { type: 'mobile' } });
  await until(() => find(element, '.presence-status').textContent === 'Online (2 devices)');
  expect(find(element, '.presence-devices').textContent).toBe('2');
  await b.setStatus('busy', { customMessage: '<b>In a meeting</b>' });
  await until(() => find(element, '.presence-status').textContent === 'Busy (2 devices)');
  expect(find(element, '.presence-message').textContent).toBe('<b>In a meeting</b>');
  expect(find(element, '.presence-contact').dataset.status).toBe('busy');
  await expectAccessible(element);

  second.close();
  b.close();
  await until(() => find(element, '.presence-status').textContent === 'Last seen recently');
  await expectAccessible(element);
});

test('the badge can be read', async () => {
  const { bob, a, connect } = await friends();
  connect(bob, { deviceId: 'another' });
  const { element } = render(<PresenceProvider presence={a}><ContactItem contact={{ id: bob }} /></PresenceProvider>);
  await until(() => find(element, '.presence-devices'));
  const hex = (color: string) =>
    '#' + color.match(/\d+/g)!.slice(0, 3).map((part) => (+part).toString(16).padStart(2, '0')).join('');
  const { color, background } = find(element, '.presence-devices').style;
  expect(hex(background)).toBe('#2196f3');
  expect(contrast(hex(color), hex(background))).toBeGreaterThan(4.5);
});

test('a list of all contacts, those who are there first', async () => {
  const { bob, carol, a, b } = await friends();
  const { element } = render(<PresenceProvider presence={a}><ContactList label="Friends" /></PresenceProvider>);
  const names = () => [...element.querySelectorAll('.presence-name')].map((name) => name.textContent);
  await until(() => names().length === 2);
  expect(names()).toEqual([bob, carol]);
  await b.setStatus('busy');
  await until(() => names()[0] === carol);
  expect(find(element, 'ul').getAttribute('aria-label')).toBe('Friends');
  expect(find(element, 'ul').getAttribute('role')).toBe('list');
  await expectAccessible(element);
});

test("a change of one contact renders that one alone", async () => {
  const { bob, carol, a, b } = await friends();
  const renders: Record<string, number> = {};
  const contacts = [{ id: bob }, { id: carol }];
  const { element } = render(
    <PresenceProvider presence={a}>
      <ContactList
        contacts={contacts}
        renderItem={(contact) => (
          <ContactItem contact={contact}>
            {({ userId }, words) => {
              renders[userId] = (renders[userId] ?? 0) + 1;
              return <span>{words}</span>;
            }}
          </ContactItem>
        )}
      />
    </PresenceProvider>,
  );
  await until(() => element.textContent === 'OnlineOnline');
  const before = { ...renders };
  await b.setStatus('away');
  await until(() => element.textContent === 'AwayOnline');
  expect(renders).toEqual({ [bob]: before[bob]! + 1, [carol]: before[carol] });
});

test('without styles of its own, and in another language', async () => {
  const { bob, a } = await friends();
  const text = { locale: 'vi', words: { online: 'Trực tuyến' } };
  const { element } = render(
    <PresenceProvider presence={a}><ContactList contacts={[{ id: bob }]} text={text} unstyled /></PresenceProvider>,
  );
  await until(() => find(element, '.presence-status')?.textContent === 'Trực tuyến');
  expect(find(element, '.presence-contact').getAttribute('style')).toBeNull();
});
