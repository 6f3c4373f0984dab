import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { describeFreeze, describeScope, type Freeze, type FreezeScope, isStoppedBy } from '#domain/freeze.ts';
import type { FreezeStore } from '#domain/store-ports.ts';
import { createFreezes } from '#freeze/freezes.ts';

const clock = { nowMs: () => 7, monotonicMs: () => 0 };

function memoryStore() {
  const rows = new Map<string, Freeze>();
  const state = { fails: false };
  const keyOf = (scope: FreezeScope) => JSON.stringify(scope);
  const check = () => {
    if (state.fails) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
  };
  const store = {
    list: () => [...rows.values()],
    put: (freeze) => {
      check();
      if (!rows.has(keyOf(freeze.scope))) rows.set(keyOf(freeze.scope), freeze);
    },
    remove: (scope) => {
      check();
      return rows.delete(keyOf(scope));
    },
  } satisfies FreezeStore;
  return { store, state };
}

test.each([
  [{ kind: 'all' }, 'everything', 'smcp unfreeze'],
  [{ kind: 'writes' }, 'writes', 'smcp unfreeze --writes'],
  [{ kind: 'agent', name: 'athena' }, 'agent athena', 'smcp unfreeze --agent athena'],
  [{ kind: 'plugin', name: 'shell' }, 'plugin shell', 'smcp unfreeze --plugin shell'],
] as const)(
  'a freeze of %j names what it stops, and the command that lifts it and no other',
  (scope, what, command) => {
    expect(describeFreeze({ scope, by: 'ana', sinceMs: 0 })).toEqual({
      reason: `${what}: frozen by ana since 1970-01-01T00:00:00.000Z`,
      remedy: `a person lifts it with: ${command}`,
    });
  },
);

describe('which calls a scope stops', () => {
  const write = { agent: 'athena', plugin: 'shell', effect: 'write' } as const;
  test.each([
    [{ kind: 'all' }, { agent: 'athena' }, true],
    [{ kind: 'writes' }, write, true],
    [{ kind: 'writes' }, { ...write, effect: 'read' }, false],
    // While the tool is not known, only what stops every tool of the agent stops it.
    [{ kind: 'writes' }, { agent: 'athena' }, false],
    [{ kind: 'agent', name: 'athena' }, { agent: 'athena' }, true],
    [{ kind: 'agent', name: 'athen' }, write, false],
    [{ kind: 'plugin', name: 'shell' }, write, true],
    [{ kind: 'plugin', name: 'athena' }, write, false],
  ] as const)('%j of %j: %s', (scope, query, isStopped) => {
    expect(isStoppedBy(scope, query)).toBe(isStopped);
  });

  test('is said in words', () => {
    const scopes: FreezeScope[] = [{ kind: 'all' }, { kind: 'writes' }, { kind: 'agent', name: 'a' }];
    expect(scopes.map(describeScope)).toEqual(['everything', 'writes', 'agent a']);
  });
});

describe('freezes', () => {
  test('of several that stop a call the widest is named, as lifting a narrower one would not help', () => {
    const freezes = createFreezes({ store: memoryStore().store, clock });
    freezes.freeze({ kind: 'plugin', name: 'shell' }, 'admin');
    freezes.freeze({ kind: 'all' }, 'hermes');
    expect(freezes.stops({ agent: 'a', plugin: 'shell', effect: 'pure' })).toEqual({
      scope: { kind: 'all' },
      by: 'hermes',
      sinceMs: 7,
    });
    freezes.unfreeze({ kind: 'all' }, 'admin');
    expect(freezes.stops({ agent: 'a', plugin: 'shell', effect: 'pure' })?.scope.kind).toBe('plugin');
    expect(freezes.stops({ agent: 'a', plugin: 'other', effect: 'pure' })).toBeUndefined();
  });

  test('are in force after a restart', () => {
    const { store } = memoryStore();
    createFreezes({ store, clock }).freeze({ kind: 'agent', name: 'athena' }, 'admin');
    expect(createFreezes({ store, clock }).stops({ agent: 'athena' })).toBeDefined();
  });

  test('a scope that is frozen already keeps who froze it', () => {
    const freezes = createFreezes({ store: memoryStore().store, clock });
    const first = freezes.freeze({ kind: 'all' }, 'admin');
    expect(freezes.freeze({ kind: 'all' }, 'hermes')).toEqual(first);
    expect(freezes.list()).toEqual([first]);
  });

  test('are told, once each, before they are kept', () => {
    const { store } = memoryStore();
    const did: string[] = [];
    const freezes = createFreezes({ store: { ...store, put: () => void did.push('kept') }, clock });
    freezes.onChange(() => void did.push(`told of ${freezes.list().length}`));
    freezes.freeze({ kind: 'all' }, 'admin');
    freezes.freeze({ kind: 'all' }, 'admin');
    expect(did).toEqual(['told of 1', 'kept', 'kept']);
  });

  test('hold although the disk is full, and can not be lifted then', () => {
    const { store, state } = memoryStore();
    const freezes = createFreezes({ store, clock });
    state.fails = true;
    expect(() => freezes.freeze({ kind: 'all' }, 'admin')).toThrow(
      expect.objectContaining({ code: 'LOG_UNAVAILABLE' }),
    );
    expect(freezes.stops({ agent: 'a' })).toBeDefined();
    expect(() => freezes.unfreeze({ kind: 'all' }, 'admin')).toThrow();
    expect(freezes.stops({ agent: 'a' })).toBeDefined();
    state.fails = false;
    freezes.freeze({ kind: 'all' }, 'admin');
    expect(store.list()).toHaveLength(1);
  });
});
