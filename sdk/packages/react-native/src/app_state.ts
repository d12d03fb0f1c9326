import type { Activity } from '@presenced/client';

/** What is used of React Native's `AppState`. */
export interface AppStateLike {
  readonly currentState: string | null | undefined;
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void };
}

const ACTIVE = 'active';

/**
 * The activity of a phone: the user is there while the application is in front. In the background no
 * heartbeats are sent, so that the device goes stale; back in front one is sent at once, and the
 * contacts are asked for again (contract, section 6).
 */
export function appStateActivity(appState: AppStateLike): Activity {
  let leftAt = Date.now();
  const isActive = () => (appState.currentState ?? ACTIVE) === ACTIVE;
  return {
    idleMs: () => (isActive() ? 0 : Date.now() - leftAt),
    subscribe(listener) {
      let active = isActive();
      const subscription = appState.addEventListener('change', (state) => {
        const wasActive = active;
        active = state === ACTIVE;
        if (active === wasActive) return; // from inactive to background
        if (!active) leftAt = Date.now();
        listener(active ? 'resume' : 'pause');
      });
      if (!active) listener('pause');
      return () => subscription.remove();
    },
  };
}
