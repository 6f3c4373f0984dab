import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createSimulation } from '#policy/review/simulate.ts';
import { scanPage } from '#policy/review/tally.ts';
import { policyOf } from '#test/policy/policies.ts';
import { DAY_MS, openReviewWorld, TOOLS } from './review-world.ts';

const policyWith = (...grants: readonly string[]) =>
  `version: 1\nagents:\n  athena:\n    grants:\n${grants.map((one) => `      - ${one}\n`).join('')}`;
const ADD = '{ id: add, tools: ["demo_math__add"] }';
const SMALL = '{ id: small, tools: ["demo_math__add"], when: args.n < 10 }';
const ALL = { sinceMs: 0, decisionsMax: 1_000, countMax: 100 };

describe('another policy over what was recorded', () => {
  test('tells each decision that would change, the newest first, and why', async () => {
    const { review, call, state } = await openReviewWorld(policyWith(ADD));
    const first = await call({ tool: 'demo_math__add', args: { n: 11 } });
    await call({ tool: 'demo_math__add', args: { n: 1 } });
    state.nowMs += DAY_MS;
    const denied = await call({ tool: 'demo_text__echo' });
    const told = await review.simulate({ text: policyWith(SMALL, '{ id: echo, tools: ["demo_text__*"] }'), ...ALL });
    expect(told).toMatchObject({ same: 1, byAnotherRule: 1, changed: 2, withoutArguments: 0, withoutTool: 0 });
    expect(told.changes).toEqual([
      {
        ...{ index: 4, invocation: denied.invocation, timeMs: state.nowMs },
        ...{ agent: 'athena', tool: 'demo_text__echo', inForce: 'deny' },
        was: { decision: 'deny', rule: 'default-deny', version: 1 },
        wouldBe: { decision: 'allow', rule: 'echo', reason: 'the grant echo covers demo_text__echo' },
      },
      {
        ...{ index: 2, invocation: first.invocation, timeMs: state.nowMs - DAY_MS },
        ...{ agent: 'athena', tool: 'demo_math__add', inForce: 'allow' },
        was: { decision: 'allow', rule: 'add', version: 1 },
        wouldBe: {
          decision: 'deny',
          rule: 'default-deny',
          reason: expect.stringContaining('a condition that is not true'),
        },
      },
    ]);
    expect(told.span).toMatchObject({ decisions: 3, isComplete: true, toMs: state.nowMs });
  });

  test('tells what the policy in force says of a call that an earlier one decided', async () => {
    const { review, call, apply } = await openReviewWorld(policyWith(ADD));
    await call({ tool: 'demo_math__add', args: { n: 11 } });
    await apply(policyWith(SMALL));
    // The change was made by what is in force already, not by what is tried.
    expect((await review.simulate({ text: policyWith(SMALL), ...ALL })).changes).toMatchObject([
      { was: { decision: 'allow', version: 1 }, wouldBe: { decision: 'deny' }, inForce: 'deny' },
    ]);
  });

  test('counts changes that are alike, however many are told one by one', async () => {
    const { review, call } = await openReviewWorld(policyWith(ADD));
    for (let n = 0; n < 5; n += 1) await call({ tool: 'demo_math__add', args: { n } });
    await call({ tool: 'demo_text__echo' });
    const told = await review.simulate({ text: policyWith('{ tools: ["demo_text__*"] }'), ...ALL, countMax: 2 });
    expect(told).toMatchObject({ changed: 6, changes: [{ tool: 'demo_text__echo' }, { tool: 'demo_math__add' }] });
    expect(told.groups.map(({ count, tool, was, wouldBe }) => [count, tool, was.decision, wouldBe.decision])).toEqual([
      [5, 'demo_math__add', 'allow', 'deny'],
      [1, 'demo_text__echo', 'deny', 'allow'],
    ]);
  });

  test('reads as far back as it is asked to', async () => {
    const { review, call, state } = await openReviewWorld(policyWith(ADD));
    for (let n = 0; n < 4; n += 1) {
      await call({ tool: 'demo_math__add', args: { n } });
      state.nowMs += DAY_MS;
    }
    const read = async (bounds: object) => (await review.simulate({ text: policyWith(SMALL), ...ALL, ...bounds })).span;
    expect(await read({ decisionsMax: 2 })).toMatchObject({ decisions: 2, fromMs: state.nowMs - 2 * DAY_MS });
    expect(await read({ sinceMs: state.nowMs - 3.5 * DAY_MS })).toMatchObject({ decisions: 3 });
    expect(await read({})).toMatchObject({ decisions: 4, fromMs: state.nowMs - 4 * DAY_MS });
  });

  test('decides each call at its own time, in its own session', async () => {
    const { review, call, state } = await openReviewWorld(policyWith(ADD));
    const until = new Date(state.nowMs + 1).toISOString();
    await call({ tool: 'demo_math__add', parts: { session: 'mine' } });
    state.nowMs += DAY_MS;
    await call({ tool: 'demo_math__add', parts: { session: 'other' } });
    const kinds = async (grant: string) =>
      (await review.simulate({ text: policyWith(grant), ...ALL })).changes.map(({ index }) => index);
    expect(await kinds(`{ tools: ["demo_math__add"], expires: ${until} }`)).toEqual([3]);
    expect(await kinds('{ tools: ["demo_math__add"], when: session == "other" }')).toEqual([2]);
  });
});

describe('what can not be said', () => {
  test('is counted where a rule looks at arguments that are not kept, and only there', async () => {
    const { review, call } = await openReviewWorld(policyWith(ADD));
    await call({ tool: 'demo_math__add', withoutArgs: true });
    expect(await review.simulate({ text: policyWith(SMALL), ...ALL })).toMatchObject({ withoutArguments: 1, same: 0 });
    expect(await review.simulate({ text: policyWith(ADD), ...ALL })).toMatchObject({ withoutArguments: 0, same: 1 });
    const other = '{ tools: ["demo_*"], when: agent != "x" }';
    expect(await review.simulate({ text: policyWith(other), ...ALL })).toMatchObject({ withoutArguments: 0, same: 1 });
  });

  test('is counted where a rule looks at arguments of a tool that is gone, and only there', async () => {
    const { review, call, state } = await openReviewWorld(policyWith(ADD));
    await call({ tool: 'demo_math__add', args: { n: 1 } });
    state.tools = TOOLS.slice(1);
    expect(await review.simulate({ text: policyWith(SMALL), ...ALL })).toMatchObject({ withoutTool: 1, same: 0 });
    expect(await review.simulate({ text: policyWith(ADD), ...ALL })).toMatchObject({ withoutTool: 0, same: 1 });
  });

  test('is no decision where no policy was asked', async () => {
    const { review, undecided } = await openReviewWorld(policyWith(ADD));
    await undecided();
    const told = await review.simulate({ text: policyWith(SMALL), ...ALL });
    expect(told).toMatchObject({ same: 0, changed: 0, span: { decisions: 0, undecided: 1 } });
  });
});

describe('a policy that is wrong', () => {
  test('is refused with line and column, and nothing is read', async () => {
    const { review } = await openReviewWorld(policyWith(ADD));
    await expect(review.simulate({ text: 'version: 1\nagnts: {}\n', ...ALL })).rejects.toMatchObject({
      code: 'POLICY_INVALID',
      message: 'the policy given:2:1: unknown key "agnts"',
    });
  });
});

describe('records that somebody else wrote', () => {
  const inForce = policyOf(policyWith(ADD));
  const rowsOf = (envelope: string) => [{ index: 1, envelope, args: '{"nonce":"x","value":{}}' }];
  const simulation = () => createSimulation({ policy: inForce, inForce, schemas: new Map() });
  const envelopeOf = (statement: unknown) =>
    JSON.stringify({ payload: Buffer.from(JSON.stringify(statement)).toString('base64') });

  test.each([
    ['no JSON', '{'],
    ['no payload', '{}'],
    ['a payload that is no JSON', JSON.stringify({ payload: 'AAAA' })],
    ['no predicate', envelopeOf({})],
    ['a predicate that is a list', envelopeOf({ predicate: [] })],
    ['no time', envelopeOf({ predicate: { agent: 'athena', tool: { name: 'x' }, policy: {} } })],
    [
      'a decision that there is not',
      envelopeOf({
        predicate: {
          ...{
            phase: 'denied',
            agent: 'athena',
            invocation: 'i',
            tool: { name: 'x' },
            time: { ended: '2026-11-22T10:00:00Z' },
          },
          policy: { version: 1, digest: 'd', decision: 'perhaps', rule: 'r' },
        },
      }),
    ],
  ])('with %s are counted and end nothing', (_, envelope) => {
    expect(scanPage(rowsOf(envelope), ALL)).toMatchObject({ taken: 1, unreadable: 1, decisions: 0 });
    expect(simulation().take(rowsOf(envelope), true)).toMatchObject({ decisions: 0, isBusy: false });
  });
});

test('a piece of work ends soon, with at least one decision, and the next one goes on from there', () => {
  const policy = policyOf(policyWith(ADD));
  const predicate = {
    ...{
      phase: 'denied',
      agent: 'athena',
      invocation: 'i',
      tool: { name: 'x__y' },
      time: { ended: '2026-11-22T10:00:00Z' },
    },
    policy: { version: 1, digest: 'd', decision: 'deny', rule: 'default-deny' },
  };
  const envelope = JSON.stringify({ payload: Buffer.from(JSON.stringify({ predicate })).toString('base64') });
  const rows = Array.from({ length: 10 }, (_, index) => ({ index, envelope }));
  let nowMs = 0;
  /** Each look at the clock is as long after the one before as a piece may last. */
  const clock = { monotonicMs: () => (nowMs += LIMITS.policyReviewPieceMsMax) };
  const simulation = createSimulation({ policy, inForce: policy, schemas: new Map() });
  const first = simulation.take(rows, true, clock);
  expect(first).toMatchObject({ decisions: 2, isBusy: true });
  expect(simulation.take([], true)).toMatchObject({ decisions: 8, same: 8, isBusy: false });
});
