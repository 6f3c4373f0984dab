// Results that depend on how deep a recursion may go: the same wherever the call ran, and where nothing that was tried gives them, that is
// told. The recorded depths are those of calls that really ran.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunOutcome } from '#domain/invocation.ts';
import { answers, asks, type HandMade, type HandMadeWorld, openHandMade, transcriptOf } from './world.ts';

let world: HandMadeWorld;

beforeAll(async () => {
  world = await openHandMade();
});

afterAll(() => world[Symbol.asyncDispose]());

const replay = async (made: HandMade) => world.replayer.replay(await world.write(made));
const depthOf = (outcome: RunOutcome): number =>
  outcome.kind === 'returned' ? Number(outcome.resultJson) : Number.NaN;
const alone = async (tool: string) => depthOf(await world.call(tool, 'a'));
/** While another agent calls, a call runs on another thread than by itself. */
const beside = async (tool: string) => {
  const [, outcome] = await Promise.all([world.call('add', 'b'), world.call(tool, 'a')]);
  return depthOf(outcome);
};

describe('how deep a recursion may go', () => {
  test('is one number for each kind of thread, and those are within a tenth of each other', async () => {
    const own = [await alone('deep'), await alone('deep'), await alone('deep')];
    const other = [await beside('deep'), await beside('deep'), await beside('deep')];
    expect([new Set(own).size, new Set(other).size]).toEqual([1, 1]);
    const [one = 0, two = 0] = [own[0], other[0]];
    expect(one).toBeGreaterThan(5_000);
    expect(Math.max(one, two) / Math.min(one, two)).toBeLessThan(1.1);
  });
});

describe('a result that is the depth of a recursion comes out the same', () => {
  test('of a call that ran by itself', async () => {
    expect(await replay({ tool: 'deep', result: await alone('deep') })).toMatchObject({ outcome: 'same' });
  });

  test('of one that ran beside another agent, on another thread', async () => {
    const [own, other] = [await alone('deep'), await beside('deep')];
    expect(other).not.toBe(own);
    expect(await replay({ tool: 'deep', result: other })).toMatchObject({ outcome: 'same' });
  });

  test('of one that recursed once it had an answer', async () => {
    const transcript = transcriptOf(asks(1, 'a'), answers(1, 'null'));
    expect(await replay({ tool: 'after', result: await alone('after'), transcript })).toMatchObject({
      outcome: 'same',
      hostCalls: 1,
    });
  });

  test('of one that went as deep as a release before let it, where only that it did is the result', async () => {
    const args = { depth: 50_000 };
    expect(await replay({ tool: 'fits', args, result: false })).toMatchObject({ outcome: 'same' });
    expect(await replay({ tool: 'fits', args, result: true })).toMatchObject({ outcome: 'same' });
    expect(await replay({ tool: 'fits', args: { depth: 500 }, result: false })).toMatchObject({ outcome: 'different' });
  });
});

test('a depth that no thread gives says nothing of the recorded call, and that is told', async () => {
  const before = world.runs();
  const said = await replay({ tool: 'deep', result: 7 });
  expect(said).toMatchObject({
    outcome: 'impossible',
    reason: expect.stringContaining('how deep its recursion may go'),
  });
  expect(said).not.toHaveProperty('replayed');
  expect(world.runs()).toBe(before + 2);
});

test('what does not depend on it stays different, or diverged: the control', async () => {
  expect(await replay({ tool: 'add', args: { a: 1, b: 1 }, result: 3 })).toMatchObject({ outcome: 'different' });
  const transcript = transcriptOf(asks(1, 'b'), answers(1, 'null'));
  expect(await replay({ tool: 'after', result: 7, transcript })).toMatchObject({
    outcome: 'diverged',
    difference: { index: 0 },
  });
});
