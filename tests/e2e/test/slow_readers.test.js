// Clients that do not read what they are sent: the newest state of each user wins, and whoever takes
// nothing at all is disconnected (docs/adr/0004). The slow ones are unmodified clients whose socket
// is paused, so that everything they get in the end is checked as ever.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { RawPolling, RawSocket } from '../support/raw.js';
import { essence, replica } from '../support/replica.js';
import { Server } from '../support/server.js';
import { GROWTH, until } from '../support/time.js';
import { inWorld } from '../support/world.js';

let server;
before(async () => {
  server = await Server.start({ 'limits.events_per_second': 0 });
});
after(() => server.stop());

const residentMiB = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
const wire = (device) => device.socket.io.engine.transport.ws;

/** 40,000 changes of one user, some 14 MB for each watcher; `reader`, who reads, has seen the last. */
async function storm(user, reader, rounds = 40) {
  const raw = await RawSocket.join(server, user);
  const padding = 'x'.repeat(230);
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < 1000; n++) {
      raw.send(`42["set_user_status",{"status":"${n % 2 ? 'away' : 'busy'}","customMessage":"${round}-${n} ${padding}"}]`);
    }
    const last = `${round}-999 ${padding}`;
    await until(() => reader.events.at(-1)?.data.customMessage === last, { within: 30000, what: `round ${round} to be told` });
    raw.frames.length = 0;
  }
  return raw;
}

test('ten clients that stop reading cost little, and end with the truth when they read again', inWorld(() => server, async (world) => {
  const [viewer, noisy, leaver, comer] = world.users('viewer', 'noisy', 'leaver', 'comer');
  await world.befriend(viewer, noisy, leaver, comer);
  const reader = await world.connect(viewer);
  const leaving = await world.connect(leaver);
  await reader.find('user_online', { userId: leaver });
  const slow = [];
  for (let n = 0; n < 10; n++) slow.push(await world.connect(viewer, { auth: { snapshot: true } }));
  for (const device of slow) {
    await device.find('presence_snapshot');
    wire(device).pause();
  }
  const before = residentMiB();
  const raw = await storm(noisy, reader);
  leaving.close();
  await world.connect(comer);
  await reader.find('user_offline', { userId: leaver });
  await reader.find('user_online', { userId: comer });
  const grown = residentMiB() - before;
  assert.ok(grown < GROWTH, `the server grew by ${grown} MiB`);

  const { users } = await reader.call('get_contacts', {});
  for (const device of slow) wire(device).resume();
  for (const device of slow) {
    await until(() => device.events.some(({ event, data }) => event === 'user_online' && data.userId === comer), { what: 'the last news' });
    const believed = replica(device);
    for (const user of users) assert.deepEqual(essence(believed.get(user.userId)), essence(user), user.userId);
    assert.deepEqual(device.losses, []);
    assert.ok(device.events.length < 30000, `${device.events.length} events were worth sending`);
  }
  // And from here on they are told everything again.
  raw.send('42["set_user_status",{"status":"busy","customMessage":"at last"}]');
  for (const device of slow) await device.find('user_status_changed', { userId: noisy, customMessage: 'at last' });
  raw.cut();
}));

test('the same for a client that does not poll', inWorld(() => server, async (world) => {
  const [viewer, noisy] = world.users('viewer', 'noisy');
  await world.befriend(viewer, noisy);
  const reader = await world.connect(viewer);
  const slow = await RawPolling.join(server, viewer);
  const raw = await storm(noisy, reader, 20);
  let news = 0;
  await slow.until((packet) => {
    if (packet.startsWith('42["user_status_changed"')) news += 1;
    return packet.includes('"customMessage":"19-999 ');
  });
  assert.ok(news < 2000, `${news} events were worth keeping`);
  raw.send('42["set_user_status",{"status":"busy","customMessage":"at last"}]');
  await slow.until((packet) => packet.includes('"customMessage":"at last"'));
  raw.cut();
}));

test('answers are not left out: who asks for megabytes and reads nothing is disconnected', inWorld(() => server, async (world) => {
  const [viewer] = world.users('viewer');
  const greedy = await RawSocket.join(server, viewer);
  greedy.ws.pause();
  const question = JSON.stringify(['check_users_presence', { userIds: Array.from({ length: 1000 }, (_, n) => `n${n}`) }]);
  for (let n = 0; n < 400; n++) greedy.send(`42${question}`);
  await world.devices(viewer, 0);
  greedy.cut();
}));
