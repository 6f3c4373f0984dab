import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { NOW_MS } from '#test/policy/policies.ts';
import { DAY_MS, openReviewWorld } from './review-world.ts';

const grant = (tool: string) => `      - tools: ["${tool}"]\n`;
const policyWith = (...grants: readonly string[]) =>
  `version: 1\nagents:\n  athena:\n    grants:\n${grants.join('')}    deny:\n      - { id: no-deletes, tools: ["files__*"] }\n`;
const ADD = grant('demo_math__add');
const ECHO = grant('demo_text__echo');

const names = ({ unused }: { readonly unused: readonly { readonly rule: string }[] }) => unused.map(({ rule }) => rule);
const ALL = { sinceMs: 0 };

describe('rules that decided nothing', () => {
  test('are told with where they stand, and those that decided are not', async () => {
    const { review, call, undecided } = await openReviewWorld(policyWith(ADD, ECHO));
    await call({ tool: 'demo_math__add' });
    await call({ tool: 'nothing__here' });
    await undecided();
    expect(await review.unused(ALL)).toEqual({
      policy: { version: 1, digest: expect.any(String) },
      span: {
        ...{ fromMs: NOW_MS, toMs: NOW_MS, decisions: 2, undecided: 1, unreadable: 0, isComplete: true },
      },
      rules: 3,
      shadows: [],
      unused: [
        {
          ...{ rule: '/agents/athena/grants/1', pointer: '/agents/athena/grants/1', effect: 'grant' },
          ...{ tools: ['demo_text__echo'], isShadow: false, sinceMs: NOW_MS },
        },
        {
          ...{ rule: 'no-deletes', pointer: '/agents/athena/deny/0', effect: 'deny' },
          ...{ tools: ['files__*'], isShadow: false, sinceMs: NOW_MS },
        },
      ],
      byFormerRules: 0,
      byUnknownRules: 0,
    });
    await call({ tool: 'files__delete' });
    expect(names(await review.unused(ALL))).toEqual(['/agents/athena/grants/1']);
  });

  test('are those since the time that was asked for', async () => {
    const { review, call, state } = await openReviewWorld(policyWith(ADD));
    await call({ tool: 'demo_math__add' });
    state.nowMs += 10 * DAY_MS;
    await call({ tool: 'files__delete' });
    expect(names(await review.unused({ sinceMs: state.nowMs - 11 * DAY_MS }))).toEqual([]);
    const late = await review.unused({ sinceMs: state.nowMs - 9 * DAY_MS });
    expect(names(late)).toEqual(['/agents/athena/grants/0']);
    expect(late.span).toMatchObject({ fromMs: state.nowMs - 9 * DAY_MS, decisions: 1 });
  });
});

describe('a rule without an id', () => {
  test('stays the same when others are put before it', async () => {
    const { review, call, apply } = await openReviewWorld(policyWith(ADD));
    await call({ tool: 'demo_math__add' });
    await apply(policyWith(ECHO, ADD));
    // Where the used one stood there is another one now.
    expect(names(await review.unused(ALL))).toEqual(['/agents/athena/grants/0', 'no-deletes']);
  });

  test('is another one when it says something else', async () => {
    const { review, call, apply } = await openReviewWorld(policyWith(ADD));
    await call({ tool: 'demo_math__add' });
    await apply(policyWith(ADD.replace('add"', '*"')));
    const told = await review.unused(ALL);
    expect(names(told)).toEqual(['/agents/athena/grants/0', 'no-deletes']);
    expect(told).toMatchObject({ byFormerRules: 1, byUnknownRules: 0 });
  });
});

test('a rule with an id stays the same whatever it says and wherever it stands', async () => {
  const named = '      - { id: it, tools: ["demo_math__*"] }\n';
  const { review, call, apply } = await openReviewWorld(policyWith(named));
  await call({ tool: 'demo_math__add' });
  await apply(policyWith(ECHO, named.replace('_*', '_add')));
  expect(names(await review.unused(ALL))).toEqual(['/agents/athena/grants/0', 'no-deletes']);
});

describe('since when an unused rule is in force', () => {
  test('is told by the versions, and no longer than the log was read', async () => {
    const { review, apply, state, call } = await openReviewWorld(policyWith(ADD));
    await call({ tool: 'nothing__here' });
    state.nowMs += 10 * DAY_MS;
    await apply(policyWith(ADD, ECHO));
    state.nowMs += 10 * DAY_MS;
    const since = async (days: number) =>
      (await review.unused({ sinceMs: state.nowMs - days * DAY_MS })).unused.map(({ sinceMs }) => sinceMs - NOW_MS);
    expect(await since(30)).toEqual([0, 10 * DAY_MS, 0]);
    expect(await since(5)).toEqual([15 * DAY_MS, 15 * DAY_MS, 15 * DAY_MS]);
  });

  test('begins anew when it was taken out in between', async () => {
    const { review, apply, state } = await openReviewWorld(policyWith(ADD, ECHO));
    state.nowMs += DAY_MS;
    await apply(policyWith(ADD));
    state.nowMs += DAY_MS;
    await apply(policyWith(ADD, ECHO));
    const { unused } = await review.unused(ALL);
    expect(unused.map(({ sinceMs }) => sinceMs - NOW_MS)).toEqual([0, 2 * DAY_MS, 0]);
  });
});

describe('what the log can not tell', () => {
  test('is counted: decisions by a text that is not the one that is kept', async () => {
    const { review, call } = await openReviewWorld(policyWith(ADD));
    const digest = 'sha256:00' as const;
    await call({ tool: 'demo_math__add', parts: { policy: { version: 1, digest, decision: 'allow', rule: 'it' } } });
    await call({ tool: 'demo_math__add', parts: { policy: { version: 7, digest, decision: 'allow', rule: 'it' } } });
    expect(await review.unused(ALL)).toMatchObject({ byUnknownRules: 2, unused: [{}, {}] });
  });

  test('is as many reviews at a time as are allowed, and not one more', async () => {
    const { review } = await openReviewWorld(policyWith(ADD));
    const asked = Array.from({ length: LIMITS.policyReviewsMax }, () => review.unused(ALL));
    await expect(review.unused(ALL)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await expect(Promise.all(asked)).resolves.toHaveLength(LIMITS.policyReviewsMax);
    await expect(review.unused(ALL)).resolves.toBeDefined();
  });
});
