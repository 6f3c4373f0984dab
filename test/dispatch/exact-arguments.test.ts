// Numbers that no double holds, from the request to the program, the policy, the record and the key.

import { describe, expect, test } from 'vitest';
import { createConditionCompiler } from '#base/cel.ts';
import { createConditionInput } from '#base/condition.ts';
import { type ExactJsonObject, parseExactJson } from '#base/exact-json.ts';
import { recordedOutcome } from '#dispatch/recorded-outcome.ts';
import type { DecisionQuery } from '#domain/decision.ts';
import { discloseValue } from '#provenance/disclosure.ts';
import { createWorld, returned } from './world.ts';

const exact = (text: string): ExactJsonObject => parseExactJson(text) as ExactJsonObject;
const ID = '9007199254740993';
const INTEGER = exact(`{"n":${ID}}`);

describe('a tool that is a program', () => {
  test('gets the digits that were sent, and the record has them', async () => {
    const world = createWorld({ runtime: 'process' });
    expect((await world.call('p__write', { args: INTEGER })).answer.kind).toBe('value');
    expect(world.runs.map(({ argsJson }) => argsJson)).toEqual([`{"n":${ID}}`]);
    const kept = world.drafts.find(({ args }) => args !== undefined)?.args;
    expect(discloseValue(kept ?? null).document).toContain(`"value":{"n":${ID}}`);
  });

  test('gets a number as it was spelled, where only the spelling is another', async () => {
    const world = createWorld({ runtime: 'process' });
    await world.call('p__pure', { args: exact('{"n":5.0}') });
    expect(world.runs[0]?.argsJson).toBe('{"n":5.0}');
  });

  test('is decided about by the same digits', async () => {
    const asked: DecisionQuery[] = [];
    const world = createWorld({ runtime: 'process', onDecide: (query) => asked.push(query) });
    await world.call('p__write', { args: INTEGER });
    const compiled = createConditionCompiler().compile(`args.n == ${ID} && args.n != 9007199254740992`);
    if (compiled.kind !== 'condition') throw new Error('no condition');
    expect(asked).toHaveLength(2);
    for (const { args, agent, tool, nowMs } of asked) {
      const facts = { args, agent, tool: tool.name, nowMs };
      expect(compiled.condition.evaluate(createConditionInput(facts))).toEqual({ kind: 'true' });
    }
  });

  test('is refused a number that its schema bounds, where only the double next to it is within', async () => {
    const world = createWorld({ runtime: 'process', n: { type: 'integer', maximum: 9007199254740992 } });
    const { answer } = await world.call('p__pure', { args: INTEGER });
    expect(answer).toMatchObject({ kind: 'error', error: { code: 'ARGUMENTS_INVALID' } });
    expect(answer.kind === 'error' && answer.error.message).toContain('/n');
    expect(world.runs).toEqual([]);
    // The negative control: the double itself is within.
    expect((await world.call('p__pure', { args: { n: 9007199254740992 } })).answer.kind).toBe('value');
  });

  test('does not answer for one number with what was answered for the next', async () => {
    const world = createWorld({ runtime: 'process' });
    const keyed = { idempotencyKey: 'k' };
    await world.call('p__write', { args: INTEGER, ...keyed });
    const next = await world.call('p__write', { args: { n: 9007199254740992 }, ...keyed });
    expect(next.answer).toMatchObject({ error: { code: 'IDEMPOTENCY_CONFLICT' } });
    expect(await world.call('p__write', { args: exact(`{"n":${ID}.0}`), ...keyed })).toMatchObject({
      isReplayed: true,
    });
    expect(world.runs).toHaveLength(1);
  });
});

describe.each(['p__pure', 'p__write', 'smcp__queue_flush'])('%s, which runs in JavaScript', (tool) => {
  test.each(['{"n":9007199254740993}', '{"n":-9007199254740993}'])('is not called with %s rounded', async (text) => {
    const world = createWorld();
    let hasRun = false;
    world.state.runAdmin = async () => {
      hasRun = true;
      return { kind: 'value', value: null };
    };
    const { answer } = await world.call(tool, { args: exact(text) });
    expect(answer).toMatchObject({
      kind: 'error',
      error: { code: 'ARGUMENTS_INVALID', details: { problems: [{ pointer: '/n' }] } },
    });
    expect(world.records.map(({ phase }) => phase)).toEqual(['denied']);
    expect([...world.runs, ...(hasRun ? [tool] : [])]).toEqual([]);
  });

  test('is called with what a double holds, whatever its spelling', async () => {
    const world = createWorld();
    expect((await world.call(tool, { args: exact('{"n":5.0}') })).answer.kind).toBe('value');
  });
});

describe('a number out of range', () => {
  test('in a document of the log makes a lost answer a lost one, and throws nothing', () => {
    const payload = Buffer.from('{"predicate":{"phase":"outcome"}}').toString('base64');
    const stored = { index: 0, envelope: JSON.stringify({ payload }), leaf: 'l', invocation: 'i' };
    const found = (result: string) =>
      recordedOutcome({ findInvocation: () => [0], record: () => ({ ...stored, disclosed: { result } }) }, 'i');
    expect(found('{"nonce":"n","value":1e-Infinity}')).toMatchObject({ kind: 'lost', isUnknown: false });
    expect(found('{"nonce":"n","value":1e-9}')).toMatchObject({ kind: 'ended' });
  });

  const TINY = `1e-${'9'.repeat(400)}`;

  test.each(['process', undefined] as const)(
    'is refused in arguments, and the record says what was asked (%s)',
    async (runtime) => {
      const world = createWorld(runtime === undefined ? {} : { runtime });
      const { answer } = await world.call('p__write', { args: exact(`{"n":${TINY}}`), idempotencyKey: 'k' });
      expect(answer).toMatchObject({ error: { code: 'ARGUMENTS_INVALID' } });
      expect(world.runs).toEqual([]);
      const { document } = discloseValue(world.drafts[0]?.args ?? null);
      expect(JSON.parse(document)).toMatchObject({ value: { n: TINY } });
    },
  );

  test('is refused in a result, and what is inside of the range is not', async () => {
    const world = createWorld();
    const give = (n: string) => {
      world.state.run = async () => ({ ...returned({}), resultJson: `{"ok":true,"n":${n}}` });
    };
    give(TINY);
    expect((await world.call('p__pure')).answer).toMatchObject({ error: { code: 'RESULT_INVALID' } });
    give('1e-10000');
    expect((await world.call('p__pure')).answer.kind).toBe('value');
  });
});
