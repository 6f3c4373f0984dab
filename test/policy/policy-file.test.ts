import { chmodSync, linkSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { agentName, question } from './policies.ts';
import { codeOf, eachInItsHome, type PolicyHome, person, policy } from './service-world.ts';

let directory: string;
let file: string;
let around: PolicyHome['around'];
eachInItsHome((home) => {
  ({ directory, file, around } = home);
});

const write = (text: string, path = file) => writeFileSync(path, text, { mode: 0o600 });

describe('a file that others could have written is refused', () => {
  test.each<[string, () => void]>([
    [
      'a symbolic link',
      () => {
        write(policy('a__b'), join(directory, 'other'));
        symlinkSync(join(directory, 'other'), file);
      },
    ],
    ['a directory', () => linkOrDirectory()],
    [
      'writable by the group',
      () => {
        write(policy('a__b'));
        chmodSync(file, 0o620);
      },
    ],
    [
      'writable by all',
      () => {
        write(policy('a__b'));
        chmodSync(file, 0o602);
      },
    ],
  ])('%s', async (_what, arrange) => {
    arrange();
    expect(await codeOf(around.open())).toBe('HOME_UNSAFE');
  });

  test('but one that others may read, or a hard link, is taken', async () => {
    write(policy('a__b'), join(directory, 'other'));
    linkSync(join(directory, 'other'), file);
    chmodSync(file, 0o644);
    expect((await around.open()).current().version).toBe(1);
  });

  test.each<[string, string | Uint8Array]>([
    ['larger than the bound', `version: 1\n#${'x'.repeat(LIMITS.policyBytesMax)}`],
    ['no UTF-8', new Uint8Array([0x23, 0xff, 0xfe])],
  ])('and one that is %s', async (_what, content) => {
    writeFileSync(file, content, { mode: 0o600 });
    expect(await codeOf(around.open())).toBe('POLICY_INVALID');
  });

  const linkOrDirectory = () => symlinkSync(directory, file);
});

describe('adding an agent', () => {
  test('edits the file, keeps its comments, and applies it', async () => {
    write(policy('a__b'));
    const { open, drafts } = around;
    const service = await open();
    const ref = await service.addAgent(agentName('boreas'), person('admin'));
    expect(ref.version).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe(`${policy('a__b')}  boreas: {}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(service.agents()).toEqual(['athena', 'boreas']);
    expect(service.decide(question('a__b', {}, { agent: agentName('boreas') })).kind).toBe('deny');
    expect(drafts.at(-1)).toMatchObject({ predicate: { version: 2, by: 'admin' } });
    expect(readdirSync(directory)).toEqual(['policy.yaml']);
  });

  test('keeps the mode of a file that others may read', async () => {
    write(policy('a__b'));
    chmodSync(file, 0o644);
    const service = await around.open();
    await service.addAgent(agentName('boreas'), person('admin'));
    expect(statSync(file).mode & 0o777).toBe(0o644);
  });

  test('twice is refused, also when both are asked for at once', async () => {
    write(policy('a__b'));
    const service = await around.open();
    const both = [
      service.addAgent(agentName('boreas'), person('admin')),
      service.addAgent(agentName('boreas'), person('admin')),
    ];
    expect(await Promise.all(both.map(codeOf))).toEqual([undefined, 'AGENT_EXISTS']);
    expect(await codeOf(service.addAgent(agentName('athena'), person('admin')))).toBe('AGENT_EXISTS');
  });

  test('to a file that a person is in the middle of breaking changes nothing', async () => {
    write(policy('a__b'));
    const service = await around.open();
    write(`${policy('a__b')}oops: 1\n`);
    expect(await codeOf(service.addAgent(agentName('boreas'), person('admin')))).toBe('POLICY_INVALID');
    expect(readFileSync(file, 'utf8')).toBe(`${policy('a__b')}oops: 1\n`);
    expect(service.agents()).toEqual(['athena']);
  });

  test('that can’t be recorded leaves the file as it was', async () => {
    write(policy('a__b'));
    const { open, state } = around;
    const service = await open();
    state.fails = true;
    expect(await codeOf(service.addAgent(agentName('boreas'), person('admin')))).toBe('LOG_UNAVAILABLE');
    expect(readFileSync(file, 'utf8')).toBe(policy('a__b'));
    expect(service.agents()).toEqual(['athena']);
  });
});
