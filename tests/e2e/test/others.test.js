// Smoke tests: TLS, and a client that is not JavaScript (python3-socketio).
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Server, temporaryDirectory } from '../support/server.js';
import { checkPresence } from '../support/shapes.js';
import { until, within } from '../support/time.js';
import { inWorld } from '../support/world.js';

test('TLS: websocket, polling and upgrade over https, with tls.cert and tls.key', async () => {
  const dir = temporaryDirectory();
  const [cert, key] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')];
  const made = spawnSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert,
  ]);
  assert.equal(made.status, 0, String(made.stderr ?? made.error));
  const server = await Server.start({ 'tls.cert': cert, 'tls.key': key });
  try {
    const ca = readFileSync(cert);
    // The line on standard error may say http or https; it is spoken to over https.
    server.scheme = 'https';
    assert.equal((await server.request('GET', '/healthz', { ca })).status, 200);
    const request = server.request.bind(server);
    server.request = (method, target, options = {}) => request(method, target, { ca, ...options });
    await inWorld(() => server, async (world) => {
      const [alice, ...watchers] = world.users('alice', 'bob', 'carol', 'dave');
      await world.befriend(alice, ...watchers);
      const devices = [];
      for (const [i, transport] of ['websocket', 'polling', 'upgrade'].entries()) {
        devices.push(await world.connect(watchers[i], { transport, io: { ca } }));
      }
      const a = await world.connect(alice, { client: 3, io: { ca } });
      for (const device of devices) await device.expect('user_online', { userId: alice });
      a.leave();
      for (const device of devices) await device.expect('user_offline', { userId: alice });
    })();
  } finally {
    await server.stop();
  }
});

// Debian's interpreter is the one that has Debian's python3-socketio.
const python = process.env.E2E_PYTHON ?? '/usr/bin/python3';
const script = fileURLToPath(new URL('../support/smoke.py', import.meta.url));

for (const transport of ['websocket', 'polling', 'polling,websocket']) {
  test(`python3-socketio over ${transport}`, async () => {
    const modules = spawnSync(python, ['-c', 'import socketio, requests, websocket']);
    assert.equal(modules.status, 0, `${python} needs the packages python3-socketio, python3-requests and python3-websocket:\n${modules.stderr ?? modules.error}`);
    const server = await Server.start();
    try {
      await inWorld(() => server, async (world) => {
        const [alice, bob] = world.users('alice', 'bob');
        await world.befriend(alice, bob);
        const child = spawn(python, [script, server.url, transport, bob, alice], { stdio: ['ignore', 'pipe', 'pipe'] });
        const lines = [];
        let errors = '';
        createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
        child.stderr.on('data', (data) => (errors += data));
        const ended = new Promise((done) => child.on('close', done));
        const line = (event, test = () => true) =>
          until(() => lines.find((l) => l.event === event && test(l.data)), { what: () => `${event} from python; ${JSON.stringify(lines)} ${errors}`, within: 15000 });
        try {
          await line('ready');
          const beat = await line('ack', (data) => 'serverTime' in data);
          assert.equal(typeof beat.data.cursor, 'string');
          const a = await world.connect(alice);
          const online = await line('user_online');
          assert.equal(online.data.userId, alice);
          checkPresence((await line('ack', (data) => data.userId === alice)).data, bob);
          await a.setStatus('busy', { customMessage: 'für Python ✅' });
          const changed = await line('user_status_changed');
          assert.equal(changed.data.customMessage, 'für Python ✅');
          // More packets than Python takes in one poll (16) arrive all the same.
          for (let i = 0; i < 60; i++) a.emit('set_user_status', { status: 'busy', customMessage: `burst ${i}` });
          await line('user_status_changed', (data) => data.customMessage === 'burst 59');
          assert.equal(lines.filter((l) => l.data?.customMessage?.startsWith('burst')).length, 60);
          a.leave();
          const offline = await line('user_offline');
          assert.equal(offline.data.offlineReason, 'disconnected');
          assert.equal(await within(ended, 'python to end'), 0, errors);
        } finally {
          child.kill('SIGKILL');
        }
      })();
    } finally {
      await server.stop();
    }
  });
}
