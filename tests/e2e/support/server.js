// One real presenced process: started on a port of its own with a data directory of its own,
// spoken to over its operators' HTTP, stopped by signal, restarted on the same data.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { DEADLINE, until, within } from './time.js';

const repository = path.resolve(fileURLToPath(import.meta.url), '../../../..');

/** The program under test. */
export const BINARY = process.env.PRESENCED_BIN
  ? path.resolve(process.env.PRESENCED_BIN)
  : path.join(repository, 'build/release/presenced');

export const API_KEY = 'e2e-operator-key';

/** A new directory that is removed when this process ends. */
export function temporaryDirectory() {
  const dir = mkdtempSync(path.join(tmpdir(), 'presenced-e2e-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Setting names to flags: `limits.devices_per_user` becomes `--limits-devices-per-user=...`. */
export function flags(settings) {
  return Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name.replace(/[._]/g, '-')}=${value}`);
}

let prefixes = 0;

// A server must not outlive the suite, whatever happens to the suite.
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The environment without settings of the server that the caller's shell may hold. */
export function cleanEnvironment(extra = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PRESENCED_'));
  return { ...Object.fromEntries(kept), ...extra };
}

/** Starts the program; the object has the child, its output so far, and `exited` ({code, signal}). */
export function launch(args, { env = {}, cwd } = {}) {
  if (!existsSync(BINARY)) {
    throw new Error(`no server at ${BINARY}: build it (./dev build) or set PRESENCED_BIN`);
  }
  const child = spawn(BINARY, args, {
    cwd,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const run = { child, stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (run.stdout += data));
  child.stderr.on('data', (data) => (run.stderr += data));
  run.exited = new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      running.delete(child);
      done({ code, signal });
    });
  });
  run.exited.catch(() => {});
  return run;
}

/** Runs the program to its end: {code, signal, stdout, stderr}. */
export async function runToEnd(args, options = {}) {
  const run = launch(args, options);
  try {
    const end = await within(run.exited, () => `presenced ${args.join(' ')} to end\n${run.stderr}`);
    return { ...end, stdout: run.stdout, stderr: run.stderr };
  } finally {
    run.child.kill('SIGKILL');
  }
}

export class Server {
  #run;
  #settings;
  #options;

  /**
   * Starts a server and waits until it listens. `settings` uses the names of the contract's
   * section 10; what is not given is insecure auth, an API key, two threads and short waits.
   */
  static async start(settings = {}, options = {}) {
    const server = new Server();
    server.#settings = {
      listen: '127.0.0.1:0',
      data_dir: temporaryDirectory(),
      'auth.mode': 'insecure',
      api_key: API_KEY,
      threads: process.env.E2E_THREADS ?? 2,
      disconnect_grace: '300ms',
      drain_time: '200ms',
      // With E2E_REDIS_URL every server is a node of its own cluster in that Redis.
      ...(process.env.E2E_REDIS_URL && {
        'redis.url': process.env.E2E_REDIS_URL,
        'redis.prefix': `e2e-${process.pid}-${++prefixes}:`,
      }),
      ...settings,
    };
    server.#options = options;
    await server.#launch();
    return server;
  }

  async #launch() {
    const args = ['serve', ...flags(this.#settings), ...(this.#options.args ?? [])];
    this.#run = launch(args, this.#options);
    const listening = new Promise((resolve) => {
      this.#run.child.stderr.on('data', () => {
        const match = /listening on (https?):\/\/(\S+):(\d+)/.exec(this.#run.stderr);
        if (match) resolve(match);
      });
    });
    const ended = this.#run.exited.then(({ code, signal }) => {
      throw new Error(`the server ended (${code ?? signal}) before it listened:\n${this.log}`);
    });
    ended.catch(() => {});
    const match = await within(
      Promise.race([listening, ended]),
      () => `the line "listening on ..." on standard error; so far:\n${this.log}`,
    );
    this.scheme = match[1];
    this.host = match[2];
    this.port = Number(match[3]);
    if (this.#settings['redis.url'] && this.scheme === 'http' && !this.#settings.admin_listen) await this.ready();
  }

  /** Waits until it is ready: with Redis, until that has been reached. */
  async ready() {
    await until(async () => (await this.request('GET', '/readyz')).status === 200, {
      what: () => `the server to be ready:\n${this.log}`,
    });
  }

  get url() {
    return `${this.scheme}://${this.host}:${this.port}`;
  }
  get wsUrl() {
    return `${this.scheme === 'https' ? 'wss' : 'ws'}://${this.host}:${this.port}`;
  }
  get dataDir() {
    return this.#settings.data_dir;
  }
  get log() {
    return this.#run.stderr;
  }
  get pid() {
    return this.#run.child.pid;
  }
  get running() {
    return this.#run.child.exitCode === null && this.#run.child.signalCode === null;
  }

  /** Sends a signal and waits for the end: {code, signal}. */
  async end(signal) {
    this.#run.child.kill(signal);
    return within(this.#run.exited, () => `the server to end on ${signal}:\n${this.log}`, 15000);
  }

  /** Stops the server and fails unless it ended well. Does nothing if it was already stopped. */
  async stop() {
    if (!this.running) return;
    const { code, signal } = await this.end('SIGTERM');
    if (code !== 0) throw new Error(`the server ended with ${code ?? signal}:\n${this.log}`);
  }

  /** kill -9, no farewell. */
  async kill() {
    await this.end('SIGKILL');
  }

  /** Starts again on the same data and the same port, with changed settings if given. */
  async restart(settings = {}) {
    if (this.running) await this.stop();
    this.#settings = {
      ...this.#settings,
      listen: `${this.host}:${this.port}`,
      ...settings,
    };
    await this.#launch();
  }

  /**
   * One HTTP request, sent as it is written here (the path is not normalised).
   * Gives {status, headers, text, json}; json is undefined unless the answer is JSON.
   */
  request(method, target, { headers = {}, body, ca, servername, signal } = {}) {
    const client = this.scheme === 'https' ? https : http;
    return within(
      new Promise((resolve, fail) => {
        const request = client.request(
          { host: this.host, port: this.port, method, path: target, headers, ca, servername, signal, agent: false },
          (response) => {
            const chunks = [];
            response.on('data', (chunk) => chunks.push(chunk));
            response.on('error', fail);
            response.on('end', () => {
              const text = Buffer.concat(chunks).toString();
              let json;
              if (/json/.test(response.headers['content-type'] ?? '')) {
                try {
                  json = JSON.parse(text);
                } catch {
                  json = undefined;
                }
              }
              resolve({ status: response.statusCode, headers: response.headers, text, json });
            });
          },
        );
        request.on('error', fail);
        request.end(body);
      }),
      `${method} ${target}`,
      DEADLINE,
    );
  }

  /** An operator's request with the API key and a JSON body; fails unless the answer is a success. */
  async api(method, target, body) {
    const answer = await this.tryApi(method, target, body);
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${method} ${target}: ${answer.status} ${answer.text}`);
    }
    return answer;
  }

  /** The same, with any answer. A string body is sent as it is. */
  tryApi(method, target, body, headers = {}) {
    const raw = typeof body === 'string' || Buffer.isBuffer(body);
    const payload = body === undefined ? undefined : raw ? body : JSON.stringify(body);
    return this.request(method, target, {
      body: payload,
      headers: {
        authorization: `Bearer ${API_KEY}`,
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
        ...headers,
      },
    });
  }

  /** The operator's view of a user. */
  async presence(user) {
    return (await this.api('GET', `/v1/users/${encodeURIComponent(user)}/presence`)).json;
  }

  /** a and b see each other. */
  async befriend(a, b, query = '') {
    await this.api('PUT', edge(a, 'contacts', b) + query);
  }

  async unfriend(a, b, query = '') {
    await this.api('DELETE', edge(a, 'contacts', b) + query);
  }

  async block(a, b) {
    await this.api('PUT', edge(a, 'blocks', b));
  }

  async unblock(a, b) {
    await this.api('DELETE', edge(a, 'blocks', b));
  }

  /** The contacts of a user, sorted. */
  async contacts(user) {
    const answer = await this.api('GET', `/v1/users/${encodeURIComponent(user)}/contacts`);
    return [...answer.json.contacts].sort();
  }
}

function edge(a, kind, b) {
  return `/v1/users/${encodeURIComponent(a)}/${kind}/${encodeURIComponent(b)}`;
}
