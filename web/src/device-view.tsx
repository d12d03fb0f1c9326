import type { Device } from '@presenced/client';
import { useConnection, useMyStatus, usePresenceClient } from '@presenced/react';
import { useState, type ReactElement } from 'react';

import type { PretendedActivity } from './choice.js';
import { clockTime } from './time.js';

/** The user's devices, and what can be tried with this one. */
export function DeviceView({ userId, activity }: {
  userId: string;
  activity: PretendedActivity;
}): ReactElement {
  const presence = usePresenceClient();
  const { status } = useConnection();
  const { presence: own } = useMyStatus();
  const [pretends, setPretends] = useState(activity.pretends);
  const devices = own?.devices ?? [];
  const socketId = status === 'connected' ? presence?.socket?.id : undefined;

  const pretend = (checked: boolean) => {
    activity.pretends = checked;
    setPretends(checked);
    presence?.heartbeat();
  };
  const askAgain = () => {
    const contacts = presence?.store.contacts() ?? [];
    // What goes wrong is seen in the log.
    presence?.check(contacts.map((contact) => contact.userId)).catch(() => {});
  };

  return (
    <details className="device">
      <summary>Your devices ({devices.length})</summary>
      <ul role="list" aria-label="Your devices">
        {devices.map((device) => (
          <li key={device.socketId}>
            {describe(device)}
            {device.socketId === socketId && <span className="chip">this one</span>}
          </li>
        ))}
      </ul>
      <label className="check">
        <input type="checkbox" checked={pretends} onChange={(event) => pretend(event.target.checked)} />
        Report this device as untouched for 10 minutes
      </label>
      <p className="hint">A user whose devices are all untouched for 5 minutes is away.</p>
      <div className="row">
        <button type="button" onClick={askAgain}>Ask for everybody again</button>
        {/* Without an opener, and so with a sessionStorage of its own. */}
        <a className="button" href={`?as=${encodeURIComponent(userId)}`} target="_blank" rel="noopener">
          Second device in a new tab
        </a>
      </div>
    </details>
  );
}

function describe({ deviceType, browser, os, connectedAt }: Device): string {
  const details = [browser, os].filter(Boolean).join(' on ');
  return `${deviceType}${details && `, ${details}`}, since ${clockTime(new Date(connectedAt))} `;
}
