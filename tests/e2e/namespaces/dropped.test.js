// A node in a network of its own, whose line to Redis goes dead: packets get lost, nothing is reset or
// refused, so that only timeouts can notice. Run by test/partitions.test.js in a network namespace, where
// it may set up what it likes.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';

import { friends, readiness } from '../support/nodes.js';
import { Redis } from '../support/redis.js';
import { Server } from '../support/server.js';
import { SLACK, until } from '../support/time.js';
import { agreement, comingsAndGoings } from '../support/truth.js';
import { World } from '../support/world.js';

const TRUTH_AFTER_REDIS = 5000;
const snapshot = { auth: { snapshot: true } };
const seconds = (from, to) => `${((to - from) / 1000).toFixed(1)} s`;

const ip = (...words) => execFileSync('ip', words);

/** A network of its own for programs that are started `within` it; lines to it are laid by `line`. */
class Network {
  static async start() {
    const network = new Network();
    network.holder = spawn('unshare', ['--net', 'sleep', '600'], { stdio: 'ignore' });
    const { pid } = network.holder;
    const own = readlinkSync('/proc/self/ns/net');
    await until(() => readlinkSync(`/proc/${pid}/ns/net`) !== own, { what: 'another network' });
    network.within = ['nsenter', '--target', String(pid), '--net'];
    return network;
  }

  /** A line between here (`prefix`.1) and there (`prefix`.2). */
  line(name, prefix) {
    ip('link', 'add', 'dev', `${name}0`, 'type', 'veth', 'peer', 'name', `${name}1`, 'netns', String(this.holder.pid));
    ip('addr', 'add', `${prefix}.1/24`, 'dev', `${name}0`);
    ip('link', 'set', `${name}0`, 'up');
    const [nsenter, ...words] = this.within;
    for (const there of [['addr', 'add', `${prefix}.2/24`, 'dev', `${name}1`], ['link', 'set', `${name}1`, 'up']]) {
      execFileSync(nsenter, [...words, 'ip', ...there]);
    }
  }

  stop() {
    this.holder.kill('SIGKILL');
  }
}

test('the line to Redis goes dead, for less than a lease', async (t) => {
  ip('link', 'set', 'lo', 'up');
  const network = await Network.start();
  network.line('data', '10.77.1');
  network.line('users', '10.77.2');
  const redis = await Redis.start({ config: ['bind 0.0.0.0', 'protected-mode no'] });
  const nodes = [];
  const worlds = [];
  try {
    const settings = { 'redis.prefix': 'presence:' };
    const far = { 'redis.url': `redis://10.77.1.1:${redis.port}`, listen: '10.77.2.2:0' };
    nodes.push(await Server.start({ ...settings, ...far }, { args: ['--i-know-this-is-insecure'], within: network.within }));
    nodes.push(await Server.start({ ...settings, 'redis.url': redis.url }));
    worlds.push(...nodes.map((node) => new World(node)));
    const [one, two] = worlds;
    await friends(two, 'ann', 'abe', 'ben', 'bob');
    const [ann, abe] = [await one.connect('ann', snapshot), await one.connect('abe', snapshot)];
    const [ben, bob] = [await two.connect('ben', snapshot), await two.connect('bob', snapshot)];
    const all = [ann, abe, ben, bob];
    await agreement(nodes, all);
    for (const device of all) device.skip();
    const from = all.map((device) => device.events.length);

    ip('link', 'set', 'data0', 'down');
    const away = performance.now();
    await readiness([nodes[0]], false);
    t.diagnostic(`noticed after ${seconds(away, performance.now())}`);
    assert.ok(performance.now() - away < 4000 + SLACK);
    // The same node sees who comes and goes; a watcher elsewhere learns of it later.
    const phone = await one.connect('abe', { auth: { snapshot: true, deviceInfo: { type: 'mobile' } } });
    await ann.expect('user_devices_changed', { userId: 'abe', deviceCount: 2 });
    bob.leave();
    await ben.expect('user_offline', { userId: 'bob' });
    assert.equal((await ann.ask('get_user_presence', { userId: 'bob' })).stale, true);

    ip('link', 'set', 'data0', 'up');
    const back = performance.now();
    const known = await agreement(nodes, [...all, phone], { within: TRUTH_AFTER_REDIS + 2 * SLACK });
    t.diagnostic(`the truth everywhere ${seconds(back, known)} after the line was back`);
    assert.ok(known - back < TRUTH_AFTER_REDIS + SLACK);
    await until(() => performance.now() > back + TRUTH_AFTER_REDIS);
    for (const [i, device] of all.slice(0, 3).entries()) {
      assert.deepEqual(comingsAndGoings(device, from[i]), ['user_offline bob']);
    }
  } finally {
    for (const node of nodes) await node.end('SIGKILL').catch(() => {});
    for (const world of worlds) world.end();
    await redis.kill();
    network.stop();
  }
});
