// Small parts of the console that a server at localhost does not show: cookies by https, names and ports, what waits to be signed for.

import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { isOriginOf } from '#base/passkey.ts';
import { isAt } from '#console/guard.ts';
import { readSessionCookie, sessionCookie } from '#console/session-cookie.ts';
import type { HttpRequest } from '#domain/door-ports.ts';
import { createActs } from '#people/acts.ts';
import { codeOf, createClock } from '#test/approvals/world.ts';

const HTTPS = { origin: 'https://smcp.example.org', rpId: 'smcp.example.org', isSecure: true };
const HTTP = { origin: 'http://localhost:8000', rpId: 'localhost', isSecure: false };
const requestWith = (cookie: string) => ({ headers: { cookie } }) as unknown as HttpRequest;

describe('the cookie half of a session', () => {
  test('by https is bound to the host, and sent by https only', () => {
    expect(sessionCookie('abc', HTTPS)).toBe('__Host-smcp-console=abc; Path=/; Secure; HttpOnly; SameSite=Strict');
    expect(readSessionCookie(requestWith('x=1; __Host-smcp-console=abc'), HTTPS)).toBe('abc');
  });

  test('by https is no plain one, which another host of the domain could have set', () => {
    expect(readSessionCookie(requestWith('smcp-console=abc'), HTTPS)).toBeUndefined();
    expect(readSessionCookie(requestWith('smcp-console=abc'), HTTP)).toBe('abc');
  });

  test('is forgotten at once where there is none to keep', () => {
    expect(sessionCookie(undefined, HTTP)).toContain(
      'smcp-console=; Path=/console/; HttpOnly; SameSite=Strict; Max-Age=0',
    );
  });
});

test.each<[string | undefined, string, boolean]>([
  ['smcp.example.org', HTTPS.origin, true],
  ['smcp.example.org:443', HTTPS.origin, true],
  ['smcp.example.org:8443', HTTPS.origin, false],
  ['SMCP.example.org', HTTPS.origin, true],
  ['evil.example', HTTPS.origin, false],
  ['localhost:8000', HTTP.origin, true],
  ['127.0.0.1:8000', HTTP.origin, false],
  ['ana@localhost:8000', HTTP.origin, false],
  ['localhost:8000/x', HTTP.origin, false],
  ['', HTTP.origin, false],
  [undefined, HTTP.origin, false],
])('a Host of %s is at %s: %s', (host, origin, isThere) => {
  expect(isAt(host, origin)).toBe(isThere);
});

test.each<[string, string, boolean]>([
  ['https://smcp.example.org', 'smcp.example.org', true],
  ['https://smcp.example.org', 'example.org', true],
  ['https://smcp.example.org.evil.example', 'smcp.example.org', false],
  ['https://evilsmcp.example.org', 'smcp.example.org', false],
  ['http://smcp.example.org', 'smcp.example.org', false],
  ['http://localhost:8000', 'localhost', true],
  ['http://app.localhost:8000', 'localhost', false],
  ['https://smcp.example.org/', 'smcp.example.org', false],
  ['null', 'smcp.example.org', false],
])('a page of %s may ask for passkeys of %s: %s', (origin, rpId, isOne) => {
  expect(isOriginOf(origin, rpId)).toBe(isOne);
});

describe('an act that waits to be signed for', () => {
  const asked = (subject: string) => ({
    ...{ operation: 'unfreeze', input: { agent: subject }, subject, by: 'admin' },
    ...{ about: { freezes: [subject] }, shown: subject },
  });

  test('is one for the same, signed for or dropped once, and ends with time', async () => {
    const { clock, pass } = createClock();
    const acts = createActs(clock);
    const act = acts.ask(asked('a'));
    expect(acts.ask(asked('a')).id).toBe(act.id);
    expect(acts.ask(asked('b')).id).not.toBe(act.id);
    expect(acts.take(act.id).digest).toBe(act.digest);
    expect(await codeOf(() => acts.take(act.id))).toBe('ACT_UNKNOWN');
    pass(LIMITS.actMs);
    expect(acts.list()).toEqual([]);
  });

  test('has a digest that nobody guesses from what it comes to', () => {
    const { clock } = createClock();
    expect(createActs(clock).ask(asked('a')).digest).not.toBe(createActs(clock).ask(asked('a')).digest);
  });

  test('is one of a bounded number', async () => {
    const acts = createActs(createClock().clock);
    for (let count = 0; count < LIMITS.actsPendingMax; count += 1) acts.ask(asked(`agent-${count}`));
    expect(await codeOf(() => acts.ask(asked('one-more')))).toBe('ACTS_FULL');
  });
});
