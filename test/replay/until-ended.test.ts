// Calls that were ended from outside of their code: what they had asked up to there is compared, and nothing more is said.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answers, asks, type Event, type HandMade, type HandMadeWorld, openHandMade, transcriptOf } from './world.ts';

let world: HandMadeWorld;

beforeAll(async () => {
  world = await openHandMade();
});

afterAll(() => world[Symbol.asyncDispose]());

const CODES = ['TIMEOUT', 'CPU_EXCEEDED', 'MEMORY_EXCEEDED', 'CANCELLED', 'INTERRUPTED', 'PLUGIN_CRASHED'];

const ended = (tool: string, events: readonly Event[], code = 'TIMEOUT'): HandMade => ({
  tool,
  args: { key: 'a' },
  predicate: { result: { isError: true, bytes: 1, class: code } },
  result: { code, message: 'm' },
  ...(events.length === 0 ? {} : { transcript: transcriptOf(...events) }),
});
const replay = async (made: HandMade) => world.replayer.replay(await world.write(made));
const FIRST = [asks(1, 'a'), answers(1, '1')];

describe('a call that was ended from outside of its code', () => {
  test.each(CODES)('asked the same up to there: %s', async (code) => {
    const said = await replay(ended('two', [...FIRST, asks(2, 'b')], code));
    expect(said).toMatchObject({ outcome: 'same_until_ended', hostCalls: 2 });
    expect(said.reason).toBe(
      `it asked the same up to where it was ended from outside of its code (${code}); host call 2 had no answer then`,
    );
    expect(said).not.toHaveProperty('replayed');
  });

  test('is that also where its end may have been under way, and nobody knows what came of a host call', async () => {
    const made = { ...ended('two', [asks(1, 'a')]), isUnknown: true };
    expect(await replay(made)).toMatchObject({ outcome: 'same_until_ended', hostCalls: 1 });
  });

  test('may ask more, or return, where it was cut off: that is no difference', async () => {
    expect(await replay(ended('two', FIRST))).toMatchObject({ outcome: 'same_until_ended', hostCalls: 1 });
    expect(await replay(ended('echo', FIRST))).toMatchObject({ outcome: 'same_until_ended', hostCalls: 1 });
  });

  test('that asked something else is another way, and so is one that asked more than its code does', async () => {
    expect(await replay(ended('two', [...FIRST, asks(2, 'c')]))).toMatchObject({
      outcome: 'diverged',
      difference: { index: 1, asked: { params: '{"key":"b"}' }, recorded: { params: '{"key":"c"}' } },
    });
    const said = await replay(ended('echo', [...FIRST, asks(2, 'a')]));
    expect(said).toMatchObject({ outcome: 'diverged', difference: { index: 1, recorded: { call: 2 } } });
    expect(said.difference).not.toHaveProperty('asked');
  });

  test.each(CODES)('and that had asked for nothing is not run at all: %s', async (code) => {
    const before = world.runs();
    expect(await replay(ended('spins', [], code))).toMatchObject({
      outcome: 'impossible',
      reason: expect.stringContaining(`(${code}), and had asked for nothing`),
    });
    expect(world.runs()).toBe(before);
  });
});
