import { createPresence, type Presence, type PresenceOptions } from '@presenced/client';
import { inject, type App, type InjectionKey, type Plugin } from 'vue';

const KEY: InjectionKey<Presence> = Symbol('presence');

/** A presence of the application's own, or options to create one that ends with the app. */
export type PresencePluginOptions = { presence: Presence } | { options: PresenceOptions };

/** `app.use(presencePlugin, { options: { url, auth } })` */
export const presencePlugin: Plugin<[PresencePluginOptions]> = {
  install(app: App, given: PresencePluginOptions) {
    if ('presence' in given) {
      app.provide(KEY, given.presence);
      return;
    }
    // Rendered on a server, nobody is there.
    const inBrowser = typeof document !== 'undefined';
    const presence = createPresence({ ...given.options, ...(!inBrowser && { autoConnect: false }) });
    app.provide(KEY, presence);
    const unmount = app.unmount.bind(app);
    app.unmount = () => {
      presence.close();
      unmount();
    };
  },
};

/** The presence of the plugin. */
export function usePresenceClient(): Presence {
  const presence = inject(KEY, undefined);
  if (!presence) throw new Error('app.use(presencePlugin, ...) is missing');
  return presence;
}
