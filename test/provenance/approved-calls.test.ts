// What a verifier says of a call that was let through, beside who approved it: that the approval still held, and that it was for
// these very arguments. Each wrong log has a sound one beside it that differs in that one thing.

import { describe, expect, test } from 'vitest';
import type { ExactJsonObject } from '#base/exact-json.ts';
import { exactValue } from '#base/exact-json.ts';
import type { DisclosedDocuments, InvocationPredicate } from '#domain/record.ts';
import { discloseValue } from '#provenance/disclosure.ts';
import { createApprovedCalls } from '#provenance/verify/approved-calls.ts';
import type { Statement } from '#provenance/verify/statement.ts';
import { admin, createWorld, question } from '#test/approvals/world.ts';
import { predicateOf } from './fixture.ts';

const ARGS = { environment: 'staging', replicas: 3 };

const statementOf = (predicateType: string, predicate: object): Statement =>
  ({ predicateType, predicate, subjects: new Map() }) as unknown as Statement;

/** A decision that the real approvals made and recorded, about a call with these arguments. */
async function decision(args: ExactJsonObject = ARGS) {
  const { approvals, approve, drafts } = createWorld();
  const request = approvals.request(question({ args }));
  await approve(request, admin);
  const used = approvals.use(request.id, 'call');
  const draft = drafts.at(-1);
  if (draft?.kind !== 'approval') throw new Error('it is recorded');
  const record = {
    index: 3,
    statement: statementOf('urn:smcp:approval:v1', draft.predicate),
    disclosed: { statement: draft.statement } as DisclosedDocuments,
  };
  return { request, used, record, predicate: draft.predicate };
}

type CallParts = { readonly args?: unknown; readonly used?: string | undefined; readonly received?: string };

function call({ args = ARGS, used, received = '2026-11-22T10:00:00.000Z' }: CallParts, document?: string) {
  const made = predicateOf('outcome');
  const approval = { id: 'x', record: { index: 3, leaf: 'leaf' }, ...(used === undefined ? {} : { used }) };
  const predicate: InvocationPredicate = {
    ...{ ...made, time: { received } },
    policy: { ...made.policy, decision: 'ask', approval },
  };
  return {
    index: 4,
    statement: statementOf('urn:smcp:invocation:v1', predicate),
    disclosed: { args: document ?? discloseValue(args as ExactJsonObject).document } as DisclosedDocuments,
  };
}

const USED = '2026-11-22T10:01:00.000Z';

describe('a call that was approved', () => {
  test('is sound as the server records it', async () => {
    const { record, used } = await decision();
    const calls = createApprovedCalls();
    expect(calls.next(record)).toBeUndefined();
    expect(calls.next(call({ used: used.used }))).toBeUndefined();
  });

  test.each([
    ['a millisecond before the end', '2026-11-22T10:14:59.999Z', undefined],
    ['at the end', '2026-11-22T10:15:00.000Z', 'had expired'],
    ['after the end', '2026-11-23T10:00:00.000Z', 'had expired'],
    ['at no time', 'soon', 'had expired'],
  ])('and used %s is as sound as that', async (_when, used, problem) => {
    const { record } = await decision();
    const calls = createApprovedCalls();
    calls.next(record);
    const said = calls.next(call({ used }));
    if (problem === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(problem);
  });

  test('of a log that does not say when it was used can not have come in after the end', async () => {
    const { record } = await decision();
    const calls = createApprovedCalls();
    calls.next(record);
    expect(calls.next(call({ used: undefined }))).toBeUndefined();
    expect(calls.next(call({ used: undefined, received: '2026-11-22T10:15:00.000Z' }))).toContain('had expired');
  });

  test('has the arguments that were approved: the order of keys and the spelling of numbers count for nothing', async () => {
    const { record } = await decision();
    const calls = createApprovedCalls();
    calls.next(record);
    expect(
      calls.next(call({ used: USED, args: exactValue('{"replicas":3.0,"environment":"staging"}') })),
    ).toBeUndefined();
  });

  test.each([
    ['one number', { environment: 'staging', replicas: 4 }],
    ['one key more', { environment: 'staging', replicas: 3, force: true }],
    ['one key less', { environment: 'staging' }],
    ['a text for a number', { environment: 'staging', replicas: '3' }],
  ])('with %s changed is not what was approved', async (_what, args) => {
    const { record } = await decision();
    const calls = createApprovedCalls();
    calls.next(record);
    expect(calls.next(call({ used: USED, args }))).toBe('its arguments are not those that were approved');
  });

  test('whose arguments were too large to be kept is known by their digest', async () => {
    const args = { text: 'x'.repeat(1_000) };
    const { record } = await decision(args);
    const calls = createApprovedCalls();
    calls.next(record);
    const documentOf = (value: ExactJsonObject) => discloseValue(value, 10).document;
    expect(calls.next(call({ used: USED }, documentOf(args)))).toBeUndefined();
    expect(calls.next(call({ used: USED }, documentOf({ text: 'y'.repeat(1_000) })))).toContain('arguments');
  });

  test('is not told by what was erased, its own arguments or those that were approved', async () => {
    const { record } = await decision();
    const other = { environment: 'production' };
    for (const [first, second] of [
      [{ ...record, disclosed: {} }, call({ used: USED, args: other })],
      [record, { ...call({ used: USED, args: other }), disclosed: {} }],
    ] as const) {
      const calls = createApprovedCalls();
      expect([calls.next(first), calls.next(second)]).toEqual([undefined, undefined]);
    }
  });
});

describe('a decision', () => {
  test.each([
    ['another request', { approval: 'f'.repeat(16) }],
    ['another agent', { agent: 'bea' }],
    ['another tool', { tool: 'devops__destroy' }],
    ['another end', { expires: '2027-11-22T10:15:00.000Z' }],
  ])('whose statement is of %s is not sound', async (_what, more) => {
    const { record, predicate } = await decision();
    const statement = statementOf('urn:smcp:approval:v1', { ...predicate, ...more });
    expect(createApprovedCalls().next({ ...record, statement })).toBe('it was decided about another request');
    expect(createApprovedCalls().next(record)).toBeUndefined();
  });

  test.each([['{}'], ['{"nonce":"n","value":{}}'], ['{"nonce":"n","value":{"args":"x","tool":"t"}}'], ['no JSON']])(
    'about %s is about nothing',
    async (statement) => {
      const { record } = await decision();
      expect(createApprovedCalls().next({ ...record, disclosed: { statement } })).toContain('no statement');
    },
  );
});
