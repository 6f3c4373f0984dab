import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import type { AgentName } from '#domain/agent.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';
import { type Behaviour, createLabelWorld, policyWith } from './label-world.ts';

const b = 'b' as AgentName;
const AFTER_PRIVATE: JsonObject = { sink: 'external', after: ['private'] };
/** Both agents have one workspace. */
const SHARED: JsonObject = {
  shares: { common: ['a', 'b'] },
  agents: {
    a: { workspace: 'common', grants: [{ tools: ['*'] }] },
    b: { workspace: 'common', grants: [{ tools: ['*'] }] },
  },
};

/** Does the host calls of its arguments in turn: `disk` says what. */
const steps = (...lists: readonly (readonly (readonly [string, JsonObject])[])[]): { readonly disk: Behaviour } => {
  let at = 0;
  return {
    disk: async (host) => {
      for (const [name, params] of lists[at++] ?? []) await host(name, params);
      return null;
    },
  };
};

const write = (path: string, mode = 'replace') => ['files.write', { path, text: 'x', mode }] as const;
const read = (path: string) => ['files.read', { path }] as const;

describe('what a tool writes once its agent has seen something private', () => {
  test('carries it: another agent that shares the workspace has seen it with the file, and not before', async () => {
    using world = createLabelWorld(
      policyWith([AFTER_PRIVATE], SHARED),
      steps(
        [write('workspace/clean.txt')],
        [write('workspace/notes/a.txt')],
        [read('workspace/clean.txt')],
        [read('workspace/notes/a.txt')],
      ),
    );
    await world.code('disk');
    await world.code('secrets');
    await world.code('disk');
    expect(await world.code('disk', { agent: b })).toBe('value');
    expect(await world.code('send', { agent: b })).toBe('value');
    expect(await world.code('disk', { agent: b })).toBe('value');
    expect(await world.code('send', { agent: b })).toBe('DENIED');
    expect(world.labels.list(b)).toMatchObject([
      { label: 'untrusted' },
      { label: 'private', from: 'workspace common: notes/a.txt' },
    ]);
  });

  test.each([
    ['another name', [['files.move', { from: 'workspace/a.txt', to: 'workspace/b.txt' }]], read('workspace/b.txt')],
    [
      'a folder of another name',
      [['files.move', { from: 'workspace/f', to: 'workspace/g' }]],
      read('workspace/g/a.txt'),
    ],
    ['more at its end', [write('workspace/a.txt', 'append')], read('workspace/a.txt')],
    ['other words in its place', [write('workspace/a.txt')], read('workspace/a.txt')],
    [
      'its removal, by its absence',
      [['files.remove', { path: 'workspace/a.txt' }]],
      ['files.stat', { path: 'workspace/a.txt' }],
    ],
    ['another case', [], read('workspace/A.txt')],
    ['the list of its names', [], ['files.list', { path: 'workspace' }]],
    ['the failure of a new file', [], write('workspace/a.txt', 'create')],
  ] as const)('keeps it through %s', async (_, change, look) => {
    using world = createLabelWorld(
      policyWith([AFTER_PRIVATE], SHARED),
      steps([write('workspace/a.txt'), write('workspace/f/a.txt')], change as never, [look as never]),
    );
    await world.code('secrets');
    expect(await world.code('disk')).toBe('value');
    // A person clears what the agent has seen; what it wrote keeps it.
    world.labels.clear({ of: { kind: 'agent', agent: 'a' as AgentName } });
    expect(await world.code('disk')).toBe('value');
    world.labels.clear({ of: { kind: 'agent', agent: b } });
    await world.code('disk', { agent: b });
    expect(await world.code('send', { agent: b })).toBe('DENIED');
  });

  test('is not carried by what lies beside it', async () => {
    using world = createLabelWorld(
      policyWith([AFTER_PRIVATE], SHARED),
      steps(
        [write('workspace/beside.txt'), write('workspace/ab/c.txt')],
        [write('workspace/a/b.txt')],
        [read('workspace/beside.txt'), read('workspace/ab/c.txt')],
      ),
    );
    await world.code('disk');
    await world.code('secrets');
    await world.code('disk');
    expect(await world.code('disk', { agent: b })).toBe('value');
    expect(await world.code('send', { agent: b })).toBe('value');
  });

  test('a person clears a workspace, and then it carries nothing', async () => {
    using world = createLabelWorld(
      policyWith([AFTER_PRIVATE], SHARED),
      steps([write('workspace/a.txt')], [read('workspace/a.txt')]),
    );
    await world.code('secrets');
    await world.code('disk');
    expect(world.labels.clear({ of: { kind: 'files', workspace: 'common' as WorkspaceName } })).toBe(1);
    await world.code('disk', { agent: b });
    expect(await world.code('send', { agent: b })).toBe('value');
  });
});

describe('a value of a store', () => {
  const set = ['store.set', { key: 'k', value: 'x' }] as const;

  test.each([
    ['its value', ['store.get', { key: 'k' }]],
    ['its key in a list', ['store.list', { prefix: '' }]],
    ['whether it was there', ['store.delete', { key: 'k' }]],
  ] as const)('brings its label back with %s, after a person cleared the agent', async (_, look) => {
    using world = createLabelWorld(policyWith([AFTER_PRIVATE]), steps([set], [look as never]));
    await world.code('secrets');
    await world.code('disk');
    world.labels.clear({ of: { kind: 'agent', agent: 'a' as AgentName } });
    expect(await world.code('send')).toBe('value');
    expect(await world.code('disk')).toBe('value');
    expect(await world.code('send')).toBe('DENIED');
  });

  test('brings nothing by another key', async () => {
    using world = createLabelWorld(
      policyWith([AFTER_PRIVATE]),
      steps(
        [set],
        [
          ['store.get', { key: 'kk' }],
          ['store.list', { prefix: 'z' }],
        ],
      ),
    );
    await world.code('secrets');
    await world.code('disk');
    world.labels.clear({ of: { kind: 'agent', agent: 'a' as AgentName } });
    await world.code('disk');
    expect(await world.code('send')).toBe('value');
  });

  test('read by a call that is then ended has been read', async () => {
    using world = createLabelWorld(policyWith([AFTER_PRIVATE]), {
      disk: async (host, { signal }) => {
        await host('store.get', { key: 'k' });
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        return null;
      },
    });
    world.labels.mark({ kind: 'value', plugin: 'p', agent: 'a' as AgentName, key: 'k' }, [
      { label: 'private', agent: 'a' as AgentName, session: '', invocation: 'i', tool: 'p__x', sinceMs: 0 },
    ]);
    const controller = new AbortController();
    const ended = world.call('disk', { signal: controller.signal });
    while (world.labels.list().length === 0) await new Promise(setImmediate);
    // It has not ended, and what it read counts already.
    expect(world.labels.list()).toMatchObject([{ label: 'private', from: 'store of p for a: k' }]);
    controller.abort();
    await ended;
    expect(await world.code('send')).toBe('DENIED');
  });
});
