/** Ends a subscription; calling it again does nothing. */
export type Unsubscribe = () => void;

/** Listeners by name. One that throws does not keep the others from being called. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): Unsubscribe {
    let named = this.#listeners.get(name);
    if (!named) this.#listeners.set(name, (named = new Set()));
    // Of its own for each subscription, so that the same function can be subscribed twice.
    const entry = (value: Events[Name]) => listener(value);
    named.add(entry);
    return () => {
      named.delete(entry);
      if (named.size === 0 && this.#listeners.get(name) === named) this.#listeners.delete(name);
    };
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (value: Events[Name]) => void)(value);
      } catch (error) {
        // Reported as any other uncaught error of the application.
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}
