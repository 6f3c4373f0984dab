// Scopes of tokens: what they leave, and that no list of them leaves more than one before it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { Door } from '#domain/invocation.ts';
import { checkScopes, compileScopes, isMeantAsScope, scopeKind, type TokenScopes } from '#domain/token-scope.ts';

function scopes(...lists: readonly (readonly string[])[]): TokenScopes {
  const compiled = compileScopes(lists);
  if (compiled === undefined) throw new Error('no scopes');
  return compiled;
}

describe('a token', () => {
  test('without scopes leaves all, and so does a list without any', () => {
    for (const all of [scopes(), scopes([])]) {
      expect(all.allowsTool('demo__echo')).toBe(true);
      expect(all.allowsTool('smcp__freeze')).toBe(true);
      expect(all.allowsDoor('mcp')).toBe(true);
    }
  });

  test('with scopes of tools leaves those of them, through every door', () => {
    const some = scopes(['tools:demo__*', 'tools:other__one']);
    expect(['demo__echo', 'other__one', 'other__two'].map(some.allowsTool)).toEqual([true, true, false]);
    expect(some.allowsDoor('sse')).toBe(true);
  });

  test('with scopes of doors leaves those of them, for every tool', () => {
    const some = scopes(['doors:mcp', 'doors:admin']);
    expect((['mcp', 'admin', 'sse', 'stdio'] as const).map(some.allowsDoor)).toEqual([true, true, false, false]);
    expect(some.allowsTool('demo__echo')).toBe(true);
  });

  test("leaves the server's own tools only where a scope names them", () => {
    expect(scopes(['tools:*']).allowsTool('smcp__freeze')).toBe(false);
    expect(scopes(['tools:smcp__*']).allowsTool('smcp__freeze')).toBe(true);
  });

  test('of several lists leaves what each of them leaves', () => {
    const some = scopes(['tools:demo__*'], ['tools:*__echo'], ['doors:mcp']);
    expect(['demo__echo', 'demo__drop', 'other__echo'].map(some.allowsTool)).toEqual([true, false, false]);
    expect(some.allowsDoor('sse')).toBe(false);
  });
});

describe('what is no scope', () => {
  test.each([
    '',
    'tools:',
    'tools: demo__*',
    'tool:demo__echo',
    'tools:demo echo',
    'tools:demo__?',
    'TOOLS:demo__*',
    'doors:http',
    'doors:*',
    'doors:mcp,sse',
    'openid',
    `tools:${'a'.repeat(LIMITS.tokenScopeLengthMax)}`,
  ])('%j is refused, and a list with it leaves nothing', (text) => {
    expect(scopeKind(text)).toBeUndefined();
    expect(compileScopes([[text]])).toBeUndefined();
    expect(() => checkScopes([text])).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('so are more than there may be, and the same twice', () => {
    const many = Array.from({ length: LIMITS.tokenScopesMax + 1 }, (_, index) => `tools:t${index}`);
    expect(() => checkScopes(many)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(compileScopes([many])).toBeUndefined();
    expect(() => checkScopes(['doors:mcp', 'doors:mcp'])).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(() => checkScopes(['doors:mcp', 'doors:sse'])).not.toThrow();
  });

  test('is told from what somebody else means with it', () => {
    expect(['tools:x', 'tool:x', 'Doors:mcp', 'tools'].map(isMeantAsScope)).toEqual([true, true, true, true]);
    expect(['openid', 'profile', 'mcp:tools', 'toolset'].map(isMeantAsScope)).toEqual([false, false, false, false]);
  });
});

test('one more list never leaves more', () => {
  const name = fc.stringMatching(/^[abs_]{1,6}$/);
  const scope = fc.oneof(
    fc.stringMatching(/^tools:[abs_*]{1,6}$/),
    fc.constantFrom('doors:mcp', 'doors:sse', 'doors:stdio', 'doors:admin'),
  );
  const list = fc.uniqueArray(scope, { maxLength: 4 });
  const door = fc.constantFrom<Door>('mcp', 'sse', 'stdio', 'admin');
  fc.assert(
    fc.property(fc.array(list, { maxLength: 4 }), list, name, door, (lists, more, tool, by) => {
      const [before, after] = [scopes(...lists), scopes(...lists, more)];
      if (!before.allowsTool(tool)) expect(after.allowsTool(tool)).toBe(false);
      if (!before.allowsDoor(by)) expect(after.allowsDoor(by)).toBe(false);
      expect(after.allowsTool(tool)).toBe(before.allowsTool(tool) && scopes(more).allowsTool(tool));
    }),
  );
});
