// What becomes of a call of a restricted child that ended while it ran: it has begun something, and is not begun again.

import { describe, expect, test } from 'vitest';
import { createWorld, returned, usage } from './world.ts';

describe('a tool that asks no capabilities, of a restricted child', () => {
  test('is pure, and its lost run is not tried again', async () => {
    const world = createWorld({ runtime: 'process' });
    world.state.run = async () => ({ kind: 'lost', usage });
    const { answer } = await world.call('p__pure');
    expect(answer).toMatchObject({ error: { code: 'INTERRUPTED' } });
    expect(world.runs).toHaveLength(1);
    expect(world.records.map(({ phase, attempt, tool }) => [phase, attempt, tool.effect])).toEqual([
      ['outcome', 1, 'pure'],
    ]);
  });

  test('is not tried again where the runtime itself failed, and so cannot say whether it ran', async () => {
    const world = createWorld({ runtime: 'process' });
    world.state.run = async () => {
      throw new Error('a bug');
    };
    expect((await world.call('p__pure')).answer).toMatchObject({ error: { code: 'INTERRUPTED' } });
    expect(world.runs).toHaveLength(1);
  });

  test.each([
    ['unknown', 1],
    ['known', 2],
  ] as const)('that was cancelled with its effect %s is run under its key %i times in all', async (effect, runs) => {
    const world = createWorld({ runtime: 'process' });
    world.state.run = async () => ({ kind: 'cancelled', effect, usage });
    await world.call('p__pure', { idempotencyKey: 'k' });
    world.state.run = async () => returned({ ok: true });
    await world.call('p__pure', { idempotencyKey: 'k' });
    expect(world.runs).toHaveLength(runs);
  });
});

describe('the same tool in a warden, which serves others too', () => {
  test('is tried once more when its run was lost', async () => {
    const world = createWorld();
    world.state.run = async () => ({ kind: 'lost', usage });
    await world.call('p__pure');
    expect(world.runs).toHaveLength(2);
  });

  test('is run again under its key after it was cancelled', async () => {
    const world = createWorld();
    world.state.run = async () => ({ kind: 'cancelled', effect: 'unknown', usage });
    await world.call('p__pure', { idempotencyKey: 'k' });
    await world.call('p__pure', { idempotencyKey: 'k' });
    expect(world.runs).toHaveLength(2);
  });
});
