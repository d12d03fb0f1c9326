export { ContactItem, ContactList } from './contacts.js';
export type { Contact, ContactItemProps, ContactListProps } from './contacts.js';
export { PresenceProvider, usePresenceClient } from './context.js';
export type { PresenceProviderProps } from './context.js';
export { PresenceDot } from './dot.js';
export type { PresenceDotProps } from './dot.js';
export { useConnection, useContacts, useMyStatus, useNow, usePresence, usePresences } from './hooks.js';
export type { MyStatus } from './hooks.js';
