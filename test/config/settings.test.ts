// The configuration of a running server: what is shown, what can change, and what config.yaml says afterwards.

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '#config/config.ts';
import { createSettings } from '#config/settings.ts';

const person = { mayWiden: true };
const agent = { mayWiden: false };
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smcp-settings-'));
  file = join(folder, 'config.yaml');
});

afterEach(() => rmSync(folder, { recursive: true }));

function open(text?: string) {
  if (text !== undefined) writeFileSync(file, text, { mode: 0o600 });
  return createSettings({ file, config: loadConfig(file, {}), env: {} });
}

const shown = (settings: ReturnType<typeof open>, key: string) =>
  settings.show().settings.find((setting) => setting.key === key);

test('all that says where the server listens, and whose word it takes, is shown', () => {
  const settings = open();
  const keys = Object.keys(loadConfig(file, {}).server);
  expect(keys).toContain('trustProxy');
  expect(keys.filter((key) => shown(settings, `server.${key}`) === undefined)).toEqual([]);
});

describe('a setting that changes at run time', () => {
  test('is in force at once, in config.yaml with everything else in it, and after a restart', () => {
    const settings = open('# mine\nversion: 1\nserver: { port: 9 } # ours\nlogging:\n  level: info\n');
    let told = 0;
    settings.onChange(() => {
      told += 1;
    });
    expect(settings.set('logging.level', 'debug', person)).toMatchObject({ value: 'debug', changes: 'at run time' });
    expect(settings.current().logging.level).toBe('debug');
    expect(told).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(
      '# mine\nversion: 1\nserver: { port: 9 } # ours\nlogging:\n  level: debug\n',
    );
    expect(shown(open(), 'logging.level')).toMatchObject({ value: 'debug' });
  });

  test('makes config.yaml where there is none, for its owner only', () => {
    open().set('workspaces.bytesMax', '1000', person);
    expect(readFileSync(file, 'utf8')).toBe('version: 1\nworkspaces:\n  bytesMax: 1000\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('takes nothing else along that a person has edited: that counts from the next start on', () => {
    const settings = open('version: 1\nserver: { port: 9 }\n');
    writeFileSync(file, 'version: 1\nserver: { port: 10 }\n');
    settings.set('policy.apply', 'manual', person);
    expect(shown(settings, 'server.port')).toMatchObject({ value: 9, nextStart: 10 });
    expect(shown(settings, 'policy.apply')).not.toHaveProperty('nextStart');
    expect(readFileSync(file, 'utf8')).toContain('port: 10');
  });
});

describe('what is refused changes neither the file nor what is in force', () => {
  test.each([
    ['a value that does not fit', 'logging.level', 'loud', 'CONFIG_INVALID'],
    ['a number out of bounds', 'workspaces.filesMax', '0', 'CONFIG_INVALID'],
    ['a text for a number', 'workspaces.bytesMax', 'many', 'CONFIG_INVALID'],
    ['a key that counts from a start on', 'server.port', '1', 'CONFIG_KEY'],
    ['a key of a section that is not shown', 'secrets.keyFile', 'x', 'CONFIG_KEY'],
    ['a key that nobody has', 'logging.levels', 'debug', 'CONFIG_KEY'],
    ['a name of every object', '__proto__.x', '1', 'CONFIG_KEY'],
  ])('%s', (_what, key, value, code) => {
    const settings = open('version: 1\n');
    const before = settings.show();
    for (const act of [settings.check, settings.set]) {
      expect(() => act(key, value, person)).toThrow(expect.objectContaining({ code }));
    }
    expect(readFileSync(file, 'utf8')).toBe('version: 1\n');
    expect(settings.show()).toEqual(before);
  });

  test.each([
    ['a file that is broken by now', 'version: 1\nserver: {\n', 'CONFIG_INVALID'],
    ['a file whose values stand for each other', 'version: 1\nlogging: &x { level: info }\n', undefined],
    ['a section that is no map', 'version: 1\nlogging: {}\n', 'CONFIG_INVALID'],
  ])('%s', (_what, text, code) => {
    const settings = open('version: 1\n');
    writeFileSync(file, text);
    if (code === undefined) settings.check('logging.level', 'debug', person);
    else expect(() => settings.set('logging.level', 'debug', person)).toThrow(expect.objectContaining({ code }));
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(settings.current().logging.level).toBe('info');
  });

  test('a file that others may write', () => {
    const settings = open('version: 1\n');
    chmodSync(file, 0o666);
    expect(() => settings.set('logging.level', 'debug', person)).toThrow(
      expect.objectContaining({ code: 'HOME_UNSAFE' }),
    );
    expect(settings.show().problem).toContain('config.yaml');
  });
});

describe('an agent', () => {
  test.each([
    ['workspaces.bytesMax', '1000', '1001'],
    ['workspaces.filesMax', '10', '20'],
    ['logging.level', 'debug', 'info'],
  ])('may set %s to %s, and not to %s after that', (key, less, more) => {
    const settings = open('version: 1\nworkspaces: { bytesMax: 2000, filesMax: 20 }\n');
    settings.set(key, less, agent);
    expect(() => settings.set(key, more, agent)).toThrow(expect.objectContaining({ code: 'PERSON_NEEDED' }));
    expect(String(shown(settings, key)?.value)).toBe(less);
    settings.set(key, more, person);
    expect(String(shown(settings, key)?.value)).toBe(more);
  });

  test.each(['auto', 'manual'])('may not change whether edits of the policy count, when it is %s', (apply) => {
    const settings = open(`version: 1\npolicy: { apply: ${apply} }\n`);
    const other = apply === 'auto' ? 'manual' : 'auto';
    expect(() => settings.set('policy.apply', other, agent)).toThrow(
      expect.objectContaining({ code: 'PERSON_NEEDED' }),
    );
  });

  test.each([
    ['workspaces.bytesMax', 'bytesMax: 100', 'bytesMax: 50', '90', 'workspaces'],
    ['logging.level', 'level: info', 'level: debug', 'info', 'logging'],
    ['policy.apply', 'apply: auto', 'apply: manual', 'auto', 'policy'],
  ])('does not take back what a person wrote for the next start: %s', (key, before, after, value, section) => {
    const settings = open(`version: 1\n${section}: { ${before} }\n`);
    const edited = `version: 1\n${section}: { ${after} }\n`;
    writeFileSync(file, edited);
    expect(() => settings.set(key, value, agent)).toThrow(expect.objectContaining({ code: 'PERSON_NEEDED' }));
    expect(readFileSync(file, 'utf8')).toBe(edited);
    // The control: a person may.
    settings.set(key, value, person);
    expect(readFileSync(file, 'utf8')).not.toBe(edited);
  });
});

test('nothing is shown of where secrets come from and of whom is told', () => {
  const settings = open(
    'version: 1\nnotify: { webhooks: [{ url: "https://hooks.example/T0K3N" }] }\nsecrets: { sources: { A: { command: ["x", "S3CR3T"] } } }\n',
  );
  expect(JSON.stringify(settings.show())).not.toMatch(/T0K3N|S3CR3T/);
  expect(existsSync(file)).toBe(true);
});
