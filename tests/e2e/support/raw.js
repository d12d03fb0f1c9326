// Below the client: Socket.IO packets over a bare websocket or bare HTTP long-polling, and bytes
// over a bare TCP connection, for what an unmodified client never sends.
import net from 'node:net';
import WebSocket from 'ws';

import { DEADLINE, until, within } from './time.js';

const query = (parameters) =>
  new URLSearchParams({ EIO: '4', ...parameters }).toString();

/** A websocket whose text frames are Engine.IO packets. */
export class RawSocket {
  frames = [];
  closed = null; // {code, reason} once closed
  refusedStatus = null; // HTTP status when the handshake was refused
  #read = 0;

  constructor(server, { parameters = {}, headers = {}, origin, path = '/socket.io/', pong = true } = {}) {
    this.ws = new WebSocket(`${server.wsUrl}${path}?${query({ transport: 'websocket', ...parameters })}`, {
      headers,
      origin,
      perMessageDeflate: false,
    });
    this.ws.on('message', (data, binary) => {
      const frame = binary ? data : data.toString();
      if (frame === '2' && pong) {
        this.ws.send('3');
        return;
      }
      this.frames.push(frame);
    });
    this.ws.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    this.ws.on('unexpected-response', (_, response) => {
      this.refusedStatus = response.statusCode;
      response.resume();
    });
    this.ws.on('error', () => {});
  }

  /** Opens the websocket and reads the Engine.IO handshake. */
  static async open(server, options) {
    const raw = new RawSocket(server, options);
    raw.handshake = JSON.parse((await raw.next('0')).slice(1));
    return raw;
  }

  /** The same, and joins the namespace as this user. */
  static async join(server, userId, options = {}) {
    const raw = await RawSocket.open(server, options);
    raw.send(`40${JSON.stringify({ userId, ...options.auth })}`);
    raw.id = JSON.parse((await raw.next('40')).slice(2)).sid;
    return raw;
  }

  send(frame) {
    this.ws.send(frame);
  }

  /** The next unread frame that begins so. */
  async next(prefix, ms = DEADLINE) {
    const index = await until(
      () => {
        const at = this.frames.findIndex((f, i) => i >= this.#read && String(f).startsWith(prefix));
        return at === -1 ? undefined : { at };
      },
      {
        within: ms,
        what: () => `a frame ${prefix}...; came: ${this.frames.slice(-5).join(' | ')} closed: ${JSON.stringify(this.closed)}`,
      },
    );
    this.#read = index.at + 1;
    return this.frames[index.at];
  }

  async ended(ms = DEADLINE) {
    await until(() => this.closed, { within: ms, what: 'the websocket to be closed' });
    return this.closed;
  }

  /** Cuts the TCP connection. */
  cut() {
    this.ws.terminate();
  }
}

/** Engine.IO over HTTP long-polling, request by request. */
export class RawPolling {
  constructor(server, { path = '/socket.io/', headers = {} } = {}) {
    this.server = server;
    this.path = path;
    this.headers = headers;
  }

  static async open(server, options) {
    const raw = new RawPolling(server, options);
    const answer = await raw.get();
    raw.handshake = JSON.parse(answer.text.slice(1));
    raw.sid = raw.handshake.sid;
    return raw;
  }

  static async join(server, userId, options = {}) {
    const raw = await RawPolling.open(server, options);
    await raw.post(`40${JSON.stringify({ userId, ...options.auth })}`);
    await raw.until((packet) => packet.startsWith('40'));
    return raw;
  }

  target(parameters = {}) {
    return `${this.path}?${query({ transport: 'polling', ...(this.sid ? { sid: this.sid } : {}), ...parameters })}`;
  }

  get(parameters, options = {}) {
    return this.server.request('GET', this.target(parameters), { headers: this.headers, ...options });
  }

  post(body, parameters) {
    return this.server.request('POST', this.target(parameters), {
      headers: { 'content-type': 'text/plain;charset=UTF-8', 'content-length': Buffer.byteLength(body), ...this.headers },
      body,
    });
  }

  /** Polls until a packet for which the function holds has come; answers pings. */
  async until(test) {
    const end = performance.now() + DEADLINE;
    while (performance.now() < end) {
      const answer = await this.get();
      if (answer.status !== 200) throw new Error(`poll: ${answer.status} ${answer.text}`);
      const packets = answer.text.split('\x1e');
      if (packets.includes('2')) await this.post('3');
      const found = packets.find(test);
      if (found !== undefined) return found;
    }
    throw new Error('no such packet came by polling');
  }
}

/** A bare TCP connection. */
export class Tcp {
  closed = false;
  #chunks = [];

  static async open(server) {
    const tcp = new Tcp();
    tcp.socket = net.connect(server.port, server.host);
    tcp.socket.on('data', (data) => tcp.#chunks.push(data));
    tcp.socket.on('close', () => (tcp.closed = true));
    tcp.socket.on('error', () => {});
    await within(new Promise((done) => tcp.socket.once('connect', done)), 'a TCP connection');
    return tcp;
  }

  send(bytes) {
    this.socket.write(bytes);
  }

  /** Everything that came. */
  get received() {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  get text() {
    return this.received.toString('latin1');
  }

  async ended(ms = DEADLINE) {
    await until(() => this.closed, { within: ms, what: () => `the TCP connection to be closed; came: ${this.text.slice(0, 200)}` });
  }

  async saw(text, ms = DEADLINE) {
    await until(() => this.text.includes(text), { within: ms, what: () => `${text}; came: ${this.text.slice(0, 200)}` });
  }

  close() {
    this.socket.destroy();
  }
}

/** One masked client frame; for sockets written by hand. */
export function frame(payload, opcode = 1, { fin = true, mask = true } = {}) {
  const body = Buffer.from(payload);
  const head = [];
  head.push((fin ? 0x80 : 0) | opcode);
  const bit = mask ? 0x80 : 0;
  if (body.length < 126) head.push(bit | body.length);
  else if (body.length < 65536) head.push(bit | 126, body.length >> 8, body.length & 255);
  else head.push(bit | 127, 0, 0, 0, 0, ...Buffer.from([body.length >>> 24, body.length >>> 16, body.length >>> 8, body.length]));
  if (!mask) return Buffer.concat([Buffer.from(head), body]);
  const key = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.from(body.map((byte, i) => byte ^ key[i & 3]));
  return Buffer.concat([Buffer.from(head), key, masked]);
}

/** The request that opens a websocket, as bytes. */
export function upgradeRequest(server, parameters = {}) {
  return (
    `GET /socket.io/?${query({ transport: 'websocket', ...parameters })} HTTP/1.1\r\n` +
    `Host: ${server.host}:${server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
  );
}
