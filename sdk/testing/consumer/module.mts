// An application in ES modules that has the built packages: its types are checked, nothing is run.
import { createPresence, statusText, type Presence, type UserPresence } from '@presenced/client';
import { useMyStatus, usePresence } from '@presenced/react';
import { createMobilePresence } from '@presenced/react-native';
import { presencePlugin, usePresence as usePresenceInVue } from '@presenced/vue';
import { io } from 'socket.io-client';
import { createApp } from 'vue';

const presence: Presence = createPresence({
  url: 'https://presence.example.com',
  auth: async (why) => ({ token: why === 'expired' ? 'fresh' : 'first' }),
});
createPresence({ socket: io('https://example.com'), userId: 'alice' });

presence.on('user_offline', ({ offlineReason }) => {
  const reason: 'disconnected' | 'inactive' | 'manual' = offlineReason;
  return reason;
});
presence.on('error', ({ code }) => code === 'too_many_devices' || code === 'timeout');
const bob: UserPresence = await presence.setStatus('busy', { expiresAt: new Date() });
const text: string = statusText(bob, { now: presence.now(), locale: 'vi' });

// @ts-expect-error there is no such status
void presence.setStatus('sleeping');
// @ts-expect-error there is no such event
presence.on('user_sleeps', () => {});
// @ts-expect-error snapshots are immutable
bob.status = 'online';
// @ts-expect-error either a url or a socket
createPresence({ auth: { userId: 'alice' } });
// @ts-expect-error credentials are a token or a user
createPresence({ url: '', auth: { password: 'x' } });

export function Hooks(): string {
  const { status, setStatus } = useMyStatus();
  void setStatus('away', { customMessage: text });
  return status + usePresence('bob').status;
}

createApp({ setup: () => ({ bob: usePresenceInVue('bob').value.status }) }).use(presencePlugin, { presence });
// @ts-expect-error the plugin needs a presence, or options for one
createApp({}).use(presencePlugin, {});

// As react-native declares it.
declare const AppState: {
  currentState: 'active' | 'background' | 'inactive' | 'unknown' | 'extension';
  addEventListener(type: 'change', listener: (state: 'active' | 'background') => void): { remove: () => void };
};
createMobilePresence({ AppState, Platform: { OS: 'ios', Version: 17 }, url: '', auth: { userId: 'alice' } });
