export { appStateActivity } from './app_state.js';
export type { AppStateLike } from './app_state.js';
export { createMobilePresence } from './presence.js';
export type { MobilePresenceOptions, PlatformLike } from './presence.js';
