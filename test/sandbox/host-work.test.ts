// The account of what the host does for one call.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createHostWork } from '#sandbox/host/host-work.ts';

/** A thread whose time is what it was told to spend. */
function createThread() {
  let us = 0;
  const clock = { nowMs: () => 0, monotonicMs: () => 0, threadUs: () => us };
  const spend = (more: number) => {
    us += more;
  };
  return { clock, spend };
}

test('counts what each piece of work took, once, also where it throws or is part of another', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.boolean())), (pieces) => {
      const { clock, spend } = createThread();
      const work = createHostWork(clock, 1e9, () => {});
      let expected = 0;
      for (const [outer, inner, throws] of pieces) {
        spend(7);
        const act = () =>
          work.count(() => {
            spend(outer);
            work.count(() => spend(inner));
            if (throws) throw new Error('on purpose');
            return outer;
          });
        if (throws) expect(act).toThrow('on purpose');
        else expect(act()).toBe(outer);
        expected += outer + inner;
      }
      expect([work.take(), work.take()]).toEqual([expected, 0]);
    }),
  );
});

test('says once that it was more than the call may use, and never at just as much', () => {
  const { clock, spend } = createThread();
  let told = 0;
  const work = createHostWork(clock, 1, () => {
    told += 1;
  });
  work.count(() => spend(1000));
  expect([work.isOver(), told]).toEqual([false, 0]);
  work.count(() => spend(1));
  work.count(() => spend(1000));
  expect([work.isOver(), told]).toEqual([true, 1]);
});

test('counts a fixed time for each host call, and for each byte of an answer', () => {
  const { clock } = createThread();
  const work = createHostWork(clock, 1, () => {});
  for (let call = 0; call < 3; call += 1) work.came();
  work.sends(5000);
  expect(work.take()).toBe(3 * LIMITS.hostCallWorkUs + 5 * LIMITS.hostAnswerByteNs);
});

test('counts nothing where no clock tells: the control', () => {
  const work = createHostWork({ nowMs: () => 0, monotonicMs: () => 0 }, 0, () => {
    throw new Error('it counts');
  });
  work.came();
  work.sends(1e6);
  expect([work.count(() => 'done'), work.take(), work.isOver()]).toEqual(['done', 0, false]);
});
