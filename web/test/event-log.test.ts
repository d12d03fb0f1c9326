import { PacketType, type Packet } from 'socket.io-parser';
import { describe, expect, test } from 'vitest';

import { EventLog, packetLogger, seenParser } from '../src/event-log.js';

const packet = (type: PacketType, data?: unknown, id?: number): Packet => ({
  type, nsp: '/', data, ...(id !== undefined && { id }),
});

describe('the event log', () => {
  test('is newest first, of bounded length, and can be cleared', () => {
    const log = new EventLog();
    for (let count = 1; count <= 310; ++count) log.add('alice', 'in', `event ${count}`);
    expect(log.lines).toHaveLength(300);
    expect(log.lines[0]!.name).toBe('event 310');
    expect(log.lines).toBe(log.lines);
    log.clear();
    expect(log.lines).toEqual([]);
  });

  test('tells its readers', () => {
    const log = new EventLog();
    let told = 0;
    const end = log.subscribe(() => ++told);
    log.add('alice', 'note', 'x');
    end();
    log.add('alice', 'note', 'y');
    expect(told).toBe(1);
  });

  test('holds no tokens', () => {
    const log = new EventLog();
    log.add('alice', 'out', 'connect', { token: 'secret', snapshot: true });
    expect(log.lines[0]!.data).toEqual({ token: '…', snapshot: true });
  });
});

describe('packets in the log', () => {
  const logged = (...packets: ['in' | 'out', Packet][]) => {
    const log = new EventLog();
    const see = packetLogger(log, 'alice');
    for (const [way, each] of packets) see(way, each);
    return log.lines.map(({ kind, name, data }) => [kind, name, data]).reverse();
  };

  test('an acknowledgement goes by the name of its event', () => {
    expect(logged(
      ['out', packet(PacketType.EVENT, ['user_heartbeat', { idleMs: 1 }], 4)],
      ['out', packet(PacketType.EVENT, ['set_user_status', { status: 'x' }], 5)],
      ['in', packet(PacketType.ACK, [{ error: { code: 'invalid_argument' } }], 5)],
      ['in', packet(PacketType.ACK, [{ cursor: 'c' }], 4)],
    )).toEqual([
      ['out', 'user_heartbeat', { idleMs: 1 }],
      ['out', 'set_user_status', { status: 'x' }],
      ['error', 'set_user_status', { error: { code: 'invalid_argument' } }],
      ['ack', 'user_heartbeat', { cursor: 'c' }],
    ]);
  });

  test('events, refusals, and the ends of a connection', () => {
    expect(logged(
      ['out', packet(PacketType.CONNECT, { userId: 'alice' })],
      ['in', packet(PacketType.CONNECT_ERROR, { message: 'no' })],
      ['in', packet(PacketType.EVENT, ['user_online', { userId: 'bob' }])],
      ['in', packet(PacketType.EVENT, ['presence_error', { code: 'internal' }])],
      ['in', packet(PacketType.DISCONNECT)],
    )).toEqual([
      ['out', 'connect', { userId: 'alice' }],
      ['error', 'connect_error', { message: 'no' }],
      ['in', 'user_online', { userId: 'bob' }],
      ['error', 'presence_error', { code: 'internal' }],
      ['in', 'disconnect', undefined],
    ]);
  });
});

test('the parser shows what it encodes and decodes, and is that of Socket.IO otherwise', () => {
  const seen: [string, Packet][] = [];
  const { Encoder, Decoder } = seenParser((way, each) => seen.push([way, each]));
  const [text] = new Encoder().encode(packet(PacketType.EVENT, ['hello', { a: 1 }], 3)) as [string];
  expect(text).toBe('23["hello",{"a":1}]');
  const decoded: Packet[] = [];
  const decoder = new Decoder();
  decoder.on('decoded', (each) => decoded.push(each));
  decoder.add('33[{"b":2}]');
  expect(decoded).toEqual([{ type: PacketType.ACK, nsp: '/', id: 3, data: [{ b: 2 }] }]);
  expect(seen.map(([way, { type }]) => [way, type])).toEqual([['out', PacketType.EVENT], ['in', PacketType.ACK]]);
});
