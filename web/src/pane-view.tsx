import { browserActivity, describeDevice, type PresenceOptions } from '@presenced/client';
import {
  ContactItem, ContactList, PresenceDot, PresenceProvider, useConnection, useContacts, useMyStatus,
  usePresence, usePresenceClient, type Contact,
} from '@presenced/react';
import { useEffect, useRef, useState, useSyncExternalStore, type ReactElement } from 'react';

import { Avatar, hueOf } from './avatar.js';
import { deviceKinds, ownStatusText, PretendedActivity } from './choice.js';
import { ConnectionView } from './connection-view.js';
import { TokenSource } from './credentials.js';
import { DeviceView } from './device-view.js';
import { packetLogger, seenParser, type EventLog } from './event-log.js';
import type { Pane } from './panes.js';
import { StatusForm } from './status-form.js';
import { TokenForm } from './token-form.js';

interface PaneViewProps {
  pane: Pane;
  name: string;
  path: string;
  log: EventLog;
  /** On a phone only one pane is. */
  shown: boolean;
  /** Whether it takes the focus when it appears. */
  focused: boolean;
  onLeave: () => void;
}

/** One device of one user, with a connection of its own. */
export function PaneView({ pane, path, ...rest }: PaneViewProps): ReactElement {
  const { userId, deviceType, token } = pane;
  const { name, log } = rest;
  const [tokens] = useState(() => new TokenSource(userId, token));
  const [activity] = useState(() => new PretendedActivity(browserActivity()));
  const [options] = useState((): PresenceOptions => ({
    url: location.origin,
    userId,
    auth: tokens.auth,
    activity,
    deviceInfo: { ...describeDevice(), type: deviceType },
    // A connection of its own for each pane, and every packet in the log.
    socketOptions: { path, forceNew: true, parser: seenParser(packetLogger(log, name)) },
  }));
  return (
    <PresenceProvider options={options}>
      <Device {...rest} userId={userId} tokens={tokens} activity={activity} />
    </PresenceProvider>
  );
}

interface DeviceProps extends Omit<PaneViewProps, 'pane' | 'path'> {
  userId: string;
  tokens: TokenSource;
  activity: PretendedActivity;
}

function Device({ userId, name, log, shown, focused, tokens, activity, onLeave }: DeviceProps): ReactElement {
  const { presence: own } = useMyStatus();
  const want = useSyncExternalStore(tokens.subscribe, () => tokens.want);
  const title = useRef<HTMLHeadingElement>(null);
  useTroubles(name, log, tokens);
  useEffect(() => {
    if (focused) title.current?.focus();
  }, [focused]);

  return (
    <section className="card pane" aria-label={name} data-shown={shown}>
      <div className="person">
        <Avatar userId={userId}>{own && <PresenceDot presence={own} decorative className="presence-dot" />}</Avatar>
        <div className="grows">
          <h2 ref={title} tabIndex={-1} className="name">{name}</h2>
          <p className="own-status" role="status" data-status={own?.status}>{ownStatusText(own)}</p>
          {own?.customMessage && <p className="message">{own.customMessage}</p>}
        </div>
        <div className="corner">
          <ConnectionView />
          <button type="button" className="quiet" onClick={onLeave}>
            Leave<span className="unseen"> as {name}</span>
          </button>
        </div>
      </div>
      {want ? <TokenForm tokens={tokens} want={want} /> : <Ended />}
      <StatusForm />
      <Contacts />
      <DeviceView userId={userId} activity={activity} />
    </section>
  );
}

/** Notes in the log what happens to the connection, and asks for a token where one is missing. */
function useTroubles(name: string, log: EventLog, tokens: TokenSource): void {
  const presence = usePresenceClient();
  useEffect(() => {
    if (!presence) return;
    const ends = [
      presence.on('connection', ({ status, error }) => {
        if (error && error.code !== 'closed') log.add(name, 'note', status, { code: error.code, message: error.message });
        if (error?.code === 'unauthorized') tokens.ask('refused');
        if (error?.code === 'token_expired') tokens.ask('expired');
      }),
      presence.on('error', (error) => {
        log.add(name, 'note', 'error', { code: error.code, message: error.message });
        if (error.event === 'refresh_token') tokens.ask('refused');
      }),
    ];
    return () => ends.forEach((end) => end());
  }, [presence, name, log, tokens]);
}

/** Said when the server ended the connection for good. */
function Ended(): ReactElement | null {
  const presence = usePresenceClient();
  const { status, error } = useConnection();
  if (status !== 'disconnected' || !error || error.code === 'closed') return null;
  const why = error.code === 'disconnected'
    ? 'The server ended this connection: the same device has connected somewhere else, or was sent away.'
    : `The server refused this connection: ${error.message}`;
  return (
    <div className="alert">
      <p role="alert">{why}</p>
      <button type="button" onClick={() => presence?.connect()}>Connect again</button>
    </div>
  );
}

function Contacts(): ReactElement {
  const presence = usePresenceClient();
  const contacts = useContacts();
  const there = contacts.filter(({ status }) => status !== 'offline').length;
  return (
    <div className="contacts">
      <div className="title">
        <h3>Contacts</h3>
        <span className="hint">{there} of {contacts.length} here</span>
      </div>
      <ContactList unstyled renderItem={(contact) => <Row contact={contact} />} />
      {presence?.store.synced && contacts.length === 0 && (
        <p className="hint">
          This user has no contacts. Add some with <code>presenced contacts import</code>, or be one of the
          sample users.
        </p>
      )}
    </div>
  );
}

function Row({ contact }: { contact: Contact }): ReactElement {
  const { devices, autoAway } = usePresence(contact.id);
  return (
    <div className="row contact" style={hueOf(contact.id)}>
      <ContactItem contact={contact} unstyled />
      <span className="chips">
        {autoAway && <span className="chip">idle</span>}
        {deviceKinds(devices).map((kind) => <span key={kind} className="chip">{kind}</span>)}
      </span>
    </div>
  );
}
