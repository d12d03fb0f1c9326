import { useConnection, usePresenceClient } from '@presenced/react';
import { useEffect, useState, type ReactElement } from 'react';

const WORDS = { connecting: 'Connecting', connected: 'Connected', disconnected: 'Not connected' };

/** Whether the pane is connected, and by what. */
export function ConnectionView(): ReactElement {
  const { status, error } = useConnection();
  const transport = useTransport();
  const words = status === 'connecting' && error ? 'Trying again' : WORDS[status];
  return (
    <p className="connection" role="status" data-connection={status}>
      {words}
      {status === 'connected' && transport && <span className="transport">{transport}</span>}
    </p>
  );
}

/** `websocket` or `polling`, of the connection as it is. */
function useTransport(): string | undefined {
  const presence = usePresenceClient();
  const { status } = useConnection();
  const [transport, setTransport] = useState<string>();
  useEffect(() => {
    const engine = presence?.socket?.io.engine;
    if (status !== 'connected' || !engine) return;
    const read = () => setTransport(engine.transport.name);
    read();
    engine.on('upgrade', read);
    return () => void engine.off('upgrade', read);
  }, [presence, status]);
  return transport;
}
