// The page for those who do not see it, or use no pointer, or have a small screen.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';

import {
  choose, connected, contact, friends, inBrowser, ownStatus, pane, says, Server, useBrowser,
} from '../support/browser.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server;
before(async () => (server = await Server.start()));
after(() => server?.stop());
const browser = useBrowser();
const visiting = (body) => inBrowser(browser, () => server, body);

/** Everything that axe knows, the best practices included. */
async function accessible(page) {
  // By the debugger: the page's own policy lets no script in.
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => ({ id, html, failureSummary })));
  });
  assert.deepEqual(violations, []);
}

/** The page never needs to be moved sideways. */
async function fits(page) {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= screen, `${content} px wide on a screen of ${screen}`);
}

const PHONE = { width: 375, height: 812 };
const DESK = { width: 1280, height: 900 };
const views = [
  ['light', { colorScheme: 'light', viewport: DESK }],
  ['dark', { colorScheme: 'dark', viewport: DESK }],
  ['light, on a phone', { colorScheme: 'light', viewport: PHONE, isMobile: true, hasTouch: true }],
  ['dark, on a phone', { colorScheme: 'dark', viewport: PHONE, isMobile: true, hasTouch: true }],
];

describe('axe finds no fault', { concurrency: 2 }, () => {
  for (const [name, options] of views) {
    const phone = options.viewport === PHONE;

    test(`with the entrance: ${name}`, visiting(async (visit) => {
      const page = await (await visit.person({ ...options, reducedMotion: 'reduce' })).newPage();
      await page.goto(server.url);
      await says(page.locator('main'), 'Who are you?');
      await page.getByText('The server asks for a token').click();
      await page.getByRole('button', { name: 'Connect' }).click();
      await says(page.getByRole('alert'), 'Fill in a user id');
      await accessible(page);
      await fits(page);
    }));

    test(`with people of every status: ${name}`, visiting(async (visit) => {
      const [alice, bob, carol, dave, erin] = await friends(server, 'alice', 'bob', 'carol', 'dave', 'erin');
      const others = await visit.visit(bob, bob, carol, dave);
      await choose(others, carol, { status: 'Busy', message: 'In a meeting until the cows come home' });
      await choose(others, dave, { status: 'Away' });
      const page = await visit.tab(await visit.person(options), alice, erin);
      if (phone) await page.getByRole('navigation').getByRole('button', { name: alice }).click();
      await says(contact(page, alice, bob), 'Online (2 devices)');
      await says(contact(page, alice, carol), 'Busy');
      await says(contact(page, alice, dave), 'Away');
      await pane(page, alice).getByText('Your devices').click();
      await accessible(page);
      await fits(page);
      if (phone) {
        await page.getByRole('navigation').getByRole('button', { name: 'Events' }).click();
        await says(page.getByRole('log'), 'presence_snapshot');
        await accessible(page);
        await fits(page);
      }
      await page.getByRole('button', { name: 'Add somebody' }).click();
      await page.getByRole('dialog').waitFor();
      await accessible(page);
      await fits(page);
    }));
  }

  for (const colorScheme of ['light', 'dark']) {
    test(`with an alert: ${colorScheme}`, visiting(async (visit) => {
      const [alice] = await friends(server, 'alice');
      const page = await visit.tab(await visit.person({ colorScheme }), alice);
      const [{ socketId }] = (await server.presence(alice)).devices;
      await server.api('DELETE', `/v1/users/${alice}/devices/${encodeURIComponent(socketId)}`);
      await says(pane(page, alice).getByRole('alert').first(), 'The server ended this connection');
      await accessible(page);
      await pane(page, alice).getByRole('button', { name: 'Connect again' }).click();
      await connected(page, alice);
    }));
  }
});

test('everything can be done by keyboard', visiting(async (visit) => {
  const [alice, bob] = await friends(server, 'alice', 'bob');
  const watcher = await visit.visit(bob);
  const page = await (await visit.person()).newPage();
  await page.goto(server.url);
  const { keyboard } = page;
  /** Goes on with the Tab key until this has the focus. */
  const reach = async (locator) => {
    for (let steps = 0; steps < 40; ++steps) {
      await keyboard.press('Tab');
      if (await locator.evaluate((element) => element === document.activeElement).catch(() => false)) return;
    }
    assert.fail(`${locator} cannot be reached`);
  };
  await says(page.locator('main'), 'Who are you?');
  await reach(page.getByLabel('Or any other user'));
  await keyboard.type(alice);
  await keyboard.press('Enter');
  await connected(page, alice);
  await says(page.locator(':focus'), alice);
  await says(ownStatus(page, alice), 'Online');

  await reach(pane(page, alice).getByRole('radio', { name: 'Online' }));
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowRight');
  await reach(pane(page, alice).getByLabel('Message'));
  await keyboard.type('By keyboard');
  await keyboard.press('Enter');
  await says(contact(watcher, bob, alice), 'Busy');
  await says(contact(watcher, bob, alice), 'By keyboard');

  await reach(page.getByRole('log'));
  await keyboard.press('Shift+Tab');
  await keyboard.press('Enter');
  await says(page.getByRole('log'), /^$/);
}));

test('the page runs under its policy, and asks nobody else for anything', visiting(async (visit) => {
  const [alice] = await friends(server, 'alice');
  const page = await (await visit.person()).newPage();
  const asked = new Set();
  page.on('request', (request) => asked.add(new URL(request.url()).origin));
  await visit.enter(page, alice);
  assert.deepEqual([...asked].filter((origin) => origin !== 'null'), [server.url]);
  const { headers } = await server.request('GET', '/');
  assert.match(headers['content-security-policy'], /default-src 'none'/);
  await page.getByLabel('Hide heartbeats').uncheck();
  await says(page.getByRole('log'), 'user_heartbeat');
}));
