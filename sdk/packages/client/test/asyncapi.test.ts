// api/asyncapi.yaml against the two things it must not drift from: the types of this package, and what
// a real server takes and sends.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPresence } from '../src/index.js';
import { generated, readDocument } from '../../../scripts/generate.mjs';
import { seconds, Server, token, until, useOpened, users, useServer } from '../../../testing/server.js';

type Schema = Record<string, unknown>;
type Message = { payload: { $ref: string } };
type Operation = { action: string; reply?: { messages: [{ $ref: string }] } };
interface Document {
  components: { schemas: Record<string, Schema>; messages: Record<string, Message> };
  operations: Record<string, Operation>;
}

const document = (await readDocument()) as Document;
const named = (action: string) =>
  Object.keys(document.operations).filter((name) => document.operations[name]!.action === action);
const [taken, sent] = [named('receive'), named('send')];

test('the document is AsyncAPI 3', () => {
  const require = createRequire(import.meta.url);
  const schema = require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  expect(ajv.validate(schema, document), ajv.errorsText()).toBe(true);
});

test('what is generated from it is up to date (npm run generate)', async () => {
  const files = Object.entries(await generated(document));
  expect(files).toHaveLength(2);
  for (const [file, text] of files) {
    expect(await readFile(new URL(`../../../../${file}`, import.meta.url), 'utf8'), file).toBe(text);
  }
});

test('the client listens to every event that the server may send', () => {
  const presence = createPresence({ url: 'http://127.0.0.1:9', auth: { userId: 'x' }, autoConnect: false });
  for (const name of sent) expect(presence.socket!.listeners(name), name).not.toEqual([]);
  presence.close();
});

// Every object closed: a field that the document does not know is drift, too.
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return copy.type === 'object' ? { ...copy, additionalProperties: false } : copy;
}

const ajv = new Ajv({ allErrors: true, strict: false });
ajv.addSchema({
  $id: 'wire',
  components: { schemas: closed(document.components.schemas) as Schema },
});
const validators = new Map<string, ValidateFunction>();
function check(schema: string, value: unknown): void {
  let validate = validators.get(schema);
  if (!validate) validators.set(schema, (validate = ajv.compile({ $ref: `wire#/components/schemas/${schema}` })));
  expect(validate(value), `${schema} ${JSON.stringify(value)}: ${ajv.errorsText(validate.errors)}`).toBe(true);
}
const schemaOf = (message: string) => document.components.messages[message]!.payload.$ref.split('/').at(-1)!;

describe('what a server sends', () => {
  const secret = 'a secret that is long enough for the signature of a token';
  const server = useServer({ disconnect_grace: '100ms', stale_after: '1s' });
  let strict: Server;
  beforeAll(async () => {
    strict = await Server.start({ 'auth.mode': 'jwt', 'jwt.secret': secret });
  });
  afterAll(() => strict?.stop());
  const opened = useOpened();
  const seen = new Set<string>();
  const findings: unknown[] = []; // an error thrown in a listener would fail nothing

  async function connect(to: Server, auth: object): Promise<Socket> {
    check('ConnectPayload', auth);
    const socket = io(to.url, { auth, forceNew: true });
    opened({ close: () => socket.disconnect() });
    socket.onAny((name: string, data: unknown) => {
      seen.add(name);
      try {
        check(schemaOf(name), data);
      } catch (error) {
        findings.push(error);
      }
    });
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return socket;
  }

  // Asks with an acknowledgement and without one, as the contract's section 3 says.
  async function ask(socket: Socket, name: string, payload: unknown): Promise<void> {
    check(schemaOf(name), payload);
    const answer: unknown = await socket.timeout(5000).emitWithAck(name, payload);
    seen.add(name);
    check(schemaOf(`${name}_ack`), answer);
    socket.emit(name, payload);
  }

  test('is in the document, and everything in the document is sent', async () => {
    const [alice, bob, carol] = users('alice', 'bob', 'carol');
    await server().befriend(alice, bob);
    const deviceInfo = { type: 'web', os: 'Linux', browser: 'Firefox' } as const;
    const a = await connect(server(), { userId: alice, deviceId: 'a', deviceInfo, snapshot: true });
    const b = await connect(server(), { userId: bob, deviceInfo: { type: 'mobile' } });
    await ask(a, 'user_heartbeat', { timestamp: Date.now(), deviceInfo, idleMs: 0.5 });
    await ask(a, 'set_user_status', { status: 'busy', customMessage: 'Lunch', expiresAt: Date.now() + 60_000 });
    const second = await connect(server(), { userId: bob });
    for (const [name, payload] of [
      ['check_users_presence', { userIds: [alice, bob, 'nobody'], requestId: '1' }],
      ['get_user_presence', { userId: alice, requestId: '2' }],
      ['get_user_presence', { userId: bob }],
      ['get_user_presence', { userId: 'nobody' }],
      ['get_contacts', { requestId: '3' }],
    ] as const) {
      await ask(b, name, payload);
    }
    await server().befriend(alice, carol);
    await server().unfriend(alice, carol);
    b.emit('get_user_presence', {});
    check('ErrorAck', await b.timeout(5000).emitWithAck('get_user_presence', {}));
    second.disconnect();
    b.io.engine.close();
    await until(() => seen.has('user_offline') && seen.has('presence_error'));

    const fresh = { token: token({ sub: alice, exp: seconds(60) }, secret) };
    const t = await connect(strict, { token: token({ sub: alice, exp: seconds(-2) }, secret) });
    await until(() => seen.has('token_expired'));
    await ask(t, 'refresh_token', fresh);
    const refused = io(strict.url, { auth: {}, forceNew: true });
    opened({ close: () => refused.disconnect() });
    const error = await new Promise<Error & { data?: unknown }>((resolve) => refused.once('connect_error', resolve));
    check('ConnectErrorData', error.data);

    await until(() => seen.has('presence_status_response') && seen.has('contacts_changed'));
    expect(findings).toEqual([]);
    // Attention (contract, section 12) is described before the server has it.
    const later = ['watch_users', 'presence_batch'];
    expect([...seen].sort()).toEqual([...taken, ...sent].filter((name) => !later.includes(name)).sort());
  });

  test('a field or an event that the document does not know fails here', () => {
    const beat = { serverTime: 1, cursor: 'c' };
    expect(() => check('HeartbeatAck', beat)).not.toThrow();
    expect(() => check('HeartbeatAck', { ...beat, more: 1 })).toThrow(/HeartbeatAck/);
    expect(() => check('HeartbeatAck', { serverTime: 1 })).toThrow(/cursor/);
  });
});
