import type { PresenceError } from './errors.js';
import type { ClientEvents, ConnectPayload, HeartbeatAck, ServerEvents } from './wire.js';

/**
 * `connecting`: trying, or waiting to try again; `connected`; `disconnected`: nothing is tried any
 * more (refused, ended by the server, or closed) until `connect()`.
 */
export interface ConnectionState {
  readonly status: 'connecting' | 'connected' | 'disconnected';
  /** Why it is not connected, when that is known. */
  readonly error?: PresenceError;
}

/** A way to the server: a connection of this tab's own, or that of another tab. */
export interface Link {
  /** Sends an event and gives its acknowledgement; waits for the connection if need be. */
  ask<Name extends keyof ClientEvents>(
    name: Name,
    payload: ClientEvents[Name]['payload'],
  ): Promise<ClientEvents[Name]['ack']>;
  /** Sends a heartbeat if it is connected. */
  beat(idleMs: number | undefined): void;
  connect(): void;
  /** Tries at once, if it was waiting to try again. */
  wake(): void;
  /** Ends it. With `silently` the server believes that the device comes back in a moment. */
  close(silently?: boolean): void;
}

/** What a link needs to know, and whom it tells: functions that need no `this`. */
export interface LinkOwner {
  /** What this device says of itself when it connects. */
  handshake(): ConnectPayload;
  onState(state: ConnectionState): void;
  /** It is connected, and no snapshot will come by itself. */
  onUnsynced(): void;
  onEvent<Name extends keyof ServerEvents>(name: Name, data: ServerEvents[Name]): void;
  onBeat(answer: HeartbeatAck, sentAt: number): void;
  /** The server's ping has come: time passes, also where timers are throttled. */
  onPing(): void;
  onError(error: PresenceError): void;
  /** A token was found, from which the user may be known. */
  onToken(token: string): void;
}
