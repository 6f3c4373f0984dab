import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createPolicyChecker } from '#policy/check-policy.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/governance.md'), 'utf8');
const policies = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, policy = '']) => policy);

test('every policy of docs/governance.md is one that would be applied', () => {
  const check = createPolicyChecker();
  expect(policies.length).toBeGreaterThan(3);
  for (const policy of policies) {
    expect(policy).toContain('version: 1');
    expect(check(policy, []).filter(({ severity }) => severity === 'error')).toEqual([]);
  }
});
