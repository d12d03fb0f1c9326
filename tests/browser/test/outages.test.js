// Networks that fail, tabs that sleep, tokens that expire, servers that restart.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { runToEnd, temporaryDirectory } from '../../e2e/support/server.js';
import {
  choose, clearLog, connected, connection, contact, friends, inBrowser, lines, ownStatus, pane, says,
  seconds, Server, told, token, until, useBrowser,
} from '../support/browser.js';

const browser = useBrowser();

/** A server for the tests of a group. */
function useServer(settings) {
  let server;
  before(async () => (server = await Server.start(settings)));
  after(() => server?.stop());
  return () => server;
}

describe('a network that fails for longer than the grace', () => {
  // What the server notices by is that its pings are not answered.
  const server = useServer({ disconnect_grace: '500ms', ping_interval: '500ms', ping_timeout: '1s' });

  test('the others are told, and what was missed arrives', inBrowser(browser, server, async (visit) => {
    const [alice, bob] = await friends(server(), 'alice', 'bob');
    const page = await visit.visit(bob);
    const away = await visit.person();
    const other = await visit.tab(away, alice);
    await says(contact(page, bob, alice), 'Online');

    await away.setOffline(true);
    await says(connection(other, alice), 'Trying again');
    await says(contact(page, bob, alice), 'Last seen recently');
    await choose(page, bob, { status: 'Busy', message: 'You missed this' });
    await says(contact(other, alice, bob), 'Online');
    await clearLog(other);

    await away.setOffline(false);
    await connected(other, alice);
    await says(contact(other, alice, bob), 'You missed this');
    await says(contact(page, bob, alice), 'Online');
    // The connection came back with what changed, not with everything.
    const snapshot = (await lines(other)).find(({ event }) => event === 'presence_snapshot');
    assert.match(snapshot.text, /"full": false/);
  }));
});

describe('a network that fails for a moment', () => {
  const server = useServer({ disconnect_grace: '20s' });

  test('nobody is told', inBrowser(browser, server, async (visit) => {
    const [alice, bob] = await friends(server(), 'alice', 'bob');
    const page = await visit.visit(bob);
    const away = await visit.person();
    const other = await visit.tab(away, alice);
    await says(contact(page, bob, alice), 'Online');
    await clearLog(page);
    await away.setOffline(true);
    await says(connection(other, alice), 'Trying again');
    await away.setOffline(false);
    await connected(other, alice);
    await choose(other, alice, { message: 'Back' });
    await says(contact(page, bob, alice), 'Back');
    assert.deepEqual(await told(page, bob), ['user_status_changed']);
  }));
});

describe('a tab in the background', { concurrency: 2 }, () => {
  describe('whose timers are held back', () => {
    const server = useServer({ ping_interval: '500ms', ping_timeout: '60s' });

    test('goes on with its heartbeats', inBrowser(browser, server, async (visit) => {
      const [alice, bob] = await friends(server(), 'alice', 'bob');
      const page = await visit.visit(alice);
      const context = await visit.person();
      const other = await context.newPage();
      // From here on the tab's time is ours.
      await other.clock.install();
      await visit.enter(other, bob);
      await other.getByLabel('Hide heartbeats').uncheck();
      // Playwright keeps every tab in front; so this one is told that it is not.
      await other.evaluate(() => {
        Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
        document.dispatchEvent(new Event('visibilitychange'));
      });

      const beats = async () => (await lines(other))
        .filter(({ kind, event }) => kind === 'ack' && event === 'user_heartbeat').length;
      await until(async () => (await beats()) > 0, { what: 'the first heartbeat' });
      const before = await beats();
      const now = await other.evaluate(() => Date.now());
      await other.clock.pauseAt(now + 1000);
      await clearLog(page);
      // Half a minute passes, and no timer runs.
      await other.clock.setSystemTime(now + 32_000);
      await until(async () => (await beats()) > before, { what: 'a heartbeat without a timer' });
      await choose(page, alice, { message: 'A marker' });
      assert.ok(!(await told(page, alice)).includes('user_offline'));
      await says(contact(page, alice, bob), 'Online');
    }));
  });

  describe('that stands still', () => {
    const server = useServer({
      heartbeat_source: 'transport', stale_after: '2s', ping_interval: '500ms', ping_timeout: '60s',
    });

    test('is inactive until it goes on', inBrowser(browser, server, async (visit) => {
      const [alice, bob] = await friends(server(), 'alice', 'bob');
      const page = await visit.visit(alice);
      const context = await visit.person();
      const other = await visit.tab(context, bob);
      await says(contact(page, alice, bob), 'Online');
      const devtools = await context.newCDPSession(other);
      // Browsers freeze hidden tabs only, and Playwright keeps every tab in front: so its scripts are halted.
      await devtools.send('Debugger.enable');
      await devtools.send('Debugger.pause');
      await says(contact(page, alice, bob), 'Last seen recently');
      const offline = (await lines(page)).find(({ event }) => event === 'user_offline');
      assert.match(offline.text, /"offlineReason": "inactive"/);
      await choose(page, alice, { status: 'Away' });

      await devtools.send('Debugger.disable');
      await says(contact(page, alice, bob), 'Online');
      await says(contact(other, bob, alice), 'Away');
      // It was the same connection all the time.
      assert.ok(!(await lines(other)).some(({ event }) => event === 'connecting'));
    }));
  });
});

describe('tokens', { concurrency: 3 }, () => {
  const secret = 'a-secret-of-the-browser-tests-32-bytes';
  const server = useServer({ 'auth.mode': 'jwt', 'jwt.secret': secret });
  const visiting = (body) => inBrowser(browser, server, body);
  // Such a server leaves the page out; here it comes from one that has it, to the same address.
  const withPage = useServer();
  const person = async (visit) => {
    const context = await visit.person();
    const isPage = ({ origin, pathname }) => origin === server().url && /^\/($|demo\/)/.test(pathname);
    await context.route(isPage, async (route) => {
      const { pathname } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: withPage().url + pathname }) });
    });
    return context;
  };
  const signed = (sub, lifetime) => token({ sub, exp: seconds(lifetime) }, secret);

  test('one that expires is replaced on the same connection', visiting(async (visit) => {
    const [alice] = await friends(server(), 'alice');
    const page = await (await person(visit)).newPage();
    await page.goto(server().url);
    await page.getByText('The server asks for a token').click();
    await page.getByLabel('JSON Web Token').fill(signed(alice, 3));
    await page.getByRole('button', { name: 'Connect' }).click();
    await connected(page, alice);

    const form = pane(page, alice).locator('form.alert');
    await says(form.getByRole('alert'), 'Your token has expired');
    await connected(page, alice);
    await form.getByLabel('Fresh token').fill(signed(alice, 3600));
    await form.getByRole('button', { name: 'Use it' }).click();
    await form.waitFor({ state: 'detached' });
    await until(
      async () => (await lines(page)).some(({ kind, event }) => kind === 'ack' && event === 'refresh_token'),
      { what: 'the fresh token to be taken' },
    );
    const passed = await lines(page);
    assert.equal(passed.filter(({ kind, event }) => kind === 'out' && event === 'connect').length, 1);
    assert.ok(!passed.some(({ text }) => text.includes('eyJ')), 'the log shows no token');
    await choose(page, alice, { status: 'Busy' });
    await says(ownStatus(page, alice), 'Busy');
  }));

  test('a missing one, and a wrong one, are asked for', visiting(async (visit) => {
    const [alice] = await friends(server(), 'alice');
    const page = await (await person(visit)).newPage();
    await page.goto(`${server().url}/?as=${alice}`);
    const form = pane(page, alice).locator('form.alert');
    await says(form.getByRole('alert'), 'The server asks for a token');
    await form.getByLabel('Fresh token').fill(token({ sub: alice }, 'another secret'));
    await form.getByRole('button', { name: 'Use it' }).click();
    await until(
      async () => (await lines(page)).filter(({ event }) => event === 'connect_error').length === 2,
      { what: 'the wrong token to be refused' },
    );
    await form.getByLabel('Fresh token').fill(signed(alice, 3600));
    await form.getByRole('button', { name: 'Use it' }).click();
    await connected(page, alice);
    await says(ownStatus(page, alice), 'Online');
  }));
});

describe('a server that restarts', () => {
  const server = useServer({ disconnect_grace: '500ms' });

  test('is found again, with what has changed meanwhile', inBrowser(browser, server, async (visit) => {
    const [alice, bob, carol, dave] = await friends(server(), 'alice', 'bob', 'carol', 'dave');
    const page = await visit.visit(alice);
    const other = await visit.visit(bob);
    await choose(other, bob, { status: 'Busy', message: 'Kept' });
    await says(contact(page, alice, bob), 'Kept');
    await visit.visit(dave);
    await says(contact(page, alice, dave), 'Online');

    await server().kill();
    await says(connection(page, alice), 'Trying again');
    await says(connection(other, bob), 'Trying again');
    // While it is away alice gets another contact.
    const erin = `erin-${alice}`;
    const file = path.join(temporaryDirectory(), 'contacts.json');
    writeFileSync(file, JSON.stringify({ [alice]: [erin] }));
    const imported = await runToEnd(['contacts', 'import', file, `--data-dir=${server().dataDir}`]);
    assert.equal(imported.code, 0, imported.stderr);

    await server().restart();
    await connected(page, alice);
    await connected(other, bob);
    await says(contact(page, alice, bob), 'Busy');
    await says(contact(page, alice, bob), 'Kept');
    await says(contact(page, alice, dave), 'Online');
    await says(contact(page, alice, carol), 'Offline');
    await contact(page, alice, erin).waitFor();
    await says(pane(page, alice), '2 of 4 here');
    await choose(other, bob, { message: 'And on' });
    await says(contact(page, alice, bob), 'And on');
  }));
});
