import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createAdminToolCatalog } from '#operations/admin-tools.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { ADMIN_API_DOC_PATH, renderAdminApiDoc } from './admin-api-doc.ts';

const page = readFileSync(ADMIN_API_DOC_PATH, 'utf8');

test('docs/admin-api.md is what npm run docs:admin-api writes', () => {
  expect(page).toBe(renderAdminApiDoc());
});

test('its policy would be applied, and names tools that can be granted', () => {
  const policies = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, policy = '']) => policy);
  expect(policies).toHaveLength(1);
  for (const policy of policies) expect(createPolicyChecker()(policy, createAdminToolCatalog().tools())).toEqual([]);
});
