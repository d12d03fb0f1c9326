// Bad input: each has a defined answer, and costs other users nothing. Two users in good standing
// (`probe`) talk to each other after each attack; at the end the server must still end well.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { frame, RawPolling, RawSocket, Tcp, upgradeRequest } from '../support/raw.js';
import { Server } from '../support/server.js';
import { until } from '../support/time.js';
import { inWorld, World } from '../support/world.js';

let server;
let bystanders;
let good;
before(async () => {
  server = await Server.start({ max_payload: 100000, 'limits.events_per_second': 20 });
  bystanders = new World(server);
  good = await bystanders.pair({ names: ['good', 'neighbour'] });
  await good.a.heartbeat();
});
after(async () => {
  bystanders.end();
  await server.stop();
});

/** The two are still served, at once, and were told nothing else. */
async function unharmed() {
  // One event for each scene: their own budget is a burst of 80 and 20 a second.
  await bystanders.marker(good.a, [good.b]);
  assert.deepEqual(good.a.losses, []);
  assert.equal(server.running, true, server.log);
}
const scene = (name, body) => test(name, async (t) => {
  await inWorld(() => server, body)(t);
  await unharmed();
});

describe('before the handshake', () => {
  const garbage = {
    'random bytes': Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) & 255)),
    'a TLS client hello': Buffer.from('16030100c8010000c40303', 'hex'),
    'a line without end': Buffer.from(`GET /${'a'.repeat(200000)}`),
    'headers without end': Buffer.from(`GET / HTTP/1.1\r\n${'X-A: b\r\n'.repeat(20000)}`),
    'a header of 200 kB': Buffer.from(`GET / HTTP/1.1\r\nX: ${'a'.repeat(200000)}\r\n\r\n`),
    'a wrong method': Buffer.from('G\u0000T / HTTP/1.1\r\n\r\n'),
    'two content lengths': Buffer.from('POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
    'a negative content length': Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'),
    'a wrong chunk size': Buffer.from('POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
    'HTTP/2 in the clear': Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    'websocket frames without a handshake': Buffer.concat([frame('2probe'), frame('40')]),
  };
  for (const [name, bytes] of Object.entries(garbage)) {
    scene(`${name}: an HTTP error or a close`, async () => {
      const tcp = await Tcp.open(server);
      tcp.send(bytes);
      // An unfinished request is waited for; its end is no request either.
      tcp.socket.end();
      await until(() => tcp.closed || /^HTTP\/1\.[01] [45]\d\d /.test(tcp.text), { what: () => `an error or a close; came ${tcp.text.slice(0, 100)}` });
      assert.ok(tcp.text === '' || /^HTTP\/1\.[01] [45]\d\d /.test(tcp.text), tcp.text.slice(0, 200));
      tcp.close();
    });
  }

  scene('300 connections that say nothing', async () => {
    const silent = await Promise.all(Array.from({ length: 300 }, () => Tcp.open(server)));
    await unharmed();
    for (const tcp of silent) tcp.close();
  });

  scene('wrong websocket handshakes are refused before a 101', async () => {
    const bad = [
      ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n', ''],
      ['dGhlIHNhbXBsZSBub25jZQ==', 'short'],
      ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 8'],
      ['EIO=4', 'EIO=3'],
      ['transport=websocket', 'transport=websocket&sid=nobody'],
    ];
    for (const [from, to] of bad) {
      const tcp = await Tcp.open(server);
      tcp.send(upgradeRequest(server).replace(from, to));
      await tcp.saw('\r\n\r\n');
      assert.match(tcp.text, /^HTTP\/1\.1 4\d\d /, to);
      tcp.close();
    }
  });
});

describe('websocket frames', () => {
  /** A joined websocket written by hand; gives the connection after the CONNECT answer. */
  async function joined(userId) {
    const tcp = await Tcp.open(server);
    tcp.send(upgradeRequest(server));
    await tcp.saw('101');
    tcp.send(frame(`40${JSON.stringify({ userId })}`));
    await tcp.saw('40{"sid"');
    return tcp;
  }
  const wrong = {
    'an unmasked frame': [frame('42["user_heartbeat",{}]', 1, { mask: false }), 1002],
    'a reserved opcode': [frame('x', 3), 1002],
    'reserved bits': [Buffer.concat([Buffer.from([0xf1]), frame('2').subarray(1)]), 1002],
    'a continuation of nothing': [frame('x', 0), 1002],
    'a fragmented ping': [frame('x', 9, { fin: false }), 1002],
    'a ping of 126 bytes': [frame('x'.repeat(126), 9), 1002],
    'text that is no UTF-8': [frame(Buffer.from([0x34, 0xff, 0xfe]), 1), 1007],
    'a frame beyond max_payload': [frame('x'.repeat(100001)), 1009],
    'a length of 2^63': [Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]), [1002, 1009]],
    'fragments that add up beyond max_payload': [
      Buffer.concat([frame('x'.repeat(60000), 1, { fin: false }), frame('x'.repeat(60000), 0)]), 1009,
    ],
  };
  for (const [name, [bytes, codes]] of Object.entries(wrong)) {
    scene(`${name}: closed with ${codes}`, async (world) => {
      const [mallory] = world.users('mallory');
      const tcp = await joined(mallory);
      const before = tcp.received.length;
      tcp.send(bytes);
      await tcp.ended();
      // The last frame is the close: fin, opcode 8, length, code.
      const rest = tcp.received.subarray(before);
      const close = rest.indexOf(0x88);
      assert.ok(close >= 0, `a close frame in ${rest.toString('hex').slice(0, 100)}`);
      assert.ok([codes].flat().includes(rest.readUInt16BE(close + 2)), `code ${rest.readUInt16BE(close + 2)}`);
      await world.devices(mallory, 0);
    });
  }

  scene('the TCP connection cut after each byte of a frame', async (world) => {
    const [mallory] = world.users('mallory');
    const bytes = frame('420["user_heartbeat",{}]');
    for (let cut = 1; cut < bytes.length; cut += 5) {
      const tcp = await joined(mallory);
      tcp.send(bytes.subarray(0, cut));
      tcp.close();
    }
    await world.devices(mallory, 0);
  });

  scene('a frame sent byte by byte is a frame', async (world) => {
    const [slow] = world.users('slow');
    const tcp = await joined(slow);
    tcp.socket.setNoDelay(true);
    for (const byte of frame('420["get_user_presence",{"userId":"x"}]')) {
      tcp.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await tcp.saw('430[');
    tcp.close();
  });
});

describe('packets', () => {
  const closing = {
    'a packet type of nobody': '9',
    'a Socket.IO type of nobody': '49',
    'an empty message': '4',
    'a ping from the client': '2',
    'broken JSON': '42["user_heartbeat",{]',
    'an event that is no list': '42{"a":1}',
    'an empty list': '42[]',
    'a list without a name': '42[{}]',
    'a reserved name': '42["disconnect",{}]',
    'an acknowledgement that is no list': '430{"a":1}',
    'a second CONNECT': '40{"userId":"x"}',
    'a CONNECT_ERROR from a client': '44{"message":"x"}',
    'a namespace not joined': '42/other,["x"]',
    'too many attachments': '4511-["x",{"_placeholder":true,"num":0}]',
    'a negative attachment count': '45-1-["x"]',
    'text while an attachment is due': ['451-["x",{"_placeholder":true,"num":0}]', '42["user_heartbeat",{}]'],
    'JSON nested 50,000 deep': `42["x",${'['.repeat(45000)}${']'.repeat(45000)}]`,
    'an unfinished string': '42["x',
  };
  for (const [name, packets] of Object.entries(closing)) {
    scene(`${name}: the connection is closed`, async (world) => {
      const [mallory] = world.users('mallory');
      const raw = await RawSocket.join(server, mallory);
      for (const packet of [packets].flat()) raw.send(packet);
      await raw.ended();
      await world.devices(mallory, 0);
    });
  }

  scene('a binary frame when none is due closes the connection', async (world) => {
    const [mallory] = world.users('mallory');
    const raw = await RawSocket.join(server, mallory);
    raw.send(Buffer.from([1, 2, 3]));
    await raw.ended();
  });

  scene('the same over polling: the session ends', async (world) => {
    const [mallory] = world.users('mallory');
    const raw = await RawPolling.join(server, mallory);
    await raw.post('42["user_heartbeat",{]');
    await until(async () => (await raw.get()).status === 400, { what: 'the session to be unknown' });
    await world.devices(mallory, 0);
  });

  scene('an acknowledgement nobody waits for is ignored', async (world) => {
    const [odd] = world.users('odd');
    const raw = await RawSocket.join(server, odd);
    raw.send('4399[1]');
    raw.send('420["get_user_presence",{"userId":"x"}]');
    await raw.next('430[');
    raw.cut();
  });

  scene('names and numbers that trip over objects and integers', async (world) => {
    const [odd] = world.users('odd');
    const raw = await RawSocket.join(server, odd);
    const packets = [
      '["__proto__",{}]',
      '["constructor",{}]',
      `["${'e'.repeat(5000)}",{}]`,
      '["set_user_status",{"status":"busy","expiresAt":1e400}]',
      '["set_user_status",{"status":"busy","expiresAt":99999999999999999999999}]',
      '["set_user_status",{"status":"busy","expiresAt":1e15}]',
      '["set_user_status",{"status":"busy","status":5}]',
      '["set_user_status",{"status":"busy","customMessage":"\\ud800"}]',
      '["user_heartbeat",{"idleMs":1e308}]',
      '["user_heartbeat",{"idleMs":9007199254740993}]',
      '["user_heartbeat",{"timestamp":-1e308}]',
      '["check_users_presence",{"userIds":["\\u0000"]}]',
      '["get_user_presence",{"userId":{"_placeholder":true,"num":0}}]',
    ];
    for (const [n, packet] of packets.entries()) {
      raw.send(`42${n}${packet}`);
      // Whether it is refused or served, it is answered, or the connection ends.
      await until(() => raw.closed || raw.frames.some((f) => String(f).startsWith(`43${n}[`)), { what: `an answer to ${packet.slice(0, 80)}` });
      assert.equal(raw.closed, null, packet.slice(0, 80));
    }
    raw.cut();
  });
});

describe('polling', () => {
  scene('a body beyond max_payload is 413 and the session stays', async (world) => {
    const [big] = world.users('big');
    const raw = await RawPolling.join(server, big);
    assert.equal((await raw.post(`42["x","${'x'.repeat(100000)}"]`)).status, 413);
    await raw.post('420["get_user_presence",{"userId":"x"}]');
    await raw.until((packet) => packet.startsWith('430['));
    await raw.post('1');
  });

  scene('two polls at once end the session: the waiting one gets 1, the offender 400', async (world) => {
    const [twice] = world.users('twice');
    const raw = await RawPolling.join(server, twice);
    const both = await Promise.all([raw.get(), raw.get()]);
    const [waiting, offender] = both.sort((x, y) => x.status - y.status);
    assert.equal(waiting.status, 200);
    assert.equal(waiting.text, '1');
    assert.equal(offender.status, 400);
    await world.devices(twice, 0);
  });

  scene('octet-stream is refused and ends the session', async (world) => {
    const [odd] = world.users('odd');
    const raw = await RawPolling.join(server, odd);
    const body = Buffer.from('42["x"]');
    const answer = await server.request('POST', raw.target(), { body, headers: { 'content-type': 'application/octet-stream', 'content-length': body.length } });
    assert.equal(answer.status, 400);
    await world.devices(odd, 0);
  });

  scene("somebody else's session id is worth nothing when it is guessed", async (world) => {
    const [alice] = world.users('alice');
    const device = await world.connect(alice);
    for (const sid of [device.id, 'AAAAAAAAAAAAAAAAAAAA', '__proto__', '%00', 'x'.repeat(5000)]) {
      const answer = await server.request('GET', `/socket.io/?EIO=4&transport=polling&sid=${sid}`);
      assert.equal(answer.status, 400, sid);
    }
  });
});

describe('floods', () => {
  scene('beyond limits.events_per_second (a burst of 4 times it) events are refused, the device stays', async (world) => {
    const { alice, a } = await world.pair();
    const answers = await Promise.all(Array.from({ length: 300 }, () => a.call('get_user_presence', { userId: alice })));
    const served = answers.filter((answer) => !answer.error);
    const refused = answers.filter((answer) => answer.error);
    assert.ok(served.length >= 75, `${served.length} of a burst of 80 were served`);
    assert.ok(served.length <= 150, `${served.length} of 300 were served`);
    const codes = new Set(refused.map((answer) => answer.error.code));
    assert.equal(codes.size, 1, [...codes].join());
    for (const { error } of refused) assert.equal(typeof error.message, 'string');
    assert.deepEqual(a.losses, []);
    // It recovers with time.
    await until(async () => !(await a.call('get_user_presence', { userId: alice })).error, { what: 'an event to be served again' });
  });

  scene('without acknowledgement the refusal is a presence_error', async (world) => {
    const { alice, a } = await world.pair();
    for (let i = 0; i < 300; i++) a.emit('user_heartbeat', {});
    const error = await a.find('presence_error');
    assert.equal(error.event, 'user_heartbeat');
    await until(async () => !(await a.call('get_user_presence', { userId: alice })).error, { what: 'an event to be served again' });
  });

  scene('a flood without acknowledgements is answered once a second, and acknowledgements as ever', async (world) => {
    const { alice, a } = await world.pair();
    const began = performance.now();
    for (let i = 0; i < 2000; i++) a.emit('user_heartbeat', {});
    // In order behind the flood: each is answered, once, or its promise or the device's checks fail.
    const answers = await Promise.all(Array.from({ length: 50 }, () => a.call('get_user_presence', { userId: alice })));
    const seconds = (performance.now() - began) / 1000;
    assert.ok(answers.some(({ error }) => error), 'the flood is beyond the limit');
    const refusals = a.events.filter(({ event }) => event === 'presence_error');
    assert.ok(refusals.length >= 1 && refusals.length <= 1 + seconds, `${refusals.length} refusals in ${seconds} s`);
    for (const { data } of refusals) assert.equal(data.event, 'user_heartbeat');
    assert.deepEqual(a.losses, []);
  });

  scene('200 devices connecting and vanishing', async (world) => {
    const users = world.users(...Array.from({ length: 50 }, (_, i) => `flash${i}`));
    await Promise.all(users.map(async (user) => {
      for (let i = 0; i < 4; i++) {
        const raw = await RawSocket.join(server, user);
        raw.cut();
      }
    }));
    await unharmed();
  });
});

test('slow readers: who does not read costs others nothing, and is not waited for', async () => {
  const busy = await Server.start({ 'limits.events_per_second': 0 });
  try {
    await inWorld(() => busy, async (world) => {
      const { alice, a, b } = await world.pair();
      const [slow] = world.users('slow');
      await world.befriend(alice, slow);
      await a.expect('contacts_changed');
      const tcp = await Tcp.open(busy);
      tcp.send(upgradeRequest(busy));
      await tcp.saw('101');
      tcp.send(frame(`40${JSON.stringify({ userId: slow })}`));
      await a.expect('user_online', { userId: slow });
      tcp.socket.pause();
      // Some 30 MB of answers that nobody reads: far more than the kernel keeps for a socket.
      const userIds = Array.from({ length: 1000 }, (_, i) => `n${i}`);
      const question = frame(`42["check_users_presence",${JSON.stringify({ userIds })}]`);
      for (let i = 0; i < 400; i++) tcp.send(question);
      const rounds = 300;
      const began = performance.now();
      for (let n = 0; n < rounds; n++) {
        await a.setStatus('busy', { customMessage: `round ${n}.` });
        await b.expect('user_status_changed', { customMessage: `round ${n}.` });
      }
      const took = performance.now() - began;
      assert.ok(took < rounds * 50, `${rounds} changes took ${took} ms beside the slow reader`);
      // It reads again: by now it was disconnected, or it gets to the newest state.
      tcp.socket.resume();
      await until(() => tcp.closed || tcp.text.includes(`round ${rounds - 1}.`), {
        every: 100,
        what: 'the newest state or the end of the slow reader',
      });
      tcp.close();
    })();
  } finally {
    await busy.stop();
  }
});
