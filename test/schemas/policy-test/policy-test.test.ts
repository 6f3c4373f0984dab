import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createExpectationParser } from '#policy/review/expectations.ts';
import because from './refused-because.json' with { type: 'json' };

const folder = (name: string) => join(import.meta.dirname, name);
const files = (name: string) => readdirSync(folder(name)).map((file) => [file, join(folder(name), file)] as const);
const reasons: { readonly [file: string]: string } = because;
const parse = createExpectationParser();

describe('the schema of expectations', () => {
  test.each(files('accepted'))('takes %s', (_name, path) => {
    const { findings, expectations } = parse(readFileSync(path, 'utf8'));
    expect([findings, expectations.length > 0]).toEqual([[], true]);
  });

  test.each(files('refused'))('refuses %s, with line, column and reason', (name, path) => {
    const { findings, expectations } = parse(readFileSync(path, 'utf8'));
    const [first] = findings;
    expect(`${first?.line}:${first?.column} ${first?.message}`).toContain(
      reasons[name] ?? 'a reason in refused-because.json',
    );
    expect(expectations).toEqual([]);
  });
});
