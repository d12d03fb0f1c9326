import { useEffect, useReducer, useRef, useState, type ReactElement } from 'react';

import { Chooser } from './chooser.js';
import type { EventLog } from './event-log.js';
import { LogView } from './log-view.js';
import { PaneView } from './pane-view.js';
import { keepPanes, paneNames, panesAfter, type Entry, type Pane } from './panes.js';
import type { Settings } from './settings.js';

interface AppProps {
  settings: Settings;
  openingPanes: readonly Pane[];
  log: EventLog;
}

/** The view that a phone shows, where there is room for one alone: a pane, or the log. */
type View = number | 'log';

export function App({ settings, openingPanes, log }: AppProps): ReactElement {
  const [panes, change] = useReducer(panesAfter, openingPanes);
  const [view, setView] = useState<View>('log');
  // Those that were there from the start do not take the focus.
  const firstNew = useRef(openingPanes.length + 1);
  const dialog = useRef<HTMLDialogElement>(null);
  const names = paneNames(panes);
  const newest = panes.at(-1)?.id;
  const shown = view === 'log' || names.has(view) ? view : newest ?? 'log';

  useEffect(() => keepPanes(panes, sessionStorage), [panes]);
  useEffect(() => {
    if (newest !== undefined) setView(newest);
  }, [newest]);
  useEffect(() => {
    document.title = ['presenced', ...names.values()].reverse().join(' · ');
  });

  const enter = (entry: Entry) => {
    dialog.current?.close();
    change({ type: 'enter', entry });
  };
  const chooser = (
    <Chooser sampleUsers={settings.sampleUsers} here={panes.map(({ userId }) => userId)} onEnter={enter} />
  );

  return (
    <>
      <header className="bar">
        <h1>
          <span className="brand" aria-hidden="true" />
          presenced
        </h1>
        {panes.length > 0 && (
          <button type="button" className="primary" onClick={() => dialog.current?.showModal()}>
            Add somebody
          </button>
        )}
      </header>

      {panes.length === 0 ? (
        <main className="entrance">
          <section className="card" aria-labelledby="entrance-title">
            <h2 id="entrance-title">Who are you?</h2>
            <p>
              Be somebody, and then somebody else beside it, in this window or in another tab, and watch
              them see each other come and go. The same user twice has two devices.
            </p>
            {chooser}
          </section>
        </main>
      ) : (
        <main className="window" data-panes={panes.length}>
          <nav className="views" aria-label="Views">
            {panes.map(({ id }) => (
              <ViewButton key={id} current={shown === id} onClick={() => setView(id)}>
                {names.get(id)!}
              </ViewButton>
            ))}
            <ViewButton current={shown === 'log'} onClick={() => setView('log')}>Events</ViewButton>
          </nav>
          <div className="panes">
            {panes.map((pane) => (
              <PaneView
                key={pane.id}
                pane={pane}
                name={names.get(pane.id)!}
                path={settings.path}
                log={log}
                shown={shown === pane.id}
                focused={pane.id >= firstNew.current}
                onLeave={() => change({ type: 'leave', id: pane.id })}
              />
            ))}
          </div>
          <LogView log={log} shown={shown === 'log'} />
        </main>
      )}

      <dialog ref={dialog} className="card" aria-labelledby="dialog-title">
        <div className="title">
          <h2 id="dialog-title">Who else?</h2>
          <button type="button" className="quiet" onClick={() => dialog.current?.close()}>Close</button>
        </div>
        {panes.length > 0 && chooser}
      </dialog>
    </>
  );
}

function ViewButton({ current, onClick, children }: {
  current: boolean;
  onClick: () => void;
  children: string;
}): ReactElement {
  return (
    <button type="button" aria-current={current ? 'true' : undefined} onClick={onClick}>{children}</button>
  );
}
