// Small parts of the console that a server at localhost does not show: cookies by https, names and ports, what waits to be signed for.

import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { isOriginOf } from '#base/passkey.ts';
import { isAt } from '#console/guard.ts';
import { readSessionCookie, sessionCookie } from '#console/session-cookie.ts';
import type { ActStore } from '#domain/act-ports.ts';
import type { HttpRequest } from '#domain/door-ports.ts';
import { createActs } from '#people/acts.ts';
import { createActStore } from '#store/act-rows.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';
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

  /** Acts over a real table in memory, which a restart reads again. */
  const open = (around: (store: ActStore) => ActStore = (same) => same) => {
    const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
    migrate(database, { readOnly: false });
    const store = createActStore(database);
    const { clock, pass, state } = createClock();
    const start = () => createActs({ clock, logger: silentLogger, store: around(store) });
    return { acts: start(), restart: start, pass, state, store };
  };

  test('is one for the same, signed for or dropped once, and ends with time', async () => {
    const { acts, pass } = open();
    const act = acts.ask(asked('a'));
    expect(acts.ask(asked('a')).id).toBe(act.id);
    expect(acts.ask(asked('b')).id).not.toBe(act.id);
    expect(acts.take(act.id).digest).toBe(act.digest);
    expect(await codeOf(() => acts.take(act.id))).toBe('ACT_UNKNOWN');
    pass(LIMITS.actMs);
    expect(acts.list()).toEqual([]);
  });

  test('has a digest that nobody guesses from what it comes to', () => {
    expect(open().acts.ask(asked('a')).digest).not.toBe(open().acts.ask(asked('a')).digest);
  });

  test('is one of a bounded number', async () => {
    const { acts } = open();
    for (let count = 0; count < LIMITS.actsPendingMax; count += 1) acts.ask(asked(`agent-${count}`));
    expect(await codeOf(() => acts.ask(asked('one-more')))).toBe('ACTS_FULL');
  });

  test('is one of a bounded number of bytes', async () => {
    const { acts } = open();
    const long = 'a'.repeat(LIMITS.actsKeptBytesMax / 4);
    acts.ask(asked('short'));
    expect(await codeOf(() => acts.ask(asked(long)))).toBe('ACTS_FULL');
    expect(acts.list().map(({ subject }) => subject)).toEqual(['short']);
  });

  test('is there after a restart as it was, with the digest that somebody may be about to sign, and one for the same still', () => {
    const { acts, restart } = open();
    const act = acts.ask(asked('a'));
    const next = restart();
    expect(next.list()).toEqual([act]);
    expect(next.ask(asked('a')).id).toBe(act.id);
    expect(next.take(act.id).digest).toBe(act.digest);
    expect(restart().list()).toEqual([]);
  });

  test('is there no longer after a restart: what had ended meanwhile, or is of a time that has not come, is gone', async () => {
    const { acts, restart, pass, state, store } = open();
    const { id } = acts.ask(asked('a'));
    state.nowMs -= 1;
    expect(await codeOf(() => restart().get(id))).toBe('ACT_UNKNOWN');
    const later = open();
    const { id: ended } = later.acts.ask(asked('a'));
    later.pass(LIMITS.actMs - 1);
    const next = later.restart();
    expect(next.get(ended).id).toBe(ended);
    later.pass(1);
    expect([next.list(), later.store.list()]).toEqual([[], []]);
    pass(1);
    expect(store.list()).toEqual([]);
  });

  test('is given no more time by a clock that is set back while the server runs', () => {
    const { acts, pass, state } = open();
    acts.ask(asked('a'));
    state.nowMs -= LIMITS.actMs;
    pass(LIMITS.actMs);
    expect(acts.list()).toEqual([]);
  });

  test('that can’t be kept does not wait, and one that can’t be removed is not confirmed', async () => {
    const disk = { isFull: true };
    const refuse = () => {
      if (disk.isFull) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
    };
    const { acts } = open((store) => ({
      ...store,
      put: (act) => {
        refuse();
        store.put(act);
      },
      remove: (id) => {
        refuse();
        store.remove(id);
      },
    }));
    expect(await codeOf(() => acts.ask(asked('a')))).toBe('LOG_UNAVAILABLE');
    expect(acts.list()).toEqual([]);
    disk.isFull = false;
    const { id } = acts.ask(asked('a'));
    disk.isFull = true;
    expect(await codeOf(() => acts.take(id))).toBe('LOG_UNAVAILABLE');
    disk.isFull = false;
    expect(acts.take(id).id).toBe(id);
  });
});
