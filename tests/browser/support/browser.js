// Chromium, and the page at `/` as a person sees it: by roles, names and texts.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before } from 'node:test';

import { chromium } from 'playwright-core';

import { until } from '../../e2e/support/time.js';

export { Server } from '../../e2e/support/server.js';
export { seconds, token } from '../../e2e/support/tokens.js';
export { until };

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/google-chrome'];

/** The browser under test: PRESENCED_CHROMIUM, or that of the system. */
function program() {
  const found = process.env.PRESENCED_CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));
  if (!found) throw new Error('no Chromium: install the package chromium, or set PRESENCED_CHROMIUM');
  return found;
}

export function launch() {
  return chromium.launch({
    executablePath: program(),
    // Root has no sandbox of its own to use.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-dev-shm-usage', '--disable-gpu'],
  });
}

/** One browser for the tests of a file. */
export function useBrowser() {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());
  return () => browser;
}

// What the browser itself says of a server that is away is no fault of the page.
const EXPECTED = /Failed to load resource|WebSocket connection to|WebSocket is already in CLOSING/;

/** What one test has of a browser and a server; everything is closed when it ends. */
export class Visit {
  #contexts = [];
  #faults = [];

  constructor(browser, server) {
    this.browser = browser;
    this.server = server;
  }

  /** Somebody's browser, with storage of its own. `options` are those of Playwright. */
  async person(options = {}) {
    const context = await this.browser.newContext(options);
    context.setDefaultTimeout(10_000);
    context.on('page', (page) => this.#watch(page));
    this.#contexts.push(context);
    return context;
  }

  /** A tab in which these users are, all of them connected. */
  async tab(context, ...users) {
    const page = await context.newPage();
    await this.enter(page, ...users);
    return page;
  }

  async enter(page, ...users) {
    const query = users.map((user) => `as=${encodeURIComponent(user)}`).join('&');
    await page.goto(`${this.server.url}/?${query}`);
    for (const user of users) await connected(page, user);
  }

  /** A person with one tab. */
  async visit(...users) {
    return this.tab(await this.person(), ...users);
  }

  async end() {
    await Promise.all(this.#contexts.map((context) => context.close()));
    assert.deepEqual(this.#faults, []);
  }

  #watch(page) {
    page.on('pageerror', (error) => this.#faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) this.#faults.push(message.text());
    });
  }
}

/** Runs `body(visit)` and closes what it opened whatever happened. */
export function inBrowser(getBrowser, getServer, body) {
  return async () => {
    const visit = new Visit(getBrowser(), getServer());
    try {
      await body(visit);
    } finally {
      await visit.end();
    }
  };
}

let tests = 0;

/** Users that no other test of the file has, the first a mutual contact of the others. */
export async function friends(server, ...names) {
  const number = ++tests;
  const users = names.map((name) => `${name}-${number}`);
  for (const other of users.slice(1)) await server.befriend(users[0], other);
  return users;
}

// ---- what is on the page

// On a phone only one pane is shown.
export const pane = (page, user) =>
  page.getByRole('region', { name: user, exact: true, includeHidden: true });
export const connection = (page, user) => pane(page, user).locator('.connection');
export const ownStatus = (page, user) => pane(page, user).locator('.own-status');

/** A contact in somebody's list. */
export const contact = (page, user, other) =>
  pane(page, user).getByRole('list', { name: 'Contacts', includeHidden: true })
    .getByRole('listitem', { includeHidden: true })
    .filter({ has: page.getByText(other, { exact: true }) });

/** Waits until the element says this: a part of its text, or a pattern. */
export async function says(locator, expected) {
  let text;
  await until(
    async () => {
      text = await locator.textContent({ timeout: 500 }).catch(() => undefined);
      if (text === undefined || text === null) return false;
      return expected instanceof RegExp ? expected.test(text) : text.includes(expected);
    },
    { every: 30, what: () => `${locator} to say ${expected}; it says ${JSON.stringify(text)}` },
  );
}

export const connected = (page, user) => says(connection(page, user), 'Connected');

/** The lines of the event log, oldest first: {who, kind, event, text}. */
export async function lines(page) {
  const read = await page.getByRole('log').getByRole('listitem').evaluateAll((items) =>
    items.map((item) => ({ ...item.dataset, text: item.textContent })));
  return read.reverse();
}

/** What somebody in this window was told, by the names of the events. */
export async function told(page, user) {
  return (await lines(page)).filter(({ who, kind }) => who === user && kind === 'in').map(({ event }) => event);
}

export const clearLog = (page) => page.getByRole('button', { name: 'Clear' }).click();

/** Chooses a status as a person does. */
export async function choose(page, user, { status, message, ends } = {}) {
  const form = pane(page, user).locator('.status-form');
  if (status) await form.getByRole('radio', { name: status }).check({ force: true });
  if (message !== undefined) await form.getByLabel('Message').fill(message);
  if (ends) await form.getByLabel('Ends').selectOption({ label: ends });
  await form.getByRole('button', { name: 'Set' }).click();
  await says(form, 'Set');
}
