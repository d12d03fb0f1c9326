import { statusText, type TextOptions, type UserPresence } from '@presenced/client';
import { memo, useEffect, useRef, type CSSProperties, type ReactElement, type ReactNode } from 'react';

import { PresenceDot } from './dot.js';
import { useContacts, useNow, usePresence } from './hooks.js';

/** Somebody as the application knows them. */
export interface Contact {
  id: string;
  name?: string;
  /** The address of a picture. */
  avatar?: string;
}

export interface ContactItemProps {
  contact: Contact;
  /** Words and language. */
  text?: TextOptions;
  /** True: no styles of its own, only classes and `data-status` for a style sheet. */
  unstyled?: boolean;
  /** In place of what it shows: headless use. */
  children?: (presence: UserPresence, statusText: string) => ReactNode;
}

const STYLES: Record<string, CSSProperties> = {
  item: { display: 'flex', alignItems: 'center', gap: 12, padding: '8px 0' },
  avatar: { position: 'relative', width: 40, height: 40, flex: 'none' },
  picture: {
    display: 'grid', placeItems: 'center', width: 40, height: 40, borderRadius: '50%',
    objectFit: 'cover', background: '#37474F', color: '#fff',
  },
  dot: { position: 'absolute', right: -1, bottom: -1, borderRadius: '50%', background: '#fff', padding: 1 },
  // The guide's blue; its white text would be too faint at this size.
  badge: {
    position: 'absolute', top: -5, right: -5, minWidth: 16, padding: '2px 5px', borderRadius: 10,
    background: '#2196F3', color: '#000', fontSize: 10, lineHeight: 1.2, textAlign: 'center',
    boxSizing: 'border-box',
  },
  info: { minWidth: 0 },
  name: { fontWeight: 600 },
  message: { overflowWrap: 'anywhere' },
};

/** One contact: picture, dot, device badge, name, status or last seen, custom message. */
export const ContactItem = memo(function ContactItem({
  contact, text, unstyled, children,
}: ContactItemProps): ReactElement {
  const presence = usePresence(contact.id);
  const now = useNow(presence.status === 'offline' && presence.lastSeen > 0);
  const words = statusText(presence, { now, ...text });
  if (children) return <>{children(presence, words)}</>;

  const { id, name = id, avatar } = contact;
  const { status, deviceCount, customMessage } = presence;
  const style = (part: string) => (unstyled ? undefined : STYLES[part]);
  return (
    <div className="presence-contact" data-status={status} style={style('item')}>
      <div className="presence-avatar" style={style('avatar')}>
        {avatar ? (
          <img src={avatar} alt="" style={style('picture')} />
        ) : (
          <span aria-hidden="true" style={style('picture')}>{[...name][0]?.toUpperCase()}</span>
        )}
        {/* Status and number of devices are in the words beside them. */}
        <PresenceDot presence={presence} decorative style={style('dot')} className="presence-dot" />
        {deviceCount > 1 && (
          <span className="presence-devices" aria-hidden="true" style={style('badge')}>{deviceCount}</span>
        )}
      </div>
      <div className="presence-info" style={style('info')}>
        <div className="presence-name" style={style('name')}>{name}</div>
        <div className="presence-status">{words}</div>
        {customMessage && <div className="presence-message" style={style('message')}>{customMessage}</div>}
      </div>
    </div>
  );
});

export interface ContactListProps extends Omit<ContactItemProps, 'contact' | 'children'> {
  /** Default: all contacts of the user, those who are there first. */
  contacts?: readonly Contact[];
  /** The list's name for assistive technology. Default: `Contacts`. */
  label?: string;
  /** In place of a ContactItem: headless use. */
  renderItem?: (contact: Contact) => ReactNode;
}

/** A list of contacts. A change of one renders that one alone. */
export function ContactList({ contacts, ...rest }: ContactListProps): ReactElement {
  return contacts ? <List contacts={contacts} {...rest} /> : <AllContacts {...rest} />;
}

const RANK = { online: 0, busy: 1, away: 1, offline: 2 };

function AllContacts(props: Omit<ContactListProps, 'contacts'>): ReactElement {
  const sorted = [...useContacts()].sort(
    (a, b) => RANK[a.status] - RANK[b.status] || (a.userId < b.userId ? -1 : 1),
  );
  // The same object for the same user, so that an item which did not change is not rendered.
  const last = useRef(new Map<string, Contact>());
  const contacts = sorted.map(({ userId }) => last.current.get(userId) ?? { id: userId });
  useEffect(() => {
    last.current = new Map(contacts.map((contact) => [contact.id, contact]));
  });
  return <List contacts={contacts} {...props} />;
}

function List({
  contacts, label = 'Contacts', renderItem, ...item
}: ContactListProps & { contacts: readonly Contact[] }): ReactElement {
  const style: CSSProperties | undefined = item.unstyled ? undefined : { listStyle: 'none', margin: 0, padding: 0 };
  return (
    // Safari forgets that a list without bullets is one, unless it is said.
    <ul className="presence-contacts" role="list" aria-label={label} style={style}>
      {contacts.map((contact) => (
        <li key={contact.id}>{renderItem ? renderItem(contact) : <ContactItem contact={contact} {...item} />}</li>
      ))}
    </ul>
  );
}
