// Tokens with scopes: shown with them, and no token where they can't be read.

import { describe, expect, test } from 'vitest';
import { agent, world } from './world.ts';

describe('a token with scopes', () => {
  test('is shown with them when it is recognised, also after a restart', () => {
    const { open, authority } = world();
    const { token } = authority.issue(agent('athena'), { scopes: ['tools:demo__*', 'doors:mcp'] });
    for (const one of [authority, open()]) {
      const principal = one.authenticate(token);
      if (principal?.kind !== 'agent') throw new Error('not recognised');
      expect(principal.rights?.scopes.lists).toEqual([['tools:demo__*', 'doors:mcp']]);
      expect(principal.rights?.scopes.allowsTool('other__tool')).toBe(false);
    }
  });

  test('is issued for no text that is no scope, and nothing is kept then', () => {
    const { authority, rows } = world();
    expect(() => authority.issue(agent('athena'), { scopes: ['demo__*'] })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
    expect(rows.size).toBe(0);
  });

  test.each([
    ['can not be read', 'broken' as const],
    ['has a scope of no kind', { scopes: [['everything']], onBehalfOf: [], actors: [] }],
    ['has a chain without names', { scopes: [], onBehalfOf: ['0'.repeat(16)], actors: [] }],
  ])('is no token any more when what is kept of it %s; with what it had it is', (_, rights) => {
    const { open, authority, rows } = world();
    const { id, token } = authority.issue(agent('athena'), { scopes: ['tools:demo__*'] });
    const row = rows.get(id);
    if (row === undefined) throw new Error('not kept');
    expect(open().authenticate(token)).toBeDefined();
    rows.set(id, { ...row, rights });
    const reopened = open();
    expect(reopened.authenticate(token)).toBeUndefined();
    expect(reopened.stillHolds({ kind: 'agent', agent: agent('athena'), tokenId: id })).toBe(false);
  });
});
