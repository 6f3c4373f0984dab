import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { Lane, type LaneOptions, type Turn } from '#dispatch/lane.ts';
import type { EffectClass } from '#domain/capability.ts';

const laneOf = (options: LaneOptions = {}) => new Lane(systemClock, options);
const never = new AbortController().signal;

/** Enters and notes in `order` when the turn comes. */
function enter(
  lane: Lane,
  who: { agent?: string; effect: EffectClass; label: string; signal?: AbortSignal },
  order: string[],
) {
  const turn = lane.enter({ agent: who.agent ?? 'a', effect: who.effect, bytes: 0, signal: who.signal ?? never });
  turn.then(
    () => order.push(who.label),
    () => order.push(`${who.label} left`),
  );
  return turn;
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a lane', () => {
  test('runs pure calls beside a write, and reads beside reads', async () => {
    const lane = laneOf();
    await lane.enter({ agent: 'a', effect: 'write', bytes: 0, signal: never });
    await lane.enter({ agent: 'a', effect: 'pure', bytes: 0, signal: never });
    expect(lane.running).toBe(2);
    const reading = laneOf();
    await reading.enter({ agent: 'a', effect: 'read', bytes: 0, signal: never });
    await reading.enter({ agent: 'b', effect: 'read', bytes: 0, signal: never });
    expect(reading.running).toBe(2);
  });

  test('runs writes one at a time, in their order', async () => {
    const lane = laneOf();
    const order: string[] = [];
    const first = await enter(lane, { effect: 'write', label: 'w1' }, order);
    const second = enter(lane, { effect: 'write', label: 'w2' }, order);
    const third = enter(lane, { effect: 'write', label: 'w3' }, order);
    await settle();
    expect(order).toEqual(['w1']);
    first.release();
    (await second).release();
    (await third).release();
    expect(order).toEqual(['w1', 'w2', 'w3']);
  });

  test('lets no later read pass a waiting write', async () => {
    const lane = laneOf();
    const order: string[] = [];
    const read = await enter(lane, { effect: 'read', label: 'r1' }, order);
    const write = enter(lane, { effect: 'write', label: 'w' }, order);
    const late = enter(lane, { agent: 'b', effect: 'read', label: 'r2' }, order);
    await settle();
    expect(order).toEqual(['r1']);
    read.release();
    (await write).release();
    (await late).release();
    expect(order).toEqual(['r1', 'w', 'r2']);
  });

  test('takes turns between agents, however many calls one of them has', async () => {
    const lane = laneOf();
    const order: string[] = [];
    const held = await lane.enter({ agent: 'z', effect: 'write', bytes: 0, signal: never });
    const turns: Promise<Turn>[] = [];
    for (const label of ['a1', 'a2', 'a3', 'a4'])
      turns.push(enter(lane, { agent: 'a', effect: 'write', label }, order));
    for (const label of ['b1', 'b2']) turns.push(enter(lane, { agent: 'b', effect: 'write', label }, order));
    const done = turns.map(async (turn) => (await turn).release());
    held.release();
    await Promise.all(done);
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
  });

  test('refuses over its bound, and one agent over its share while others still enter', async () => {
    const lane = laneOf({ queueLengthMax: 3, queuePerAgentMax: 2 });
    await lane.enter({ agent: 'z', effect: 'write', bytes: 0, signal: never });
    void lane.enter({ agent: 'a', effect: 'write', bytes: 0, signal: never });
    void lane.enter({ agent: 'a', effect: 'write', bytes: 0, signal: never });
    await expect(lane.enter({ agent: 'a', effect: 'write', bytes: 0, signal: never })).rejects.toMatchObject({
      code: 'QUEUE_FULL',
    });
    void lane.enter({ agent: 'b', effect: 'write', bytes: 0, signal: never });
    await expect(lane.enter({ agent: 'c', effect: 'write', bytes: 0, signal: never })).rejects.toMatchObject({
      code: 'QUEUE_FULL',
    });
    expect(lane.waiting).toBe(3);
  });

  test('has one bound for pure and ordered calls together, and gives places back', async () => {
    const lane = laneOf({ queueLengthMax: 3, queuePerAgentMax: 2, runningMax: 1 });
    const pure = await lane.enter({ agent: 'z', effect: 'pure', bytes: 0, signal: never });
    await lane.enter({ agent: 'z', effect: 'write', bytes: 0, signal: never });
    const waiting = lane.enter({ agent: 'a', effect: 'pure', bytes: 0, signal: never });
    const left = new AbortController();
    const leaving = lane.enter({ agent: 'a', effect: 'write', bytes: 0, signal: left.signal });
    for (const effect of ['pure', 'write'] as const) {
      await expect(lane.enter({ agent: 'a', effect, bytes: 0, signal: never })).rejects.toMatchObject({
        code: 'QUEUE_FULL',
      });
    }
    void lane.enter({ agent: 'b', effect: 'read', bytes: 0, signal: never });
    await expect(lane.enter({ agent: 'c', effect: 'pure', bytes: 0, signal: never })).rejects.toMatchObject({
      code: 'QUEUE_FULL',
    });
    left.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    pure.release();
    await waiting;
    void lane.enter({ agent: 'a', effect: 'pure', bytes: 0, signal: never });
    void lane.enter({ agent: 'a', effect: 'write', bytes: 0, signal: never });
    expect(lane.waiting).toBe(3);
    await expect(lane.enter({ agent: 'c', effect: 'read', bytes: 0, signal: never })).rejects.toMatchObject({
      code: 'QUEUE_FULL',
    });
  });

  test('leaves places to run to others, however many slow calls one agent has', async () => {
    const lane = laneOf({ runningMax: 4, runningPerAgentMax: 3 });
    const order: string[] = [];
    const turns = ['a1', 'a2', 'a3', 'a4'].map((label) => enter(lane, { agent: 'a', effect: 'pure', label }, order));
    await enter(lane, { agent: 'b', effect: 'pure', label: 'b1' }, order);
    expect(order).toEqual(['a1', 'a2', 'a3', 'b1']);
    (await turns[0])?.release();
    await turns[3];
    expect(order.at(-1)).toBe('a4');
    const reads = laneOf({ runningMax: 4, runningPerAgentMax: 1 });
    void enter(reads, { agent: 'a', effect: 'read', label: 'ra1' }, order);
    void enter(reads, { agent: 'a', effect: 'read', label: 'ra2' }, order);
    await enter(reads, { agent: 'b', effect: 'read', label: 'rb1' }, order);
    expect(order.slice(-2)).toEqual(['ra1', 'rb1']);
  });

  test('refuses more bytes of arguments of one agent than its share', async () => {
    const lane = laneOf();
    await lane.enter({ agent: 'z', effect: 'write', bytes: 0, signal: never });
    const half = LIMITS.queueBytesPerAgentMax / 2;
    const heavy = (agent: string) => lane.enter({ agent, effect: 'write', bytes: half, signal: never });
    void heavy('a');
    void heavy('a');
    await expect(heavy('a')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    void heavy('b');
    expect(lane.waiting).toBe(3);
  });

  test('lets a waiting call leave when it is cancelled, and what it blocked goes on', async () => {
    const lane = laneOf();
    const order: string[] = [];
    await enter(lane, { effect: 'read', label: 'r1' }, order);
    const caller = new AbortController();
    const write = enter(lane, { effect: 'write', label: 'w', signal: caller.signal }, order);
    const read = enter(lane, { agent: 'b', effect: 'read', label: 'r2' }, order);
    caller.abort(new Error('gone'));
    await expect(write).rejects.toThrow('gone');
    await read;
    expect(order).toEqual(['r1', 'w left', 'r2']);
  });

  test('sends a call away when no turn comes in time', async () => {
    const lane = laneOf({ queueWaitMsMax: 20 });
    await lane.enter({ agent: 'a', effect: 'write', bytes: 0, signal: never });
    const waiting = lane.enter({ agent: 'b', effect: 'write', bytes: 0, signal: never });
    await expect(waiting).rejects.toMatchObject({ code: 'QUEUE_EXPIRED' });
    expect(lane.waiting).toBe(0);
  });

  test('gives a place back once, however often it is released', async () => {
    const lane = laneOf();
    const order: string[] = [];
    const first = await enter(lane, { effect: 'write', label: 'w1' }, order);
    void enter(lane, { effect: 'write', label: 'w2' }, order);
    void enter(lane, { effect: 'write', label: 'w3' }, order);
    first.release();
    first.release();
    await settle();
    expect(order).toEqual(['w1', 'w2']);
  });

  test('never runs a write beside a read or another write, and starves nobody, for any order of calls', async () => {
    const calls = fc.array(
      fc.record({
        agent: fc.constantFrom('a', 'b', 'c'),
        effect: fc.constantFrom<EffectClass>('pure', 'read', 'write'),
      }),
      {
        maxLength: 40,
      },
    );
    await fc.assert(
      fc.asyncProperty(calls, async (entries) => {
        const lane = laneOf({ runningMax: 3 });
        const running = { pure: 0, read: 0, write: 0 };
        let ended = 0;
        await Promise.all(
          entries.map(async ({ agent, effect }) => {
            const turn = await lane.enter({ agent, effect, bytes: 0, signal: never });
            running[effect] += 1;
            expect(running.write === 0 || (running.write === 1 && running.read === 0)).toBe(true);
            expect(running.pure <= 3 && running.read <= 3).toBe(true);
            await settle();
            running[effect] -= 1;
            turn.release();
            ended += 1;
          }),
        );
        expect(ended).toBe(entries.length);
        expect(lane.running + lane.waiting).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
