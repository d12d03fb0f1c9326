// The Web Locks of one browser, for Node.js versions that have none: exclusive locks by name, with
// `signal` and `query`, as far as sharing a connection between tabs uses them.

interface Waiting {
  name: string;
  grant(): void;
}

export class LocksOfABrowser {
  readonly #held = new Set<string>();
  #waiting: Waiting[] = [];

  request<T>(name: string, { signal }: { signal?: AbortSignal }, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        name,
        grant: () => {
          this.#held.add(name);
          work().then(resolve, reject).finally(() => {
            this.#held.delete(name);
            this.#next();
          });
        },
      };
      signal?.addEventListener('abort', () => {
        if (!this.#waiting.includes(waiting)) return;
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal.reason);
      });
      this.#waiting.push(waiting);
      queueMicrotask(() => this.#next());
    });
  }

  query(): Promise<{ held: { name: string }[]; pending: { name: string }[] }> {
    return Promise.resolve({
      held: [...this.#held].map((name) => ({ name })),
      pending: this.#waiting.map(({ name }) => ({ name })),
    });
  }

  #next(): void {
    for (const waiting of [...this.#waiting]) {
      if (this.#held.has(waiting.name)) continue;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      waiting.grant();
    }
  }
}
