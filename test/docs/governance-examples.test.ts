// The worked examples: each policy is without a warning and decides what its expectations say, with the tools of the plugins that come
// with the product; the page explains each rule, and no other.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseYaml } from '#base/yaml.ts';
import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { memoryTerminal } from '#test/cli/memory-terminal.ts';

const folder = join(import.meta.dirname, '../../docs/examples/policies');
const page = readFileSync(join(import.meta.dirname, '../../docs/governance-examples.md'), 'utf8');
const names = readdirSync(folder)
  .filter((file) => !file.endsWith('.test.yaml'))
  .map((file) => file.replace('.yaml', ''));

async function smcp(...argv: readonly string[]) {
  const { terminal, written } = memoryTerminal();
  const code = await runCommandLine(COMMANDS, [...argv, '--json'], { terminal, version: '1' });
  return { code, answer: JSON.parse(written.out) as { readonly [key: string]: unknown } };
}

const idsIn = (text: string): readonly string[] => [...text.matchAll(/\bid: ([a-z0-9-]+)/g)].map(([, id = '']) => id);

describe.each(names)('docs/examples/policies/%s.yaml', (name) => {
  const file = join(folder, `${name}.yaml`);

  test('is a policy without a warning', async () => {
    expect(await smcp('policy', 'check', file)).toEqual({ code: 0, answer: { ok: true, findings: [] } });
  });

  test('decides what is expected of it, allows and denies among that', async () => {
    const { code, answer } = await smcp('policy', 'test', file);
    expect([code, answer['failed'], answer['findings']]).toEqual([0, 0, []]);
    const decisions = (answer['results'] as readonly { readonly decision: string }[]).map(({ decision }) => decision);
    expect(new Set(decisions).has('allow') && new Set(decisions).has('deny')).toBe(true);
  });

  test('fails an expectation that is wrong: the control', async () => {
    const expected = parseYaml(readFileSync(join(folder, `${name}.test.yaml`), 'utf8'));
    if (expected.kind !== 'document') throw new Error('the expectations are YAML');
    const { createPolicyTester } = await import('#policy/review/test-policy.ts');
    const [first] = expected.document.value as readonly object[];
    const wrong = JSON.stringify([{ ...first, expect: 'deny', rule: undefined }]);
    const { results } = createPolicyTester()({ policy: readFileSync(file, 'utf8'), expectations: wrong }, []);
    expect(results.map(({ isMet }) => isMet)).toEqual([false]);
  });

  test('has each of its rules explained on the page', () => {
    const section = page.split('\n## ').find((part) => part.includes(`(examples/policies/${name}.yaml)`)) ?? '';
    for (const id of idsIn(readFileSync(file, 'utf8'))) expect(section).toContain(`\`${id}\``);
  });
});

test('the page explains no rule that is in none of them', () => {
  const ids = new Set(names.flatMap((name) => idsIn(readFileSync(join(folder, `${name}.yaml`), 'utf8'))));
  const cells = [...page.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([a-z-]+)`/g)]);
  for (const [, named = ''] of cells) expect([...ids, 'defaults', 'labels']).toContain(named);
});
