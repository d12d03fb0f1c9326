// Waiting: always for a condition, always with a deadline; never for a length of time.

/** How long a condition may take that ought to hold at once (ms). */
export const DEADLINE = Number(process.env.E2E_DEADLINE_MS ?? 8000);

/** By how much a server may grow whose memory has to stay bounded (MiB). */
export const GROWTH = Number(process.env.E2E_GROWTH_MIB ?? 24);

/** What a measured time may exceed its bound by because the machine is busy (ms). */
export const SLACK = Number(process.env.E2E_SLACK_MS ?? 400);

/**
 * Resolves with fn's first truthy value; fn may be async. Looks every `every` ms. Fails, naming
 * `what`, after `within` ms.
 */
export async function until(fn, { within = DEADLINE, every = 10, what = 'the condition' } = {}) {
  const end = performance.now() + within;
  for (;;) {
    const value = await fn();
    if (value) return value;
    if (performance.now() > end) {
      throw new Error(`not within ${within} ms: ${typeof what === 'function' ? what() : what}`);
    }
    await new Promise((wake) => setTimeout(wake, every));
  }
}

/** The promise's value, or a failure that names `what` when it has not settled within `within` ms. */
export async function within(promise, what, ms = DEADLINE) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => {
      fail(new Error(`not within ${ms} ms: ${typeof what === 'function' ? what() : what}`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
