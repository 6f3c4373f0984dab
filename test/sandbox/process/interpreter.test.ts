import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { chooseWorkPlace } from '#sandbox/host/process/choose-work-place.ts';
import { canAllReach, findInterpreter } from '#sandbox/host/process/interpreter.ts';
import { makeFolder } from '#test/sandbox/launcher/harness.ts';

const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());

function prefixOf(name: string): string {
  const prefix = join(folder.path, name);
  for (const each of ['bin', 'lib/python3.99/json', 'lib/other', 'private'])
    mkdirSync(join(prefix, each), { recursive: true, mode: 0o755 });
  for (const each of [
    'bin/python3.99',
    'bin/helper',
    'lib/libpython3.99.so.1',
    'lib/libother.so',
    'secret',
    'pyvenv.cfg',
  ])
    writeFileSync(join(prefix, each), '', { mode: 0o755 });
  symlinkSync('python3.99', join(prefix, 'bin', 'python3'));
  return prefix;
}

describe('an interpreter', () => {
  test('of the system is found on the path that is fixed, whatever the environment says', () => {
    const found = findInterpreter('python3', { forAll: true });
    expect(found).toMatchObject({ kind: 'python', path: expect.stringMatching(/^\/usr\/(local\/)?bin\/python3$/) });
  });

  test('with a prefix of its own brings what is Python of it, and nothing else', () => {
    const prefix = realpathSync(prefixOf('python'));
    const { readPaths } = findInterpreter('python3', { searchPath: join(prefix, 'bin'), forAll: false });
    expect(readPaths).toEqual(
      ['bin/python3.99', 'lib/libpython3.99.so.1', 'lib/python3.99', 'pyvenv.cfg'].map((name) => join(prefix, name)),
    );
  });

  test('that other users can not reach is passed over where programs have users of their own', () => {
    const prefix = prefixOf('shut');
    const options = { searchPath: join(prefix, 'bin') };
    expect(canAllReach(join(prefix, 'bin', 'helper'))).toBe(true);
    chmodSync(prefix, 0o700);
    expect(findInterpreter('helper', { ...options, forAll: false })).toMatchObject({ kind: 'native' });
    expect(() => findInterpreter('helper', { ...options, forAll: true })).toThrow(
      expect.objectContaining({
        code: 'SANDBOX_UNAVAILABLE',
        details: expect.objectContaining({ remedy: expect.any(String) }),
      }),
    );
  });
});

describe('the work place', () => {
  test('is in the home, unless users of their own could not come to it', () => {
    const home = join(folder.path, 'home');
    mkdirSync(home, { mode: 0o711 });
    expect(chooseWorkPlace(home, { hasUsers: true })).toBe(join(home, 'work'));
    chmodSync(home, 0o700);
    expect(chooseWorkPlace(home, { hasUsers: false })).toBe(join(home, 'work'));
    const elsewhere = chooseWorkPlace(home, { hasUsers: true });
    expect(elsewhere).toMatch(new RegExp(`^${tmpdir()}/smcp-work-[0-9a-f]{16}$`));
    expect(chooseWorkPlace(home, { hasUsers: true })).toBe(elsewhere);
    expect(chooseWorkPlace(folder.path, { hasUsers: true })).not.toBe(elsewhere);
  });
});
