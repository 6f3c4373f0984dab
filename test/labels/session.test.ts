import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import { codeOf, createLabelWorld, NO_TRIFECTA, policyWith } from './label-world.ts';

const b = 'b' as AgentName;

describe('no external sink after private and untrusted', () => {
  test('either alone may be sent on, both together not; and the control without the rule sends', async () => {
    using world = createLabelWorld(policyWith([NO_TRIFECTA]));
    expect(await world.code('secrets')).toBe('value');
    expect(await world.code('send')).toBe('value');
    // `send` has brought an answer from outside: words of others.
    expect(await world.code('send')).toBe('DENIED');
    using free = createLabelWorld(policyWith([]));
    for (const tool of ['secrets', 'page', 'send']) expect(await free.code(tool)).toBe('value');
    expect(free.sent).toHaveLength(2);
  });

  test('the denial says which call brought which label, and how a person clears it', async () => {
    using world = createLabelWorld(policyWith([NO_TRIFECTA]));
    const secret = await world.call('secrets');
    const page = await world.call('page');
    const { answer } = await world.call('send');
    expect(answer).toMatchObject({
      error: {
        code: 'DENIED',
        message: expect.stringContaining(`private (from p__secrets, call ${secret.invocation}`),
        details: {
          rule: 'no-leak',
          labels: [
            { label: 'private', invocation: secret.invocation, tool: 'p__secrets' },
            { label: 'untrusted', invocation: page.invocation, tool: 'p__page' },
          ],
          remedy: expect.stringContaining('smcp labels clear --agent a'),
        },
      },
    });
    expect(world.records.at(-1)).toMatchObject({
      phase: 'denied',
      labels: { seen: ['private', 'untrusted'] },
      policy: {
        labels: [{ label: 'private', invocation: secret.invocation, tool: 'p__secrets' }, { label: 'untrusted' }],
      },
    });
    expect(world.sent).toHaveLength(1);
  });

  test('a tool that denies that it sends anything is held to what its capabilities say', async () => {
    using world = createLabelWorld(policyWith([{ sink: 'external', after: ['private'] }]));
    await world.code('secrets');
    expect(await world.code('send')).toBe('DENIED');
    expect(await world.code('disk')).toBe('value');
  });

  test('another agent has not seen it', async () => {
    using world = createLabelWorld(policyWith([NO_TRIFECTA]));
    await world.code('secrets');
    await world.code('page');
    expect(await world.code('send')).toBe('DENIED');
    expect(await world.code('send', { agent: b })).toBe('value');
  });
});

describe('labels are not shed', () => {
  const seen = async (world: ReturnType<typeof createLabelWorld>, session?: string) => {
    const more = session === undefined ? {} : { session };
    await world.code('secrets', more);
    await world.code('page', more);
  };

  test('by a new session that the agent names', async () => {
    using world = createLabelWorld(policyWith([NO_TRIFECTA]));
    await seen(world, 'one');
    expect(await world.code('send', { session: 'two' })).toBe('DENIED');
    expect(await world.code('send')).toBe('DENIED');
  });

  test('by another door or connection', async () => {
    using world = createLabelWorld(policyWith([NO_TRIFECTA]));
    await seen(world);
    for (const door of ['sse', 'stdio', 'admin'] as const) expect(await world.code('send', { door })).toBe('DENIED');
  });

  test('by a restart', async () => {
    using world = createLabelWorld(policyWith([NO_TRIFECTA]));
    await seen(world);
    const { answer } = await world.restart().call(world.request('p__send'));
    expect(codeOf(answer)).toBe('DENIED');
  });

  test('by a call that fails, is ended or leaves its answer behind', async () => {
    using world = createLabelWorld(policyWith([{ sink: 'external', after: ['private'] }]), {
      secrets: () => {
        throw Object.assign(new Error('the private data, in an error'), { code: 'TOOL_FAILED' });
      },
    });
    expect(await world.code('secrets')).toBe('TOOL_FAILED');
    expect(await world.code('send')).toBe('DENIED');
  });

  test('by a change of the policy and back', async () => {
    using world = createLabelWorld(policyWith([]));
    await seen(world);
    world.apply(policyWith([NO_TRIFECTA]));
    expect(await world.code('send')).toBe('DENIED');
  });

  test('but by a person, who clears one, or all', async () => {
    using world = createLabelWorld(policyWith([NO_TRIFECTA]));
    await seen(world, 'one');
    expect(world.labels.clear({ of: { kind: 'agent', agent: b } })).toBe(0);
    expect(await world.code('send')).toBe('DENIED');
    expect(world.labels.clear({ of: { kind: 'agent', agent: 'a' as AgentName }, label: 'private' })).toBe(1);
    expect(await world.code('send')).toBe('value');
  });
});

describe('sessions that the policy says are separate', () => {
  const separate = (deny: readonly object[]) => ({
    ...policyWith(deny as never),
    agents: { a: { sessions: 'separate', grants: [{ tools: ['*'] }] } },
  });

  test('each has seen what was seen in it, and what calls without a session saw', async () => {
    using world = createLabelWorld(separate([{ sink: 'external', after: ['private'] }]));
    await world.code('secrets', { session: 'one' });
    expect(await world.code('send', { session: 'one' })).toBe('DENIED');
    expect(await world.code('send', { session: 'two' })).toBe('value');
    // A call that names none belongs to all.
    expect(await world.code('send')).toBe('DENIED');
    await world.code('secrets');
    expect(await world.code('send', { session: 'two' })).toBe('DENIED');
  });

  test('two halves of one character name one session, before a restart and after it', async () => {
    using world = createLabelWorld(separate([{ sink: 'external', after: ['private'] }]));
    await world.code('secrets', { session: '\ud800' });
    expect(await world.code('send', { session: '\ud800' })).toBe('DENIED');
    const { answer } = await world.restart().call(world.request('p__send', { session: '\ud800' }));
    expect(codeOf(answer)).toBe('DENIED');
  });
});

describe('a sub-agent, by a token that was exchanged for its agent’s', () => {
  const rights = {
    scopes: { lists: [], allowsTool: () => true, allowsDoor: () => true },
    onBehalfOf: ['root'],
    actors: ['sub'],
  };
  const token = { id: 'exchanged', rights };
  const policy = {
    ...policyWith([]),
    deny: [{ sink: 'external', after: ['private'] }],
    agents: { a: { sessions: 'separate', grants: [{ tools: ['*'] }] } },
  };

  test('has seen what its agent has in any session, whatever it calls its own', async () => {
    using world = createLabelWorld(policy);
    await world.code('secrets', { session: 'one' });
    expect(await world.code('send', { session: 'two', token })).toBe('DENIED');
    // The control: the agent itself, whose client the policy trusts.
    expect(await world.code('send', { session: 'two', token: { id: 'issued' } })).toBe('value');
  });

  test('and what it sees, every session of its agent has', async () => {
    using world = createLabelWorld(policy);
    await world.code('secrets', { session: 'two', token });
    expect(await world.code('send', { session: 'one' })).toBe('DENIED');
  });
});

describe('calls at the same time', () => {
  test('a sink whose turn comes while private data is on its way is decided with it', async () => {
    let answered = () => {};
    const held = new Promise<void>((resolve) => {
      answered = resolve;
    });
    using world = createLabelWorld(policyWith([{ sink: 'external', after: ['private'] }]), {
      secrets: async () => {
        await held;
        return 'the private data';
      },
    });
    const secret = world.call('secrets');
    while (world.runs.length === 0) await new Promise(setImmediate);
    expect(await world.code('send')).toBe('DENIED');
    answered();
    expect(codeOf((await secret).answer)).toBe('value');
    expect(world.sent).toEqual([]);
  });

  test('what a person clears while the call runs is there again when its answer leaves', async () => {
    let answered = () => {};
    const held = new Promise<void>((resolve) => {
      answered = resolve;
    });
    using world = createLabelWorld(policyWith([{ sink: 'external', after: ['private'] }]), {
      secrets: async () => {
        await held;
        return 'the private data';
      },
    });
    const secret = world.call('secrets');
    while (world.runs.length === 0) await new Promise(setImmediate);
    world.labels.clear({ of: { kind: 'agent', agent: 'a' as AgentName } });
    answered();
    await secret;
    expect(await world.code('send')).toBe('DENIED');
  });
});

describe('an answer that is given again under an idempotency key', () => {
  test('brings its labels again, though they were cleared', async () => {
    using world = createLabelWorld(policyWith([{ sink: 'external', after: ['private'] }]));
    const keyed = { idempotencyKey: 'k' };
    await world.code('secrets', keyed);
    world.labels.clear({ of: { kind: 'agent', agent: 'a' as AgentName } });
    expect(await world.code('send')).toBe('value');
    expect(await world.call('secrets', keyed)).toMatchObject({ isReplayed: true });
    expect(world.records.at(-1)).toMatchObject({ phase: 'replayed', labels: { carries: ['private'] } });
    expect(await world.code('send')).toBe('DENIED');
  });

  test('of a sink is given again, though it would not be made any more', async () => {
    using world = createLabelWorld(policyWith([{ sink: 'external', after: ['untrusted'] }]));
    const keyed = { idempotencyKey: 'k' };
    expect(await world.code('send', keyed)).toBe('value');
    expect(await world.code('send', keyed)).toBe('value');
    expect(world.sent).toHaveLength(1);
    expect(await world.code('send', { idempotencyKey: 'another' })).toBe('DENIED');
  });
});

test('an agent that is shown others’ calls has seen what they have', async () => {
  using world = createLabelWorld({
    ...policyWith([{ sink: 'external', after: ['private'] }]),
    agents: { a: { grants: [{ tools: ['*'] }] }, b: { grants: [{ tools: ['*', 'smcp__*'] }] } },
  });
  const flush = world.tools.get('smcp__queue_flush');
  if (flush?.kind !== 'admin') throw new Error('the world has an admin tool');
  world.tools.set('smcp__log_show', { ...flush, name: 'smcp__log_show', showsCalls: true });
  await world.code('secrets');
  const { dispatcher, request } = world;
  await dispatcher.call(request('smcp__queue_flush', { agent: b }));
  expect(await world.code('send', { agent: b })).toBe('value');
  await dispatcher.call(request('smcp__log_show', { agent: b }));
  expect(await world.code('send', { agent: b })).toBe('DENIED');
});
