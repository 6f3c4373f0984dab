import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { compileOwnSchema } from '#base/schema.ts';
import { parseYaml } from '#base/yaml.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import schema from '#schemas/policy.v1.json' with { type: 'json' };
import because from './refused-because.json' with { type: 'json' };

const checkPolicyText = createPolicyChecker();

const folder = (name: string) => join(import.meta.dirname, name);
const files = (name: string) => readdirSync(folder(name)).map((file) => [file, join(folder(name), file)] as const);
const reasons: { readonly [file: string]: { readonly at: string; readonly message: string } } = because;

const validate = compileOwnSchema(schema as JsonObject);
const validateText = (text: string) => {
  const outcome = parseYaml(text);
  if (outcome.kind === 'problems') throw new Error('the example is no YAML');
  return validate(outcome.document.value);
};

describe('the schema of policies', () => {
  test.each(files('accepted'))('takes %s', (_name, path) => {
    const text = readFileSync(path, 'utf8');
    expect(validateText(text)).toEqual([]);
    expect(checkPolicyText(text, [], 0).filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test.each(files('refused'))('refuses %s, with line, column and reason', (name, path) => {
    const text = readFileSync(path, 'utf8');
    expect(validateText(text)).not.toEqual([]);
    const [first] = checkPolicyText(text, [], 0);
    expect({ at: `${first?.line}:${first?.column}`, severity: first?.severity }).toEqual({
      at: reasons[name]?.at,
      severity: 'error',
    });
    expect(first?.message).toContain(reasons[name]?.message);
    expect(first?.remedy).toBeTypeOf('string');
  });

  test('has a reason for each refused example and an example for each reason', () => {
    expect(files('refused').map(([name]) => name)).toEqual(Object.keys(reasons).sort());
  });
});
