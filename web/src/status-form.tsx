import { PresenceError } from '@presenced/client';
import { PresenceDot, useMyStatus, usePresenceClient } from '@presenced/react';
import { useId, useState, type FormEvent, type ReactElement } from 'react';

import {
  byteLength, CHOICES, chosen, ENDS, expiresAt, MAX_MESSAGE_BYTES, type Choice, type End,
} from './choice.js';
import { clockTime } from './time.js';

/** Chooses status and message. Shows what is chosen, here or on another device, until it is edited. */
export function StatusForm(): ReactElement {
  const id = useId();
  const presence = usePresenceClient();
  const { presence: own, setStatus } = useMyStatus();
  const [edited, setEdited] = useState<Choice>();
  const [end, setEnd] = useState<End>('never');
  const [done, setDone] = useState('');
  const [error, setError] = useState('');
  const { status, message } = edited ?? chosen(own);
  const size = byteLength(message.trim());

  const edit = (part: Partial<Choice>) => {
    setEdited({ status, message, ...part });
    setDone('');
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const ends = expiresAt(end, presence?.now() ?? Date.now());
    setError('');
    try {
      await setStatus(status, { customMessage: message.trim(), ...(ends && { expiresAt: ends }) });
      setEdited(undefined);
      setEnd('never');
      setDone(ends ? `Set until ${clockTime(new Date(ends))}.` : 'Set.');
    } catch (reason) {
      setError(`Not set: ${reason instanceof PresenceError ? reason.message : String(reason)}`);
    }
  };

  return (
    <form className="status-form" onSubmit={(event) => void submit(event)} noValidate>
      <fieldset className="choices">
        <legend className="unseen">Status</legend>
        {CHOICES.map((choice) => (
          <label key={choice.status}>
            <input
              type="radio"
              name={id}
              value={choice.status}
              checked={status === choice.status}
              onChange={() => edit({ status: choice.status })}
            />
            <span>
              <PresenceDot presence={choice} decorative />
              {choice.label}
            </span>
          </label>
        ))}
      </fieldset>
      <div className="fields">
        <div className="grows">
          <label htmlFor={`${id}-message`}>Message</label>
          <input
            id={`${id}-message`}
            value={message}
            onChange={(event) => edit({ message: event.target.value })}
            placeholder="In a meeting"
            autoComplete="off"
            aria-invalid={size > MAX_MESSAGE_BYTES || undefined}
            aria-describedby={size > MAX_MESSAGE_BYTES ? `${id}-size` : undefined}
          />
        </div>
        <div>
          <label htmlFor={`${id}-end`}>Ends</label>
          <select id={`${id}-end`} value={end} onChange={(event) => setEnd(event.target.value as End)}>
            {ENDS.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
          </select>
        </div>
        <button type="submit" className="primary">Set</button>
      </div>
      {size > MAX_MESSAGE_BYTES && (
        <p id={`${id}-size`} className="error">{size} bytes; {MAX_MESSAGE_BYTES} are the most.</p>
      )}
      <p className="hint" role="status">{done}</p>
      <p className="error" role="alert">{error}</p>
    </form>
  );
}
