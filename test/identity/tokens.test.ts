import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rfc3339, systemClock } from '#base/clock.ts';
import { DURATION_PATTERN, parseDurationMs } from '#base/duration.ts';
import { LIMITS } from '#base/limits.ts';
import { parseAgentName, type TokenRow } from '#domain/agent.ts';
import { createTokenAuthority } from '#identity/tokens.ts';
import { ADMIN, agent, memoryStore, world } from './world.ts';

describe('a token', () => {
  test('stands for the agent it was issued to, also after a restart', () => {
    const { open, authority } = world();
    const { id, token, agent: owner } = authority.issue(agent('athena'), {});
    expect(token).toMatch(new RegExp(`^smcp_${id}_[A-Za-z0-9_-]{43}$`));
    expect(owner).toBe('athena');
    expect(authority.authenticate(token)).toEqual({ kind: 'agent', agent: 'athena', tokenId: id });
    expect(open().authenticate(token)).toEqual({ kind: 'agent', agent: 'athena', tokenId: id });
  });

  test('is never kept, only its hash', () => {
    const { authority, rows } = world();
    const { id, token } = authority.issue(agent('athena'), { expiresInMs: 500 });
    const kept = JSON.stringify([...rows.values()]);
    expect(kept).not.toContain(token.slice(-43));
    expect(rows.get(id)).toEqual({
      id,
      agent: 'athena',
      secretHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      createdMs: 1_000,
      expiresMs: 1_500,
    });
    expect(authority.list()).toEqual([...rows.values()]);
  });

  test('ends at its expiry, to the millisecond, and when there is no time to tell', () => {
    const { authority, time } = world();
    const { token, expiresMs } = authority.issue(agent('athena'), { expiresInMs: 500 });
    expect(expiresMs).toBe(1_500);
    time.nowMs = 1_499;
    expect(authority.authenticate(token)?.kind).toBe('agent');
    for (const nowMs of [1_500, 9_999, Number.NaN]) {
      time.nowMs = nowMs;
      expect(authority.authenticate(token)).toBeUndefined();
    }
  });

  test('ends when it is revoked, also after a restart, and others go on', () => {
    const { open, authority } = world();
    const [first, second] = [authority.issue(agent('athena'), {}), authority.issue(agent('athena'), {})];
    authority.revoke(first.id);
    for (const each of [authority, open()]) {
      expect(each.authenticate(first.token)).toBeUndefined();
      expect(each.authenticate(second.token)?.kind).toBe('agent');
    }
    expect(() => authority.revoke('ffffffffffffffff')).toThrow(expect.objectContaining({ code: 'TOKEN_UNKNOWN' }));
  });

  test('that could not be stored is not issued; one whose revocation could not be stored is revoked, and told', () => {
    const { authority, state } = world();
    const { id, token } = authority.issue(agent('athena'), {});
    state.fails = true;
    expect(() => authority.issue(agent('athena'), {})).toThrow('the disk is full');
    expect(authority.list()).toHaveLength(1);
    expect(() => authority.revoke(id)).toThrow('the disk is full');
    expect(authority.authenticate(token)).toBeUndefined();
  });

  test('is made of 256 random bits', () => {
    const { authority } = world();
    const secrets = Array.from({ length: 100 }, () => authority.issue(agent('athena'), {}).token.slice(-43));
    expect(new Set(secrets).size).toBe(100);
    expect(Buffer.from(secrets[0] ?? '', 'base64url')).toHaveLength(32);
  });
});

test.each(['admin', 'smcp', 'Athena', '', 'a'.repeat(65), 'a b'])('%j is no name of an agent', (name) => {
  expect(parseAgentName(name)).toBeUndefined();
  expect(parseAgentName('administrator')).toBe('administrator');
});

describe('how long a token is good', () => {
  test('is bounded, to the millisecond, before anything is stored', () => {
    const { authority, rows, time } = world();
    time.nowMs = Date.parse('2026-11-22T10:00:00Z');
    const { expiresMs } = authority.issue(agent('athena'), { expiresInMs: LIMITS.tokenLifetimeMsMax });
    expect(expiresMs).toBe(time.nowMs + LIMITS.tokenLifetimeMsMax);
    for (const expiresInMs of [LIMITS.tokenLifetimeMsMax + 1, 8.64e19, 0, -1, 1.5, Number.NaN, Infinity]) {
      expect(() => authority.issue(agent('athena'), { expiresInMs })).toThrow(
        expect.objectContaining({ code: 'USAGE', message: 'a token is good for 3650 days at most' }),
      );
    }
    expect([rows.size, authority.list().length]).toEqual([1, 1]);
  });

  test('whatever duration a person writes: what is issued can be listed and written as a time', () => {
    fc.assert(
      fc.property(fc.stringMatching(new RegExp(DURATION_PATTERN)), (written) => {
        const { authority, time } = world();
        time.nowMs = Date.parse('2026-11-22T10:00:00Z');
        const expiresInMs = parseDurationMs(written);
        const isTaken = expiresInMs <= LIMITS.tokenLifetimeMsMax;
        if (!isTaken) expect(() => authority.issue(agent('athena'), { expiresInMs })).toThrow('3650 days at most');
        else authority.issue(agent('athena'), { expiresInMs });
        expect(authority.list()).toHaveLength(isTaken ? 1 : 0);
        for (const { expiresMs } of authority.list()) expect(rfc3339(expiresMs ?? 0)).toMatch(/^20[0-9]{2}-/);
      }),
    );
  });
});

describe('a dead token', () => {
  test('is forgotten when a token is issued long after it died, and stays dead', () => {
    const { open, authority, rows, time } = world();
    const ended = authority.issue(agent('athena'), { expiresInMs: 1_000 });
    const revoked = authority.issue(agent('athena'), {});
    const live = authority.issue(agent('athena'), {});
    authority.revoke(revoked.id);
    time.nowMs = 2_000 + LIMITS.tokenDeadKeptMs;
    authority.issue(agent('boreas'), { expiresInMs: 1_000 });
    expect(rows.has(ended.id)).toBe(true);
    expect(rows.has(revoked.id)).toBe(false);
    time.nowMs += 1;
    authority.issue(agent('boreas'), {});
    expect(rows.has(ended.id)).toBe(false);
    expect(rows.has(live.id)).toBe(true);
    for (const each of [authority, open()]) {
      expect(each.list().map(({ id }) => id)).not.toContain(ended.id);
      expect([ended, revoked].map(({ token }) => each.authenticate(token))).toEqual([undefined, undefined]);
      expect(each.authenticate(live.token)?.kind).toBe('agent');
    }
  });
});

describe('the admin token', () => {
  test('stands for the admin, and for nobody when one character differs', () => {
    const { authority } = world();
    expect(authority.authenticate(ADMIN)).toEqual({ kind: 'admin', tokenId: '0'.repeat(16) });
    expect(authority.authenticate(`${ADMIN.slice(0, -1)}B`)).toBeUndefined();
    expect(authority.authenticate(`${ADMIN} `)).toBeUndefined();
  });
});

describe('what is no token stands for nobody', () => {
  test.each<[string, (token: string, id: string) => string]>([
    ['nothing', () => ''],
    ['the id alone', (_token, id) => id],
    ['another secret', (_token, id) => `smcp_${id}_${'A'.repeat(43)}`],
    ['another id', (token) => token.replace(/^smcp_./, (start) => (start.endsWith('0') ? 'smcp_1' : 'smcp_0'))],
    ['an upper-case id', (token) => token.slice(0, 21).toUpperCase() + token.slice(21)],
    ['more at the end', (token) => `${token}A`],
    ['less at the end', (token) => token.slice(0, -1)],
    ['a hash', (token) => token.replace(/.{43}$/, (secret) => Buffer.from(secret, 'base64url').toString('hex'))],
    ['the name of an object’s key', () => '__proto__'],
    ['a text without end', () => `smcp_${'a'.repeat(LIMITS.tokenLengthMax)}`],
    ['ten megabytes', () => 'a'.repeat(10_000_000)],
  ])('%s', (_what, forge) => {
    const { authority } = world();
    const { id, token } = authority.issue(agent('athena'), {});
    expect(authority.authenticate(token)?.kind).toBe('agent');
    expect(authority.authenticate(forge(token, id))).toBeUndefined();
  });

  test('any text at all, and any one character changed', () => {
    const { authority } = world();
    const { token } = authority.issue(agent('athena'), {});
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.nat(token.length - 1),
        fc.string({ minLength: 1, maxLength: 1 }),
        (text, at, character) => {
          fc.pre(token[at] !== character);
          expect(authority.authenticate(text)).toBeUndefined();
          expect(authority.authenticate(token.slice(0, at) + character + token.slice(at + 1))).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a row whose hash was damaged, and it breaks no other', () => {
    const damaged: TokenRow = { id: 'a'.repeat(16), agent: agent('athena'), secretHash: 'beef', createdMs: 0 };
    const { store } = memoryStore(new Map([[damaged.id, damaged]]));
    const authority = createTokenAuthority({
      store,
      clock: { nowMs: () => 0, monotonicMs: () => 0 },
      adminToken: ADMIN,
    });
    expect(authority.authenticate(`smcp_${damaged.id}_${'A'.repeat(43)}`)).toBeUndefined();
    expect(authority.authenticate(ADMIN)?.kind).toBe('admin');
  });
});

describe('whoever wants to know when a token ends', () => {
  const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  test('is told of a revocation, after it is in force', () => {
    const { authority } = world();
    const { id, token } = authority.issue(agent('athena'), {});
    const seen: unknown[] = [];
    const leave = authority.onChange(() => void seen.push(authority.authenticate(token)));
    authority.revoke(id);
    expect(seen).toEqual([undefined]);
    leave();
    const other = authority.issue(agent('athena'), {});
    authority.revoke(other.id);
    expect(seen).toHaveLength(1);
  });

  test('is told of an expiry, also of a token from before a restart', async () => {
    const rows = new Map<string, TokenRow>();
    const first = createTokenAuthority({ store: memoryStore(rows).store, clock: systemClock, adminToken: ADMIN });
    const { token } = first.issue(agent('athena'), { expiresInMs: 2_000 });
    const second = createTokenAuthority({ store: memoryStore(rows).store, clock: systemClock, adminToken: ADMIN });
    const seen: unknown[] = [];
    first.onChange(() => void seen.push(first.authenticate(token)));
    second.onChange(() => void seen.push(second.authenticate(token)));
    while (seen.length < 2) await later(5);
    expect(seen).toEqual([undefined, undefined]);
  });

  test('is not told of one that lives longer than a timer can wait', async () => {
    const { authority } = world();
    const told: boolean[] = [];
    authority.onChange(() => void told.push(true));
    authority.issue(agent('athena'), { expiresInMs: LIMITS.tokenLifetimeMsMax });
    await later(20);
    expect(told).toEqual([]);
  });
});
