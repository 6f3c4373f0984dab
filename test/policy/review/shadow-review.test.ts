import { describe, expect, test } from 'vitest';
import { openReviewWorld } from './review-world.ts';

const policyWith = (...rules: readonly string[]) =>
  `version: 1\nagents:\n  athena:\n    grants:\n      - { id: add, tools: ["demo_math__*"] }\n${rules.map((one) => `      - ${one}\n`).join('')}`;
const TRIED = '{ id: tried, tools: ["demo_text__*"], shadow: true }';
const ALL = { sinceMs: 0, decisionsMax: 1_000, countMax: 100 };

describe('rules in shadow', () => {
  test('of the policy in force are told by the records that they would have decided', async () => {
    const { review, call } = await openReviewWorld(policyWith(TRIED, '{ id: idle, tools: ["x__*"], shadow: true }'));
    await call({ tool: 'demo_text__echo' });
    await call({ tool: 'demo_text__echo' });
    await call({ tool: 'demo_math__add' });
    expect(await review.unused({ sinceMs: 0 })).toMatchObject({
      shadows: [{ rule: 'tried', isShadow: true, calls: 2 }],
      unused: [{ rule: 'idle', isShadow: true }],
      byUnknownRules: 0,
    });
  });

  test('of another policy change nothing in a simulation, which says what they would have', async () => {
    const { review, call } = await openReviewWorld(policyWith());
    await call({ tool: 'demo_text__echo' });
    await call({ tool: 'demo_math__add', args: { n: 3 } });
    await call({ tool: 'demo_math__add', withoutArgs: true });
    const deny = '{ id: large, tools: ["demo_*"], when: args.n > 2, shadow: true }';
    const text = `${policyWith(TRIED)}    deny:\n      - ${deny}\n`;
    expect(await review.simulate({ text, ...ALL })).toMatchObject({
      ...{ same: 3, changed: 0, withoutArguments: 0 },
      // Of the call without its arguments it can't be said; of the first one the condition fails, which denies.
      shadows: [
        { rule: 'large', decision: 'deny', calls: 2, changes: 1 },
        { rule: 'tried', decision: 'allow', calls: 1, changes: 1 },
      ],
    });
    // Out of shadow they do change it.
    expect(await review.simulate({ text: text.replaceAll(', shadow: true', ''), ...ALL })).toMatchObject({
      ...{ changed: 1, withoutArguments: 1, shadows: [] },
    });
  });

  test('are not among those that may allow a call', async () => {
    const { review } = await openReviewWorld(policyWith(TRIED));
    const question = { tool: { name: 'demo_text__echo' }, stopped: new Map(), countMax: 10 };
    expect(await review.whoCan(question)).toMatchObject({ counts: { allow: 0, deny: 1 } });
  });
});
