// What a command loads before it does anything: `smcp freeze` has a second for all it does.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** The third-party packages that are loaded with a module. */
function packagesOf(module: string): readonly string[] {
  const code = `
    import { registerHooks } from 'node:module';
    const found = new Set();
    registerHooks({ resolve: (name, context, next) => {
      const resolved = next(name, context);
      const [, inPackage] = /\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(resolved.url) ?? [];
      if (inPackage !== undefined) found.add(inPackage);
      return resolved;
    } });
    await import(${JSON.stringify(module)});
    console.log(JSON.stringify([...found].sort()));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, encoding: 'utf8' }),
  );
}

test('the commands are there without any package: what one needs is loaded when it runs', () => {
  expect(packagesOf('#cli/commands.ts')).toEqual(['canonicalize']);
});

test('the same look finds what the configuration is read and checked with', () => {
  expect(packagesOf('#config/config.ts')).toEqual(expect.arrayContaining(['ajv', 'yaml']));
});
