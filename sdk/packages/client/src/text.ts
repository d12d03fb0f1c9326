import type { UserPresence } from './store.js';
import type { Status } from './wire.js';

/** The guide's colours. Colour alone tells nobody enough: show it beside a text or a shape. */
export const STATUS_COLORS: Readonly<Record<Status, string>> = {
  online: '#4CAF50',
  away: '#FF9800',
  busy: '#F44336',
  offline: '#9E9E9E',
};

/** The words of `statusText` and `lastSeenText`, to be given in other languages. */
export interface Words extends Record<Status, string> {
  justNow: string;
  /** Offline for less than five minutes. */
  recently: string;
  /** `ago` is a relative time such as `3h ago`. */
  lastSeen(ago: string): string;
  devices(count: number): string;
}

export interface TextOptions {
  /** By the server's clock: `presence.now()`. Default: the device's clock. */
  now?: number;
  /** A BCP 47 tag: relative times in this language, by Intl. Without it those of the guide. */
  locale?: string;
  /** The other words in this language. */
  words?: Partial<Words>;
}

const ENGLISH: Words = {
  online: 'Online',
  away: 'Away',
  busy: 'Busy',
  offline: 'Offline',
  justNow: 'Just now',
  recently: 'Last seen recently',
  lastSeen: (ago) => `Last seen ${ago}`,
  devices: (count) => `(${count} devices)`,
};

/** `Just now`, `5m ago`, `3h ago`, `2d ago`; nothing for somebody never seen. */
export function lastSeenText(lastSeen: number | undefined, options: TextOptions = {}): string {
  if (!lastSeen) return '';
  const minutes = minutesSince(lastSeen, options);
  if (minutes < 1) {
    if (options.words?.justNow || !options.locale) return options.words?.justNow ?? ENGLISH.justNow;
    return new Intl.RelativeTimeFormat(options.locale, { numeric: 'auto' }).format(0, 'second');
  }
  return agoText(minutes, options);
}

/** The status of somebody in words: `Online (2 devices)`, `Busy`, `Last seen 3h ago`. */
export function statusText(
  presence: UserPresence | undefined,
  options: TextOptions = {},
): string {
  const words = { ...ENGLISH, ...options.words };
  if (!presence || presence.status === 'offline') {
    if (!presence?.lastSeen) return words.offline;
    const minutes = minutesSince(presence.lastSeen, options);
    return minutes < 5 ? words.recently : words.lastSeen(agoText(minutes, options));
  }
  const { status, deviceCount } = presence;
  return words[status] + (deviceCount > 1 ? ` ${words.devices(deviceCount)}` : '');
}

function minutesSince(time: number, { now = Date.now() }: TextOptions): number {
  return Math.floor((now - time) / 60_000);
}

function agoText(minutes: number, { locale }: TextOptions): string {
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const [count, unit] =
    minutes < 60 ? [minutes, 'minute'] as const : hours < 24 ? [hours, 'hour'] as const : [days, 'day'] as const;
  if (!locale) return `${count}${unit[0]} ago`;
  return new Intl.RelativeTimeFormat(locale, { style: 'narrow' }).format(-count, unit);
}
