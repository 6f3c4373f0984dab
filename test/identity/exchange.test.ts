// Tokens of sub-agents: they leave what every token above them leaves, end with each of them, and are bounded.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { Principal } from '#domain/agent.ts';
import type { ExchangeWish } from '#domain/token-ports.ts';
import type { createTokenAuthority } from '#identity/tokens.ts';
import { agent, world } from './world.ts';

type Authority = ReturnType<typeof createTokenAuthority>;
type Agent = Principal & { readonly kind: 'agent' };

function principalOf(authority: Authority, token: string): Agent {
  const principal = authority.authenticate(token);
  if (principal?.kind !== 'agent') throw new Error('not recognised');
  return principal;
}

const exchange = (authority: Authority, token: string, wish: Partial<ExchangeWish> = {}) => {
  const principal = principalOf(authority, token);
  const mayStillAct = () => authority.stillHolds(principal);
  return authority.exchange(principal, { scopes: [], mayStillAct, record: async () => {}, ...wish });
};

const root = (authority: Authority, scopes: readonly string[] = []) =>
  authority.issue(agent('athena'), { scopes }).token;

describe('a token that was exchanged', () => {
  test('is of the same agent, and names the tokens above it and what they call themselves, also after a restart', async () => {
    const { authority, open } = world();
    const above = authority.issue(agent('athena'), { scopes: ['tools:demo__*'] });
    const first = await exchange(authority, above.token, { actor: 'researcher' });
    const second = await exchange(authority, first.token, { scopes: ['tools:*__read'] });
    for (const one of [authority, open()]) {
      const { rights, agent: owner } = principalOf(one, second.token);
      expect(owner).toBe('athena');
      expect(rights?.onBehalfOf).toEqual([above.id, first.id]);
      expect(rights?.actors).toEqual(['researcher', '']);
      expect(rights?.scopes.lists).toEqual([['tools:demo__*'], ['tools:*__read']]);
      expect(['demo__read', 'demo__write', 'other__read'].map((name) => rights?.scopes.allowsTool(name))).toEqual([
        true,
        false,
        false,
      ]);
    }
  });

  test('is kept as a hash only', async () => {
    const { authority, rows } = world();
    const { token } = await exchange(authority, root(authority), { scopes: ['doors:mcp'] });
    expect(JSON.stringify([...rows.values()])).not.toContain(token.split('_')[2]);
  });

  test('ends with the token above it at the latest, whatever was asked for', async () => {
    const { authority, time } = world();
    const { token, expiresMs } = authority.issue(agent('athena'), { expiresInMs: 5_000 });
    const below = await exchange(authority, token, { expiresInMs: 60_000 });
    expect(below.expiresMs).toBe(expiresMs);
    expect(authority.authenticate(below.token)).toBeDefined();
    time.nowMs += 5_000;
    expect(authority.authenticate(below.token)).toBeUndefined();
  });

  test('is good for an hour where nobody says otherwise, and for a day at most', async () => {
    const { authority, time } = world();
    const token = root(authority);
    expect((await exchange(authority, token)).expiresMs).toBe(time.nowMs + LIMITS.tokenExchangedMsDefault);
    const long = await exchange(authority, token, { expiresInMs: 365 * 86_400_000 });
    expect(long.expiresMs).toBe(time.nowMs + LIMITS.tokenExchangedMsMax);
  });

  test.each([0, 1, 2])('ends at once when the token %d above it is revoked, and so do those below', async (revoked) => {
    const { authority, open } = world();
    const chain = [authority.issue(agent('athena'), {})];
    for (let depth = 0; depth < 3; depth += 1) chain.push(await exchange(authority, chain[depth]?.token ?? ''));
    const held = chain.map(({ token }) => principalOf(authority, token));
    let told = 0;
    authority.onChange(() => {
      told += 1;
    });
    authority.revoke(chain[revoked]?.id ?? '');
    expect(told).toBe(1);
    const isAbove = chain.map((_, index) => index < revoked);
    expect(held.map((principal) => authority.stillHolds(principal))).toEqual(isAbove);
    expect(chain.map(({ token }) => open().authenticate(token) !== undefined)).toEqual(isAbove);
  });

  test('is no token where one above it is not kept any more', async () => {
    const { authority, open, rows } = world();
    const above = authority.issue(agent('athena'), {});
    const below = await exchange(authority, above.token);
    expect(open().authenticate(below.token)).toBeDefined();
    rows.delete(above.id);
    expect(open().authenticate(below.token)).toBeUndefined();
  });

  test('is no token where the one above it is another agent’s by now: a row that was tampered with', async () => {
    const { authority, open, rows } = world();
    const above = authority.issue(agent('athena'), {});
    const below = await exchange(authority, above.token);
    const row = rows.get(above.id);
    if (row !== undefined) rows.set(above.id, { ...row, agent: agent('hermes') });
    expect(open().authenticate(below.token)).toBeUndefined();
  });
});

describe('what is not exchanged', () => {
  test('a scope that is none, and nothing is kept or recorded', async () => {
    const { authority, rows } = world();
    const recorded: string[] = [];
    const record = async (id: string) => void recorded.push(id);
    const asked = exchange(authority, root(authority), { scopes: ['everything'], record });
    await expect(asked).rejects.toMatchObject({ code: 'USAGE' });
    expect([rows.size, recorded]).toEqual([1, []]);
  });

  test('the last token of a chain that is as deep as it may be', async () => {
    const { authority } = world();
    let token = root(authority);
    for (let depth = 0; depth < LIMITS.tokenDepthMax; depth += 1) token = (await exchange(authority, token)).token;
    await expect(exchange(authority, token)).rejects.toMatchObject({ code: 'TOKENS_FULL' });
  });

  test('more than may be good at a time; when one has ended there is room, and it is forgotten', async () => {
    const { authority, rows, time } = world();
    const token = root(authority);
    const perMinute = LIMITS.tokenExchangesPerMinuteMax;
    expect(perMinute).toBeLessThan(LIMITS.tokensBelowPerAgentMax);
    for (let index = 0; index < perMinute; index += 1) await exchange(authority, token, { expiresInMs: 70_000 });
    await expect(exchange(authority, token)).rejects.toMatchObject({ code: 'TOKENS_FULL' });
    time.nowMs += 60_000;
    time.steadyMs += 60_000;
    const left = LIMITS.tokensBelowPerAgentMax - perMinute;
    for (let index = 0; index < left; index += 1) await exchange(authority, token, { expiresInMs: 600_000 });
    const full = exchange(authority, token);
    await expect(full).rejects.toMatchObject({ message: expect.stringContaining('at a time') });
    time.nowMs += 10_000;
    time.steadyMs += 10_000;
    await exchange(authority, token);
    expect(rows.size).toBe(1 + left + 1);
  });

  test('the token of one agent does not fill the room of another', async () => {
    const { authority } = world();
    const token = root(authority);
    for (let index = 0; index < LIMITS.tokenExchangesPerMinuteMax; index += 1) await exchange(authority, token);
    await expect(exchange(authority, token)).rejects.toMatchObject({ code: 'TOKENS_FULL' });
    const other = authority.issue(agent('hermes'), {}).token;
    await expect(exchange(authority, other)).resolves.toMatchObject({ agent: 'hermes' });
  });

  test('a token that is revoked while that is being recorded', async () => {
    const { authority, rows } = world();
    const { id, token } = authority.issue(agent('athena'), {});
    const asked = exchange(authority, token, { record: async () => authority.revoke(id) });
    await expect(asked).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(rows.size).toBe(1);
  });

  test('what could not be recorded', async () => {
    const { authority, rows } = world();
    const record = () => Promise.reject(new Error('the disk is full'));
    await expect(exchange(authority, root(authority), { record })).rejects.toThrow('the disk is full');
    expect(rows.size).toBe(1);
  });
});

test('no chain of exchanges leaves a tool or a door that a token above it does not', async () => {
  const name = fc.stringMatching(/^(smcp__)?[ab_]{1,5}$/);
  const scope = fc.oneof(
    fc.stringMatching(/^tools:(smcp__)?[ab_*]{1,5}$/),
    fc.constantFrom('doors:mcp', 'doors:sse', 'doors:stdio', 'doors:admin'),
  );
  const list = fc.uniqueArray(scope, { maxLength: 3 });
  const chain = fc.array(list, { minLength: 1, maxLength: LIMITS.tokenDepthMax });
  await fc.assert(
    fc.asyncProperty(list, chain, fc.array(name, { minLength: 1, maxLength: 8 }), async (first, below, names) => {
      const { authority } = world();
      const principals = [root(authority, first)];
      for (const scopes of below) {
        principals.push((await exchange(authority, principals.at(-1) ?? '', { scopes })).token);
      }
      const leaves = principals.map((token) => principalOf(authority, token).rights?.scopes);
      for (const [index, scopes] of leaves.entries()) {
        for (const above of leaves.slice(0, index)) {
          for (const tool of names) {
            if (above?.allowsTool(tool) === false) expect(scopes?.allowsTool(tool)).toBe(false);
          }
          for (const door of ['mcp', 'sse', 'stdio', 'admin'] as const) {
            if (above?.allowsDoor(door) === false) expect(scopes?.allowsDoor(door)).toBe(false);
          }
        }
      }
    }),
    { numRuns: 200 },
  );
});
