// An agent that was granted reviews of the policy, and keeps the lane of the server's own tools with them.

import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import type { CallOutcome, ToolAnswer } from '#domain/invocation.ts';
import type { AdminTool } from '#domain/tool.ts';
import { OPERATIONS } from '#operations/table.ts';
import { createWorld } from './world.ts';

const codeOf = ({ answer }: CallOutcome) => (answer.kind === 'error' ? answer.error.code : answer.kind);

/** One tool that runs until it is let go, as a review of a long log does, and one that is done at once. */
function world(isLong: boolean) {
  const made = createWorld({ queueWaitMsMax: 50 });
  const known = made.tools.get('smcp__queue_flush') as AdminTool;
  const review: AdminTool = { ...known, name: 'smcp__review', effect: 'read', ...(isLong ? { isLong } : {}) };
  made.tools.set(review.name, review);
  const gate = Promise.withResolvers<void>();
  const running: string[] = [];
  made.state.runAdmin = async ({ tool, agent }): Promise<ToolAnswer> => {
    running.push(`${agent} ${tool.name}`);
    if (tool.name === review.name) await gate.promise;
    return { kind: 'value', value: null };
  };
  const as = (agent: string) => ({ agent: agent as AgentName });
  return { ...made, running, as, letGo: () => gate.resolve() };
}

describe('while an agent has a long review run', () => {
  test('another one’s decision goes first: it waits for no review', async () => {
    const { call, as, letGo, running, dispatcher } = world(true);
    const reviews = [call('smcp__review', as('a')), call('smcp__review', as('a'))];
    await expect.poll(() => running).toEqual(['a smcp__review']);
    expect(codeOf(await call('smcp__queue_flush', as('b')))).toBe('value');
    // To the eye they are in the lane of the server's own tools.
    expect(dispatcher.status().lanes.find(({ name }) => name === 'control')).toMatchObject({ running: 1 });
    letGo();
    await Promise.all(reviews);
  });

  test('another agent’s review has a place beside it, and its own next one waits', async () => {
    const { call, as, letGo, running } = world(true);
    const first = call('smcp__review', as('a'));
    const second = call('smcp__review', as('a'));
    const other = call('smcp__review', as('b'));
    await expect.poll(() => running).toEqual(['a smcp__review', 'b smcp__review']);
    expect(codeOf(await second)).toBe('QUEUE_EXPIRED');
    letGo();
    expect([codeOf(await first), codeOf(await other)]).toEqual(['value', 'value']);
  });

  test('in the lane itself it would keep the other’s decision out: the control', async () => {
    const { call, as, letGo, running } = world(false);
    const review = call('smcp__review', as('a'));
    await expect.poll(() => running).toEqual(['a smcp__review']);
    expect(codeOf(await call('smcp__queue_flush', as('b')))).toBe('QUEUE_EXPIRED');
    letGo();
    expect(codeOf(await review)).toBe('value');
  });
});

test('what reads the log, or runs a call again, is long, and only what changes nothing is', () => {
  const long = OPERATIONS.filter(({ isLong }) => isLong === true);
  expect(long.map(({ name }) => name).toSorted()).toEqual([
    ...['log_replay', 'policy_simulate', 'policy_suggest', 'policy_unused', 'policy_who_can'],
  ]);
  expect(long.every(({ effect }) => effect === 'read')).toBe(true);
});
