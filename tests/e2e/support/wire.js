// What lies between a node and its Redis, and may fail: it freezes (accepts, and carries nothing until it
// thaws; what was sent meanwhile arrives then, late), or is cut (what is there breaks, nothing new comes).
import net from 'node:net';

export class Wire {
  #server;
  #port;
  #pairs = new Set();
  #frozen = false;

  static async to(port) {
    const wire = new Wire();
    wire.#port = port;
    wire.#server = net.createServer({ allowHalfOpen: true }, (near) => wire.#carry(near));
    await wire.#listen(0);
    return wire;
  }

  async #listen(port) {
    await new Promise((done, fail) => this.#server.once('error', fail).listen(port, '127.0.0.1', done));
    this.#server.unref();
    this.port = this.#server.address().port;
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  #carry(near) {
    const far = net.connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true });
    const pair = [near, far];
    this.#pairs.add(pair);
    for (const socket of pair) socket.unref(); // nothing waits for a line
    for (const [from, to] of [pair, [far, near]]) {
      from.on('data', (data) => to.write(data));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        if (near.destroyed && far.destroyed) this.#pairs.delete(pair);
      });
      if (this.#frozen) from.pause();
    }
  }

  freeze() {
    this.#frozen = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  thaw() {
    this.#frozen = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  /** Connections are reset, and refused from now on. */
  async cut() {
    const closed = new Promise((done) => this.#server.close(done));
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
    await closed;
  }

  /** After cut(): at the same place again. */
  async mend() {
    await this.#listen(this.port);
  }

  async stop() {
    if (this.#server.listening) await this.cut();
  }
}
