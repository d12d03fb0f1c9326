// ./dev screenshots: the pictures of the page in docs/images/, with the sample users of ./dev run.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { choose, contact, launch, says, Server, Visit } from './support/browser.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const images = path.join(repository, 'docs/images');

async function scene(visit) {
  const others = await visit.visit('bob', 'bob', 'dave', 'carol', 'frank');
  await choose(others, 'dave', { status: 'Busy', message: 'On a call' });
  await choose(others, 'carol', { status: 'Away', message: 'Lunch' });
}

async function desk(visit, colorScheme) {
  const context = await visit.person({ colorScheme, viewport: { width: 1280, height: 860 } });
  const page = await visit.tab(context, 'alice', 'grace');
  await choose(page, 'grace', { message: 'Reading' });
  await says(contact(page, 'alice', 'dave'), 'On a call');
  await page.evaluate(() => document.activeElement.blur());
  await page.screenshot({ path: path.join(images, `demo-${colorScheme}.png`) });
  await context.close();
}

async function phone(visit) {
  const context = await visit.person({
    viewport: { width: 375, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true,
  });
  const page = await visit.tab(context, 'alice');
  await says(contact(page, 'alice', 'dave'), 'On a call');
  await page.screenshot({ path: path.join(images, 'demo-phone.png') });
}

mkdirSync(images, { recursive: true });
const server = await Server.start({
  'contacts.file': path.join(repository, 'conf/sample-contacts.json'),
});
const browser = await launch();
const visit = new Visit(browser, server);
try {
  await scene(visit);
  await desk(visit, 'light');
  await desk(visit, 'dark');
  await phone(visit);
} finally {
  await visit.end();
  await browser.close();
  await server.stop();
}
console.log(`docs/images: demo-light.png, demo-dark.png, demo-phone.png`);
