// Nodes on Redis under sentinels, and on a Redis Cluster (contract, section 9): they follow failovers
// and slots that move, and nobody is told of anybody who did not come or go.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import '../support/leave.js';
import { friends, onNodes, readiness } from '../support/nodes.js';
import { RedisCluster, SentinelTrio } from '../support/topologies.js';
import { SLACK, until } from '../support/time.js';
import { agreement, comingsAndGoings } from '../support/truth.js';

// From the moment at which there is a master again.
const TRUTH_AFTER_REDIS = 5000;
const seconds = (from, to) => `${((to - from) / 1000).toFixed(1)} s`;

const snapshot = { auth: { snapshot: true } };

// ann and cat on the first node, ben and dan on the second; who comes later tells who was there.
async function connectFour([one, two]) {
  await friends(one, 'ann', 'ben', 'cat', 'dan');
  const [ann, cat] = [await one.connect('ann', snapshot), await one.connect('cat', snapshot)];
  const [ben, dan] = [await two.connect('ben', snapshot), await two.connect('dan', snapshot)];
  return { ann, ben, cat, dan };
}

// Changes on both nodes, each seen on the other.
async function changesAreSeen([one, two], { ann, ben }) {
  await two.befriend('ben', 'fay');
  await ben.find('contacts_changed', (data) => data.added.some((user) => user.userId === 'fay'));
  await one.server.unfriend('fay', 'ben');
  await ben.find('contacts_changed', (data) => data.removed.includes('fay'));
  await ben.setStatus('away', { customMessage: 'lunch' });
  await ann.find('user_status_changed', { userId: 'ben', status: 'away', customMessage: 'lunch' });
  await ann.setStatus('away', { customMessage: 'tea' });
  await ben.find('user_status_changed', { userId: 'ann', status: 'away', customMessage: 'tea' });
  for (const device of [ann, ben]) {
    const answer = await device.ask('check_users_presence', { userIds: ['ann', 'ben', 'cat', 'dan'] });
    assert.equal(answer.stale, undefined);
  }
}

test('sentinels: a master that is killed', async (t) => {
  const trio = await SentinelTrio.start();
  try {
    await onNodes([trio.url, trio.url], {}, async ({ nodes, worlds }) => {
      const { ann, ben, cat, dan } = await connectFour(worlds);
      const all = [ann, ben, cat, dan];
      await ann.setStatus('busy', { customMessage: 'in a call' });
      await worlds[1].befriend('ann', 'eve');
      await agreement(nodes, all);
      // What a master has acknowledged and not passed on is lost with it.
      const kept = async () =>
        (await trio.replica.command('SISMEMBER', 'presence:contacts:eve', 'ann')) === 1 &&
        (await trio.replica.hash('presence:chosen:ann')).status === 'busy';
      await until(kept, { what: 'the replica to have it' });
      const from = all.map((device) => device.events.length);

      const killed = performance.now();
      const failedOver = trio.failOver();
      await readiness(nodes, false);
      dan.leave();
      const promoted = await failedOver;
      const known = await agreement(nodes, all, { within: TRUTH_AFTER_REDIS + 2 * SLACK });
      t.diagnostic(`a new master after ${seconds(killed, promoted)}, the truth everywhere ${seconds(promoted, known)} later`);
      assert.ok(known - promoted < TRUTH_AFTER_REDIS + SLACK, seconds(promoted, known));
      assert.equal((await nodes[1].presence('ann')).customMessage, 'in a call');
      await readiness(nodes, true);
      assert.deepEqual(await nodes[0].contacts('ann'), ['ben', 'cat', 'dan', 'eve']);

      await changesAreSeen(worlds, { ann, ben });
      await worlds[1].connect('dan', snapshot);
      for (const device of [ann, ben, cat]) await device.find('user_online', { userId: 'dan' });
      // Until then nodes may read anew what they follow.
      await until(() => performance.now() > promoted + TRUTH_AFTER_REDIS);
      for (const [i, device] of [ann, ben, cat].entries()) {
        assert.deepEqual(comingsAndGoings(device, from[i]), ['user_offline dan', 'user_online dan']);
      }
      assert.equal((await trio.replica.hash('presence:user:ben')).status, 'away');
    });
  } finally {
    await trio.stop();
  }
});

describe('a Redis Cluster', () => {
  let cluster;
  before(async () => {
    cluster = await RedisCluster.start();
  });
  after(() => cluster?.stop());

  const ODD = ['}ann', '{}ben', '{cat}', 'dan}{', '{', '}', 'e:{v}e', '\u{1f600} fay'];

  test('users on both nodes see each other, whatever their ids are', async () => {
    await onNodes([cluster.url, cluster.url], {}, async ({ nodes, worlds: [one, two] }) => {
      const watcher = 'gus';
      for (const user of ODD) await one.befriend(watcher, user);
      const gus = await two.connect(watcher, snapshot);
      await gus.expect('presence_snapshot');
      for (const user of ODD) {
        const device = await one.connect(user, snapshot);
        assert.deepEqual((await device.expect('presence_snapshot')).users.map((each) => [each.userId, each.status]), [[watcher, 'online']]);
        await gus.expect('user_online', { userId: user, deviceCount: 1 });
        await device.setStatus('busy', { customMessage: user });
        await gus.expect('user_status_changed', { userId: user, status: 'busy', customMessage: user });
        assert.equal((await nodes[1].presence(user)).devices[0].socketId, device.id);
        await nodes[1].unfriend(user, watcher);
        assert.deepEqual((await gus.expect('contacts_changed')).removed, [user]);
        await device.expect('user_status_changed', { userId: user });
        await device.expect('contacts_changed', { removed: [watcher] });
        await nodes[1].befriend(user, watcher);
        assert.deepEqual((await gus.expect('contacts_changed')).added.map((each) => each.status), ['busy']);
        device.leave();
        await gus.expect('user_offline', { userId: user });
      }
      assert.deepEqual(await nodes[0].contacts(watcher), [...ODD].sort());
      const edges = (await nodes[0].api('GET', '/v1/contacts')).text.trim().split('\n').map((line) => JSON.parse(line));
      for (const user of ODD) assert.ok(edges.some((edge) => edge.user === user && edge.contact === watcher), user);
      for (const user of ODD) await nodes[0].api('DELETE', `/v1/users/${encodeURIComponent(user)}`);
      assert.deepEqual(await nodes[1].contacts(watcher), []);
    });
  });

  // What was asked of a slot while it moved is done where it is by then.
  test('slots that move while their users are there', async (t) => {
    await onNodes([cluster.url, cluster.url], { 'redis.prefix': 'moved:' }, async ({ nodes, worlds }) => {
      const { ann, ben, cat, dan } = await connectFour(worlds);
      const all = [ann, ben, cat, dan];
      await agreement(nodes, all);
      const from = all.map((device) => device.events.length);
      const slot = await cluster.slotOf('{ann}');
      const old = await cluster.masterOf(slot);
      const to = cluster.nodes.slice(0, 3).find((node) => node !== old);
      let opened;
      await cluster.move(slot, to, async () => {
        opened = performance.now();
        // Its answer comes when the slot is where it belongs.
        ann.emit('set_user_status', { status: 'busy' });
        await cat.setStatus('busy');
        await until(() => performance.now() - opened > 500);
      });
      await ben.find('user_status_changed', { userId: 'ann', status: 'busy' });
      t.diagnostic(`a slot open for ${seconds(opened, performance.now())}`);
      assert.equal((await to.hash('moved:user:{ann}')).status, 'busy');
      for (const user of ['ben', 'cat', 'dan', 'ann']) {
        const slot = await cluster.slotOf(`{${user}}`);
        const owner = await cluster.masterOf(slot);
        await cluster.move(slot, cluster.nodes.slice(0, 3).find((node) => node !== owner));
      }
      await changesAreSeen(worlds, { ann, ben });
      await agreement(nodes, all);
      for (const [i, device] of all.entries()) assert.deepEqual(comingsAndGoings(device, from[i]), []);
      assert.ok(nodes.every((node) => !node.log.includes('decides alone')));
    });
  });

  test('a master that is killed', async (t) => {
    await onNodes([cluster.url, cluster.url], { 'redis.prefix': 'killed:' }, async ({ nodes, worlds }) => {
      const { ann, ben, cat, dan } = await connectFour(worlds);
      const all = [ann, ben, cat, dan];
      await agreement(nodes, all);
      const from = all.map((device) => device.events.length);
      const masterOf = async (user) => cluster.nodes.indexOf(await cluster.masterOf(await cluster.slotOf(`{${user}}`)));
      const lost = await masterOf('dan');
      let elsewhere = 'eve';
      while ((await masterOf(elsewhere)) === lost) elsewhere += 'e';
      await nodes[0].befriend(elsewhere, 'dan');
      await cluster.inStep(lost);
      const killed = performance.now();
      const failedOver = cluster.failOver(lost);
      await readiness(nodes, false);
      dan.leave();
      // Half of it is made, the rest when the other half has a master again.
      assert.equal((await nodes[0].tryApi('DELETE', `/v1/users/${elsewhere}/contacts/dan`)).status, 503);
      const promoted = await failedOver;
      const known = await agreement(nodes, all, { within: TRUTH_AFTER_REDIS + 2 * SLACK });
      t.diagnostic(`a new master after ${seconds(killed, promoted)}, the truth everywhere ${seconds(promoted, known)} later`);
      assert.ok(known - promoted < TRUTH_AFTER_REDIS + SLACK, seconds(promoted, known));
      await readiness(nodes, true);
      await until(async () => !(await nodes[1].contacts('dan')).includes(elsewhere), { what: 'both halves' });
      assert.deepEqual(await nodes[1].contacts(elsewhere), []);
      await changesAreSeen(worlds, { ann, ben });
      await until(() => performance.now() > promoted + TRUTH_AFTER_REDIS);
      for (const [i, device] of [ann, ben, cat].entries()) assert.deepEqual(comingsAndGoings(device, from[i]), ['user_offline dan']);
    });
  });
});
