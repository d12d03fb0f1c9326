import { memo, useState, useSyncExternalStore, type ReactElement } from 'react';

import { hueOf } from './avatar.js';
import type { EventLog, Kind, Line } from './event-log.js';
import { clockTime } from './time.js';

const ARROWS: Record<Kind, string> = { in: '←', out: '→', ack: '↩', note: '•', error: '!' };
const WORDS: Record<Kind, string> = {
  in: 'received', out: 'sent', ack: 'acknowledged', note: 'noted', error: 'refused',
};

/** Everything that passes over the wire, newest first. */
export function LogView({ log, shown }: { log: EventLog; shown: boolean }): ReactElement {
  const lines = useSyncExternalStore(log.subscribe, () => log.lines);
  const [hides, setHides] = useState(true);
  return (
    <section className="card log" aria-label="Events" data-shown={shown}>
      <div className="title">
        <h2>Events</h2>
        <label className="check">
          <input type="checkbox" checked={hides} onChange={(event) => setHides(event.target.checked)} />
          Hide heartbeats
        </label>
        <button type="button" className="quiet" onClick={() => log.clear()}>Clear</button>
      </div>
      {/* Too much of it comes for being read out by itself. */}
      <div className="lines" role="log" aria-live="off" aria-label="Events, newest first" tabIndex={0}>
        <ol role="list">
          {lines
            .filter(({ name }) => !(hides && name === 'user_heartbeat'))
            .map((line) => <LineView key={line.id} line={line} />)}
        </ol>
      </div>
    </section>
  );
}

const LineView = memo(function LineView({ line }: { line: Line }): ReactElement {
  const { who, kind, name, data, at } = line;
  return (
    <li data-kind={kind} data-event={name} data-who={who}>
      <span className="chip who" style={hueOf(who)}>{who}</span>
      <span className="event">
        <span className="arrow" aria-hidden="true">{ARROWS[kind]}</span>
        <span className="unseen">{WORDS[kind]} </span>
        {name}
      </span>
      <time dateTime={at.toISOString()}>{clockTime(at)}</time>
      <Data data={data} />
    </li>
  );
});

const LONG = 240;

function Data({ data }: { data: unknown }): ReactElement | null {
  if (data === undefined) return null;
  const text = oneLine(data);
  if (text.length <= LONG) return <pre>{text}</pre>;
  return (
    <details>
      <summary><code>{text.slice(0, LONG / 2)}…</code></summary>
      <pre>{JSON.stringify(data, null, 2)}</pre>
    </details>
  );
}

/** JSON with room for it to wrap. */
const oneLine = (data: unknown) => JSON.stringify(data, null, 1).replace(/\n\s*/g, ' ');
