// Contract section 2, auth.mode = jwt: which tokens are believed, and what happens when they expire.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { assertError, Device } from '../support/device.js';
import { Server, temporaryDirectory } from '../support/server.js';
import { RawSocket } from '../support/raw.js';
import { SLACK, until } from '../support/time.js';
import { keyPairs, seconds, token } from '../support/tokens.js';
import { inWorld } from '../support/world.js';

const secret = 'a secret of at least sixty-four bytes, so that it is enough for every HMAC here';

let server;
before(async () => {
  server = await Server.start({ 'auth.mode': 'jwt', 'jwt.secret': secret });
});
after(() => server.stop());
const scene = (name, body) => test(name, inWorld(() => server, body));

const claims = (sub, more = {}) => ({ sub, exp: seconds(3600), ...more });
const connect = (world, sub, options = {}) => world.connect(undefined, { auth: { token: token(claims(sub), secret) }, ...options });

async function refused(on, theToken, code = 'unauthorized', name) {
  const error = await Device.refused(on, undefined, { auth: { token: theToken } });
  assertError({ code: error.data?.code, message: error.message }, code, name, String(theToken).slice(0, 80));
}

/** Who the server took a device for. */
async function accepted(on, world, theToken, sub) {
  const device = new Device(on, undefined, { auth: { token: theToken }, checks: false });
  try {
    await device.open();
    assert.deepEqual((await on.presence(sub)).devices.map((d) => d.socketId), [device.id]);
  } finally {
    device.close();
  }
}

describe('what is believed', () => {
  scene('HS256, HS384 and HS512 with the secret', async (world) => {
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const [user] = world.users(alg);
      await accepted(server, world, token(claims(user), secret, alg), user);
    }
  });

  scene('the token in auth, in the query, or as a bearer, by each client and transport', async (world) => {
    for (const client of [4, 3]) {
      for (const transport of ['websocket', 'polling']) {
        const [user] = world.users(`carrier${client}${transport}`);
        const jwt = token(claims(user), secret);
        for (const how of [{ auth: { token: jwt } }, { query: { token: jwt } }, { headers: { authorization: `Bearer ${jwt}` } }]) {
          const device = new Device(server, undefined, { client, transport, checks: false, ...how });
          await device.open();
          assert.equal((await server.presence(user)).devices.at(-1).socketId, device.id, JSON.stringify(how));
          device.leave();
          await world.devices(user, 0);
        }
      }
    }
  });

  scene('the token of the handshake also when / is left and joined again on the connection', async (world) => {
    const [user] = world.users('again');
    const jwt = token(claims(user), secret);
    for (const how of [{ parameters: { token: jwt } }, { headers: { authorization: `Bearer ${jwt}` } }]) {
      const raw = await RawSocket.open(server, how);
      for (let i = 0; i < 3; ++i) {
        raw.send('40');
        const { sid } = JSON.parse((await raw.next('40')).slice(2));
        assert.deepEqual((await server.presence(user)).devices.map((d) => d.socketId), [sid]);
        raw.send('41');
        await world.devices(user, 0);
      }
      raw.cut();
    }
  });

  scene('a token without exp', async (world) => {
    const [user] = world.users('forever');
    await accepted(server, world, token({ sub: user }, secret), user);
  });

  scene('5 s of leeway for nbf and exp on connecting', async (world) => {
    const [early, late] = world.users('early', 'late');
    await accepted(server, world, token(claims(early, { nbf: seconds(3) }), secret), early);
    await accepted(server, world, token({ sub: late, exp: seconds(-2) }, secret), late);
  });

  scene('auth.userId is not believed', async (world) => {
    const [alice, mallory] = world.users('alice', 'mallory');
    const device = new Device(server, undefined, { auth: { userId: alice, token: token(claims(mallory), secret) }, checks: false });
    await device.open();
    assert.equal((await server.presence(alice)).deviceCount, 0);
    assert.equal((await server.presence(mallory)).deviceCount, 1);
    device.close();
    const error = await Device.refused(server, alice);
    assert.equal(error.data.code, 'unauthorized');
  });
});

describe('what is refused', () => {
  scene('none, empty, wrong type, too long', async () => {
    await refused(server, undefined);
    await refused(server, '');
    await refused(server, 5, 'invalid_argument', 'token');
    await refused(server, {}, 'invalid_argument', 'token');
    await refused(server, 'x'.repeat(8 * 1024 + 1), 'invalid_argument', 'token');
  });

  scene('rubbish, another signature, a changed payload', async (world) => {
    const [user] = world.users('user');
    const good = token(claims(user), secret);
    const [head, body, tail] = good.split('.');
    const other = Buffer.from(JSON.stringify(claims('admin'))).toString('base64url');
    for (const bad of [
      'rubbish',
      '..',
      'a.b.c',
      `${head}.${body}`,
      `${head}.${body}.`,
      `${head}.${other}.${tail}`,
      `${good}.${tail}`,
      `${head}.${body}.${tail.slice(0, -4)}`,
      token(claims(user), 'another secret'),
    ]) {
      await refused(server, bad);
    }
  });

  scene('alg none in any spelling', async (world) => {
    const [user] = world.users('user');
    await refused(server, token(claims(user), '', 'none'));
    const [, body] = token(claims(user), secret).split('.');
    for (const alg of ['None', 'NONE', 'nOnE', '']) {
      const head = Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url');
      await refused(server, `${head}.${body}.`);
    }
  });

  scene('expired beyond the leeway: token_expired; not yet valid: unauthorized', async (world) => {
    const [user] = world.users('user');
    await refused(server, token({ sub: user, exp: seconds(-10) }, secret), 'token_expired');
    await refused(server, token({ sub: user, nbf: seconds(60) }, secret));
  });

  scene('no, an empty or a wrong sub', async () => {
    await refused(server, token({ exp: seconds(60) }, secret));
    for (const sub of ['', 5, null, 'x'.repeat(129), 'a\u0001']) {
      const error = await Device.refused(server, undefined, { auth: { token: token({ sub, exp: seconds(60) }, secret) } });
      assert.match(error.data.code, /^(unauthorized|invalid_argument)$/, JSON.stringify(sub));
    }
  });
});

describe('keys in PEM files', () => {
  const dir = temporaryDirectory();
  const kinds = { rsa: ['RS256', 'PS256'], ec: ['ES256'], ed25519: ['EdDSA'] };
  for (const [kind, algorithms] of Object.entries(kinds)) {
    test(`${kind}: ${algorithms.join(', ')}; no confusion with a secret`, async () => {
      const { publicKey, privateKey } = keyPairs[kind]();
      const file = path.join(dir, `${kind}.pem`);
      writeFileSync(file, publicKey);
      const on = await Server.start({ 'auth.mode': 'jwt', 'jwt.key_file': file });
      try {
        await inWorld(() => on, async (world) => {
          for (const alg of algorithms) {
            const [user] = world.users(alg);
            await accepted(on, world, token(claims(user), privateKey, alg), user);
          }
          // The public key is public: taken as the secret of an HMAC it must prove nothing.
          for (const alg of ['HS256', 'HS384', 'HS512']) {
            for (const key of [publicKey, publicKey.trim(), '', secret]) await refused(on, token(claims('mallory'), key, alg));
          }
          await refused(on, token(claims('mallory'), '', 'none'));
          await refused(on, token(claims('mallory'), keyPairs[kind]().privateKey, algorithms[0]));
          const [head, body, tail] = token(claims('mallory'), privateKey, algorithms[0]).split('.');
          await refused(on, `${head}.${body}.${tail.slice(4)}AAAA`);
        })();
      } finally {
        await on.stop();
      }
    });
  }
});

test('issuer, audience and the name of the user claim', async () => {
  const on = await Server.start({
    'auth.mode': 'jwt',
    'jwt.secret': secret,
    'jwt.issuer': 'https://id.example',
    'jwt.audience': 'presence',
    'jwt.user_claim': 'uid',
  });
  try {
    await inWorld(() => on, async (world) => {
      const good = (uid) => ({ uid, sub: 'not this', iss: 'https://id.example', aud: 'presence', exp: seconds(60) });
      const [one, two] = world.users('one', 'two');
      await accepted(on, world, token(good(one), secret), one);
      await accepted(on, world, token({ ...good(two), aud: ['mail', 'presence'] }, secret), two);
      for (const wrong of [{ iss: 'https://evil.example' }, { iss: undefined }, { aud: 'mail' }, { aud: ['mail'] }, { aud: undefined }, { uid: undefined }]) {
        await refused(on, token({ ...good('x'), ...wrong }, secret));
      }
    })();
  } finally {
    await on.stop();
  }
});

describe('expiry', { concurrency: true }, () => {
  const expiring = (sub, exp) => ({ auth: { token: token({ sub, exp }, secret) } });

  scene('token_expired at exp, and a DISCONNECT packet 30 s later', async (world) => {
    const [user] = world.users('user');
    const exp = seconds(2);
    const device = await world.connect(undefined, expiring(user, exp));
    await device.expect('token_expired', {});
    const said = device.last.wall;
    assert.ok(said >= exp * 1000 - 50 && said <= exp * 1000 + 1000 + SLACK, `${said - exp * 1000} ms after exp`);
    await device.heartbeat();
    assert.equal(await device.lost(35000), 'io server disconnect');
    const after = Date.now() - exp * 1000;
    assert.ok(after >= 29500 && after <= 31000 + SLACK, `disconnected ${after} ms after exp`);
    await world.devices(user, 0);
  });

  scene('a fresh token in time keeps the connection, sent before or after token_expired', async (world) => {
    const [early, late] = world.users('early', 'late');
    const exp = seconds(2);
    const before = await world.connect(undefined, expiring(early, exp));
    const afterwards = await world.connect(undefined, expiring(late, exp));
    const fresh = seconds(3600);
    assert.deepEqual(await before.ask('refresh_token', { token: token({ sub: early, exp: fresh }, secret) }), { expiresAt: fresh * 1000 });
    await afterwards.expect('token_expired');
    assert.deepEqual(await afterwards.ask('refresh_token', { token: token({ sub: late, exp: fresh }, secret) }), { expiresAt: fresh * 1000 });
    // Both outlive the moment at which the first token's grace ends.
    await until(() => Date.now() > exp * 1000 + 31500, { within: 40000 });
    await before.settle();
    await afterwards.settle();
    before.nothing();
    afterwards.nothing();
  });

  scene('a refused fresh token changes nothing', async (world) => {
    const [user, other] = world.users('user', 'other');
    const device = await connect(world, user);
    const send = (theToken, code, name) => device.denied(code, name, 'refresh_token', { token: theToken });
    await send(token(claims(other), secret), 'unauthorized');
    await send(token(claims(user), 'another secret'), 'unauthorized');
    await send(token({ sub: user, exp: seconds(-10) }, secret), 'token_expired');
    await send(5, 'invalid_argument', 'token');
    await send('x'.repeat(8 * 1024 + 1), 'invalid_argument', 'token');
    await device.denied('invalid_argument', 'token', 'refresh_token', {});
    device.emit('refresh_token', { token: token(claims(other), secret) });
    await device.expect('presence_error', { code: 'unauthorized', event: 'refresh_token' });
    await device.settle();
    device.nothing();
  });

  scene('a token that expired within the leeway is let in and told so at once', async (world) => {
    const [user] = world.users('user');
    const device = await world.connect(undefined, expiring(user, seconds(-2)));
    await device.expect('token_expired', {}, { within: 1000 + SLACK });
  });

  scene('a refreshed token expires in its turn', async (world) => {
    const [user] = world.users('user');
    const device = await connect(world, user);
    const exp = seconds(2);
    await device.ask('refresh_token', { token: token({ sub: user, exp }, secret) });
    await device.expect('token_expired', {}, { within: 4000 });
    assert.ok(device.last.wall >= exp * 1000 - 50);
  });
});
