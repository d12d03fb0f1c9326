export { useConnection, useContacts, useMyStatus, useNow, usePresence, usePresences } from './composables.js';
export type { MyStatus, Snapshot } from './composables.js';
export { ContactItem, ContactList } from './contacts.js';
export type { Contact } from './contacts.js';
export { PresenceDot } from './dot.js';
export { presencePlugin, usePresenceClient } from './plugin.js';
export type { PresencePluginOptions } from './plugin.js';
