// Load balancers before several nodes, none of them sticky: one written here, which says where it
// sent what; HAProxy and nginx with the configurations that the project ships, in a directory of
// their own and on a port of the loopback address.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from './redis.js';
import { temporaryDirectory } from './server.js';
import { until, within } from './time.js';

const conf = fileURLToPath(new URL('../../../conf/', import.meta.url));

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A node as clients see it that know only the balancer's address. */
export function through(node, balancer) {
  return Object.create(node, {
    host: { value: '127.0.0.1' },
    port: { value: balancer.port },
    scheme: { value: 'http' },
  });
}

/** Each request goes to the next node, also those of one connection. */
export class RoundRobin {
  /** By sid: the ports of the nodes that got a request with it. */
  seen = new Map();
  #turn = 0;
  #server;

  static async start(nodes) {
    const balancer = new RoundRobin();
    balancer.nodes = nodes;
    balancer.#server = http.createServer((request, response) => balancer.#pass(request, response));
    balancer.#server.on('upgrade', (request, socket, head) => balancer.#tunnel(request, socket, head));
    await new Promise((done) => balancer.#server.listen(0, '127.0.0.1', done));
    balancer.port = balancer.#server.address().port;
    return balancer;
  }

  #next(request) {
    const node = this.nodes[this.#turn++ % this.nodes.length];
    const sid = new URL(request.url, 'http://x').searchParams.get('sid');
    if (sid !== null) {
      if (!this.seen.has(sid)) this.seen.set(sid, new Set());
      this.seen.get(sid).add(node.port);
    }
    return node.port;
  }

  #pass(request, response) {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => this.#send(request, Buffer.concat(chunks), response, this.nodes.length));
  }

  // Nodes that nobody listens on any more are passed over.
  #send(request, body, response, attempts) {
    const { method, url, headers } = request;
    const ask = http.request({ host: '127.0.0.1', port: this.#next(request), method, path: url, headers, agent: false });
    ask.on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    ask.on('error', (error) => {
      if (error.code === 'ECONNREFUSED' && attempts > 1) this.#send(request, body, response, attempts - 1);
      else response.destroy();
    });
    response.on('close', () => ask.destroy());
    ask.end(body);
  }

  #tunnel(request, socket, head, attempts = this.nodes.length) {
    const upstream = net.connect(this.#next(request), '127.0.0.1');
    socket.on('error', () => upstream.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('connect', () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(socket);
      socket.pipe(upstream);
      upstream.on('close', () => socket.destroy());
    });
    upstream.on('error', (error) => {
      if (error.code === 'ECONNREFUSED' && attempts > 1) this.#tunnel(request, socket, head, attempts - 1);
      else socket.destroy();
    });
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

/** A program with a configuration of its own. */
class Program {
  output = '';

  async launch(command, args, port) {
    this.port = port;
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Where Debian puts what only administrators start.
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    });
    running.add(this.child);
    this.ended = new Promise((done, fail) => {
      this.child.on('error', fail);
      this.child.on('close', (code) => {
        running.delete(this.child);
        done(code);
      });
    });
    this.ended.catch((error) => (this.output += error.message));
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => (this.output += data));
    await until(() => answers(port), { what: () => `${command} to listen on ${port}: ${this.output}` });
  }

  async stop() {
    this.child.kill('SIGTERM');
    await within(this.ended, 'a load balancer to end');
  }
}

function answers(port) {
  return new Promise((done) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    request.on('error', () => done(false));
  });
}

/** The lines of a configuration with our addresses in them: as many servers as there are nodes. */
function adapted(file, nodes, port) {
  let at = 0;
  const text = readFileSync(path.join(conf, file), 'utf8')
    .replace(/10\.0\.0\.\d+:8080/g, () => `127.0.0.1:${nodes[at++ % nodes.length].port}`)
    .replace(/(bind|listen) :?80\b/, (_, word) => `${word} 127.0.0.1:${port}`);
  if (at !== nodes.length) throw new Error(`${file} names ${at} nodes`);
  return text;
}

export class HaProxy extends Program {
  static async start(nodes) {
    const balancer = new HaProxy();
    const port = await freePort();
    const file = path.join(temporaryDirectory(), 'haproxy.cfg');
    // A connection for each request, so that the next one goes to the next node.
    const text = adapted('haproxy.cfg', nodes, port).replace('mode http\n', 'mode http\n    option httpclose\n');
    writeFileSync(file, text);
    await balancer.launch('haproxy', ['-db', '-f', file], port);
    return balancer;
  }
}

export class Nginx extends Program {
  static async start(nodes) {
    const balancer = new Nginx();
    const port = await freePort();
    const dir = temporaryDirectory();
    writeFileSync(path.join(dir, 'presenced.conf'), adapted('nginx.conf', nodes, port));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${dir}/${what};`);
    writeFileSync(
      path.join(dir, 'nginx.conf'),
      `daemon off; pid ${dir}/pid; error_log stderr; events {} http { access_log off; ${temporary.join(' ')} include ${dir}/presenced.conf; }`,
    );
    await balancer.launch('nginx', ['-e', 'stderr', '-c', path.join(dir, 'nginx.conf')], port);
    return balancer;
  }
}
