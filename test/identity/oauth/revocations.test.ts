// Tokens of an issuer that a person takes back by their claims, without ever having seen them: at once, over restarts, for good.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { openIssuer, type TestIssuer } from './issuer-server.ts';
import { createSide, memoryMeta } from './world.ts';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openIssuer();
});
afterEach(() => issuer.close());

const AGO_MS = 120_000;
/** Issued two minutes ago, good for an hour. */
const sign = (claims: object = {}) =>
  issuer.sign({ exp: Math.floor(Date.now() / 1000) + 3_600, ...claims }, { nowMs: Date.now() - AGO_MS });

describe('a token that was never shown here', () => {
  test('is refused by its jti, and others are taken', async () => {
    const side = createSide(issuer);
    side.revocations.revoke({ issuer: issuer.url, jti: 'stolen', beforeMs: side.time.nowMs });
    expect(await side.agentOf(await sign({ jti: 'stolen' }))).toBeUndefined();
    expect(await side.agentOf(await sign({ jti: 'stole' }))).toBe('athena');
    expect(await side.agentOf(await sign({ jti: undefined }))).toBe('athena');
  });

  test('is refused by its subject, if it was issued before, and one that is issued later is taken', async () => {
    const side = createSide(issuer);
    side.revocations.revoke({ issuer: issuer.url, subject: 'u1', beforeMs: side.time.nowMs - AGO_MS / 2 });
    expect(await side.agentOf(await sign())).toBeUndefined();
    expect(await side.agentOf(await sign({ sub: 'u2' }))).toBe('athena');
    expect(await side.agentOf(await issuer.sign({ jti: 'later' }))).toBe('athena');
  });

  test('is refused with all of its issuer that were issued before, and of no other issuer', async () => {
    const other = await openIssuer();
    const [side, otherSide] = [createSide(issuer), createSide(other)];
    for (const { revocations } of [side, otherSide]) revocations.revoke({ issuer: issuer.url, beforeMs: Date.now() });
    expect(await side.agentOf(await sign())).toBeUndefined();
    expect(await side.agentOf(await sign({ sub: 'u2', jti: 'j2' }))).toBeUndefined();
    expect(await otherSide.agentOf(await other.sign({}, { nowMs: Date.now() - AGO_MS }))).toBe('athena');
    await other.close();
  });

  test('is refused also where the clock of the issuer goes before ours by the leeway', async () => {
    const side = createSide(issuer);
    side.revocations.revoke({ issuer: issuer.url, subject: 'u1', beforeMs: side.time.nowMs });
    expect(await side.agentOf(await issuer.sign({}, { nowMs: side.time.nowMs + 20_000 }))).toBeUndefined();
  });
});

describe('a token that was shown', () => {
  test('ends at once, which is told', async () => {
    const side = createSide(issuer);
    const token = await sign();
    const principal = await side.authenticate(token);
    if (principal === undefined) throw new Error('refused');
    let told = 0;
    side.revocations.onChange(() => {
      told += 1;
    });
    expect(side.stillHolds(principal)).toBe(true);
    side.revocations.revoke({ issuer: issuer.url, subject: 'u1', beforeMs: side.time.nowMs });
    expect([told, side.stillHolds(principal)]).toEqual([1, false]);
    expect(await side.agentOf(token)).toBeUndefined();
  });

  test('takes with it what was exchanged for it: nobody vouches any more', async () => {
    const side = createSide(issuer);
    const principal = await side.authenticate(await sign({ jti: 'root' }));
    if (principal?.kind !== 'agent' || principal.signed === undefined) throw new Error('refused');
    const { expiresMs: _, ...signedBy } = principal.signed;
    expect(side.vouches(signedBy, principal.agent)).toBe(true);
    side.revocations.revoke({ issuer: issuer.url, jti: 'root', beforeMs: side.time.nowMs });
    expect(side.vouches(signedBy, principal.agent)).toBe(false);
    expect(await side.vouch(signedBy, principal.agent)).toBe(false);
  });
});

describe('the list', () => {
  test('stays over a restart, and no earlier time gives back what a later one took', async () => {
    const kept = memoryMeta();
    const { revocations, time } = createSide(issuer, { kept });
    revocations.revoke({ issuer: issuer.url, subject: 'u1', beforeMs: time.nowMs });
    revocations.revoke({ issuer: issuer.url, subject: 'u1', beforeMs: time.nowMs - 3_600_000 });
    const again = createSide(issuer, { kept });
    expect(again.revocations.list()).toHaveLength(1);
    expect(await again.agentOf(await sign())).toBeUndefined();
    expect(await createSide(issuer).agentOf(await sign())).toBe('athena');
  });

  test('forgets a revocation when none of its tokens can be good any more, and no earlier', async () => {
    const side = createSide(issuer);
    const { endMs } = side.revocations.revoke({ issuer: issuer.url, jti: 'j', beforeMs: side.time.nowMs });
    const pass = (ms: number) => {
      side.time.nowMs += ms;
      side.time.steadyMs += ms;
    };
    // The last that could have been issued by then, for the longest time, by a clock that goes before ours.
    const last = await issuer.sign(
      { jti: 'j', exp: Math.floor((side.time.nowMs + LIMITS.accessTokenLifetimeMsMax) / 1000) },
      { nowMs: side.time.nowMs },
    );
    pass(LIMITS.accessTokenLifetimeMsMax - 60_000);
    expect(await side.agentOf(last)).toBeUndefined();
    expect(side.revocations.list()).toHaveLength(1);
    pass(60_000 + 2 * 120_000);
    expect(side.time.nowMs).toBeGreaterThanOrEqual(endMs);
    expect(side.revocations.list()).toEqual([]);
    expect(await side.agentOf(last)).toBeUndefined();
  });

  test('is bounded, and one of all tokens always has room and takes the place of what it covers', () => {
    const { revocations, time } = createSide(issuer);
    const revoke = (more: object) => revocations.revoke({ issuer: issuer.url, beforeMs: time.nowMs, ...more });
    for (let index = 0; index < LIMITS.signedRevocationsMax; index += 1) revoke({ subject: `u${index}` });
    expect(() => revoke({ subject: 'one more' })).toThrow(expect.objectContaining({ code: 'TOKENS_FULL' }));
    // Of one that is there already there is no second.
    revoke({ subject: 'u0' });
    expect(revocations.list()).toHaveLength(LIMITS.signedRevocationsMax);
    revoke({});
    expect(revocations.list()).toHaveLength(1);
  });

  test.each(['{', '{}', '[{}]', '[{"issuer":7}]', 'null', '[{"issuer":"a","beforeMs":1,"madeMs":1}]'])(
    'that was damaged to %s takes every token back that was issued until the start',
    async (text) => {
      const side = createSide(issuer, { kept: memoryMeta(new Map([['signed-revocations', text]])) });
      expect(await side.agentOf(await sign())).toBeUndefined();
      const later = { nowMs: side.time.nowMs + 31_000 };
      side.time.nowMs += 31_000;
      expect(await side.agentOf(await issuer.sign({ jti: 'later' }, later))).toBe('athena');
    },
  );

  test('that was damaged gives nothing back once another entry is written over it, and the server starts again', async () => {
    const rows = new Map<string, string>();
    const side = createSide(issuer, { kept: memoryMeta(rows) });
    side.revocations.revoke({ issuer: issuer.url, jti: 'stolen', beforeMs: side.time.nowMs });
    const stolen = await sign({ jti: 'stolen' });
    rows.set('signed-revocations', '[{');
    const damaged = createSide(issuer, { kept: memoryMeta(rows) });
    damaged.revocations.revoke({ issuer: issuer.url, jti: 'other', beforeMs: damaged.time.nowMs });
    expect(await damaged.agentOf(stolen)).toBeUndefined();
    const again = createSide(issuer, { kept: memoryMeta(rows) });
    expect(await again.agentOf(stolen)).toBeUndefined();
    expect(again.revocations.list()).toMatchObject([{ issuer: '*' }, { jti: 'other' }]);
    // The control: a list that has only the new entry, as if nothing had been lost, takes it.
    const bare = createSide(issuer, { kept: memoryMeta(new Map()) });
    bare.revocations.revoke({ issuer: issuer.url, jti: 'other', beforeMs: bare.time.nowMs });
    expect(await bare.agentOf(stolen)).toBe('athena');
  });

  test('is in force also where the disk is full', async () => {
    const kept = memoryMeta();
    const broken = {
      ...kept,
      put: () => {
        throw new Error('the disk is full');
      },
    };
    const side = createSide(issuer, { kept: broken });
    expect(() => side.revocations.revoke({ issuer: issuer.url, beforeMs: side.time.nowMs })).toThrow('full');
    expect(await side.agentOf(await sign())).toBeUndefined();
  });
});
