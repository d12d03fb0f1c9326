import type { ErrorCode } from './wire.js';

/**
 * What the server refuses with (contract, sections 2 and 3), and what only a client can know:
 * `timeout` (no answer in time), `disconnected` (the connection was lost before the answer, or the
 * server ended it), `unreachable` (no connection could be made), `closed` (by `close()`).
 */
export type PresenceErrorCode = ErrorCode | 'timeout' | 'disconnected' | 'unreachable' | 'closed';

/** A request that was refused or not answered, or a connection that was refused or lost. */
export class PresenceError extends Error {
  override readonly name = 'PresenceError';

  constructor(
    readonly code: PresenceErrorCode,
    message: string,
    /** The event that was refused, if it was one. */
    readonly event?: string,
  ) {
    super(message);
  }
}

/** Why everything that waits ends with `close()`. */
export const closedError = () => new PresenceError('closed', 'presence was closed');
