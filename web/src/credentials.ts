// Who a pane says it is to the server: a token that a person pasted, or, until a server asks for one,
// the user's id alone.
import type { Credentials, Unsubscribe } from '@presenced/client';

export type Want = 'refused' | 'expired';

/**
 * Gives the presence its credentials, and waits for a person where only a fresh token helps. Knows
 * why one is wanted, for the form that asks for it.
 */
export class TokenSource {
  readonly #userId: string;
  #token: string | undefined;
  #want: Want | undefined;
  #waiting: ((credentials: Credentials) => void)[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(userId: string, token?: string) {
    this.#userId = userId;
    this.#token = token;
  }

  get want(): Want | undefined {
    return this.#want;
  }

  /** Not before a token was handed in (`provide`) is another attempt made. */
  ask(want: Want): void {
    this.#setWant(want);
  }

  /** For the option `auth` of a presence. */
  readonly auth = (why: 'connect' | 'expired'): Promise<Credentials> => {
    if (why === 'expired') this.ask('expired');
    if (!this.#want) return Promise.resolve(this.#credentials());
    return new Promise((resolve) => this.#waiting.push(resolve));
  };

  provide(token: string): void {
    this.#token = token;
    this.#setWant(undefined);
    for (const resolve of this.#waiting.splice(0)) resolve(this.#credentials());
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #credentials(): Credentials {
    return this.#token ? { token: this.#token } : { userId: this.#userId };
  }

  #setWant(want: Want | undefined): void {
    this.#want = want;
    for (const listener of this.#listeners) listener();
  }
}

/** The user that a JSON Web Token names, if it is one; the server checks it, not the page. */
export function subjectOf(token: string): string | undefined {
  try {
    const part = token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), (char) => char.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown };
    return typeof sub === 'string' && sub ? sub : undefined;
  } catch {
    return undefined;
  }
}
