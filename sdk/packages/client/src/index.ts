export { browserActivity, nodeActivity } from './activity.js';
export type { Activity, ActivitySignal, Input } from './activity.js';
export type { AnySocket, Auth, Credentials } from './connection.js';
export { describeDevice } from './device.js';
export type { Unsubscribe } from './emitter.js';
export { PresenceError } from './errors.js';
export type { PresenceErrorCode } from './errors.js';
export type { ConnectionState } from './link.js';
export { createPresence } from './presence.js';
export type {
  OwnConnectionOptions,
  Presence,
  PresenceEvents,
  PresenceOptions,
  SocketOptions,
  StatusDetails,
} from './presence.js';
export type { PresenceStore, UserPresence } from './store.js';
export { lastSeenText, STATUS_COLORS, statusText } from './text.js';
export type { TextOptions, Words } from './text.js';
export type * from './wire.js';
