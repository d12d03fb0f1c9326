// People who see each other, each in a browser of their own.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  choose, clearLog, connected, contact, friends, inBrowser, lines, ownStatus, pane, says, Server, told,
  until, useBrowser,
} from '../support/browser.js';

let server;
before(async () => (server = await Server.start({ disconnect_grace: '3s' })));
after(() => server?.stop());
const browser = useBrowser();
const visiting = (body) => inBrowser(browser, () => server, body);

describe('two people', { concurrency: 3 }, () => {
  test('see each other come and go', visiting(async (visit) => {
    const [alice, bob] = await friends(server, 'alice', 'bob');
    const page = await visit.visit(alice);
    await says(ownStatus(page, alice), 'Online');
    await says(contact(page, alice, bob), 'Offline');
    await says(pane(page, alice), '0 of 1 here');

    const other = await visit.visit(bob);
    await says(contact(page, alice, bob), 'Online');
    await says(contact(page, alice, bob), '1 web');
    await says(contact(other, bob, alice), 'Online');
    await says(pane(page, alice), '1 of 1 here');

    await other.getByRole('button', { name: `Leave as ${bob}` }).click();
    await says(contact(page, alice, bob), 'Last seen recently');
    await says(other.locator('main'), 'Who are you?');
  }));

  test('in one window, with all that passes over the wire', visiting(async (visit) => {
    const [alice, bob] = await friends(server, 'alice', 'bob');
    const page = await visit.visit(alice);
    await page.getByRole('button', { name: 'Add somebody' }).click();
    const dialog = page.getByRole('dialog', { name: 'Who else?' });
    await dialog.getByLabel('Or any other user').fill(bob);
    await dialog.getByLabel('shows up as').selectOption('mobile');
    await dialog.getByRole('button', { name: 'Connect' }).click();
    await connected(page, bob);
    await says(contact(page, alice, bob), '1 mobile');
    await says(page.locator(':focus'), bob);

    await choose(page, bob, { status: 'Busy', message: 'In a meeting' });
    await says(contact(page, alice, bob), 'Busy');
    await says(contact(page, alice, bob), 'In a meeting');
    const passed = (await lines(page)).filter(({ text }) => text.includes('In a meeting'))
      .map(({ who, kind, event }) => `${who} ${kind} ${event}`);
    assert.deepEqual(passed.sort(), [
      `${alice} in user_status_changed`,
      `${bob} ack set_user_status`,
      `${bob} in user_status_changed`,
      `${bob} out set_user_status`,
    ]);
  }));

  test('a reload is no news to anybody', visiting(async (visit) => {
    const [alice, bob] = await friends(server, 'alice', 'bob');
    const page = await visit.visit(alice);
    const other = await visit.visit(bob, `${bob}-too`);
    await says(contact(page, alice, bob), 'Online');
    await clearLog(page);
    for (let times = 1; times <= 3; ++times) {
      await other.reload();
      await connected(other, bob);
      await connected(other, `${bob}-too`);
    }
    assert.equal(await pane(other, bob).count(), 1);
    // What bob does now has to come; whatever his reloads had caused would have come before it.
    await choose(other, bob, { message: 'Still here' });
    await says(contact(page, alice, bob), 'Still here');
    assert.deepEqual(await told(page, alice), ['user_status_changed']);
    await says(contact(page, alice, bob), '1 web');
  }));

  test('a message ends by itself', visiting(async (visit) => {
    const [alice, bob] = await friends(server, 'alice', 'bob');
    const page = await visit.visit(alice);
    const other = await visit.visit(bob);
    await choose(other, bob, { status: 'Away', message: 'Back in a moment', ends: 'in 10 seconds' });
    await says(pane(other, bob), 'Set until');
    await says(contact(page, alice, bob), 'Away');
    await says(contact(page, alice, bob), 'Back in a moment');
    await until(async () => !(await contact(page, alice, bob).textContent()).includes('Back in a moment'), {
      within: 15_000, every: 100, what: 'the message to end',
    });
    await says(contact(page, alice, bob), 'Online');
    await says(ownStatus(other, bob), 'Online');
    assert.equal(await pane(other, bob).getByLabel('Message').inputValue(), '');
  }));

  test('who is invisible sees the others', visiting(async (visit) => {
    const [alice, bob] = await friends(server, 'alice', 'bob');
    const page = await visit.visit(alice);
    const other = await visit.visit(bob);
    await says(contact(page, alice, bob), 'Online');
    await choose(other, bob, { status: 'Invisible' });
    await says(ownStatus(other, bob), 'Invisible to your contacts');
    await says(contact(page, alice, bob), 'Last seen recently');
    await choose(page, alice, { status: 'Busy' });
    await says(contact(other, bob, alice), 'Busy');
    await other.reload();
    await connected(other, bob);
    await says(ownStatus(other, bob), 'Invisible to your contacts');
    assert.equal(await other.getByRole('radio', { name: 'Invisible' }).isChecked(), true);
    assert.deepEqual((await told(page, alice)).filter((event) => event === 'user_online'), ['user_online']);
    await choose(other, bob, { status: 'Online' });
    await says(contact(page, alice, bob), 'Online');
  }));

  test('what the server refuses is said', visiting(async (visit) => {
    const [alice] = await friends(server, 'alice');
    const page = await visit.visit(alice);
    const form = pane(page, alice).locator('.status-form');
    await form.getByLabel('Message').fill('ü'.repeat(129));
    await says(form, '258 bytes; 256 are the most');
    await form.getByRole('button', { name: 'Set' }).click();
    await says(form.getByRole('alert'), /^Not set: .*customMessage/);
    assert.equal((await lines(page)).at(-1).kind, 'error');
  }));
});

describe('tabs', { concurrency: 3 }, () => {
  test('two are two devices of one user', visiting(async (visit) => {
    const [alice, bob] = await friends(server, 'alice', 'bob');
    const page = await visit.visit(alice);
    const context = await visit.person();
    const first = await visit.tab(context, bob);
    await says(contact(page, alice, bob), '1 web');
    await pane(first, bob).getByText('Your devices').click();
    const [second] = await Promise.all([
      context.waitForEvent('page'),
      pane(first, bob).getByRole('link', { name: 'Second device in a new tab' }).click(),
    ]);
    await connected(second, bob);
    await says(contact(page, alice, bob), 'Online (2 devices)');
    await says(contact(page, alice, bob), '2 web');
    await says(contact(page, alice, bob).locator('.presence-devices'), /^2$/);
    await says(pane(first, bob), 'Your devices (2)');
    assert.equal(await pane(first, bob).getByText('this one').count(), 1);

    await second.close();
    await says(contact(page, alice, bob), /Online(?! \()/);
    await says(contact(page, alice, bob), '1 web');
    assert.ok(!(await told(page, alice)).includes('user_offline'));
  }));

  test('who leaves a window with several others takes nobody along', visiting(async (visit) => {
    const [alice, bob, carol] = await friends(server, 'alice', 'bob', 'carol');
    const page = await visit.visit(alice, bob, carol);
    await page.getByRole('button', { name: `Leave as ${bob}` }).click();
    await says(contact(page, alice, bob), 'Last seen recently');
    await says(contact(page, alice, carol), 'Online');
    await page.reload();
    await connected(page, alice);
    await connected(page, carol);
    assert.equal(await pane(page, bob).count(), 0);
  }));

  test('a device can pretend to be untouched, and its user is away', visiting(async (visit) => {
    const [alice, bob] = await friends(server, 'alice', 'bob');
    const page = await visit.visit(alice, bob);
    await pane(page, bob).getByText('Your devices').click();
    await pane(page, bob).getByLabel('untouched for 10 minutes').check();
    await says(contact(page, alice, bob), 'Away');
    await says(contact(page, alice, bob), 'idle');
    assert.equal(await pane(page, bob).getByRole('radio', { name: 'Online' }).isChecked(), true);
    await pane(page, bob).getByLabel('untouched for 10 minutes').uncheck();
    await says(contact(page, alice, bob), 'Online');
  }));
});
