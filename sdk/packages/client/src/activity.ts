import type { Unsubscribe } from './emitter.js';

/**
 * `active`: somebody touched the device after at least a minute. `resume`: the application may have
 * slept and is awake. `pause`: it goes to sleep, and no heartbeats are sent until `resume`, so that
 * the device goes stale (contract, section 6).
 */
export type ActivitySignal = 'active' | 'pause' | 'resume';

/** Tells for how long nobody has touched the device. */
export interface Activity {
  /** Milliseconds since the last touch; undefined where nobody can know. */
  idleMs(): number | undefined;
  subscribe(listener: (signal: ActivitySignal) => void): Unsubscribe;
}

const WORTH_TELLING_MS = 60_000;

// Notes touches; `touch` says whether it ends an absence.
function touches() {
  let last = Date.now();
  const idleMs = () => Date.now() - last;
  const touch = () => {
    const wasIdle = idleMs() >= WORTH_TELLING_MS;
    last = Date.now();
    return wasIdle;
  };
  return { idleMs, touch };
}

const INPUT = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'scroll'];

/** Pointer, keyboard and visibility of a browser's page. */
export function browserActivity(page: Document = document): Activity {
  const { idleMs, touch } = touches();
  return {
    idleMs,
    subscribe(listener) {
      const onInput = () => void (touch() && listener('active'));
      const onVisible = () => {
        if (page.visibilityState !== 'visible') return;
        touch();
        listener('resume');
      };
      const onWake = () => listener('resume');
      const view = page.defaultView;
      const each = (change: 'addEventListener' | 'removeEventListener') => {
        for (const name of INPUT) page[change](name, onInput, { capture: true, passive: true });
        page[change]('visibilitychange', onVisible);
        page[change]('resume', onWake); // after having been frozen
        view?.[change]('pageshow', onWake); // after having been in the back/forward cache
        view?.[change]('online', onWake);
      };
      each('addEventListener');
      return () => each('removeEventListener');
    },
  };
}

/** Something that emits `data` when somebody types, such as `process.stdin`. */
export interface Input {
  on(event: 'data', listener: () => void): unknown;
  off(event: 'data', listener: () => void): unknown;
}

/**
 * For Node.js. `source` is an input such as `process.stdin`, or a function that knows the idle time
 * itself: in Electron `() => powerMonitor.getSystemIdleTime() * 1000`.
 */
export function nodeActivity(source: Input | (() => number)): Activity {
  if (typeof source === 'function') return { idleMs: source, subscribe: () => () => {} };
  const { idleMs, touch } = touches();
  return {
    idleMs,
    subscribe(listener) {
      const onInput = () => void (touch() && listener('active'));
      source.on('data', onInput);
      return () => source.off('data', onInput);
    },
  };
}

/** What is right here: the page's activity in a browser, none elsewhere. */
export function defaultActivity(): Activity {
  if (typeof document !== 'undefined') return browserActivity();
  return { idleMs: () => undefined, subscribe: () => () => {} };
}
