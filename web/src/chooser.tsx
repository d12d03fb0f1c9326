import { describeDevice } from '@presenced/client';
import { useId, useState, type FormEvent, type ReactElement } from 'react';

import { Avatar } from './avatar.js';
import { subjectOf } from './credentials.js';
import { DEVICE_TYPES, type DeviceType, type Entry } from './panes.js';

interface ChooserProps {
  sampleUsers: readonly string[];
  /** Who is in the window already. */
  here: readonly string[];
  onEnter: (entry: Entry) => void;
}

/** Asks who enters, and on what. */
export function Chooser({ sampleUsers, here, onEnter }: ChooserProps): ReactElement {
  const id = useId();
  const [userId, setUserId] = useState('');
  const [token, setToken] = useState('');
  const [deviceType, setDeviceType] = useState<DeviceType>(describeDevice().type ?? 'web');
  const [error, setError] = useState('');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = token.trim();
    // With a token the server goes by what that says.
    const who = subjectOf(given) ?? userId.trim();
    if (!who) return setError(given ? 'This token names no user: fill in the user id.' : 'Fill in a user id.');
    setUserId('');
    setToken('');
    setError('');
    onEnter({ userId: who, deviceType, ...(given && { token: given }) });
  };

  return (
    <div className="chooser">
      <ul className="users" role="list" aria-label="Sample users">
        {sampleUsers.map((user) => (
          <li key={user}>
            <button type="button" onClick={() => onEnter({ userId: user, deviceType })}>
              <Avatar userId={user} />
              <span className="name">{user}</span>
              {here.includes(user) && <span className="chip">2nd device</span>}
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={submit} noValidate>
        <div className="fields">
          <div>
            <label htmlFor={`${id}-type`}>The device shows up as</label>
            <select
              id={`${id}-type`}
              value={deviceType}
              onChange={(event) => setDeviceType(event.target.value as DeviceType)}
            >
              {DEVICE_TYPES.map((type) => <option key={type}>{type}</option>)}
            </select>
          </div>
          <div className="grows">
            <label htmlFor={`${id}-user`}>Or any other user</label>
            <div className="row">
              <input
                id={`${id}-user`}
                value={userId}
                onChange={(event) => setUserId(event.target.value)}
                maxLength={128}
                placeholder="user id"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
              />
              <button type="submit" className="primary">Connect</button>
            </div>
          </div>
        </div>
        <details>
          <summary>The server asks for a token</summary>
          <label htmlFor={`${id}-token`}>JSON Web Token (<code>presenced token --secret … --sub USER</code>)</label>
          <input
            id={`${id}-token`}
            value={token}
            onChange={(event) => setToken(event.target.value)}
            autoComplete="off"
            spellCheck={false}
          />
        </details>
        <p className="error" role="alert">{error}</p>
      </form>
    </div>
  );
}
