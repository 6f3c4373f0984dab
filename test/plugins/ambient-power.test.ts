import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** Runs tsc as `npm run types` does; what it finds, and nothing when all is well. */
function typeCheck(project: string): string {
  const { stdout, status } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project], { encoding: 'utf8' });
  return status === 0 ? '' : stdout;
}

describe('the type check of guest code', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'smcp-guest-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('finds nothing in the bundled plugins', () => {
    expect(typeCheck(join(ROOT, 'tsconfig.guest.json'))).toBe('');
  });

  test.each([
    'process.exit()',
    "fetch('https://example.org')",
    "require('node:fs')",
    'setTimeout(() => {}, 1)',
    'new TextEncoder()',
    'console.log(1)',
    'document.cookie',
  ])('finds the use of %s', (code) => {
    const project = join(folder, 'tsconfig.json');
    writeFileSync(join(folder, 'index.js'), `export const tools = { a: async () => { ${code}; } };\n`);
    writeFileSync(project, JSON.stringify({ extends: join(ROOT, 'tsconfig.guest.json'), include: ['index.js'] }));
    expect(typeCheck(project)).toMatch(/error TS\d+: Cannot find name/);
  });
});
