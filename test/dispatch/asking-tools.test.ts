// Calls of tools by tools, where a person has to approve the inner one; and an agent that would have its own call approved so.

import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import type { Json } from '#base/json.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import { createWorld, returned, toolOf } from './world.ts';

const TERMS = { ttlMs: 60_000, trustsClient: false, rule: 'deploys' };
const ROOTS = ['root', 'other'] as const;

/** Two tools that call `p__write`, which asks a person, and `smcp__queue_flush`; each gives the codes of both. */
function chainedWorld() {
  const world = createWorld({
    broker: (tools) => createBroker({ clock: systemClock, logger: silentLogger, effects: { tools } }),
  });
  for (const name of ROOTS) {
    const made = toolOf(name, { tools: ['p__write', 'smcp__queue_flush'] });
    world.tools.set(`p__${name}`, { ...made, checkOutput: () => [] });
  }
  world.state.asks.set('p__write', TERMS);
  world.state.run = async (request) => {
    if (!ROOTS.some((name) => name === request.tool.localName)) return returned({ ok: true });
    const codeOf = async (tool: string) => {
      try {
        await request.onHostCall({ name: 'tools.call', params: { tool, args: {} } as Json }, request.signal);
        return 'value';
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    };
    return returned({ ok: [await codeOf('p__write'), await codeOf('smcp__queue_flush')] });
  };
  const codes = async (root: (typeof ROOTS)[number]) => {
    const { answer } = await world.call(`p__${root}`);
    return (answer as unknown as { value: { ok: string[] } }).value.ok;
  };
  return { ...world, codes };
}

describe('a tool that calls one that a person has to approve', () => {
  test('is told at once that it waits: it holds its root’s place in the lane; approved, the same call goes through', async () => {
    const { approvals, codes } = chainedWorld();
    expect((await codes('root'))[0]).toBe('APPROVAL_PENDING');
    const [request] = approvals.list();
    if (request === undefined) throw new Error('nothing was asked');
    expect(JSON.parse(request.statement)).toMatchObject({ value: { chain: ['p__root'] } });
    await approvals.approve(request.id, { digest: request.digest, by: { kind: 'admin' } });
    expect((await codes('root'))[0]).toBe('value');
    expect((await codes('root'))[0]).toBe('APPROVAL_PENDING');
  });

  test('gets nothing of an approval that was for a call by the agent itself, or by another tool', async () => {
    const { approvals, codes, call } = chainedWorld();
    const own = new AbortController();
    const waiting = call('p__write', { signal: own.signal });
    await expect.poll(() => approvals.list().length).toBe(1);
    own.abort();
    await waiting;
    const approveAll = async () => {
      for (const { id, digest, state } of approvals.list()) {
        if (state === 'pending') await approvals.approve(id, { digest, by: { kind: 'admin' } });
      }
    };
    await approveAll();
    expect((await codes('root'))[0]).toBe('APPROVAL_PENDING');
    await approveAll();
    expect((await codes('other'))[0]).toBe('APPROVAL_PENDING');
    // The control: each for its own way.
    expect((await codes('root'))[0]).toBe('value');
    const { answer } = await call('p__write');
    expect(answer.kind).toBe('value');
  });

  test('can not approve by a tool of the server’s own: no plugin reaches one', async () => {
    const { codes, call } = chainedWorld();
    expect((await codes('root'))[1]).toBe('LANE_CONFLICT');
    // The control: the agent itself does.
    expect((await call('smcp__queue_flush')).answer.kind).toBe('value');
  });
});
