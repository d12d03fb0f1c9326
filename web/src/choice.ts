// What a person chooses as a status, and how statuses are put into words here.
import { statusText, type Activity, type Device, type Status, type UserPresence } from '@presenced/client';

export const CHOICES: readonly { status: Status; label: string }[] = [
  { status: 'online', label: 'Online' },
  { status: 'away', label: 'Away' },
  { status: 'busy', label: 'Busy' },
  { status: 'offline', label: 'Invisible' },
];

export interface Choice {
  status: Status;
  message: string;
}

/** What the user has chosen, by the own presence; being away by idling is no choice. */
export function chosen(own: UserPresence | undefined): Choice {
  // A user who chose nothing and has not arrived yet is no invisible one.
  const visible = !own || own.autoAway || !isKnown(own);
  return { status: visible ? 'online' : own.status, message: own?.customMessage ?? '' };
}

/** The own view of a user has the device that looks, also while invisible. */
const isKnown = ({ status, deviceCount }: UserPresence) => status !== 'offline' || deviceCount > 0;

/** The own status in words; nothing until it is known. */
export function ownStatusText(own: UserPresence | undefined): string {
  if (!own || !isKnown(own)) return '';
  return own.status === 'offline' ? 'Invisible to your contacts' : statusText(own);
}

export const ENDS = [
  { value: 'never', label: 'when I change it' },
  { value: '10000', label: 'in 10 seconds' },
  { value: '1800000', label: 'in 30 minutes' },
  { value: '3600000', label: 'in 1 hour' },
  { value: 'today', label: 'at midnight' },
] as const;

export type End = (typeof ENDS)[number]['value'];

/** The time at which a choice ends; `now` is the server's. */
export function expiresAt(end: End, now: number): number | undefined {
  if (end === 'never') return undefined;
  return end === 'today' ? new Date(now).setHours(24, 0, 0, 0) : Math.round(now) + Number(end);
}

export const MAX_MESSAGE_BYTES = 256;

/** The size that the server counts for a custom message: bytes of UTF-8. */
export const byteLength = (text: string) => new TextEncoder().encode(text).length;

/** How many devices there are of each kind, as in `2 web`; none where none is listed. */
export function deviceKinds(devices: readonly Pick<Device, 'deviceType'>[] = []): string[] {
  const counts = new Map<string, number>();
  for (const { deviceType } of devices) counts.set(deviceType, (counts.get(deviceType) ?? 0) + 1);
  return [...counts].sort().map(([type, count]) => `${count} ${type}`);
}

const PRETENDED_IDLE_MS = 10 * 60_000;

/** The page's activity, or, to see what becomes of it, none for ten minutes. */
export class PretendedActivity implements Activity {
  pretends = false;
  readonly subscribe: Activity['subscribe'];
  readonly #real: Activity;

  constructor(real: Activity) {
    this.#real = real;
    this.subscribe = (listener) => real.subscribe(listener);
  }

  idleMs(): number | undefined {
    return this.pretends ? PRETENDED_IDLE_MS : this.#real.idleMs();
  }
}
