// The guide's own snippets, as an application would hold them: listeners by name, emits without
// acknowledgement, a heartbeat by interval. Nothing here knows of the contract's additions.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { io as io3 } from 'socket.io-client-3';
import { io as io4 } from 'socket.io-client';

import { Server } from '../support/server.js';
import { until } from '../support/time.js';

let server;
before(async () => {
  server = await Server.start({ stale_after: '1500ms', disconnect_grace: '300ms' });
});
after(() => server.stop());

/** The guide's React hook without React: userPresences and checkUsersPresence. */
function presenceSystem(io, userId, { beat = 400, deviceInfo = { type: 'web', os: 'Linux', browser: 'Firefox' } } = {}) {
  const socket = io(server.url, { auth: { userId }, forceNew: true, reconnectionDelay: 30, reconnectionDelayMax: 60 });
  const userPresences = new Map();
  const custom = new Map();
  socket.on('user_online', (data) => {
    userPresences.set(data.userId, { status: 'online', lastSeen: data.lastSeen, deviceCount: data.deviceCount });
  });
  socket.on('user_offline', (data) => {
    userPresences.set(data.userId, { status: 'offline', lastSeen: data.lastSeen, deviceCount: 0 });
  });
  socket.on('presence_status_response', (data) => {
    if (data.userId) userPresences.set(data.userId, { status: data.status, lastSeen: data.lastSeen, deviceCount: data.deviceCount });
    if (data.users) {
      data.users.forEach((user) => {
        userPresences.set(user.userId, { status: user.status, lastSeen: user.lastSeen, deviceCount: user.deviceCount });
      });
    }
  });
  socket.on('user_status_changed', (data) => custom.set(data.userId, data));
  const sendHeartbeat = () => socket.emit('user_heartbeat', { timestamp: Date.now(), deviceInfo });
  let heartbeatInterval = setInterval(sendHeartbeat, beat);
  return {
    socket,
    userPresences,
    custom,
    checkUsersPresence: (userIds) => socket.emit('check_users_presence', { userIds }),
    // The React Native manager: paused in the background, resumed with a heartbeat at once.
    stopHeartbeat() {
      clearInterval(heartbeatInterval);
      heartbeatInterval = null;
    },
    startHeartbeat() {
      sendHeartbeat();
      heartbeatInterval ??= setInterval(sendHeartbeat, beat);
    },
    onReconnect(contactIds) {
      // In 3.x and 4.x 'reconnect' is an event of the manager.
      socket.io.on('reconnect', () => {
        sendHeartbeat();
        socket.emit('check_users_presence', { userIds: contactIds });
      });
    },
    close() {
      clearInterval(heartbeatInterval);
      socket.disconnect();
    },
    status: (user) => userPresences.get(user)?.status,
  };
}

for (const [version, io] of [['4.x', io4], ['3.x', io3]]) {
  test(`the guide's screens with socket.io-client ${version}`, async () => {
    const [alice, bob] = [`alice ${version}`, `bob ${version}`];
    await server.befriend(alice, bob);
    const b = presenceSystem(io, bob);
    const open = [b];
    try {
      await until(() => b.socket.connected);
      b.checkUsersPresence([alice]);
      await until(() => b.status(alice) === 'offline', { what: 'the contact list to be filled' });

      const a = presenceSystem(io, alice, { deviceInfo: { type: 'mobile', os: 'android', version: 33 } });
      open.push(a);
      await until(() => b.status(alice) === 'online', { what: 'alice to show online' });
      assert.equal(b.userPresences.get(alice).deviceCount, 1);

      const second = presenceSystem(io, alice);
      open.push(second);
      await until(() => second.socket.connected);
      b.checkUsersPresence([alice]);
      await until(() => b.userPresences.get(alice).deviceCount === 2, { what: "'Online (2 devices)'" });
      second.close();

      a.socket.emit('set_user_status', { status: 'away', customMessage: 'In a meeting' });
      await until(() => b.custom.get(alice)?.customMessage === 'In a meeting', { what: 'the custom status' });
      assert.equal(b.custom.get(alice).status, 'away');
      b.socket.emit('get_user_presence', { userId: alice });
      await until(() => b.status(alice) === 'away', { what: 'the colour of away' });
      a.socket.emit('set_user_status', { status: 'online' });

      // The phone goes to the background and comes back.
      a.stopHeartbeat();
      await until(() => b.status(alice) === 'offline', { what: 'the phone in the background to go offline' });
      assert.ok(b.userPresences.get(alice).lastSeen > Date.now() - 10000, "'Just now'");
      assert.equal(a.socket.connected, true);
      a.startHeartbeat();
      await until(() => b.status(alice) === 'online', { what: 'the phone in the foreground to come online' });

      // A lost network: the client reconnects by itself and asks again.
      a.onReconnect([bob]);
      a.userPresences.clear();
      a.socket.io.engine.close();
      await until(() => a.status(bob) === 'online', { what: 'the answer after reconnecting' });

      a.close();
      await until(() => b.status(alice) === 'offline', { what: 'alice to show offline' });
    } finally {
      for (const each of open) each.close();
    }
  });
}
