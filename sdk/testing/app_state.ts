// React Native's AppState, moved by the test: the states and the subscription of the real one.

export type State = 'active' | 'inactive' | 'background';

export class AppStateOfATest {
  currentState: State;
  readonly #listeners = new Set<(state: State) => void>();

  constructor(state: State = 'active') {
    this.currentState = state;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  addEventListener(_type: 'change', listener: (state: State) => void): { remove(): void } {
    this.#listeners.add(listener);
    return { remove: () => this.#listeners.delete(listener) };
  }

  /** The user moves the application through these states. */
  become(...states: State[]): void {
    for (const state of states) {
      this.currentState = state;
      for (const listener of [...this.#listeners]) listener(state);
    }
  }
}
