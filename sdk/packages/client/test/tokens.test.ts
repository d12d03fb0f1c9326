// Tokens (contract, section 2): fetched for each attempt, refreshed when they expire.
import { expect, test } from 'vitest';
import { io } from 'socket.io-client';

import { createPresence, type Auth, type PresenceError } from '../src/index.js';
import { noting } from '../../../testing/noting.js';
import { seconds, token, until, useOpened, users, useServer } from '../../../testing/server.js';

const secret = 'a secret that is long enough for the signature of a token';
const server = useServer({ 'auth.mode': 'jwt', 'jwt.secret': secret });
const opened = useOpened();

const good = (sub: string, ttl = 3600) => ({ token: token({ sub, exp: seconds(ttl) }, secret) });
// The server takes tokens that expired less than 5 s ago; the timer of the connection does not wait.
const expiring = (sub: string) => good(sub, -2);
const expired = (sub: string) => good(sub, -60);

function connect(auth: Auth) {
  const presence = opened(createPresence({ url: server().url, auth }));
  const errors: PresenceError[] = [];
  presence.on('error', (error) => errors.push(error));
  return { presence, errors };
}

test('the user is known from the token', async () => {
  const [alice] = users('ælice');
  const { presence } = connect(good(alice));
  await until(() => presence.me?.status === 'online');
  expect(presence.userId).toBe(alice);
});

test('an expired token is refreshed on the same connection', async () => {
  const [alice] = users('alice');
  const auth = noting((why: string) => Promise.resolve(why === 'connect' ? expiring(alice) : good(alice)));
  const { presence, errors } = connect(auth);
  await until(() => auth.calls.length === 2, { what: 'being asked for a fresh token' });
  expect(auth.calls).toEqual([['connect'], ['expired']]);
  const { id } = presence.socket!;
  await presence.setStatus('busy');
  expect(presence.socket!.id).toBe(id);
  expect(errors).toEqual([]);
});

test('where no fresh one can be had, an error says so, and the connection is as good as the old one', async () => {
  const [alice] = users('alice');
  const { presence, errors } = connect(expiring(alice));
  await until(() => errors.length > 0, { what: 'the error' });
  expect(errors[0]!.code).toBe('token_expired');
  expect(presence.connection.status).toBe('connected');
});

test('refused with an expired token: it is fetched again', async () => {
  const [alice] = users('alice');
  const auth = noting((): { token: string } => (auth.calls.length === 1 ? expired(alice) : good(alice)));
  const { presence } = connect(auth);
  const states: unknown[] = [];
  presence.on('connection', ({ status, error }) => states.push(error?.code ?? status));
  await until(() => presence.store.synced, { what: 'the second attempt' });
  expect(states).toContain('token_expired');
  expect(auth.calls).toHaveLength(2);
});

test('a fixed token that has expired, or none: refused for good', async () => {
  const [alice] = users('alice');
  for (const [auth, code] of [[expired(alice), 'token_expired'], [{ token: '' }, 'unauthorized']] as const) {
    const { presence, errors } = connect(auth);
    await until(() => presence.connection.error?.code === code);
    expect(presence.connection.status).toBe('disconnected');
    expect(errors.map((error) => error.code)).toEqual([code]);
  }
});

test('a function that fails is called again', async () => {
  const [alice] = users('alice');
  const auth = noting(async (_why: string) => {
    if (auth.calls.length === 1) throw new Error('no network');
    return good(alice);
  });
  const { presence, errors } = connect(auth);
  await until(() => presence.store.synced, { what: 'the second attempt' });
  expect(errors.map((error) => error.message)).toEqual(['auth failed: Error: no network']);
});

test('closed while its credentials were fetched, it does not begin again', async () => {
  const [alice] = users('alice');
  for (const outcome of ['resolve', 'reject'] as const) {
    let settle = () => {};
    const auth = noting((_why: string) => new Promise<{ token: string }>((resolve, reject) => {
      settle = () => (outcome === 'resolve' ? resolve(good(alice)) : reject(new Error('too late')));
    }));
    const { presence, errors } = connect(auth);
    await until(() => auth.calls.length === 1);
    presence.close();
    settle();
    // Longer than the wait before the first attempt that follows a failure.
    const other = connect(() => new Promise((done) => setTimeout(() => done(good(alice)), 600)));
    await until(() => other.presence.store.synced);
    expect(auth.calls).toHaveLength(1);
    expect((await server().presence(alice)).deviceCount).toBe(1);
    expect(errors).toEqual([]);
    other.presence.close();
  }
});

test("an application's socket is asked for its token in its own form", async () => {
  const [alice] = users('alice');
  const tokens = [expiring(alice), good(alice)];
  const auth = noting((send: (fields: object) => void) => send(tokens.shift() ?? {}));
  const socket = io(server().url, { auth, forceNew: true });
  opened({ close: () => socket.disconnect() });
  const presence = opened(createPresence({ socket }));
  const refreshed = new Promise((done) => presence.on('token_expired', done));
  await refreshed;
  await until(() => auth.calls.length === 2);
  await presence.setStatus('busy');
  expect(presence.userId).toBe(alice);
});
