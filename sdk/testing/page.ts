// For tests in a simulated page: a place to put things, and the accessibility check of what is there.
import axe from 'axe-core';
import { afterEach, expect } from 'vitest';

/** A new element in the page, until the end of the test. */
export function usePlace(): () => HTMLElement {
  const places: HTMLElement[] = [];
  afterEach(() => {
    for (const place of places.splice(0)) place.remove();
  });
  return () => {
    const place = document.body.appendChild(document.createElement('main'));
    places.push(place);
    return place;
  };
}

/** Fails when axe finds fault with it. A simulated page has no colours to look at (see contrast.ts). */
export async function expectAccessible(element: Element): Promise<void> {
  const { violations } = await axe.run(element, { rules: { 'color-contrast': { enabled: false } } });
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
}
