// Who is in this window. A pane is one device of one user; the tab keeps them over a reload, but not
// their tokens.
import { describeDevice, type DeviceInfo } from '@presenced/client';

export type DeviceType = NonNullable<DeviceInfo['type']>;
export const DEVICE_TYPES: readonly DeviceType[] = ['web', 'mobile', 'desktop'];

/** What a person says who enters. */
export interface Entry {
  userId: string;
  deviceType: DeviceType;
  token?: string;
}

export interface Pane extends Entry {
  id: number;
}

export type PaneAction = { type: 'enter'; entry: Entry } | { type: 'leave'; id: number };

export function panesAfter(panes: readonly Pane[], action: PaneAction): readonly Pane[] {
  if (action.type === 'leave') return panes.filter(({ id }) => id !== action.id);
  const id = Math.max(0, ...panes.map((pane) => pane.id)) + 1;
  return [...panes, { ...action.entry, id }];
}

/** The name of each pane, by its id: the user, numbered where the user is here more than once. */
export function paneNames(panes: readonly Pane[]): ReadonlyMap<number, string> {
  const seen = new Map<string, number>();
  const names = new Map<number, string>();
  for (const { id, userId } of panes) {
    const count = (seen.get(userId) ?? 0) + 1;
    seen.set(userId, count);
    names.set(id, count === 1 ? userId : `${userId} (${count})`);
  }
  return names;
}

const KEY = 'presenced.panes';

/** The panes that a tab opens with: those of its address (`?as=alice&as=bob`), or those it had. */
export function openingPanes(
  { search }: Pick<Location, 'search'>,
  storage: Pick<Storage, 'getItem'>,
): readonly Pane[] {
  const asked = new URLSearchParams(search).getAll('as').filter(Boolean);
  const deviceType = describeDevice().type ?? 'web';
  const entries = asked.length ? asked.map((userId) => ({ userId, deviceType })) : kept(storage);
  return entries.reduce<readonly Pane[]>(
    (panes, entry) => panesAfter(panes, { type: 'enter', entry }),
    [],
  );
}

export function keepPanes(panes: readonly Pane[], storage: Pick<Storage, 'setItem'>): void {
  const entries = panes.map(({ userId, deviceType }): Entry => ({ userId, deviceType }));
  storage.setItem(KEY, JSON.stringify(entries));
}

// The storage may hold anything that another version of the page left there.
function kept(storage: Pick<Storage, 'getItem'>): Entry[] {
  try {
    const entries = JSON.parse(storage.getItem(KEY) ?? '[]') as Partial<Entry>[];
    return entries.flatMap(({ userId, deviceType }) =>
      userId && deviceType && DEVICE_TYPES.includes(deviceType) ? [{ userId, deviceType }] : [],
    );
  } catch {
    return [];
  }
}
