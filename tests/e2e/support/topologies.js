// Redis as operators run it where one server is not enough: a master that sentinels watch, and a
// cluster. Failovers are quick here; what is waited for is the same.
import { Redis, freePort } from './redis.js';
import { until } from './time.js';

const isInStep = async (replica) => /master_link_status:up/.test(await replica.command('INFO', 'replication'));
const isMaster = async (server) => (await server.command('ROLE').catch(() => []))[0] === 'master';
const killAll = (servers) => Promise.all(servers.map((server) => server.kill()));

/** A master, its replica, and three sentinels that call it `presence`. */
export class SentinelTrio {
  static async start() {
    const trio = new SentinelTrio();
    trio.master = await Redis.start();
    const master = `127.0.0.1 ${trio.master.port}`;
    trio.replica = await Redis.start({ config: [`replicaof ${master}`, 'repl-diskless-sync-delay 0'] });
    await trio.master.command('CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
    const config = [
      `sentinel monitor presence ${master} 2`,
      'sentinel down-after-milliseconds presence 500',
      'sentinel failover-timeout presence 3000',
    ];
    trio.sentinels = await Promise.all([1, 2, 3].map(() => Redis.start({ sentinel: true, config })));
    // A failover needs a replica that is in step, and sentinels that know it and each other.
    await until(() => trio.#together(), { within: 30000, every: 50, what: 'the sentinels to come together' });
    return trio;
  }

  async #together() {
    for (const sentinel of this.sentinels) {
      const quorum = await sentinel.command('SENTINEL', 'CKQUORUM', 'presence').catch(() => '');
      if (!quorum.startsWith('OK 3 usable')) return false;
      if ((await sentinel.command('SENTINEL', 'REPLICAS', 'presence')).length === 0) return false;
    }
    return isInStep(this.replica);
  }

  get url() {
    return `redis+sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/presence`;
  }

  /** kill -9 of the master; gives when the replica was promoted (ms, monotonic). */
  async failOver() {
    await this.master.kill();
    await until(() => isMaster(this.replica), { within: 30000, what: 'the replica to be promoted' });
    return performance.now();
  }

  async stop() {
    await killAll([this.master, this.replica, ...this.sentinels]);
  }
}

const SLOTS = 16384;

/** Three masters (0 to 2, a third of the slots each) and a replica of each (3 to 5). */
export class RedisCluster {
  static async start() {
    const cluster = new RedisCluster();
    cluster.nodes = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const bus = await freePort();
        const config = [
          'cluster-enabled yes',
          `cluster-port ${bus}`,
          'cluster-node-timeout 1000',
          'cluster-replica-validity-factor 0',
          'repl-diskless-sync-delay 0',
          // CLUSTER SLOTS shows a replica that has heard its master.
          'repl-ping-replica-period 1',
        ];
        return Object.assign(await Redis.start({ config }), { bus });
      }),
    );
    const { nodes } = cluster;
    for (const [i, node] of nodes.entries()) {
      node.id = await node.command('CLUSTER', 'MYID');
      await node.command('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
      if (i > 0) await node.command('CLUSTER', 'MEET', '127.0.0.1', nodes[0].port, nodes[0].bus);
      const slots = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => Math.floor((slot * 3) / SLOTS) === i);
      if (i < 3) await node.command('CLUSTER', 'ADDSLOTS', ...slots);
    }
    for (const [i, node] of nodes.slice(3).entries()) {
      await until(() => node.command('CLUSTER', 'REPLICATE', nodes[i].id).catch(() => false), {
        every: 50,
        what: 'a node to follow its master',
      });
    }
    await until(() => cluster.#together(), { within: 30000, every: 50, what: () => `the cluster to come together: ${nodes[0].log}` });
    return cluster;
  }

  async #together() {
    for (const [i, node] of this.nodes.entries()) {
      if (!/cluster_state:ok/.test(await node.command('CLUSTER', 'INFO'))) return false;
      const ranges = await node.command('CLUSTER', 'SLOTS');
      if (ranges.length !== 3 || ranges.some((range) => range.length !== 4)) return false;
      if (i >= 3 && !(await isInStep(node))) return false;
    }
    return true;
  }

  get url() {
    return `redis+cluster://${this.nodes.slice(0, 2).map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  async slotOf(key) {
    const node = this.nodes.find((each) => each.running);
    return node.command('CLUSTER', 'KEYSLOT', key);
  }

  /** The master that serves the slot. */
  async masterOf(slot) {
    const node = this.nodes.find((each) => each.running);
    const ranges = await node.command('CLUSTER', 'SLOTS');
    const [, , [, port]] = ranges.find(([first, last]) => first <= slot && slot <= last);
    return this.nodes.find((each) => each.port === port);
  }

  /** A command to the master that has its key, the first word after its name. */
  async command(name, key, ...words) {
    return (await this.masterOf(await this.slotOf(key))).command(name, key, ...words);
  }

  /** Waits until the replica of a master has all that this has. */
  async inStep(number) {
    const has = async () => {
      const info = await this.nodes[number].command('INFO', 'replication');
      return info.includes(`,offset=${/master_repl_offset:(\d+)/.exec(info)[1]},`);
    };
    await until(has, { what: 'the replica to have everything' });
  }

  /** kill -9 of a master; gives when its replica was promoted (ms, monotonic). */
  async failOver(number) {
    await this.nodes[number].kill();
    await until(() => isMaster(this.nodes[number + 3]), { within: 30000, what: 'a replica to be promoted' });
    return performance.now();
  }

  /**
   * Moves a slot from its master to another one, as `redis-cli --cluster reshard` does; `between` is
   * called while it is open, and its keys are already with the other.
   */
  async move(slot, to, between = async () => {}) {
    const from = await this.masterOf(slot);
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
    for (;;) {
      const keys = await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 100);
      if (keys.length === 0) break;
      await from.command('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys);
    }
    await between();
    for (const node of [to, from, ...this.nodes.slice(0, 3)]) {
      await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
    }
  }

  async stop() {
    await killAll(this.nodes);
  }
}
