// Calls that a person has to approve, in the dispatcher.

import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import type { Progress } from '#domain/invocation.ts';
import {
  type AskingWorld,
  admin,
  approve,
  asking,
  askingWorld,
  codeOf,
  pending,
  requests,
  TERMS,
} from './asking-world.ts';
import { toolOf } from './world.ts';

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
    const record = expect.objectContaining({ index: expect.any(Number) });
    const approval = { id, record, used: expect.any(String) };
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
    ['a freeze', 'FROZEN', (world: AskingWorld) => void world.freezes.freeze({ kind: 'writes' }, 'admin')],
    ['another policy that denies it', 'DENIED', (world: AskingWorld) => void world.state.denied.add('p__write')],
    [
      'another version of its plugin',
      'TOOL_UNKNOWN',
      (world: AskingWorld) => void world.tools.set('p__write', { ...toolOf('write', { store: { bytesMax: 1 } }) }),
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
