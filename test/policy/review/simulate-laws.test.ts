import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policyOf } from '#test/policy/policies.ts';
import { call, decided, recorded, SCHEMAS, simulateRows, written } from './recorded-calls.ts';

describe('laws of simulation', () => {
  test('the policy that decided, over its own records, changes nothing, not even a rule', () => {
    fc.assert(
      fc.property(written, fc.array(call, { minLength: 1, maxLength: 12 }), (each, calls) => {
        const policy = policyOf(each);
        const rows = calls.map((one, index) => recorded(policy, one, index));
        const simulated = { policy, inForce: policy, schemas: SCHEMAS };
        expect(simulateRows(rows, simulated)).toMatchObject({
          ...{ decisions: calls.length, same: calls.length, byAnotherRule: 0, isBusy: false },
          ...{ changed: 0, changes: [], withoutArguments: 0, withoutTool: 0 },
        });
      }),
    );
  });

  test('another policy changes exactly those calls that it decides differently', () => {
    fc.assert(
      fc.property(written, written, fc.array(call, { minLength: 1, maxLength: 12 }), (one, other, calls) => {
        const [before, after] = [policyOf(one), policyOf(other)];
        const rows = calls.map((each, index) => recorded(before, each, index));
        const { changes } = simulateRows(rows, { policy: after, inForce: before, schemas: SCHEMAS });
        const expected = calls.flatMap((each, index) => {
          const [was, wouldBe] = [decided(before, each), decided(after, each)];
          return was.kind === wouldBe.kind ? [] : [[index, was.kind, was.rule, wouldBe.kind, wouldBe.rule]];
        });
        const told = changes.map(({ index, was, wouldBe }) => [
          index,
          was.decision,
          was.rule,
          wouldBe.decision,
          wouldBe.rule,
        ]);
        expect(told).toEqual(expected);
      }),
    );
  });

  test('a call without its arguments is told only where every arguments would be decided so', () => {
    fc.assert(
      fc.property(written, written, call, call, (one, other, each, alike) => {
        const [before, after] = [policyOf(one), policyOf(other)];
        const { args: _, ...row } = recorded(before, each, 0);
        const { changed, same } = simulateRows([row], { policy: after, inForce: before, schemas: SCHEMAS });
        if (changed + same === 0) return;
        const wouldBe = decided(after, { ...each, args: alike.args });
        expect(wouldBe.kind === decided(before, each).kind ? 'same' : 'changed').toBe(same === 1 ? 'same' : 'changed');
      }),
    );
  });
});
