// Calls that a person has to approve, in the dispatcher.

import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import type { CallOutcome, Progress } from '#domain/invocation.ts';
import { createWorld, returned, toolOf } from './world.ts';

type World = ReturnType<typeof createWorld>;

const TERMS = { ttlMs: 60_000, trustsClient: false, rule: 'deploys' };
const admin = { kind: 'admin' } as const;

/** `write` asks; other tools don't. */
function askingWorld(
  more: Partial<typeof TERMS & { waitMs: number }> = {},
  options?: Parameters<typeof createWorld>[0],
) {
  const world = createWorld(options);
  world.state.asks.set('p__write', { ...TERMS, ...more });
  return world;
}

const codeOf = ({ answer }: CallOutcome) => (answer.kind === 'error' ? answer.error.code : answer.kind);
const requests = ({ approvals }: World) => approvals.list();
const pending = async (world: World, count = 1) => {
  await expect.poll(() => requests(world).filter(({ state }) => state === 'pending').length).toBe(count);
  const found = requests(world).findLast(({ state }) => state === 'pending');
  if (found === undefined) throw new Error('nothing waits');
  return found;
};
const approve = async (world: World) => {
  const { id, digest } = await pending(world);
  return world.approvals.approve(id, { digest, by: admin });
};
const asking = async ({ dispatcher }: World) =>
  expect.poll(() => dispatcher.calls().map(({ state }) => state)).toEqual(['asking']);

describe('a call that a person has to approve', () => {
  test('waits outside of the lane, runs once it is approved, and its record names the approval', async () => {
    const world = askingWorld();
    const call = world.call('p__write', { args: { n: 1 } });
    await asking(world);
    // Others pass: it has no place in the lane.
    world.state.asks.delete('p__other');
    expect(codeOf(await world.call('p__read'))).toBe('value');
    expect(world.dispatcher.status().lanes[0]).toMatchObject({ waiting: 0, running: 0 });
    const { id } = await approve(world);
    expect(codeOf(await call)).toBe('value');
    const approval = { id, record: expect.objectContaining({ index: expect.any(Number) }) };
    expect(
      world.records.filter(({ tool }) => tool.name === 'p__write').map(({ phase, policy }) => ({ phase, policy })),
    ).toEqual([
      { phase: 'intent', policy: expect.objectContaining({ decision: 'ask', rule: 'asks', approval }) },
      { phase: 'outcome', policy: expect.objectContaining({ decision: 'ask', rule: 'asks', approval }) },
    ]);
    expect(requests(world)[0]).toMatchObject({ state: 'used' });
  });

  test('is not run, and says why, when it is denied', async () => {
    const world = askingWorld();
    const call = world.call('p__write');
    const { id } = await pending(world);
    await world.approvals.deny(id, { by: admin, why: 'too late in the day' });
    const outcome = await call;
    expect(outcome.answer).toMatchObject({
      error: { code: 'APPROVAL_DENIED', details: { id, why: 'too late in the day', askAgainAt: expect.any(String) } },
    });
    expect([world.runs, world.records.map(({ phase }) => phase)]).toEqual([[], ['denied']]);
    expect(world.records[0]?.policy).toMatchObject({ decision: 'ask', approval: { id } });
    expect(codeOf(await world.call('p__write'))).toBe('APPROVAL_DENIED');
  });

  test('is told that it waits, and how a person approves it, where it does not wait; the same call again runs', async () => {
    const world = askingWorld({ waitMs: 0 });
    const outcome = await world.call('p__write');
    const { id } = await pending(world);
    expect(outcome.answer).toMatchObject({
      error: {
        code: 'APPROVAL_PENDING',
        details: { id, expiresAt: expect.any(String), remedy: expect.stringContaining(`smcp approvals approve ${id}`) },
      },
    });
    expect(world.records).toMatchObject([{ phase: 'denied', policy: { decision: 'ask', approval: { id } } }]);
    await approve(world);
    // Another call is asked about; this one runs, once.
    expect(codeOf(await world.call('p__write', { args: { n: 2 } }))).toBe('APPROVAL_PENDING');
    expect(codeOf(await world.call('p__write'))).toBe('value');
    expect(codeOf(await world.call('p__write'))).toBe('APPROVAL_PENDING');
    expect(world.runs).toHaveLength(1);
  });

  test('can name its request, which must be for this call, and is then not asked about anew', async () => {
    const world = askingWorld({ waitMs: 0 });
    await world.call('p__write', { args: { n: 1 } });
    const { id } = await approve(world);
    const named = (args: object, agent = 'a') =>
      world.call('p__write', { args: args as never, approval: id, agent: agent as AgentName });
    expect(codeOf(await named({ n: 2 }))).toBe('APPROVAL_MISMATCH');
    expect(codeOf(await named({ n: 1 }, 'b'))).toBe('APPROVAL_UNKNOWN');
    expect(codeOf(await named({ n: 1 }))).toBe('value');
    expect(codeOf(await named({ n: 1 }))).toBe('APPROVAL_USED');
    expect(requests(world)).toHaveLength(1);
  });

  test('is waited for by one that makes the same, and one of the two runs', async () => {
    const world = askingWorld();
    const calls = [world.call('p__write'), world.call('p__write')];
    await expect.poll(() => world.dispatcher.calls().length).toBe(2);
    expect(requests(world)).toHaveLength(1);
    await approve(world);
    expect((await Promise.all(calls)).map(codeOf).toSorted()).toEqual(['APPROVAL_PENDING', 'value']);
    expect(world.runs).toHaveLength(1);
  });

  test('keeps its client waiting with progress that grows, and says how to approve', async () => {
    const world = askingWorld();
    const told: Progress[] = [];
    const call = world.call('p__write', { onProgress: (one) => void told.push(one) });
    const { id } = await approve(world);
    await call;
    expect(told[0]).toMatchObject({ message: expect.stringContaining(id) });
    expect(told[0]?.progress).toBeGreaterThan(0);
    expect(told.at(-1)?.progress).toBeLessThan(1);
  });

  test('of the kind that only stops something waits as well: the policy says so', async () => {
    const world = askingWorld();
    const known = world.tools.get('smcp__queue_flush');
    if (known?.kind !== 'admin') throw new Error('no admin tool');
    world.tools.set(known.name, { ...known, isStop: true });
    world.state.asks.set(known.name, { ...TERMS, waitMs: 0 } as never);
    expect(codeOf(await world.call(known.name))).toBe('APPROVAL_PENDING');
  });

  test('that may not be called at all asks nobody', async () => {
    const world = askingWorld();
    world.state.denied.add('p__write');
    expect(codeOf(await world.call('p__write'))).toBe('DENIED');
    world.freezes.freeze({ kind: 'all' }, 'admin');
    world.state.denied.clear();
    expect(codeOf(await world.call('p__write'))).toBe('FROZEN');
    expect(codeOf(await world.call('p__write', { args: { n: 'x' } }))).not.toBe('APPROVAL_PENDING');
    expect(requests(world)).toEqual([]);
  });
});

describe('while it waits', () => {
  test('a caller that goes away leaves its request, and the same call later uses it', async () => {
    const world = askingWorld();
    const gone = new AbortController();
    const call = world.call('p__write', { signal: gone.signal });
    await asking(world);
    gone.abort();
    expect(codeOf(await call)).toBe('CANCELLED');
    expect(world.records).toMatchObject([
      { phase: 'cancelled', policy: { decision: 'ask', approval: { id: expect.any(String) } } },
    ]);
    await approve(world);
    expect(codeOf(await world.call('p__write'))).toBe('value');
  });

  test.each([
    ['a freeze', 'FROZEN', (world: World) => void world.freezes.freeze({ kind: 'writes' }, 'admin')],
    ['another policy that denies it', 'DENIED', (world: World) => void world.state.denied.add('p__write')],
    [
      'another version of its plugin',
      'TOOL_UNKNOWN',
      (world: World) => void world.tools.set('p__write', { ...toolOf('write', { store: { bytesMax: 1 } }) }),
    ],
  ])('%s ends it, and its request can be decided still', async (_what, code, change) => {
    const world = askingWorld();
    const call = world.call('p__write');
    await asking(world);
    change(world);
    await world.dispatcher.reconsider();
    expect(codeOf(await call)).toBe(code);
    expect(world.runs).toEqual([]);
    expect((await approve(world)).state).toBe('approved');
    // Approved or not, what ended it still holds.
    if (code !== 'TOOL_UNKNOWN') expect(codeOf(await world.call('p__write'))).toBe(code);
    expect(world.runs).toEqual([]);
  });

  test('a revoked token ends it', async () => {
    const world = askingWorld();
    let holds = true;
    const call = world.call('p__write', { mayStillAct: () => holds });
    await asking(world);
    holds = false;
    await world.dispatcher.reconsider();
    expect(codeOf(await call)).toBe('UNAUTHENTICATED');
  });

  test('another rule asks anew: what was approved under the one before does not count', async () => {
    const world = askingWorld();
    const call = world.call('p__write');
    const first = await pending(world);
    world.state.asks.set('p__write', { ...TERMS, rule: 'deploys, differently' });
    await world.dispatcher.reconsider();
    await expect.poll(() => requests(world).length).toBe(2);
    await world.approvals.approve(first.id, { digest: first.digest, by: admin });
    expect(world.dispatcher.calls().map(({ state }) => state)).toEqual(['asking']);
    await approve(world);
    expect(codeOf(await call)).toBe('value');
    expect(requests(world).map(({ state }) => state)).toEqual(['approved', 'used']);
  });

  test('a policy that asks nobody any more lets it run', async () => {
    const world = askingWorld();
    const call = world.call('p__write');
    await asking(world);
    world.state.asks.clear();
    await world.dispatcher.reconsider();
    expect(codeOf(await call)).toBe('value');
  });

  test('a stop of the server answers it, and what is approved afterwards is used by the same call after the start', async () => {
    const world = askingWorld({ waitMs: 0 });
    const waiting = askingWorld();
    const call = waiting.call('p__write');
    await asking(waiting);
    await waiting.dispatcher.drain();
    expect(codeOf(await call)).toBe('SHUTTING_DOWN');
    await world.call('p__write');
    await world.dispatcher.drain();
    await approve(world);
    const again = world.restart();
    expect(codeOf(await again.call(world.request('p__write')))).toBe('value');
  });

  test('an operator ends it like any that waits', async () => {
    const world = askingWorld();
    const calls = [world.call('p__write'), world.call('p__write', { args: { n: 1 } })];
    await expect.poll(() => world.dispatcher.calls().length).toBe(2);
    world.dispatcher.cancel(world.dispatcher.calls()[0]?.invocation ?? '');
    expect(world.dispatcher.flush()).toBe(2);
    expect((await Promise.all(calls)).map(codeOf)).toEqual(['CANCELLED', 'CANCELLED']);
  });
});

describe('between the approval and the run', () => {
  /** A call that was approved and waits in the lane, behind one that runs until it is let go. */
  async function approvedInLane() {
    const world = askingWorld({}, {});
    const gate = Promise.withResolvers<void>();
    world.state.run = async () => {
      await gate.promise;
      return returned({ ok: true });
    };
    world.state.asks.delete('p__write');
    const before = world.call('p__write', { args: { n: 0 } });
    await expect.poll(() => world.runs.length).toBe(1);
    world.state.asks.set('p__write', TERMS);
    const call = world.call('p__write');
    const request = await approve(world);
    await expect.poll(() => world.dispatcher.calls().map(({ state }) => state)).toEqual(['running', 'waiting']);
    return { world, call, request, go: () => gate.resolve(), before };
  }

  test('it runs when nothing has changed', async () => {
    const { call, go, before, world } = await approvedInLane();
    go();
    await before;
    expect([codeOf(await call), world.runs.length]).toEqual(['value', 2]);
  });

  test.each([
    [
      'the plugin is another',
      'TOOL_UNKNOWN',
      (world: World) => void world.tools.set('p__write', toolOf('write', { store: { bytesMax: 2 } })),
    ],
    [
      'the rule is another',
      'APPROVAL_PENDING',
      (world: World) => void world.state.asks.set('p__write', { ...TERMS, rule: 'other' }),
    ],
    ['the policy denies it', 'DENIED', (world: World) => void world.state.denied.add('p__write')],
  ])('it does not when %s', async (_what, code, change) => {
    const { call, go, before, world } = await approvedInLane();
    change(world);
    go();
    await before;
    expect([codeOf(await call), world.runs.length]).toEqual([code, 1]);
  });

  test('it does not when another call has used the approval', async () => {
    const { call, go, before, world, request } = await approvedInLane();
    world.approvals.use(request.id, 'another');
    go();
    await before;
    expect([codeOf(await call), world.runs.length]).toEqual(['APPROVAL_PENDING', 1]);
  });

  test('a call that was allowed when it came, and is asked about when its turn comes, does not run either', async () => {
    const { call, go, before, world } = await approvedInLane();
    const allowed = world.call('p__read', { args: { n: 5 } });
    world.state.asks.set('p__read', TERMS);
    go();
    await Promise.all([before, call]);
    expect(codeOf(await allowed)).toBe('APPROVAL_PENDING');
  });
});

describe('while it runs', () => {
  /** A call that was approved and runs until it is let go. */
  async function running() {
    const world = askingWorld();
    const gate = Promise.withResolvers<void>();
    world.state.run = async ({ signal }) => {
      await Promise.race([gate.promise, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      const usage = { cpuMs: 0, wallMs: 0, heapBytesPeak: 0 };
      return signal.aborted ? { kind: 'cancelled', effect: 'known', usage } : returned({ ok: true });
    };
    const call = world.call('p__write');
    await approve(world);
    await expect.poll(() => world.runs.length).toBe(1);
    return { world, call, go: () => gate.resolve() };
  }

  test('a change elsewhere in the policy lets it go on', async () => {
    const { world, call, go } = await running();
    await world.dispatcher.reconsider();
    go();
    expect(codeOf(await call)).toBe('value');
  });

  test('another rule that asks ends it', async () => {
    const { world, call } = await running();
    world.state.asks.set('p__write', { ...TERMS, rule: 'other' });
    await world.dispatcher.reconsider();
    expect(codeOf(await call)).toBe('DENIED');
  });
});

describe('under an idempotency key', () => {
  test('it waits, runs once, and its answer is given again without another approval', async () => {
    const world = askingWorld();
    const keyed = () => world.call('p__write', { idempotencyKey: 'k' });
    const [first, second] = [keyed(), keyed()];
    await approve(world);
    const outcomes = await Promise.all([first, second]);
    expect(outcomes.map(codeOf)).toEqual(['value', 'value']);
    expect((await keyed()).isReplayed).toBe(true);
    expect(world.runs).toHaveLength(1);
    expect(requests(world)).toHaveLength(1);
  });

  test('one that was not approved leaves the key free', async () => {
    const world = askingWorld({ waitMs: 0 });
    const keyed = () => world.call('p__write', { idempotencyKey: 'k' });
    expect(codeOf(await keyed())).toBe('APPROVAL_PENDING');
    await approve(world);
    const outcome = await keyed();
    expect([codeOf(outcome), outcome.isReplayed]).toEqual(['value', undefined]);
  });
});
