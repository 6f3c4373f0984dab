// Decisions that take long: what else comes gets in between two of them. The clock is the test's, so nothing here is timed.

import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createWorld } from './world.ts';

const CALLS = 8;

/** A world in which a look at a call takes `costMs`, by its clock; `lookedAt` says in which turn of the loop each was made. */
function slowWorld(costMs: number) {
  let nowMs = 0;
  let turn = 0;
  let isOver = false;
  const lookedAt: number[] = [];
  const world = createWorld({ clock: { nowMs: () => Date.now(), monotonicMs: () => nowMs } });
  const tool = world.tools.get('p__pure');
  if (tool === undefined) throw new Error('there is a pure tool');
  const checkInput = () => {
    nowMs += costMs;
    lookedAt.push(turn);
    return [];
  };
  world.tools.set('p__pure', { ...tool, checkInput });
  const count = () => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const calls = () => Array.from({ length: CALLS }, (_, n) => world.call('p__pure', { args: { n } }));
  const end = () => {
    isOver = true;
  };
  return { ...world, calls, lookedAt, end };
}

describe('calls that come together', () => {
  test('and are slow to decide on are looked at in turns of the loop of their own, in their order', async () => {
    const { calls, lookedAt, records, end } = slowWorld(LIMITS.decisionTurnMsMax);
    const outcomes = await Promise.all(calls());
    end();
    expect(outcomes.map(({ answer }) => answer.kind)).toEqual(outcomes.map(() => 'value'));
    expect(new Set(lookedAt).size).toBe(CALLS);
    expect(lookedAt).toEqual(lookedAt.toSorted((a, b) => a - b));
    expect(records.filter(({ phase }) => phase === 'outcome')).toHaveLength(CALLS);
  });

  test('and are quick to decide on are all looked at in one turn', async () => {
    const { calls, lookedAt, end } = slowWorld(0);
    await Promise.all(calls());
    end();
    expect(new Set(lookedAt).size).toBe(1);
  });

  test.each([
    ['slow', LIMITS.decisionTurnMsMax, CALLS - 2],
    // Without the wait every one of them is let in before anything else is heard.
    ['quick', 0, 0],
  ])(
    'and are %s to decide on: a freeze that is asked for meanwhile stops those not yet looked at',
    async (_, costMs, stopped) => {
      const { calls, freezes, state, end } = slowWorld(costMs);
      state.run = async () => ({
        kind: 'returned',
        resultJson: '{"ok":true}',
        usage: { cpuMs: 1, wallMs: 1, heapBytesPeak: 1 },
      });
      const asked = calls();
      await new Promise((resolve) => setImmediate(resolve));
      freezes.freeze({ kind: 'all' }, 'admin');
      const outcomes = await Promise.all(asked);
      end();
      const frozen = outcomes.filter(({ answer }) => answer.kind === 'error' && answer.error.code === 'FROZEN');
      expect(frozen.length).toBeGreaterThanOrEqual(stopped);
      expect(frozen.length === 0).toBe(stopped === 0);
    },
  );
});
