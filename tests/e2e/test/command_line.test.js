// Contract section 10: commands, settings in three ways, errors, signals.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { Device } from '../support/device.js';
import { RawSocket } from '../support/raw.js';
import { API_KEY, launch, runToEnd, Server, temporaryDirectory } from '../support/server.js';
import { until } from '../support/time.js';
import { seconds } from '../support/tokens.js';
import { inWorld, World } from '../support/world.js';

const dir = temporaryDirectory();
let files = 0;
const file = (name, text) => {
  const at = path.join(dir, `${++files}.${name}`);
  writeFileSync(at, text);
  return at;
};
const freshDir = () => {
  const at = path.join(dir, `data.${++files}`);
  mkdirSync(at);
  return at;
};

/** The program must end with 2 and one line on standard error that names each of these. */
async function refuses(args, names, options) {
  const { code, stderr, stdout } = await runToEnd(args, options);
  const about = `presenced ${args.join(' ')}\n${stderr}`;
  assert.equal(code, 2, about);
  assert.equal(stdout, '', about);
  const lines = stderr.trim().split('\n');
  assert.equal(lines.length, 1, `one line, please: ${about}`);
  for (const name of names) assert.ok(lines[0].includes(name), `${name} should be named: ${about}`);
}

const base = () => ['--data-dir', freshDir(), '--listen', '127.0.0.1:0', '--auth-mode', 'insecure'];

describe('wrong settings: one clear line naming it, exit 2', () => {
  const wrong = [
    [['--stale-after', 'soon'], ['stale', 'soon']],
    [['--stale-after', '-5s'], ['stale']],
    [['--threads', 'many'], ['threads', 'many']],
    [['--threads', '-1'], ['threads']],
    [['--auth-mode', 'trusting'], ['auth', 'trusting']],
    [['--heartbeat-source', 'guess'], ['heartbeat', 'guess']],
    [['--privacy-manual-offline', 'maybe'], ['manual', 'maybe']],
    [['--notify-device-changes', 'perhaps'], ['notify', 'perhaps']],
    [['--max-payload', '1x'], ['payload']],
    [['--limits-devices-per-user', '0x'], ['devices']],
    [['--listen', '127.0.0.1'], ['127.0.0.1']],
    [['--listen', '127.0.0.1:99999'], ['99999']],
    [['--listen', '127.0.0.1:http-alt'], ['127.0.0.1:http-alt']],
    [['--redis-url', 'http://127.0.0.1'], ['redis.url', 'redis://']],
    [['--contacts-source', 'embedded', '--redis-url', 'redis://127.0.0.1:1'], ['embedded']],
    [['--log-level', 'shout'], ['log', 'shout']],
    [['--nonsense', '5'], ['nonsense']],
    [['--config', '/no/such/file.toml'], ['/no/such/file.toml']],
    [['--contacts-file', '/no/such/contacts.json'], ['/no/such/contacts.json']],
    [['--tls-cert', '/no/such/cert.pem', '--tls-key', '/no/such/key.pem'], ['/no/such/']],
  ];
  for (const [args, names] of wrong) {
    test(args.join(' '), () => refuses(['serve', ...base(), ...args], names));
  }

  test('auth.mode = jwt without any key', () => refuses(['serve', '--data-dir', freshDir(), '--listen', '127.0.0.1:0', '--auth-mode', 'jwt'], ['jwt']));

  test('an unreadable secret or key file', async () => {
    const jwt = ['serve', '--data-dir', freshDir(), '--listen', '127.0.0.1:0', '--auth-mode', 'jwt'];
    await refuses([...jwt, '--jwt-secret', '@/no/such/secret'], ['/no/such/secret']);
    await refuses([...jwt, '--jwt-key-file', '/no/such/key.pem'], ['/no/such/key.pem']);
    const rubbish = file('key.pem', 'this is no key');
    await refuses([...jwt, '--jwt-key-file', rubbish], [rubbish]);
  });

  test('an unknown key, a wrong value or broken TOML in the file', async () => {
    for (const [text, name] of [
      ['colour = "blue"\n', 'colour'],
      ['[auth]\nmood = "good"\n', 'mood'],
      ['stale_after = "soon"\n', 'stale_after'],
      ['threads = "many"\n', 'threads'],
      ['[limits]\ndevices_per_user = "all"\n', 'devices_per_user'],
    ]) {
      await refuses(['serve', ...base(), '--config', file('bad.toml', text)], [name]);
    }
    const broken = file('broken.toml', 'listen = \n');
    await refuses(['serve', ...base(), '--config', broken], [broken]);
  });

  test('a wrong value or unknown setting in the environment', async () => {
    await refuses(['serve', ...base()], ['PRESENCED_STALE_AFTER'], { env: { PRESENCED_STALE_AFTER: 'soon' } });
  });

  test('an unknown command, a missing argument', async () => {
    for (const args of [['dance'], ['token'], ['contacts'], ['contacts', 'import'], ['token', '--secret', 'x']]) {
      const { code, stderr } = await runToEnd(args);
      assert.equal(code, 2, `${args}: ${stderr}`);
      assert.ok(stderr.trim().length > 0);
    }
  });

  test('a port in use', async () => {
    const server = await Server.start();
    try {
      await refuses(['serve', '--data-dir', freshDir(), '--auth-mode', 'insecure', '--listen', `127.0.0.1:${server.port}`], [`${server.port}`]);
      assert.equal((await server.request('GET', '/healthz')).status, 200);
    } finally {
      await server.stop();
    }
  });

  test('a data_dir in use, or one that is a file', async () => {
    const server = await Server.start();
    try {
      await refuses(['serve', '--data-dir', server.dataDir, '--auth-mode', 'insecure', '--listen', '127.0.0.1:0'], [server.dataDir]);
      await refuses(['contacts', 'export', '--data-dir', server.dataDir], [server.dataDir]);
      await refuses(['contacts', 'import', file('c.json', '{}'), '--data-dir', server.dataDir], [server.dataDir]);
    } finally {
      await server.stop();
    }
    const plain = file('not.a.directory', 'x');
    await refuses(['serve', '--data-dir', plain, '--auth-mode', 'insecure', '--listen', '127.0.0.1:0'], [plain]);
  });
});

describe('a setting three ways: flag over environment over file', () => {
  const config = file('presenced.toml', [
    'data_dir = "DIR"'.replace('DIR', freshDir()),
    'listen = "127.0.0.1:0"',
    'ping_interval = "1111ms"',
    'ping_timeout = "2222ms"',
    'max_payload = 33333',
    `api_key = "${API_KEY}"`,
    '[auth]',
    'mode = "insecure"',
    '[cors]',
    'origins = ["https://one.example", "https://two.example"]',
    '[limits]',
    'devices_per_user = 1',
    '',
  ].join('\n'));
  const handshake = async (args, env) => {
    const run = launch(args, { env });
    try {
      await until(() => /listening on http:\/\/\S+:\d+\n/.test(run.stderr), { what: () => `the server to listen: ${run.stderr}` });
      const [, host, port] = /listening on http:\/\/(\S+):(\d+)/.exec(run.stderr);
      const raw = await RawSocket.open({ wsUrl: `ws://${host}:${port}` });
      raw.cut();
      return raw.handshake;
    } finally {
      run.child.kill('SIGTERM');
      assert.equal((await run.exited).code, 0, run.stderr);
    }
  };

  test('file alone, environment over it, flag over both', async () => {
    const { pingInterval, pingTimeout, maxPayload } = await handshake(['--config', config]);
    assert.deepEqual([pingInterval, pingTimeout, maxPayload], [1111, 2222, 33333]);
    const env = { PRESENCED_PING_INTERVAL: '4s', PRESENCED_PING_TIMEOUT: '5s' };
    const second = await handshake(['serve', '--config', config], env);
    assert.deepEqual([second.pingInterval, second.pingTimeout, second.maxPayload], [4000, 5000, 33333]);
    const third = await handshake(['serve', '--config', config, '--ping-interval', '6s', '--max-payload=44444'], env);
    assert.deepEqual([third.pingInterval, third.pingTimeout, third.maxPayload], [6000, 5000, 44444]);
  });

  test('dotted names and lists', async () => {
    const start = (options, settings = {}) => Server.start({ listen: undefined, 'auth.mode': undefined, api_key: undefined, data_dir: freshDir(), ...settings }, options);
    const origins = async (server) => {
      const allowed = [];
      for (const origin of ['https://one.example', 'https://two.example', 'https://three.example']) {
        const { headers } = await server.request('GET', '/socket.io/?EIO=4&transport=polling', { headers: { origin } });
        if (headers['access-control-allow-origin'] === origin) allowed.push(origin.slice(8, -8));
      }
      return allowed;
    };
    for (const [options, settings, expected] of [
      [{ args: ['--config', config] }, {}, ['one', 'two']],
      [{ args: ['--config', config], env: { PRESENCED_CORS_ORIGINS: 'https://two.example,https://three.example' } }, {}, ['two', 'three']],
      [{ args: ['--config', config], env: { PRESENCED_CORS_ORIGINS: 'https://two.example' } }, { 'cors.origins': 'https://three.example' }, ['three']],
    ]) {
      const server = await start(options, settings);
      try {
        assert.deepEqual(await origins(server), expected);
        const world = new World(server);
        await world.connect('alice');
        const error = await Device.refused(server, 'alice');
        assert.equal(error.data.code, 'too_many_devices');
        world.end();
      } finally {
        await server.stop();
      }
    }
  });

  test('a secret from a file: @FILE, in each way', async () => {
    const key = file('api.key', `${API_KEY}\n`);
    const toml = file('key.toml', `api_key = "@${key}"\n`);
    for (const [settings, options] of [
      [{ api_key: `@${key}` }, {}],
      [{ api_key: undefined }, { env: { PRESENCED_API_KEY: `@${key}` } }],
      [{ api_key: undefined }, { args: ['--config', toml] }],
    ]) {
      const server = await Server.start(settings, options);
      try {
        await server.api('GET', '/v1/users/a/contacts');
      } finally {
        await server.stop();
      }
    }
  });

  test('path is a setting', async () => {
    const server = await Server.start({ path: '/chat/presence/' });
    try {
      await inWorld(() => server, async (world) => {
        const device = await world.connect('alice', { transport: 'upgrade', io: { path: '/chat/presence/' } });
        await device.settle();
        assert.equal((await server.request('GET', '/socket.io/?EIO=4&transport=polling')).status, 404);
      })();
    } finally {
      await server.stop();
    }
  });
});

describe('check-config', () => {
  test('prints the effective configuration with secrets masked, and exits 0', async () => {
    const config = file('presenced.toml', 'stale_after = "99s"\napi_key = "file-api-key"\n[jwt]\nsecret = "file-jwt-secret"\nissuer = "https://id.example"\n[auth]\nmode = "jwt"\n');
    const { code, stdout, stderr } = await runToEnd(['check-config', '--config', config, '--disconnect-grace', '7s'], {
      env: { PRESENCED_PING_TIMEOUT: '17s' },
    });
    assert.equal(code, 0, stderr);
    for (const shown of ['99s', '7s', '17s', 'https://id.example', 'stale_after', 'disconnect_grace']) {
      assert.ok(stdout.includes(shown), `${shown} in ${stdout}`);
    }
    for (const secret of ['file-api-key', 'file-jwt-secret']) {
      assert.ok(!stdout.includes(secret) && !stderr.includes(secret), `${secret} is shown`);
    }
  });

  test('finds what serve would find', async () => {
    await refuses(['check-config', '--config', file('bad.toml', 'stale_after = "soon"\n')], ['stale_after']);
    await refuses(['check-config', '--threads', 'many'], ['threads']);
  });

  test('secrets do not show in the log of a server either', async () => {
    const server = await Server.start({ 'auth.mode': 'jwt', 'jwt.secret': 'hush-hush-hush-hush-hush-hush-hush', 'log.level': 'debug' });
    await server.stop();
    assert.ok(!server.log.includes('hush-hush'));
    assert.ok(!server.log.includes(API_KEY));
  });
});

describe('token', () => {
  const secret = 'a secret of at least sixty-four bytes, so that it is enough for every HMAC here';

  test('prints one that the server believes', async () => {
    const { code, stdout, stderr } = await runToEnd(['token', '--secret', secret, '--sub', 'alice', '--ttl', '2h']);
    assert.equal(code, 0, stderr);
    const jwt = stdout.trim();
    assert.match(jwt, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const claims = JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString());
    assert.equal(claims.sub, 'alice');
    assert.ok(Math.abs(claims.exp - seconds(7200)) <= 5);
    const server = await Server.start({ 'auth.mode': 'jwt', 'jwt.secret': secret });
    try {
      const device = await Device.connect(server, undefined, { auth: { token: jwt }, checks: false });
      assert.equal((await server.presence('alice')).deviceCount, 1);
      device.close();
    } finally {
      await server.stop();
    }
  });

  test('has a time to live by default, and takes the secret from a file', async () => {
    const { stdout } = await runToEnd(['token', '--secret', `@${file('secret', secret)}`, '--sub', 'bob']);
    const [head, body, tail] = stdout.trim().split('.');
    const read = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
    assert.ok(read(body).exp > seconds(0));
    const { alg } = read(head);
    assert.match(alg, /^HS(256|384|512)$/);
    assert.equal(createHmac(`sha${alg.slice(2)}`, secret).update(`${head}.${body}`).digest('base64url'), tail);
  });
});

test('a token is printed only for a user id that a server accepts', async () => {
  for (const user of ['x'.repeat(129), 'a\u0001b']) await refuses(['token', '--secret', 'x', '--sub', user], ['--sub']);
});

test('an unreadable file of a secret is named, with its setting', async () => {
  for (const file of ['none', 'none/secret', './none']) {
    await refuses(['serve', ...base(), '--api-key', `@${file}`], ['--api-key', `cannot read ${file}:`]);
    await refuses(['token', '--secret', `@${file}`, '--sub', 'alice'], ['--secret', `cannot read ${file}:`]);
  }
});

describe('contacts import and export', () => {
  const edges = (text) => text.trim().split('\n').filter(Boolean).map((line) => {
    const { user, contact } = JSON.parse(line);
    return `${user} ${contact}`;
  }).sort();
  const exported = async (at, format) => {
    const { code, stdout, stderr } = await runToEnd(['contacts', 'export', '--data-dir', at, ...(format ? ['--format', format] : [])]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const imported = async (at, name, text, ...more) => {
    const { code, stderr } = await runToEnd(['contacts', 'import', file(name, text), '--data-dir', at, ...more]);
    assert.equal(code, 0, stderr);
  };
  const forms = {
    'c.json': JSON.stringify({ alice: ['bob', 'cärol, "x"'], dave: ['alice'] }),
    'c.ndjson': '{"user":"alice","contact":"bob"}\n{"user":"alice","contact":"cärol, \\"x\\""}\n{"user":"dave","contact":"alice"}\n',
    'c.csv': 'user,contact\nalice,bob\nalice,"cärol, ""x"""\ndave,alice\n',
  };
  const mutual = ['alice bob', 'alice cärol, "x"', 'alice dave', 'bob alice', 'cärol, "x" alice', 'dave alice'].sort();
  const oneWay = ['alice bob', 'alice cärol, "x"', 'dave alice'].sort();

  for (const [name, text] of Object.entries(forms)) {
    test(`${name}: mutual, and one-way when asked`, async () => {
      const both = freshDir();
      await imported(both, name, text);
      assert.deepEqual(edges(await exported(both, 'ndjson')), mutual);
      const one = freshDir();
      await imported(one, name, text, '--one-way');
      assert.deepEqual(edges(await exported(one, 'ndjson')), oneWay);
    });
  }

  test('each exported format imports to the same edges', async () => {
    const source = freshDir();
    await imported(source, 'c.json', forms['c.json'], '--one-way');
    for (const format of ['json', 'ndjson', 'csv']) {
      const copy = freshDir();
      await imported(copy, `copy.${format}`, await exported(source, format), '--one-way');
      assert.deepEqual(edges(await exported(copy, 'ndjson')), oneWay, format);
    }
  });

  test('an export from a directory that does not exist says so, and does not make it', async () => {
    const at = path.join(freshDir(), 'none', 'data');
    await refuses(['contacts', 'export', '--data-dir', at], ['data_dir', at, 'does not exist']);
    assert.equal(existsSync(path.dirname(at)), false);
  });

  test('a server started on the directory has them', async () => {
    const at = freshDir();
    await imported(at, 'c.json', forms['c.json']);
    const server = await Server.start({ data_dir: at });
    try {
      assert.deepEqual(await server.contacts('alice'), ['bob', 'cärol, "x"', 'dave']);
    } finally {
      await server.stop();
    }
  });

  test('on a running server with --server and --api-key, at once', async () => {
    const server = await Server.start();
    try {
      await inWorld(() => server, async (world) => {
        const a = await world.connect('alice');
        await world.connect('bob');
        const at = file('c.csv', 'user,contact\nalice,bob\n');
        const key = ['--server', server.url, '--api-key', API_KEY];
        const { code, stderr } = await runToEnd(['contacts', 'import', at, ...key]);
        assert.equal(code, 0, stderr);
        const { added } = await a.expect('contacts_changed');
        assert.equal(added[0].status, 'online');
        const out = await runToEnd(['contacts', 'export', '--format', 'ndjson', ...key]);
        assert.equal(out.code, 0, out.stderr);
        assert.deepEqual(edges(out.stdout), ['alice bob', 'bob alice']);
        const wrong = await runToEnd(['contacts', 'export', '--server', server.url, '--api-key', 'wrong']);
        assert.notEqual(wrong.code, 0);
      })();
    } finally {
      await server.stop();
    }
  });

  test('contacts.file is loaded at start', async () => {
    const server = await Server.start({ 'contacts.file': file('c.json', forms['c.json']) });
    try {
      assert.deepEqual(await server.contacts('bob'), ['alice']);
    } finally {
      await server.stop();
    }
  });

  test('broken files: one line naming file (and line), exit 2, and nothing half done', async () => {
    const at = freshDir();
    for (const [name, text, what] of [
      ['bad.json', '{"alice": ["bob",', 'bad.json'],
      ['bad.json', '{"alice": "bob"}', 'bad.json'],
      ['bad.ndjson', '{"user":"alice","contact":"bob"}\n{"user":"alice"}\n', '2'],
      ['bad.csv', 'user,contact\nalice,bob\nalice\n', '3'],
      ['bad.csv', 'from,to\nalice,bob\n', 'bad.csv'],
    ]) {
      await refuses(['contacts', 'import', file(name, text), '--data-dir', at], [what]);
    }
    await refuses(['contacts', 'import', '/no/such.json', '--data-dir', at], ['/no/such.json']);
    assert.equal((await exported(at, 'ndjson')).trim(), '');
  });
});

describe('signals', () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal} drains and exits 0: transports are closed without a DISCONNECT packet`, async () => {
      const server = await Server.start();
      const world = new World(server);
      const devices = [
        await world.connect('alice'),
        await world.connect('bob', { client: 3 }),
        await world.connect('carol', { transport: 'upgrade' }),
      ];
      const raw = await RawSocket.join(server, 'dave');
      const { code } = await server.end(signal);
      assert.equal(code, 0, server.log);
      for (const device of devices) assert.match(await device.lost(), /^transport (close|error)$/);
      await raw.ended();
      assert.ok(!raw.frames.includes('41'));
      world.end();
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal} while the server is starting: it exits 0, with everything kept`, async () => {
      const at = freshDir();
      const many = file('many.csv', `user,contact\n${Array.from({ length: 100000 }, (_, n) => `u${n},c${n}\n`).join('')}`);
      const run = launch(['serve', ...base(), '--data-dir', at, '--contacts-file', many]);
      const number = { SIGTERM: 15, SIGINT: 2 }[signal];
      const caught = () => BigInt(`0x${/SigCgt:\s+(\w+)/.exec(readFileSync(`/proc/${run.child.pid}/status`, 'utf8'))?.[1] ?? 0}`);
      await until(() => (caught() >> BigInt(number - 1)) & 1n, { every: 1, what: 'the signal to be handled' });
      run.child.kill(signal);
      assert.doesNotMatch(run.stderr, /listening/);
      assert.deepEqual(await run.exited, { code: 0, signal: null }, run.stderr);
      const { stdout } = await runToEnd(['contacts', 'export', '--data-dir', at, '--format', 'ndjson']);
      assert.equal(stdout.trim().split('\n').length, 200000);
    });
  }

  test('with polling clients, too', async () => {
    const server = await Server.start();
    const world = new World(server);
    const device = await world.connect('alice', { transport: 'polling' });
    const { code } = await server.end('SIGTERM');
    assert.equal(code, 0, server.log);
    assert.match(await device.lost(), /^transport (close|error)$/);
    world.end();
  });
});

test('exactly one line says where it listens', async () => {
  const server = await Server.start();
  await server.stop();
  assert.equal(server.log.match(/^listening on http:\/\/127\.0\.0\.1:\d+$/gm)?.length, 1, server.log);
});

test('--help names the commands', async () => {
  const help = await runToEnd(['--help']);
  assert.equal(help.code, 0);
  for (const word of ['serve', 'token', 'contacts', 'check-config']) assert.ok(help.stdout.includes(word), word);
});

