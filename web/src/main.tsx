// The page at `/`: people in a window, each a device of its own, built with @presenced/react as an
// application would be.
import { createRoot } from 'react-dom/client';

import { App } from './app.js';
import { EventLog } from './event-log.js';
import { openingPanes } from './panes.js';
import { fetchSettings } from './settings.js';
import './style.css';

const settings = await fetchSettings();
const panes = openingPanes(location, sessionStorage);
// What was asked for in the address is kept by the tab from here on.
if (location.search) history.replaceState(null, '', location.pathname);
createRoot(document.getElementById('root')!).render(
  <App settings={settings} openingPanes={panes} log={new EventLog()} />,
);
