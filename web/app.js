// The page at `/`: one tab is one device of one user. It speaks to the server as any application
// would, with the unmodified client from the same server; what it knows is kept by presence.js, and
// here it is only shown. All text of others is put in with textContent, never as markup.
import {byteLength, describeBrowser, deviceText, ownStatusText, PresenceView, statusText}
  from './presence.js';

const HEARTBEAT_MS = 30_000;
const PRETENDED_IDLE_MS = 10 * 60_000;
const BACK_AFTER_IDLE_MS = 60_000;  // coming back after this long is worth a heartbeat at once
const ACK_TIMEOUT_MS = 5_000;
const LOG_LENGTH = 200;
const MAX_MESSAGE_BYTES = 256;

const byId = (id) => document.getElementById(id);
const settings = await (await fetch('demo/settings.json')).json();

let socket;
let view;
let lastActivity = Date.now();
let serverClockAhead = 0;  // milliseconds; `last seen` is told by the server's clock

// ---- small helpers for the document

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function avatar(userId, status) {
  const made = element('span', 'avatar', [...userId][0].toUpperCase());
  paintAvatar(made, userId);
  made.setAttribute('aria-hidden', 'true');
  if (status) made.append(element('span', `dot ${status}`));
  return made;
}

function paintAvatar(node, userId) {
  let hue = 0;
  for (const char of userId) hue = (hue * 31 + char.codePointAt(0)) % 360;
  node.style.setProperty('--hue', hue);
}

const clockTime = (date) => date.toLocaleTimeString([], {hour12: false});
const serverNow = () => Date.now() + serverClockAhead;

function showConnection(state, text) {
  const node = byId('connection');
  node.dataset.state = state;
  node.textContent = text;
}

// ---- the event log

// JSON on one line, with room for it to wrap.
const spaced = (data) => JSON.stringify(data, null, 1).replace(/\n\s*/g, ' ');

function log(direction, event, data) {
  const arrows = {in: '← ', out: '→ ', ack: '↩ ', error: '! '};
  const item = element('li', direction,
    element('time', '', clockTime(new Date())),
    element('span', 'event', arrows[direction] + event));
  if (event.startsWith('user_heartbeat')) item.classList.add('heartbeat');
  if (data !== undefined) item.append(element('pre', '', spaced(data)));
  const list = byId('log');
  list.prepend(item);
  while (list.children.length > LOG_LENGTH) list.lastChild.remove();
}

// ---- this tab as a device

function storedTabId() {
  let id = sessionStorage.getItem('deviceId');
  if (!id) {
    id = Array.from(crypto.getRandomValues(new Uint8Array(12)),
      (byte) => byte.toString(16).padStart(2, '0')).join('');
    sessionStorage.setItem('deviceId', id);
  }
  return id;
}

// A duplicated tab starts with a copy of the first one's sessionStorage; as the same device it
// would replace it. A lock that lives as long as its tab tells the two apart.
async function deviceId() {
  const id = storedTabId();
  if (!navigator.locks) return id;
  const isMine = await new Promise((resolve) => {
    navigator.locks.request(`device:${id}`, {ifAvailable: true}, (lock) => {
      resolve(lock !== null);
      return lock && new Promise(() => {});
    });
  });
  if (isMine) return id;
  sessionStorage.removeItem('deviceId');
  return storedTabId();
}

const deviceInfo = () => ({...describeBrowser(navigator.userAgent), type: byId('device-type').value});

function idleMs() {
  return byId('pretend-idle').checked ? PRETENDED_IDLE_MS : Date.now() - lastActivity;
}

// ---- talking to the server

// Emits, and gives the acknowledgement; logs both. Throws what the server refused.
async function ask(event, payload) {
  log('out', event, payload);
  const answer = await socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, payload);
  log(answer?.error ? 'error' : 'ack', event, answer);
  if (answer?.error) throw new Error(answer.error.message);
  return answer;
}

async function heartbeat() {
  if (!socket?.connected) return;
  const sentAt = Date.now();
  try {
    const {serverTime, cursor} = await ask('user_heartbeat',
      {timestamp: sentAt, deviceInfo: deviceInfo(), idleMs: idleMs()});
    serverClockAhead = Math.round(serverTime - (sentAt + Date.now()) / 2);
    view.cursor = cursor;
  } catch (error) {
    log('error', 'user_heartbeat', error.message);
  }
}

async function fetchOwnPresence() {
  try {
    view.apply('presence_status_response', await ask('get_user_presence', {userId: view.me}));
    showChoice();
    render();
  } catch (error) {
    log('error', 'get_user_presence', error.message);
  }
}

function expiresAt() {
  const choice = byId('expiry').value;
  if (choice === 'today') return new Date(serverNow()).setHours(24, 0, 0, 0);
  return Number(choice) > 0 ? serverNow() + Number(choice) : undefined;
}

async function setStatus() {
  byId('status-error').textContent = '';
  const status = document.querySelector('input[name=status]:checked').value;
  const customMessage = byId('message').value.trim() || undefined;
  try {
    const own = await ask('set_user_status', {status, customMessage, expiresAt: expiresAt()});
    view.apply('presence_status_response', own);
    render();
  } catch (error) {
    byId('status-error').textContent = `Not set: ${error.message}`;
  }
}

function onEvent(event, data) {
  log(event === 'presence_error' ? 'error' : 'in', event, data);
  view.apply(event, data);
  if (event === 'user_status_changed' && data.userId === view.me) showChoice();
  if (event === 'token_expired') byId('expired').hidden = false;
  if (event === 'presence_error') byId('status-error').textContent = data.message;
  render();
}

function onConnect() {
  const name = () => socket.io.engine.transport.name;
  showConnection('on', `Connected (${name()})`);
  socket.io.engine.once('upgrade', () => showConnection('on', `Connected (${name()})`));
  log('in', 'connect', {id: socket.id});
  byId('login').hidden = true;
  byId('app').hidden = false;
  byId('leave').hidden = false;
  byId('expired').hidden = true;
  heartbeat();
  fetchOwnPresence();
}

function onDisconnect(reason) {
  log('error', 'disconnect', reason);
  if (socket.active) {
    showConnection('trying', 'Connection lost, trying again');
  } else if (reason === 'io server disconnect') {
    showLogin('The server ended this session: its token expired, or the same device connected ' +
      'somewhere else.');
  }
}

function onConnectError(error) {
  log('error', 'connect_error', {message: error.message, data: error.data});
  if (socket.active) {
    showConnection('trying', 'Server not reached, trying again');
  } else {
    showLogin(`Refused: ${error.message}`);
  }
}

async function connect(userId) {
  const token = byId('token').value.trim() || undefined;
  sessionStorage.setItem('userId', userId);
  sessionStorage.setItem('deviceType', byId('device-type').value);
  view = new PresenceView(userId);
  byId('log').replaceChildren();
  byId('me-title').textContent = userId;
  byId('my-avatar').textContent = [...userId][0].toUpperCase();
  paintAvatar(byId('my-avatar'), userId);
  document.title = `${userId} · presenced`;
  showOthers();
  showConnection('trying', 'Connecting');

  const device = await deviceId();
  socket?.disconnect();
  socket = window.io({
    path: settings.path,
    // Called for each connection, so that a reconnect asks only for what changed meanwhile.
    auth: (send) => send({token, userId, deviceId: device, deviceInfo: deviceInfo(),
      snapshot: true, cursor: view.cursor}),
  });
  socket.on('connect', onConnect);
  socket.on('disconnect', onDisconnect);
  socket.on('connect_error', onConnectError);
  socket.onAny(onEvent);
}

function showLogin(error) {
  socket?.disconnect();
  socket = undefined;
  sessionStorage.removeItem('userId');
  document.title = 'presenced';
  showConnection('off', 'Not connected');
  byId('app').hidden = true;
  byId('leave').hidden = true;
  byId('login').hidden = false;
  byId('login-error').hidden = !error;
  byId('login-error').textContent = error ?? '';
}

// ---- showing what is known

function render() {
  const own = view.get(view.me);
  const status = byId('my-status');
  status.className = `status-text ${own.status}`;
  const text = ownStatusText(own) + (own.customMessage ? `: ${own.customMessage}` : '');
  if (status.textContent !== text) status.textContent = text;
  byId('my-devices').replaceChildren(...(own.devices ?? []).map(ownDevice));

  const contacts = view.sortedContacts();
  const there = contacts.filter((user) => user.status !== 'offline').length;
  byId('contacts-count').textContent = `${there} of ${contacts.length} here`;
  byId('contacts').replaceChildren(...contacts.map(contactItem));
  byId('no-contacts').hidden = contacts.length > 0;
}

// The form shows what is chosen, here or on another device, unless it is just being filled in; to be
// `away` by idling is not a choice.
function showChoice() {
  if (byId('status-form').contains(document.activeElement)) return;
  const {status, autoAway, customMessage = ''} = view.get(view.me);
  const chosen = autoAway ? 'online' : status;
  document.querySelector(`input[name=status][value=${chosen}]`).checked = true;
  byId('message').value = customMessage;
  showMessageSize();
}

function ownDevice(device) {
  const item = element('li', '', element('strong', '', device.deviceType ?? 'device'));
  const details = [device.browser, device.os].filter(Boolean).join(' on ');
  if (details) item.append(`, ${details}`);
  item.append(`, since ${clockTime(new Date(device.connectedAt))}`);
  if (device.socketId === socket?.id) item.append(element('span', 'chip', 'this tab'));
  return item;
}

function contactItem(user) {
  const body = element('div', '',
    element('p', 'name', user.userId),
    element('p', `status-text ${user.status}`, statusText(user, serverNow())));
  if (user.customMessage) body.append(element('p', 'message', user.customMessage));
  const item = element('li', '', avatar(user.userId, user.status), body);
  const kinds = deviceText(user.devices);
  if (kinds) {
    item.append(element('div', 'kinds',
      ...kinds.split(', ').map((kind) => element('span', 'chip', kind))));
  }
  return item;
}

function showOthers() {
  const links = settings.sampleUsers.filter((user) => user !== view.me).slice(0, 4).map((user) => {
    const link = element('a', '', user);
    link.href = `?as=${encodeURIComponent(user)}`;
    link.target = '_blank';
    link.rel = 'noopener';  // and so with a sessionStorage of its own
    return link;
  });
  byId('others').replaceChildren(...links.flatMap((link, i) => (i > 0 ? [', ', link] : [link])));
}

function showMessageSize() {
  const size = byteLength(byId('message').value.trim());
  byId('message-size').textContent = `${size} of ${MAX_MESSAGE_BYTES} bytes`;
  byId('message-size').className = size > MAX_MESSAGE_BYTES ? 'error' : 'hint';
}

function showIdle() {
  const seconds = Math.floor(idleMs() / 1000);
  byId('idle').textContent = seconds < 5 ? 'You are active.' :
    `No input here for ${seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`}. ` +
    'When all devices are idle for 5 minutes, you are away.';
}

// ---- what the person does

function onActivity() {
  const wasIdle = Date.now() - lastActivity > BACK_AFTER_IDLE_MS;
  lastActivity = Date.now();
  if (wasIdle) heartbeat();
}

function onSubmit(form, action) {
  byId(form).addEventListener('submit', (event) => {
    event.preventDefault();
    action();
  });
}

function listen() {
  for (const kind of ['pointermove', 'pointerdown', 'keydown', 'wheel']) {
    window.addEventListener(kind, onActivity, {passive: true});
  }
  onSubmit('login-form', () => {
    const userId = byId('user-id').value.trim();
    if (userId) connect(userId);
  });
  onSubmit('status-form', setStatus);
  onSubmit('expired', async () => {
    try {
      await ask('refresh_token', {token: byId('fresh-token').value.trim()});
      byId('expired').hidden = true;
    } catch (error) {
      log('error', 'refresh_token', error.message);
    }
  });
  byId('leave').addEventListener('click', () => showLogin());
  byId('message').addEventListener('input', showMessageSize);
  byId('pretend-idle').addEventListener('change', heartbeat);
  byId('clear-log').addEventListener('click', () => byId('log').replaceChildren());
  byId('hide-heartbeats').addEventListener('change', (event) => {
    byId('log').classList.toggle('hide-heartbeats', event.target.checked);
  });
  // Without an acknowledgement, so that the answer comes as the event presence_status_response.
  byId('refresh').addEventListener('click', () => {
    const payload = {userIds: [...view.contacts]};
    log('out', 'check_users_presence', payload);
    socket.emit('check_users_presence', payload);
  });
}

function showSampleUsers() {
  byId('sample-users').append(...settings.sampleUsers.map((user) => {
    const button = element('button', '', avatar(user), user);
    button.type = 'button';
    button.addEventListener('click', () => connect(user));
    return element('li', '', button);
  }));
}

// The classic bundle, which defines window.io; its path is the server's to choose.
function loadClient() {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${settings.path}socket.io.js`;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${script.src} could not be loaded`));
    document.head.append(script);
  });
}

async function start() {
  await loadClient();
  byId('device-type').value =
    sessionStorage.getItem('deviceType') ?? describeBrowser(navigator.userAgent).type;
  showSampleUsers();
  listen();
  setInterval(heartbeat, HEARTBEAT_MS);
  setInterval(showIdle, 1000);
  setInterval(() => socket && render(), HEARTBEAT_MS);  // `last seen` ages
  const userId = new URLSearchParams(location.search).get('as') ?? sessionStorage.getItem('userId');
  if (userId) {
    connect(userId);
  } else {
    showLogin();
  }
}

await start();
