import { describe, expect, test } from 'vitest';

import { subjectOf, TokenSource } from '../src/credentials.js';

/** What the promise gave so far. */
async function settled<Value>(promise: Promise<Value>): Promise<Value | 'waits'> {
  return Promise.race([promise, new Promise<'waits'>((resolve) => setTimeout(() => resolve('waits')))]);
}

describe('a pane\'s credentials', () => {
  test('are the user\'s id until there is a token', async () => {
    const tokens = new TokenSource('alice');
    expect(await tokens.auth('connect')).toEqual({ userId: 'alice' });
    expect(await new TokenSource('alice', 'a.b.c').auth('connect')).toEqual({ token: 'a.b.c' });
  });

  test('wait for a fresh token when the last one has expired, also for reconnecting', async () => {
    const tokens = new TokenSource('alice', 'old');
    const fresh = tokens.auth('expired');
    const again = tokens.auth('connect');
    expect(tokens.want).toBe('expired');
    expect(await settled(fresh)).toBe('waits');
    tokens.provide('fresh');
    expect(await fresh).toEqual({ token: 'fresh' });
    expect(await again).toEqual({ token: 'fresh' });
    expect(tokens.want).toBeUndefined();
    expect(await tokens.auth('connect')).toEqual({ token: 'fresh' });
  });

  test('wait after a refusal, and say so', async () => {
    const tokens = new TokenSource('alice');
    let told = 0;
    const end = tokens.subscribe(() => ++told);
    tokens.ask('refused');
    expect(tokens.want).toBe('refused');
    expect(await settled(tokens.auth('connect'))).toBe('waits');
    tokens.provide('a.b.c');
    expect(told).toBe(2);
    end();
    tokens.ask('refused');
    expect(told).toBe(2);
  });
});

describe('the user that a token names', () => {
  const base64url = (text: string) =>
    btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/\+/g, '-').replace(/\//g, '_');
  const token = (claims: unknown) => `x.${base64url(JSON.stringify(claims))}.y`;

  test('is its sub', () => {
    expect(subjectOf(token({ sub: 'Zoë ✓' }))).toBe('Zoë ✓');
  });

  test.each(['', 'abc', 'a.b.c', token({}), token({ sub: 7 }), token({ sub: '' }), token(null)])(
    'is nobody for %j',
    (text) => {
      expect(subjectOf(text)).toBeUndefined();
    },
  );
});
