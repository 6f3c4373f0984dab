import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { parseYaml } from '#base/yaml.ts';
import { createPolicyParser } from '#policy/document.ts';
import { needsOfPage } from '#policy/review/suggest.ts';
import { suggestionOf } from '#policy/review/suggestion-text.ts';
import { covers } from '#policy/rule-match.ts';
import { NOW_MS, policyOf } from '#test/policy/policies.ts';
import { BOUNDS, call, decided, recorded, SCHEMAS, simulateRows, written } from './recorded-calls.ts';

const parse = createPolicyParser();
const tools = { schemas: SCHEMAS, kinds: new Map([...SCHEMAS.keys()].map((name) => [name, 'asks-nothing' as const])) };

/** The suggestion for athena after these calls, and the policy with it in place of her own grants. */
function suggested(each: object, calls: readonly Parameters<typeof decided>[1][]) {
  const { value, compiled } = parse(JSON.stringify(each));
  if (value === undefined || compiled === undefined) throw new Error('the policy is good');
  const { policy } = compiled;
  const rows = calls.map((one, index) => recorded(policy, one, index));
  const context = { agent: 'athena', policy, digest: 'sha256:other', tools, nowMs: NOW_MS - 10_000 };
  const suggestion = suggestionOf(needsOfPage(rows, BOUNDS, context), 'athena', { value, compiled });
  const outcome = parseYaml(suggestion.text);
  if (outcome.kind !== 'document') throw new Error(suggestion.text);
  const snippet = outcome.document.value as { agents: { athena: { grants: JsonObject[] } } };
  const agents = value['agents'] as { readonly [name: string]: JsonObject };
  const athena = { ...agents['athena'], grants: snippet.agents.athena.grants };
  const after = policyOf({ ...value, agents: { ...agents, athena } });
  return { policy, rows, suggestion, after };
}

describe('laws of suggestions', () => {
  const calls = fc.array(call, { minLength: 1, maxLength: 15 });

  test('with them a simulation changes the denied calls that are suggested and those of tools that are gone, and nothing else', () => {
    fc.assert(
      fc.property(written, calls, (each, made) => {
        const { policy, rows, after } = suggested(each, made);
        const expected = made.flatMap((one, index) => {
          const { kind, rule } = decided(policy, one);
          if (one.agent !== 'athena') return [];
          // A tool that is gone needs nothing any more.
          if (!SCHEMAS.has(one.tool)) return kind === 'allow' ? [[index, 'deny']] : [];
          const grants = policy.agents.get(one.agent)?.grants.flat() ?? [];
          const isCovered = grants.some((grant) => covers(grant, one.tool));
          return kind === 'deny' && rule === 'default-deny' && !isCovered ? [[index, 'allow']] : [];
        });
        const { changes } = simulateRows(rows, { policy: after, inForce: policy, schemas: SCHEMAS });
        expect(changes.map(({ index, wouldBe }) => [index, wouldBe.decision])).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('their text is a policy without errors that names no pattern', () => {
    fc.assert(
      fc.property(written, calls, (each, made) => {
        const { suggestion } = suggested(each, made);
        expect(parse(suggestion.text).findings).toEqual([]);
        expect(suggestion.grants.flatMap(({ tools: names }) => names).join()).not.toContain('*');
      }),
    );
  });

  test('they give nothing but what was asked for: another tool stays denied', () => {
    fc.assert(
      fc.property(written, calls, call, (each, made, other) => {
        const isAsked = made.some(({ agent, tool }) => agent === 'athena' && tool === other.tool);
        if (isAsked || other.agent !== 'athena') return;
        expect(decided(suggested(each, made).after, other).kind).toBe('deny');
      }),
    );
  });
});
