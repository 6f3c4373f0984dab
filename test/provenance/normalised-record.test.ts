import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExactJson } from '#base/exact-json.ts';
import { LIMITS } from '#base/limits.ts';
import type { RecordedChange } from '#domain/record.ts';
import { boundedDraft } from '#provenance/bounded-draft.ts';
import { discloseValue } from '#provenance/disclosure.ts';
import { prepareRecord } from '#provenance/prepare-record.ts';
import { createStatementCheck } from '#provenance/verify/statement.ts';
import { predicateOf } from './fixture.ts';

const check = createStatementCheck();

const draftOf = (normalised: readonly RecordedChange[]) =>
  ({ kind: 'invocation', predicate: predicateOf('outcome', { normalised, intent: INTENT }), args: {} }) as const;
const INTENT = { index: 3, leaf: Buffer.alloc(32).toString('base64') };
const row = (pointer: string, count = 1): RecordedChange => ({ pointer, kind: 'renamed', count });

function recorded(normalised: readonly RecordedChange[]): readonly RecordedChange[] {
  const statement = JSON.parse(Buffer.from(prepareRecord(draftOf(normalised)).payload).toString());
  expect(check(statement)).toEqual([]);
  return statement.predicate.normalised;
}

describe('what a record says of changed arguments', () => {
  test('stands in one order, whatever the order of the changes', () => {
    const rows = [row('/b'), row('/a/*', 7), { pointer: '/a/*', kind: 'json-parsed', count: 1 } as const];
    expect(recorded(rows)).toEqual([rows[2], rows[1], rows[0]]);
    expect(recorded(rows.toReversed())).toEqual(recorded(rows));
  });

  test('is bounded in rows: the others are counted', () => {
    const rows = Array.from({ length: 100 }, (_, index) => row(`/a${String(index).padStart(3, '0')}`, 2));
    const shown = recorded(rows);
    expect(shown).toHaveLength(LIMITS.recordChangesMax);
    expect(shown.at(-1)).toEqual({ pointer: '', kind: 'more', count: 2 * (100 - LIMITS.recordChangesMax + 1) });
  });

  test('is bounded in bytes, and so is each pointer, whoever wrote the schema', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 600 }), { minLength: 1, maxLength: 60 }),
        (pointers) => {
          const shown = recorded(pointers.map((pointer) => row(`/${pointer}`)));
          expect(Buffer.byteLength(JSON.stringify(shown))).toBeLessThanOrEqual(LIMITS.recordChangesBytesMax);
          expect(shown.reduce((sum, { count }) => sum + count, 0)).toBe(pointers.length);
          // What is bounded once is bounded: a record made of a record stays the same.
          expect(recorded(shown)).toEqual(shown);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('is left out where nothing was changed', () => {
    const draft = { kind: 'invocation', predicate: predicateOf('outcome', { intent: INTENT }) } as const;
    expect(boundedDraft(draft).predicate).not.toHaveProperty('normalised');
  });
});

describe('a disclosure document', () => {
  test('has numbers that no double holds with all their digits, under one digest for one value', () => {
    const document = (text: string) =>
      discloseValue(parseExactJson(text) ?? null).document.replace(/"nonce":"[^"]+",/, '');
    expect(document('{"n":9007199254740993,"f":5.0}')).toBe('{"value":{"f":5,"n":9007199254740993}}');
    expect(document('{"f":5,"n":9007199254740993.0}')).toBe(document('{"n":9007199254740993,"f":5.0}'));
    expect(document('{"n":9007199254740992}')).not.toBe(document('{"n":9007199254740993}'));
  });
});
