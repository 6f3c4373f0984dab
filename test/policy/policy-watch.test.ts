// The file is edited as people and editors do; the service is told by the real file system.

import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import { question } from './policies.ts';
import { codeOf, eachInItsHome, type PolicyHome, person, policy, until } from './service-world.ts';

let directory: string;
let file: string;
let around: PolicyHome['around'];
eachInItsHome((home) => {
  ({ directory, file, around } = home);
});

const write = (text: string | Uint8Array, path = file) => writeFileSync(path, text, { mode: 0o600 });
const start = async (apply: 'auto' | 'manual' = 'auto') => {
  write(policy('a__b'));
  return around.open(apply);
};
const digestOf = (tool: string) => sha256(policy(tool));

describe('an edit of the file is applied', () => {
  test.each<[string, (text: string) => void]>([
    ['in place', (text) => write(text)],
    [
      'by an editor that puts another file there',
      (text) => {
        write(text, `${file}.swp`);
        renameSync(`${file}.swp`, file);
      },
    ],
    [
      'by an editor that moves the old one away',
      (text) => {
        renameSync(file, `${file}~`);
        write(text);
      },
    ],
  ])('%s', async (_what, edit) => {
    const service = await start();
    edit(policy('a__c'));
    await until(() => service.current().version === 2);
    expect(service.decide(question('a__b'))).toMatchObject({ kind: 'deny', policy: { version: 2 } });
    expect(service.decide(question('a__c')).kind).toBe('allow');
    expect(around.drafts.at(-1)).toMatchObject({
      predicate: { version: 2, digest: digestOf('a__c'), by: 'policy file' },
    });
    edit(policy('a__d'));
    await until(() => service.current().version === 3);
    expect(service.show()).toMatchObject({ text: policy('a__d'), fileState: { kind: 'in-force' } });
  });

  test('and told once it is in force', async () => {
    const service = await start();
    const seen: number[] = [];
    const leave = service.onChange(() => seen.push(service.current().version));
    write(policy('a__c'));
    await until(() => seen.length > 0);
    leave();
    write(policy('a__d'));
    await until(() => service.current().version === 3);
    expect(seen).toEqual([2]);
  });

  test('once for many edits in a row: the last one wins, and few versions are made', async () => {
    const service = await start();
    for (let n = 0; n < 100; n++) write(policy(`a__${n}`));
    await until(() => service.current().digest === digestOf('a__99'));
    expect(around.versions.length).toBeLessThanOrEqual(3);
    expect(service.show().fileState).toEqual({ kind: 'in-force' });
  });

  test('and an edit that changes nothing makes no version', async () => {
    const service = await start();
    write(policy('a__c'));
    write(policy('a__b'));
    chmodSync(file, 0o644);
    await until(() => around.versions.length === 1);
    write(policy('a__d'));
    await until(() => service.current().digest === digestOf('a__d'));
    expect(around.versions).toHaveLength(2);
  });

  test('also when the log could not take its record at first', async () => {
    const service = await start();
    around.state.fails = true;
    write(policy('a__c'));
    await until(() => service.show().fileState.kind === 'refused');
    expect(service.show().fileState).toMatchObject({ message: 'the disk is full' });
    expect(service.decide(question('a__b'))).toMatchObject({ kind: 'allow', policy: { version: 1 } });
    around.state.fails = false;
    await until(() => service.current().version === 2);
    expect(service.show().fileState).toEqual({ kind: 'in-force' });
  });
});

describe('what is in the file is refused, and the policy before stays in force', () => {
  const broken = `${policy('a__c')}oops: 1\n`;
  test.each<[string, string, () => void]>([
    ['half a text', 'Implicit map keys need to be followed by map values', () => write(policy('a__c').slice(0, 19))],
    ['no policy', 'unknown key "oops"', () => write(broken)],
    ['an empty file', 'must be object', () => write('')],
    ['no UTF-8', 'is no text in UTF-8', () => write(new Uint8Array([0x23, 0xff, 0xfe, 0x0a]))],
    ['more than a policy may have', 'is larger than', () => write(`#${'x'.repeat(LIMITS.policyBytesMax)}`)],
    ['nothing: it is gone', 'there is no policy at', () => rmSync(file)],
    [
      'a directory',
      'is no plain file',
      () => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    [
      'a symbolic link, even to a good policy',
      'is a symbolic link',
      () => {
        write(policy('a__c'), join(directory, 'other'));
        rmSync(file);
        symlinkSync(join(directory, 'other'), file);
      },
    ],
    [
      'writable by the group',
      'can be written by other users',
      () => {
        write(policy('a__c'));
        chmodSync(file, 0o660);
      },
    ],
    [
      'writable by all',
      'can be written by other users',
      () => {
        write(policy('a__c'));
        chmodSync(file, 0o602);
      },
    ],
  ])('%s', async (_what, message, spoil) => {
    const service = await start();
    spoil();
    await until(() => service.show().fileState.kind === 'refused');
    const { fileState } = service.show();
    expect(fileState.kind === 'refused' && fileState.message).toContain(message);
    expect(service.decide(question('a__b'))).toMatchObject({ kind: 'allow', policy: { version: 1 } });
    expect(around.drafts).toHaveLength(1);
    expect(around.warnings.map((warning) => warning.message)).toEqual([
      'policy: the file is not applied; the policy before stays in force',
    ]);
    // Mended, it is applied.
    rmSync(file, { recursive: true, force: true });
    write(policy('a__d'));
    await until(() => service.current().version === 2);
    expect(service.show().fileState).toEqual({ kind: 'in-force' });
  });

  test('with findings that say where, once for a text that stays wrong', async () => {
    const service = await start();
    write(broken);
    await until(() => service.show().fileState.kind === 'refused');
    expect(service.show().fileState).toMatchObject({ findings: [{ line: 6, column: 1, pointer: '/oops' }] });
    expect(await codeOf(service.reload(person('admin')))).toBe('POLICY_INVALID');
    appendFileSync(file, '# more\n');
    chmodSync(file, 0o640);
    await new Promise((resolve) => setTimeout(resolve, 3 * LIMITS.policyFileSettleMs));
    expect(around.warnings).toHaveLength(1);
  });

  test('until it is whole, where it is written in pieces', async () => {
    const service = await start();
    const text = policy('a__c');
    write(text.slice(0, 30));
    await until(() => service.show().fileState.kind === 'refused');
    appendFileSync(file, text.slice(30));
    await until(() => service.current().version === 2);
    expect(service.current().digest).toBe(digestOf('a__c'));
  });

  test('until its mode is mended, without another edit', async () => {
    const service = await start();
    write(policy('a__c'));
    chmodSync(file, 0o666);
    await until(() => service.show().fileState.kind === 'refused');
    chmodSync(file, 0o600);
    await until(() => service.current().version === 2);
    expect(service.show().fileState).toEqual({ kind: 'in-force' });
  });
});
