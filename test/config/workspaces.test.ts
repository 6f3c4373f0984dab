import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { homeAt } from '#config/home.ts';
import { prepareWorkspaces } from '#config/workspaces.ts';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'smcp-workspaces-')));
  for (const name of ['home', 'product', 'product/plugins', 'more', 'more/weather']) mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const prepare = (directory: string, plugins: readonly string[] = ['product/plugins', 'more']) =>
  prepareWorkspaces(
    { workspaces: { directory, bytesMax: 1, filesMax: 1 } },
    {
      home: homeAt(join(folder, 'home')),
      plugins: plugins.map((path) => join(folder, path)),
      product: join(folder, 'product'),
    },
  );

describe('the folder of workspaces', () => {
  test('lies in the home by default, is made, and is entered by nobody else', () => {
    expect(prepare('workspaces')).toBe(join(folder, 'home/workspaces'));
    expect(statSync(join(folder, 'home/workspaces')).mode & 0o777).toBe(0o700);
    expect(prepare('workspaces')).toBe(join(folder, 'home/workspaces'));
  });

  test('may lie elsewhere, and behind a link that leads elsewhere', () => {
    expect(prepare(join(folder, 'own/deep'))).toBe(join(folder, 'own/deep'));
    mkdirSync(join(folder, 'disk'), { mode: 0o700 });
    symlinkSync(join(folder, 'disk'), join(folder, 'link'));
    expect(prepare(join(folder, 'link'))).toBe(join(folder, 'disk'));
    expect(prepare(join(folder, 'link/in'))).toBe(join(folder, 'disk/in'));
  });

  test.each([
    ['.', 'the home'],
    ['keys', 'the home'],
    ['plugins', 'the home'],
    ['workspaces/../keys', 'the home'],
    ['..', 'the home'],
    ['/', 'the home'],
    ['../product', 'the product'],
    ['../product/src', 'the product'],
    ['../product/plugins/mine', 'the product'],
    ['../more', 'plugins'],
    ['../more/weather', 'plugins'],
    ['../more/weather/data', 'plugins'],
  ])('is refused at %s: it overlaps %s', (directory, what) => {
    expect(() => prepare(directory)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(`overlaps ${what}`) }),
    );
  });

  test.each([
    ['home', 'the home'],
    ['home/keys', 'the home'],
    ['product', 'the product'],
    ['more/weather', 'plugins'],
  ])('is refused where a link leads to %s', (target, what) => {
    mkdirSync(join(folder, target), { recursive: true });
    symlinkSync(join(folder, target), join(folder, 'link'));
    for (const directory of [join(folder, 'link'), join(folder, 'link/in')]) {
      expect(() => prepare(directory)).toThrow(expect.objectContaining({ message: expect.stringContaining(what) }));
    }
  });

  test('is refused where a directory of plugins lies in it, also by default', () => {
    mkdirSync(join(folder, 'home/workspaces/athena'), { recursive: true });
    expect(() => prepare('workspaces', ['home/workspaces/athena'])).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('overlaps plugins') }),
    );
  });

  test('may lie in a hidden folder of a directory of plugins, as a home may: none is looked for there', () => {
    expect(prepare(join(folder, 'more/.smcp/workspaces'))).toBe(join(folder, 'more/.smcp/workspaces'));
  });

  test('that others may enter is refused, and so is a file', () => {
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o755);
    expect(() => prepare(join(folder, 'open'))).toThrow(expect.objectContaining({ code: 'HOME_UNSAFE' }));
    expect(() => prepare('/dev/null')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    expect(() => prepare(join(folder, 'dangling'))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
