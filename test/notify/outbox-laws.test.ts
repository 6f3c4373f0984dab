// Laws of the outbox, whatever targets do and however often the server stops: nothing is lost, order is kept, and a repetition has the
// id of what it repeats.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DeliveryResult } from '#domain/notify-ports.ts';
import { createFakeTarget, createOutboxWorld, DOWN, notice, TAKEN } from './world.ts';

/** A life of the server: what is told in it, and what each target answers first. */
const life = fc.record({
  tells: fc.integer({ min: 0, max: 4 }),
  answers: fc.tuple(fc.array(fc.boolean(), { maxLength: 4 }), fc.array(fc.boolean(), { maxLength: 4 })),
});

type Told = { readonly id: string; readonly subject: string };

describe('an outbox', () => {
  test('tells each target everything, in order, over any number of stops and failures', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
        const world = createOutboxWorld();
        const told = new Map<string, Told[]>([
          ['a', []],
          ['b', []],
        ]);
        const subjects: string[] = [];
        const liveOnce = (answers: readonly (readonly boolean[])[]) => {
          const targets = ['a', 'b'].map((name, at) => {
            const left = [...(answers[at] ?? [])];
            return createFakeTarget(name, ({ id, notice: { subject } }): DeliveryResult => {
              if (left.shift() === false) return DOWN;
              told.get(name)?.push({ id, subject });
              return TAKEN;
            });
          });
          return world.open(targets.map(({ channel }) => channel));
        };
        for (const { tells, answers } of lives) {
          const outbox = liveOnce(answers);
          for (let n = 0; n < tells; n += 1) {
            subjects.push(`n${subjects.length}`);
            outbox.tell(notice(subjects.at(-1) ?? ''));
          }
          outbox.close();
        }
        const last = liveOnce([]);
        await expect.poll(() => last.waiting()).toEqual([]);
        last.close();
        for (const list of told.values()) {
          // One that was on its way when the server stopped may come twice, and then with its own id.
          const once = list.filter(({ id }, at) => list.findIndex((other) => other.id === id) === at);
          expect(once.map(({ subject }) => subject)).toEqual(subjects);
        }
        expect([world.dropped, world.store.heads()]).toEqual([[], []]);
      }),
      { numRuns: 40 },
    );
  });
});
