import type { Activity } from './activity.js';

export interface HeartbeatOptions {
  interval: number;
  activity: Activity;
  /** Sends one; does nothing while there is no connection. */
  send(idleMs: number | undefined): void;
  /** The application may have slept; `paused`: it had gone to sleep. */
  onResume(paused: boolean): void;
}

/**
 * Sends a heartbeat each interval (contract, section 6).
 *
 * Browsers let the timers of a hidden tab run only once a minute, or not at all for a while. The
 * server's pings come as messages, which are not held back, so that each of them is an occasion to
 * send a heartbeat that is due: `poke`.
 */
export class Heartbeats {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  #paused = false;
  readonly #options: HeartbeatOptions;
  readonly #unsubscribe: () => void;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#unsubscribe = options.activity.subscribe((signal) => {
      if (signal === 'pause') {
        this.#paused = true;
        clearTimeout(this.#timer);
        return;
      }
      const paused = this.#paused;
      this.#paused = false;
      this.beat();
      if (signal === 'resume') options.onResume(paused);
    });
  }

  beat(): void {
    clearTimeout(this.#timer);
    if (this.#paused) return;
    const { interval, activity, send } = this.#options;
    this.#last = Date.now();
    this.#timer = setTimeout(() => this.beat(), interval);
    send(activity.idleMs());
  }

  /** Sends one if it is due. */
  poke(): void {
    if (Date.now() - this.#last >= this.#options.interval) this.beat();
  }

  stop(): void {
    this.#paused = true;
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }
}
