// What one test has of a server: users nobody else uses, their devices (closed when the test ends),
// and the marker that proves silence.
import assert from 'node:assert/strict';

import { Device } from './device.js';
import { until } from './time.js';

let worlds = 0;

export class World {
  #devices = [];
  #markers = 0;

  constructor(server) {
    this.server = server;
    this.number = ++worlds;
  }

  /** Ids that no other test of this file has: 'alice' becomes 'alice.7'. */
  users(...names) {
    return names.map((name) => `${name}.${this.number}`);
  }

  /** Connects a device. */
  async connect(userId, options) {
    const device = new Device(this.server, userId, options);
    this.#devices.push(device);
    await device.open();
    return device;
  }

  /** Mutual contacts of the first with all others. */
  async befriend(user, ...others) {
    for (const other of others) await this.server.befriend(user, other);
  }

  /**
   * A watcher and a watched user, mutual contacts, both connected; the watcher has read that the
   * other is online.
   */
  async pair({ watcher = {}, watched = {}, names = ['alice', 'bob'] } = {}) {
    const [alice, bob] = this.users(...names);
    await this.befriend(alice, bob);
    const b = await this.connect(bob, watcher);
    const a = await this.connect(alice, watched);
    await b.expect('user_online', { userId: alice });
    a.nothing();
    return { alice, bob, a, b };
  }

  /**
   * Proves that nothing else came: `device` changes its message, and the next thing that each
   * watcher and each listed device of its own reads must be that. Keep `status` as it is chosen.
   */
  async marker(device, readers, status = 'online') {
    const customMessage = `marker ${++this.#markers}`;
    await device.setStatus(status, { customMessage });
    for (const reader of [device, ...readers]) {
      await reader.expect('user_status_changed', { userId: device.userId, customMessage });
    }
  }

  /** Waits until the operator's view of the user has this many devices. */
  async devices(userId, count) {
    await until(async () => (await this.server.presence(userId)).deviceCount === count, {
      every: 40,
      what: `${userId} to have ${count} devices`,
    });
  }

  /** Closes the devices and fails if any of them was sent what no device may be sent. */
  end() {
    for (const device of this.#devices) device.close();
    for (const device of this.#devices) device.sound();
  }
}

/** Runs `body(world)` and closes the world whatever happened. */
export function inWorld(getServer, body) {
  return async (t) => {
    const world = new World(getServer());
    let failed = true;
    try {
      await body(world, t);
      failed = false;
    } finally {
      try {
        world.end();
      } catch (error) {
        if (!failed) throw error;
      }
    }
  };
}

/** Times on the wire are the server's; both run on this machine. */
export function assertNow(time, tolerance = 1500, about = 'a time') {
  const off = Math.abs(Date.now() - time);
  assert.ok(off <= tolerance, `${about} is ${time}, ${off} ms away from now`);
}
