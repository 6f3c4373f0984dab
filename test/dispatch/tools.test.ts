import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import { createWorld, returned, toolOf, usage } from './world.ts';

type Behaviour = (request: RunRequest, call: (tool: string, args?: Json) => Promise<Json>) => Promise<RunOutcome>;

const ok = async () => returned({ ok: true });

/** A dispatcher with the real broker, whose tools do what the test says. */
function createChain(behaviours: { readonly [tool: string]: Behaviour }, options: { clock?: Clock } = {}) {
  const world = createWorld({
    ...options,
    broker: (tools) => createBroker({ clock: systemClock, logger: silentLogger, effects: { tools } }),
  });
  const add = (localName: string, capabilities: Capabilities, timeoutMs = 5_000) => {
    const made = toolOf(localName, capabilities);
    const limits = { ...made.limits, timeoutMs, hostCalls: LIMITS.hostCallsMax };
    world.tools.set(`p__${localName}`, { ...made, limits, checkOutput: () => [] });
  };
  world.state.run = (request) => {
    const ask = async (tool: string, args: Json = {}) =>
      request.onHostCall({ name: 'tools.call', params: { tool, args } }, request.signal);
    return (behaviours[request.tool.localName] ?? ok)(request, ask);
  };
  return { ...world, add };
}

/** What a host call was refused with, as a result. */
const codeOf = (asked: Promise<Json>): Promise<string> =>
  asked.then(
    () => 'value',
    (thrown: { code: string }) => thrown.code,
  );

const valueIn = (outcome: { answer: unknown }) => (outcome.answer as { value: Json }).value;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('a tool that calls another', () => {
  test('gets its value, and both records say who called whom', async () => {
    const { add, call, records } = createChain({
      root: async (_, ask) => returned({ ok: await ask('p__pure', { n: 1 }) }),
      pure: async () => returned({ ok: true }),
    });
    add('root', { tools: ['p__pure'] });
    const outcome = await call('p__root');
    expect(valueIn(outcome)).toEqual({ ok: { ok: true } });
    const child = records.find(({ tool }) => tool.name === 'p__pure');
    expect(child).toMatchObject({ phase: 'outcome', agent: 'a', parent: outcome.invocation, chain: ['p__root'] });
    const root = records.at(-1);
    expect(root).toMatchObject({ capabilities: { used: [{ kind: 'tools', target: 'p__pure', count: 1 }] } });
    expect(root).not.toHaveProperty('parent');
  });

  test('runs in the place of its own call: a write that calls a write does not wait for itself', async () => {
    const { add, call } = createChain({ root: async (_, ask) => returned({ ok: await codeOf(ask('p__write')) }) });
    add('root', { tools: ['p__write'] });
    expect(valueIn(await call('p__root'))).toEqual({ ok: 'value' });
  });

  test('is the only one whose writes run: those that it makes at once run one after the other', async () => {
    let running = 0;
    let most = 0;
    const { add, call } = createChain({
      root: async (_, ask) => returned({ ok: await Promise.all([1, 2, 3].map((n) => codeOf(ask('p__write', { n })))) }),
      write: async () => {
        running += 1;
        most = Math.max(most, running);
        await pause(5);
        running -= 1;
        return returned({ ok: true });
      },
    });
    add('root', { tools: ['p__write'] });
    const other = call('p__root');
    const [first] = await Promise.all([call('p__root'), other, call('p__write')]);
    expect(valueIn(first)).toEqual({ ok: ['value', 'value', 'value'] });
    expect(most).toBe(1);
  });
});

describe('a plugin as a confused deputy', () => {
  test('gets no tool called that the agent was not granted; with the grant the same call goes through', async () => {
    const { add, call, records, state } = createChain({
      root: async (_, ask) => returned({ ok: await codeOf(ask('p__write')) }),
    });
    add('root', { tools: ['p__write'] });
    state.denied.add('p__write');
    expect(valueIn(await call('p__root'))).toEqual({ ok: 'DENIED' });
    expect(records).toContainEqual(
      expect.objectContaining({ phase: 'denied', chain: ['p__root'], tool: { name: 'p__write' } }),
    );
    state.denied.clear();
    expect(valueIn(await call('p__root'))).toEqual({ ok: 'value' });
  });

  test('gives the other tool what its own grant gives, and nothing that the calling one has', async () => {
    const given: Capabilities[] = [];
    const { add, call, state } = createChain({
      root: async (_, ask) => returned({ ok: await codeOf(ask('p__pure')) }),
      pure: async ({ capabilities }) => {
        given.push(capabilities);
        return returned({ ok: true });
      },
    });
    add('root', { tools: ['p__pure'], store: { bytesMax: 1 } });
    state.allow = { capabilities: { tools: ['p__pure'], store: { bytesMax: 1 } } };
    await call('p__root');
    state.allow = { capabilities: { tools: ['p__pure'], random: true } };
    await call('p__root');
    expect(given).toEqual([{}, { random: true }]);
  });

  test('is refused a tool that its manifest, or its grant, does not name', async () => {
    const { add, call, state, runs } = createChain({
      root: async (_, ask) => returned({ ok: await codeOf(ask('p__write')) }),
    });
    add('root', { tools: ['p__pure'] });
    expect(valueIn(await call('p__root'))).toEqual({ ok: 'CAPABILITY_DENIED' });
    add('root', { tools: ['p__write'] });
    state.allow = { capabilities: { tools: ['p__pure'] } };
    expect(valueIn(await call('p__root'))).toEqual({ ok: 'CAPABILITY_DENIED' });
    expect(runs.map(({ tool }) => tool.name)).toEqual(['p__root', 'p__root']);
  });

  test('can not call a tool of the server, even where the agent may', async () => {
    const { add, call, records } = createChain({
      root: async (_, ask) => returned({ ok: await codeOf(ask('smcp__queue_flush')) }),
    });
    add('root', { tools: ['smcp__queue_flush'] });
    expect((await call('smcp__queue_flush')).answer.kind).toBe('value');
    expect(valueIn(await call('p__root'))).toEqual({ ok: 'LANE_CONFLICT' });
    expect(records.at(-2)).toMatchObject({ phase: 'denied', result: { class: 'LANE_CONFLICT' } });
  });
});

describe('a chain of calls', () => {
  test('does not come back to a tool that is under way in it', async () => {
    const { add, call, runs } = createChain({
      a: async (_, ask) => returned({ ok: await ask('p__b') }),
      b: async (_, ask) => returned({ ok: await codeOf(ask('p__a')) }),
    });
    add('a', { tools: ['p__b'] });
    add('b', { tools: ['p__a'] });
    expect(valueIn(await call('p__a'))).toEqual({ ok: { ok: 'LANE_CONFLICT' } });
    expect(runs.map(({ tool }) => tool.localName)).toEqual(['a', 'b']);
  });

  test('is at most as deep as the limit says', async () => {
    const names = ['d1', 'd2', 'd3', 'd4', 'd5'];
    const deeper: Behaviour = async ({ tool }, ask) => {
      const next = names[names.indexOf(tool.localName) + 1];
      return returned({ ok: next === undefined ? 'bottom' : await codeOf(ask(`p__${next}`)) });
    };
    const { add, call, runs, records } = createChain(Object.fromEntries(names.map((name) => [name, deeper])));
    for (const [at, name] of names.entries()) add(name, { tools: [`p__${names[at + 1] ?? 'none'}`] });
    await call('p__d1');
    expect(runs.map(({ tool }) => tool.localName)).toEqual(names.slice(0, LIMITS.callDepthMax));
    const refused = records.find(({ tool }) => tool.name === 'p__d5');
    expect(refused).toMatchObject({ phase: 'denied', chain: ['p__d1', 'p__d2', 'p__d3', 'p__d4'] });
  });
});

describe('a call that a tool made and did not wait for', () => {
  const untilAborted: Behaviour = ({ signal }) =>
    new Promise((resolve) => {
      const end = () => resolve({ kind: 'cancelled', effect: 'known', usage });
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
    });

  test('is ended with the call that made it, and has its record first', async () => {
    const begun = Promise.withResolvers<void>();
    const { add, call, records, dispatcher } = createChain({
      root: async (_, ask) => {
        ask('p__write').catch(() => {});
        await begun.promise;
        return returned({ ok: true });
      },
      write: (request, ask) => {
        begun.resolve();
        return untilAborted(request, ask);
      },
    });
    add('root', { tools: ['p__write'] });
    expect((await call('p__root')).answer.kind).toBe('value');
    expect(records.map(({ tool, phase }) => `${tool.name} ${phase}`)).toEqual([
      'p__root intent',
      'p__write intent',
      'p__write outcome',
      'p__root outcome',
    ]);
    expect(dispatcher.calls()).toEqual([]);
  });

  test('has no more time than is left of that call', async () => {
    const { add, call, runs } = createChain({
      root: async (_, ask) => {
        await pause(30);
        return returned({ ok: await ask('p__late') });
      },
    });
    add('root', { tools: ['p__late'] }, 240_000);
    add('late', {}, 300_000);
    await call('p__root');
    expect(runs.at(-1)?.limits.timeoutMs).toBeLessThanOrEqual(240_000 - 29);
  });

  test.each(['cancel', 'freeze'] as const)('ends when a person makes the call end by %s', async (how) => {
    const begun = Promise.withResolvers<void>();
    const { add, call, dispatcher, freezes, records } = createChain({
      root: async (request, ask) => {
        ask('p__write').catch(() => {});
        return untilAborted(request, ask);
      },
      write: (request, ask) => {
        begun.resolve();
        return untilAborted(request, ask);
      },
    });
    add('root', { tools: ['p__write'] });
    const outcome = call('p__root');
    await begun.promise;
    const [root] = dispatcher.calls();
    if (how === 'cancel') dispatcher.cancel(root?.invocation ?? '');
    else {
      freezes.freeze({ kind: 'agent', name: 'a' }, 'ana');
      await dispatcher.reconsider();
    }
    expect((await outcome).answer).toMatchObject({ error: { code: how === 'cancel' ? 'CANCELLED' : 'FROZEN' } });
    expect(records.find(({ tool, phase }) => tool.name === 'p__write' && phase !== 'intent')).toBeDefined();
    expect(dispatcher.calls()).toEqual([]);
  });

  test('can not be made by a call that has ended', async () => {
    let late: ((tool: string) => Promise<Json>) | undefined;
    const { add, call, dispatcher } = createChain({
      root: async (_, ask) => {
        late = ask;
        return returned({ ok: true });
      },
    });
    add('root', { tools: ['p__write'] });
    const { invocation } = await call('p__root');
    expect(await codeOf(late?.('p__write') ?? Promise.resolve(null))).toBe('CANCELLED');
    const signal = new AbortController().signal;
    const direct = dispatcher.callTool({ parent: invocation, tool: 'p__write', args: {}, signal });
    await expect(direct).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

test('a flood of calls of one tool is bounded, and each has its record', async () => {
  const FLOOD = 1_000;
  let running = 0;
  let most = 0;
  const { add, call, records, dispatcher } = createChain({
    root: async (_, ask) => {
      const codes = await Promise.all(Array.from({ length: FLOOD }, () => codeOf(ask('p__pure'))));
      return returned({ ok: codes.filter((code) => code === 'value').length, full: codes.includes('QUEUE_FULL') });
    },
    pure: async () => {
      running += 1;
      most = Math.max(most, running);
      await pause(1);
      running -= 1;
      return returned({ ok: true });
    },
  });
  add('root', { tools: ['p__pure'] });
  const { ok: served, full } = valueIn(await call('p__root')) as { ok: number; full: boolean };
  expect(full).toBe(true);
  expect(served).toBeGreaterThanOrEqual(LIMITS.childCallsWaitingMax);
  expect(most).toBeLessThanOrEqual(LIMITS.childCallsRunningMax);
  expect(records.filter(({ parent }) => parent !== undefined)).toHaveLength(FLOOD);
  expect(dispatcher.status().lanes[0]).toMatchObject({ waiting: 0, running: 0 });
});
