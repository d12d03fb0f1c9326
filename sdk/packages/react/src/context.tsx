import { createPresence, type Presence, type PresenceOptions } from '@presenced/client';
import { createContext, useContext, useEffect, useState, type ReactElement, type ReactNode } from 'react';

// undefined: inside a provider that has not begun yet; null: outside of any.
const PresenceContext = createContext<Presence | undefined | null>(null);

export interface PresenceProviderProps {
  /** A presence of the application's own, which also closes it. */
  presence?: Presence;
  /**
   * Options of `createPresence`: the provider creates it when it is mounted, and closes it when it is
   * unmounted. Later changes are not looked at: a provider for another user has another `key`.
   */
  options?: PresenceOptions;
  children?: ReactNode;
}

/** Gives everything below it the presence. */
export function PresenceProvider({ presence, options, children }: PresenceProviderProps): ReactElement {
  const [own, setOwn] = useState<Presence>();
  useEffect(() => {
    if (presence || !options) return;
    const created = createPresence(options);
    setOwn(created);
    return () => created.close();
    // The options are those of the mount, as said above.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [presence]);
  return <PresenceContext.Provider value={presence ?? own}>{children}</PresenceContext.Provider>;
}

/** The presence of the provider above; undefined while that is being mounted, and on a server. */
export function usePresenceClient(): Presence | undefined {
  const presence = useContext(PresenceContext);
  if (presence === null) throw new Error('there is no <PresenceProvider> above this component');
  return presence;
}
