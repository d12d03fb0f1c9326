// The server under test is that of the end-to-end suite: a real presenced on a port of its own.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll } from 'vitest';

import { Server } from '../../tests/e2e/support/server.js';
import { until } from '../../tests/e2e/support/time.js';

export { Server, until };
export { Redis } from '../../tests/e2e/support/redis.js';
export { seconds, token } from '../../tests/e2e/support/tokens.js';

type Settings = Record<string, string | number | undefined>;

/** One server for the tests of a file; `server()` gives it. */
export function useServer(settings: Settings = {}): () => Server {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start(settings);
  });
  afterAll(() => server?.stop());
  return () => server;
}

/** Closes, after each test, what was opened in it: `opened(createPresence(...))`. */
export function useOpened(): <T extends { close(): unknown }>(what: T) => T {
  const open: { close(): unknown }[] = [];
  afterEach(() => {
    for (const each of open.splice(0).reverse()) each.close();
  });
  return (what) => {
    open.push(what);
    return what;
  };
}

/** Does something while the server stands still: connected, and answering nothing. */
export async function frozen(server: Server, work: () => unknown): Promise<void> {
  process.kill(server.pid, 'SIGSTOP');
  try {
    // The signal takes effect when each of its threads has seen it.
    await until(() => / T /.test(readFileSync(`/proc/${server.pid}/stat`, 'utf8')), { what: 'the server to stand still' });
    await work();
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
}

let names = 0;

/** Users that no other test of the file has. */
export function users<Names extends string[]>(...wanted: Names): { [Index in keyof Names]: string } {
  const number = ++names;
  return wanted.map((name) => `${name}-${number}`) as { [Index in keyof Names]: string };
}
