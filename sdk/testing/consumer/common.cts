// The same in CommonJS.
import client = require('@presenced/client');
import react = require('@presenced/react');

const presence = client.createPresence({ url: '', auth: { userId: 'alice' } });
const contacts: readonly client.UserPresence[] = presence.store.contacts();
const item: react.ContactItemProps = { contact: { id: contacts[0]!.userId } };
export = item;
