// Calls that a person has to approve, in the dispatcher: what changes between the approval and the end.

import { describe, expect, test } from 'vitest';
import { type AskingWorld, approve, askingWorld, codeOf, requests, TERMS } from './asking-world.ts';
import { returned, toolOf } from './world.ts';

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
      (world: AskingWorld) => void world.tools.set('p__write', toolOf('write', { store: { bytesMax: 2 } })),
    ],
    [
      'the rule is another',
      'APPROVAL_PENDING',
      (world: AskingWorld) => void world.state.asks.set('p__write', { ...TERMS, rule: 'other' }),
    ],
    ['the policy denies it', 'DENIED', (world: AskingWorld) => void world.state.denied.add('p__write')],
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
