// The server under test is that of the end-to-end suite: a real presenced on a port of its own.
import { afterAll, afterEach, beforeAll } from 'vitest';

import { Server } from '../../tests/e2e/support/server.js';

export { Server };
export { Redis } from '../../tests/e2e/support/redis.js';
export { until } from '../../tests/e2e/support/time.js';
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

let names = 0;

/** Users that no other test of the file has. */
export function users<Names extends string[]>(...wanted: Names): { [Index in keyof Names]: string } {
  const number = ++names;
  return wanted.map((name) => `${name}-${number}`) as { [Index in keyof Names]: string };
}
