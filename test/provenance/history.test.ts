import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { uuidv7 } from '#base/ids.ts';
import { NO_POLICY, type PolicyRef } from '#domain/decision.ts';
import type { InvocationPredicate } from '#domain/record.ts';
import { prepareRecord } from '#provenance/prepare-record.ts';
import type { AnyDraft } from '#provenance/statement.ts';
import { createHistory } from '#provenance/verify/history.ts';
import type { Statement } from '#provenance/verify/statement.ts';
import { intentDraft, pluginDraft, policyDraft, predicateOf } from './fixture.ts';

const openedDraft: AnyDraft = { kind: 'opened', predicate: { origin: 'o/1/1', keys: [], time: '' } };
const pure = { ...predicateOf('outcome').tool, effect: 'pure' } as const;

/** Feeds drafts as records whose leaf is their index; the problem of the last one. All before must be sound. */
function lastProblem(
  drafts: readonly AnyDraft[],
  argsDigests: Readonly<Record<number, string>> = {},
): string | undefined {
  const history = createHistory();
  let last: string | undefined;
  for (const [index, draft] of drafts.entries()) {
    expect(last).toBeUndefined();
    const digest = argsDigests[index];
    last = history.next({ index, leaf: `leaf ${index}`, statement: statementOf(draft, digest) });
  }
  return last;
}

function statementOf(draft: AnyDraft, argsDigest: string | undefined): Statement {
  const { payload } = prepareRecord(draft, { digest: argsDigest });
  const statement = JSON.parse(Buffer.from(payload).toString());
  const subjects = statement.subject.map(({ name, digest }: { name: string; digest: { sha256: string } }) => [
    name,
    digest.sha256,
  ]);
  return { predicateType: statement.predicateType, predicate: statement.predicate, subjects: new Map(subjects) };
}

const begun = [openedDraft, policyDraft, pluginDraft];
const invocation = (predicate: InvocationPredicate): AnyDraft => ({ kind: 'invocation', predicate });
const newer: AnyDraft = {
  ...policyDraft,
  kind: 'policy',
  predicate: { version: 2, digest: sha256('2'), time: '', by: 'x' },
};

/** Closes `intent`, which is record 3. */
function closing(
  phase: 'outcome' | 'unknown',
  intent: AnyDraft & { kind: 'invocation' },
  parts: Partial<InvocationPredicate> = {},
) {
  const named = { index: 3, leaf: 'leaf 3' };
  return invocation(predicateOf(phase, { invocation: intent.predicate.invocation, intent: named, ...parts }));
}

/** An answer given again, which names the record `index`. */
const replayOf = (index: number, parts: Partial<InvocationPredicate> = {}) =>
  invocation(predicateOf('replayed', { replayOf: { index, leaf: `leaf ${index}` }, ...parts }));

const undecided = (phase: 'denied' | 'cancelled', policy: PolicyRef) =>
  invocation(predicateOf(phase, { policy, tool: { name: 'demo__write' } }));

describe('a history is sound', () => {
  const intent = intentDraft();
  test.each([
    ['with an outcome for its intent', [...begun, intent, closing('outcome', intent)]],
    ['with an intent whose end is unknown', [...begun, intent, closing('unknown', intent)]],
    ['with an outcome of a pure tool', [...begun, invocation(predicateOf('outcome', { tool: pure }))]],
    ['with a denied call', [...begun, invocation(predicateOf('denied'))]],
    ['when an older policy decided a call that ended later', [...begun, intent, newer, closing('outcome', intent)]],
    ['with an answer given again', [...begun, invocation(predicateOf('cancelled')), replayOf(3)]],
    [
      'with an answer given again under a later policy',
      [...begun, intent, closing('unknown', intent), newer, replayOf(4)],
    ],
    [
      'with a call that no policy was asked about',
      [...begun, newer, undecided('denied', { version: 2, digest: sha256('2') })],
    ],
    ['with a call that ended before any policy', [openedDraft, undecided('denied', NO_POLICY)]],
  ])('%s', (_title, drafts) => {
    expect(lastProblem(drafts)).toBeUndefined();
  });
});

describe('a history is not sound', () => {
  const intent = intentDraft();
  const id = intent.predicate.invocation;
  const outcome = closing('outcome', intent);
  test.each<[string, AnyDraft[], string]>([
    ['when it does not begin by opening the log', [policyDraft], 'does not open the log'],
    ['when the log is opened again', [...begun, openedDraft], 'opened once'],
    ['with a second end of a call', [...begun, intent, outcome, outcome], 'was closed before'],
    ['with a second announcement', [...begun, intent, intent], 'announced before'],
    ['with an outcome that was not announced', [...begun, invocation(predicateOf('outcome'))], 'without its intent'],
    ['with an end of no intent', [...begun, closing('outcome', intentDraft())], 'is not open'],
    ['with an unknown end of no intent', [...begun, invocation(predicateOf('unknown'))], 'without an intent'],
    [
      'when the end does not name the intent',
      [...begun, intent, invocation(predicateOf('denied', { invocation: id }))],
      'does not name',
    ],
    [
      'when another leaf is named',
      [...begun, intent, closing('outcome', intent, { intent: { index: 3, leaf: 'leaf 2' } })],
      'is not open',
    ],
    [
      'when another invocation is ended',
      [...begun, intent, closing('outcome', intent, { invocation: uuidv7() })],
      'is not open',
    ],
    ['when another agent ends it', [...begun, intent, closing('outcome', intent, { agent: 'other' })], 'agent or tool'],
    ['when another tool ends it', [...begun, intent, closing('outcome', intent, { tool: pure })], 'agent or tool'],
    [
      'when an end says that other arguments were changed',
      [...begun, intent, closing('outcome', intent, { normalised: [{ pointer: '/a', kind: 'renamed', count: 1 }] })],
      'changed in its arguments',
    ],
    ['with a policy that was not applied', [openedDraft, pluginDraft, intent], 'not applied before'],
    ['with a policy that was no longer in force', [...begun, newer, intent], 'not the one in force'],
    [
      'with a policy named that was no longer in force',
      [...begun, newer, undecided('cancelled', { version: 1, digest: sha256('policy 1') })],
      'not the one in force',
    ],
    ['with no policy named where there was one', [...begun, undecided('denied', NO_POLICY)], 'not the one in force'],
    ['with an answer of no record given again', [...begun, replayOf(2)], 'ends no call'],
    ['with an answer of a record to come given again', [...begun, replayOf(4)], 'ends no call'],
    ['with an intent given again as an answer', [...begun, intent, replayOf(3)], 'ends no call'],
    [
      'with a replay given again as an answer',
      [...begun, invocation(predicateOf('cancelled')), replayOf(3), replayOf(4)],
      'ends no call',
    ],
    [
      'with an answer of another leaf given again',
      [...begun, invocation(predicateOf('cancelled')), replayOf(3, { replayOf: { index: 3, leaf: 'leaf 2' } })],
      'ends no call',
    ],
    [
      'with an answer given to another agent',
      [...begun, invocation(predicateOf('cancelled')), replayOf(3, { agent: 'b' })],
      'of this agent',
    ],
    [
      'with an answer given to a call of another tool',
      [...begun, invocation(predicateOf('cancelled')), replayOf(3, { tool: { ...pure, name: 'demo__other' } })],
      'of this agent and tool',
    ],
    ['with code that was not installed', [openedDraft, policyDraft, intent], 'not installed before'],
  ])('%s', (_title, drafts, message) => {
    expect(lastProblem(drafts)).toContain(message);
  });

  test('when the end has other arguments than the intent', () => {
    const drafts = [...begun, intent, outcome];
    const digest = 'a'.repeat(64);
    expect(lastProblem(drafts, { 3: digest, 4: digest })).toBeUndefined();
    expect(lastProblem(drafts, { 3: digest, 4: 'b'.repeat(64) })).toContain('arguments');
  });
});
