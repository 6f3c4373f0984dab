// Recorded calls run again through a whole server: each kind of host call, in each order, comes to the same result.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReplayWorld, startReplayWorld } from './replay-world.ts';

let world: ReplayWorld;

beforeAll(async () => {
  world = await startReplayWorld();
});

afterAll(() => world[Symbol.asyncDispose]());

const SAME = { same: true, outcome: 'same', difference: null };

describe('a call that is run again comes to the same result', () => {
  test.each<[string, object]>([
    ['keys', { b: 1, a: { d: 1, c: 2 }, '10': 1, '9': 2 }],
    ['zero', { n: -0 }],
    ['chance', {}],
    ['all', {}],
    ['race', {}],
    ['caught', {}],
    ['uncaught', {}],
    ['between', {}],
    ['order', {}],
    ['loops', { times: 40 }],
    ['floods', {}],
    ['throws', { what: 'žába' }],
    ['odd', {}],
    ['stack', {}],
    ['depth', {}],
    ['large', { length: 200_000 }],
  ])('%s', async (name, given) => {
    const { id, value } = await world.act(name, given);
    const replayed = await world.replay(id);
    console.log(JSON.stringify(value)?.slice(0, 300), JSON.stringify(replayed).slice(0, 500));
    expect(replayed).toMatchObject(SAME);
  });
});
