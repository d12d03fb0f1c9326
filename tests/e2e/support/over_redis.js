// `npm run test:redis`: the part of the suite that presence has a part in, each server being a node of a
// cluster of its own in one Redis, instead of keeping a store of its own. What it proves of one node holds
// with Redis, too; several nodes have files of their own.
//
// Left out: store (about data_dir, which a node with Redis has not), command_line (about starting), tokens,
// hostile and slow_readers (Redis has no part in them), and the files that start a Redis themselves. Single
// cases are left out where they stand, with the reason: `overRedis` in server.js.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { Redis } from './redis.js';

const FILES = [
  'clients', 'connecting', 'contacts', 'events', 'guide', 'liveness', 'operators', 'others', 'requests', 'snapshots',
  'status', 'threads',
];

const redis = await Redis.start();
const child = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', ...FILES.map((file) => `test/${file}.test.js`)],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, E2E_REDIS_URL: redis.url },
    stdio: 'inherit',
  },
);
child.on('close', async (code) => {
  await redis.kill();
  process.exitCode = code ?? 1;
});
