// One real redis-server on a port of its own.
import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { temporaryDirectory } from './server.js';
import { until, within } from './time.js';

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

// The whole server is in Debian's redis-tools too, under another name; what it does is decided by
// the name it is started by.
function program() {
  const folders = [...process.env.PATH.split(':'), '/usr/bin', '/usr/local/bin'];
  for (const name of ['redis-server', 'valkey-server', 'redis-check-rdb']) {
    for (const folder of folders) {
      try {
        accessSync(path.join(folder, name), constants.X_OK);
        return path.join(folder, name);
      } catch {
        // the next
      }
    }
  }
  throw new Error('no redis-server on this machine: install redis-tools');
}

// Below those that the kernel gives to outgoing connections: one of them could end up connected to
// itself, or sit where a server is about to come back.
const FIRST_PORT = 22_001;
const PORTS = 10_000;
let nextPort = (process.pid * 7919) % PORTS;

function isFree(port) {
  return new Promise((done) => {
    const server = net.createServer();
    server.on('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

/** A port that nobody listened on a moment ago. */
export async function freePort() {
  for (;;) {
    const port = FIRST_PORT + (nextPort++ % PORTS);
    if (await isFree(port)) return port;
  }
}

export class Redis {
  #child;
  // In memory, where the system has such a place: a node of a cluster waits for the disk whenever its
  // view changes, and on a busy machine that takes longer than a failover may.
  #directory = temporaryDirectory('/dev/shm');

  #persistent = false;
  #sentinel = false;
  #config = [];

  /**
   * Without `persistent` what it held is gone when it is killed. `config` are more lines of its
   * configuration; a `sentinel` holds nothing.
   */
  static async start({ persistent = false, sentinel = false, config = [] } = {}) {
    const redis = new Redis();
    redis.#persistent = persistent;
    redis.#sentinel = sentinel;
    redis.#config = config;
    redis.port = await freePort();
    await redis.start();
    return redis;
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again on its port. */
  async start() {
    const file = path.join(this.#directory, 'redis.conf');
    const kept = this.#persistent ? ['appendonly yes', 'appendfsync always'] : ['appendonly no'];
    const lines = [
      `port ${this.port}`,
      'bind 127.0.0.1',
      `dir ${this.#directory}`,
      `logfile ${this.#directory}/log`,
      ...(this.#sentinel ? [] : ['save ""', ...kept]),
      ...this.#config,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const [name, ...more] = this.#sentinel ? ['redis-sentinel', '--sentinel'] : ['redis-server'];
    this.#child = spawn(program(), [file, ...more], { argv0: name, stdio: 'ignore' });
    this.#child.unref(); // it ends with this process, which must not wait for it
    running.add(this.#child);
    this.#child.on('exit', () => running.delete(this.#child));
    await until(async () => (await this.command('PING').catch(() => '')) === 'PONG', { what: 'redis to answer' });
  }

  /** kill -9. */
  async kill() {
    if (!this.running) return;
    const ended = new Promise((done) => this.#child.once('exit', done));
    this.#child.kill('SIGKILL');
    await within(ended, 'redis to end');
  }

  signal(name) {
    this.#child.kill(name);
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get log() {
    return readFileSync(path.join(this.#directory, 'log'), 'utf8');
  }

  /** One command, and its answer as values of JavaScript. */
  command(...words) {
    return within(
      new Promise((resolve, fail) => {
        const socket = net.connect(this.port, '127.0.0.1');
        const texts = words.map(String);
        let reply = '';
        socket.on('error', fail);
        socket.on('data', (data) => {
          reply += data.toString('latin1');
          const parsed = parse(reply, 0);
          if (parsed === undefined) return;
          socket.destroy();
          if (parsed.value instanceof Error) fail(parsed.value);
          else resolve(parsed.value);
        });
        socket.write(`*${texts.length}\r\n${texts.map((t) => `$${Buffer.byteLength(t)}\r\n${t}\r\n`).join('')}`);
      }),
      `redis to answer ${words[0]}`,
    );
  }

  async hash(key) {
    const flat = await this.command('HGETALL', key);
    const hash = {};
    for (let i = 0; i < flat.length; i += 2) hash[flat[i]] = flat[i + 1];
    return hash;
  }
}

// RESP2: undefined while something is missing, otherwise the value and where it ends.
function parse(text, at) {
  const end = text.indexOf('\r\n', at);
  if (end < 0) return undefined;
  const line = text.slice(at + 1, end);
  switch (text[at]) {
    case '+':
      return { value: line, end: end + 2 };
    case '-':
      return { value: new Error(line), end: end + 2 };
    case ':':
      return { value: Number(line), end: end + 2 };
    case '$': {
      if (line === '-1') return { value: null, end: end + 2 };
      const stop = end + 2 + Number(line);
      return text.length < stop + 2 ? undefined : { value: text.slice(end + 2, stop), end: stop + 2 };
    }
    default: {
      const value = [];
      let next = end + 2;
      for (let i = 0; i < Number(line); ++i) {
        const element = parse(text, next);
        if (element === undefined) return undefined;
        value.push(element.value);
        next = element.end;
      }
      return { value, end: next };
    }
  }
}
