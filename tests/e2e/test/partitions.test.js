// Nodes that are cut off from Redis while everything else goes on (contract, section 9): their users go
// on seeing each other, those of other nodes see them go when the lease has ended, and come back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import '../support/leave.js';
import { friends, onNodes, readiness } from '../support/nodes.js';
import { Redis } from '../support/redis.js';
import { SLACK, until } from '../support/time.js';
import { agreement, comingsAndGoings } from '../support/truth.js';
import { Wire } from '../support/wire.js';

const TRUTH_AFTER_A_NODE = 20000;
const TRUTH_AFTER_REDIS = 5000;
const snapshot = { auth: { snapshot: true } };
const seconds = (from, to) => `${((to - from) / 1000).toFixed(1)} s`;

describe('cut off from Redis', { concurrency: true }, () => {
  // Nodes one and two are away, three is not. Two users each; everybody is a contact of everybody.
  test('for longer than a lease, by a line that freezes and one that breaks', async (t) => {
    const redis = await Redis.start();
    const frozen = await Wire.to(redis.port);
    const broken = await Wire.to(redis.port);
    try {
      await onNodes([frozen.url, broken.url, redis.url], {}, async ({ nodes, worlds: [one, two, three] }) => {
        await friends(three, 'ann', 'abe', 'amy', 'ben', 'bob', 'cat', 'cal');
        const [ann, abe] = [await one.connect('ann', snapshot), await one.connect('abe', snapshot)];
        const [ben, bob] = [await two.connect('ben', snapshot), await two.connect('bob', snapshot)];
        const [cat, cal] = [await three.connect('cat', snapshot), await three.connect('cal', snapshot)];
        const all = [ann, abe, ben, bob, cat, cal];
        await agreement(nodes, all);
        for (const device of all) device.skip();
        const from = new Map(all.map((device) => [device, device.events.length]));

        const away = performance.now();
        frozen.freeze();
        // On its way for as long as the line is frozen: of the past when it arrives.
        await one.server.tryApi('PUT', '/v1/users/ann/status', { status: 'busy' });
        await broken.cut();
        await readiness(nodes.slice(0, 2), false);
        t.diagnostic(`noticed after ${seconds(away, performance.now())}`);
        abe.leave();
        await ann.expect('user_offline', { userId: 'abe' });
        const amy = await one.connect('amy', snapshot);
        await ann.expect('user_online', { userId: 'amy' });
        assert.equal((await ben.ask('check_users_presence', { userIds: ['bob', 'cat'] })).stale, true);
        assert.equal((await cat.ask('check_users_presence', { userIds: ['ann'] })).stale, undefined);

        const gone = () => comingsAndGoings(cat, from.get(cat)).length === 4;
        await until(gone, { within: TRUTH_AFTER_A_NODE, what: () => `cat to be told\n${cat.story()}` });
        t.diagnostic(`gone for the others after ${seconds(away, performance.now())}`);
                await cal.setStatus('busy');
        await cat.find('user_status_changed', { userId: 'cal', status: 'busy' });

        frozen.thaw();
        await broken.mend();
        const back = performance.now();
        const known = await agreement(nodes, [...all, amy], { within: TRUTH_AFTER_REDIS + 2 * SLACK });
        t.diagnostic(`the truth everywhere ${seconds(back, known)} after the lines were back`);
        assert.ok(known - back < TRUTH_AFTER_REDIS + SLACK);
        // Until then nodes may read anew what they follow.
        await until(() => performance.now() > back + TRUTH_AFTER_REDIS);
        await agreement(nodes, [...all, amy]);

        const sorted = (device, begin, end) => comingsAndGoings(device, from.get(device)).slice(begin, end).sort();
        const went = ['abe', 'ann', 'ben', 'bob'].map((user) => `user_offline ${user}`);
        const came = ['amy', 'ann', 'ben', 'bob'].map((user) => `user_online ${user}`);
        for (const device of [cat, cal]) {
          assert.deepEqual(sorted(device, 0, 4), went);
          assert.deepEqual(sorted(device, 4), came);
        }
        // Nobody's own node says that anybody has gone who has not.
        assert.deepEqual(comingsAndGoings(ann, from.get(ann)), ['user_offline abe', 'user_online amy']);
        for (const device of [ben, bob]) assert.deepEqual(sorted(device), ['user_offline abe', 'user_online amy']);
      });
    } finally {
      await frozen.stop();
      await broken.stop();
      await redis.kill();
    }
  });

  test('by packets that are lost', async (t) => {
    const namespace = ['--user', '--map-root-user', '--net'];
    const laid = await run('unshare', [...namespace, 'ip', 'link', 'add', 'dev', 'one', 'type', 'veth', 'peer', 'name', 'other']);
    if (laid.code !== 0) {
      return t.skip(`network namespaces cannot be made here: ${laid.output.trim()}`);
    }
    const { code, output } = await run('unshare', [...namespace, process.execPath, '--test', 'namespaces/dropped.test.js']);
    for (const [, measured] of output.matchAll(/^# (.* s(?: after .*)?)$/gm)) t.diagnostic(measured);
    assert.equal(code, 0, output);
    assert.match(output, /^# pass 1$/m);
  });
});

// To its end: {code, output}.
function run(command, words) {
  return new Promise((done) => {
    const child = spawn(command, words, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      // Where Debian puts what only administrators start; without what tells it that it is a part of this run.
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, NODE_TEST_CONTEXT: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.on('error', (error) => done({ code: null, output: error.message }));
    child.on('close', (code) => done({ code, output }));
  });
}
