import { useConnection, usePresenceClient } from '@presenced/react';
import { useId, useState, type FormEvent, type ReactElement } from 'react';

import type { TokenSource, Want } from './credentials.js';

const WHY: Record<Want, string> = {
  refused: 'The server asks for a token, or refused this one.',
  expired: 'Your token has expired. Without a fresh one the server ends this connection 30 seconds later.',
};

/** Asks for the token that the presence waits for. */
export function TokenForm({ tokens, want }: { tokens: TokenSource; want: Want }): ReactElement {
  const id = useId();
  const presence = usePresenceClient();
  const { status } = useConnection();
  const [token, setToken] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!token.trim()) return;
    tokens.provide(token.trim());
    if (status === 'disconnected') presence?.connect();
  };
  return (
    <form className="alert" onSubmit={submit}>
      <p role="alert">{WHY[want]}</p>
      <label htmlFor={id}>Fresh token</label>
      <div className="row">
        <input
          id={id}
          value={token}
          onChange={(event) => setToken(event.target.value)}
          autoComplete="off"
          spellCheck={false}
        />
        <button type="submit" className="primary">Use it</button>
      </div>
    </form>
  );
}
