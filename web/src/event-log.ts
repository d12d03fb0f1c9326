// What passes over the wire, as the log shows it.
import type { Unsubscribe } from '@presenced/client';
import { Decoder, Encoder, PacketType, type Packet } from 'socket.io-parser';

/** `ack` and `note` come in too: an answer by acknowledgement, and what happened to the connection. */
export type Kind = 'in' | 'out' | 'ack' | 'note' | 'error';

export interface Line {
  id: number;
  at: Date;
  /** The pane in which it happened. */
  who: string;
  kind: Kind;
  /** The event, or `connect` and the like. */
  name: string;
  data: unknown;
}

const LONGEST = 300;

export class EventLog {
  #lines: readonly Line[] = [];
  #ids = 0;
  readonly #listeners = new Set<() => void>();

  /** Newest first; the same array until there is more. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  add(who: string, kind: Kind, name: string, data?: unknown): void {
    const line: Line = { id: ++this.#ids, at: new Date(), who, kind, name, data: withoutToken(data) };
    this.#set([line, ...this.#lines].slice(0, LONGEST));
  }

  clear(): void {
    this.#set([]);
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(lines: readonly Line[]): void {
    this.#lines = lines;
    for (const listener of this.#listeners) listener();
  }
}

// A token is a key; what the log shows may end up in a screenshot.
function withoutToken(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('token' in data)) return data;
  return { ...data, token: '…' };
}

/**
 * Turns the packets of one socket into lines of the log. An acknowledgement carries only a number, so
 * that the events which wait for one are remembered.
 */
export function packetLogger(log: EventLog, who: string): (way: 'in' | 'out', packet: Packet) => void {
  const asked = new Map<number, string>();
  return (way, { type, data, id }) => {
    switch (type) {
      case PacketType.CONNECT:
        if (way === 'out') asked.clear();
        return log.add(who, way, 'connect', data);
      case PacketType.CONNECT_ERROR:
        return log.add(who, 'error', 'connect_error', data);
      case PacketType.DISCONNECT:
        return log.add(who, way, 'disconnect');
      case PacketType.EVENT: {
        const [name, payload] = data as [string, unknown];
        if (id !== undefined) asked.set(id, name);
        return log.add(who, name === 'presence_error' ? 'error' : way, name, payload);
      }
      case PacketType.ACK: {
        const [answer] = data as [{ error?: unknown } | undefined];
        const name = asked.get(id!) ?? 'acknowledgement';
        asked.delete(id!);
        return log.add(who, answer?.error ? 'error' : 'ack', name, answer);
      }
    }
  };
}

/** The parser of socket.io-client, for its option `parser`, which shows each packet to `see`. */
export function seenParser(see: (way: 'in' | 'out', packet: Packet) => void) {
  return {
    Encoder: class extends Encoder {
      override encode(packet: Packet) {
        see('out', packet);
        return super.encode(packet);
      }
    },
    Decoder: class extends Decoder {
      constructor() {
        super();
        this.on('decoded', (packet) => see('in', packet));
      }
    },
  };
}
