import { describe, expect, test } from 'vitest';

import { keepPanes, openingPanes, paneNames, panesAfter, type Pane } from '../src/panes.js';

class Kept {
  readonly #items = new Map<string, string>();
  getItem = (key: string) => this.#items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#items.set(key, value);
}

const entering = (panes: readonly Pane[], userId: string) =>
  panesAfter(panes, { type: 'enter', entry: { userId, deviceType: 'web' } });
const here = (...users: string[]) => users.reduce<readonly Pane[]>(entering, []);
const usersOf = (panes: readonly Pane[]) => panes.map(({ userId }) => userId);

describe('who is in the window', () => {
  test('ids are not used again while somebody newer is there', () => {
    const left = panesAfter(here('alice', 'bob', 'carol'), { type: 'leave', id: 2 });
    expect(usersOf(left)).toEqual(['alice', 'carol']);
    expect(entering(left, 'dave').map(({ id }) => id)).toEqual([1, 3, 4]);
  });

  test('a user who is here twice is numbered', () => {
    expect([...paneNames(here('alice', 'bob', 'alice')).values()]).toEqual(['alice', 'bob', 'alice (2)']);
  });
});

describe('what a tab opens with', () => {
  test('nobody, at first', () => {
    expect(openingPanes({ search: '' }, new Kept())).toEqual([]);
  });

  test('those of the address, before those it had', () => {
    const kept = new Kept();
    keepPanes(here('carol'), kept);
    expect(usersOf(openingPanes({ search: '?as=alice&as=b%26b&as=' }, kept))).toEqual(['alice', 'b&b']);
  });

  test('those it had, without their tokens', () => {
    const kept = new Kept();
    keepPanes([{ id: 7, userId: 'alice', deviceType: 'mobile', token: 'secret' }], kept);
    expect(openingPanes({ search: '' }, kept)).toEqual([{ id: 1, userId: 'alice', deviceType: 'mobile' }]);
  });

  test.each(['{', 'null', '[{"userId":3}]', '[{"userId":"a","deviceType":"fridge"}]'])(
    'nobody when %s is what is kept',
    (text) => {
      expect(openingPanes({ search: '' }, { getItem: () => text })).toEqual([]);
    },
  );
});
