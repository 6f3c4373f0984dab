import {
  chmodSync,
  chownSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { LogFields, Logger } from '#base/log.ts';
import type { PolicyStore, PolicyVersion, RecordLog } from '#domain/ports.ts';
import type { RecordDraft } from '#domain/record.ts';
import { createPolicyService } from '#policy/policy-service.ts';
import { agentName, NOW_MS, question } from './policies.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smcp-policy-'));
  file = join(directory, 'policy.yaml');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const policy = (tool: string) => `# mine\nversion: 1\nagents:\n  athena:\n    grants: [{ tools: ["${tool}"] }]\n`;
const write = (text: string, path = file) => writeFileSync(path, text, { mode: 0o600 });

function memoryStore() {
  const versions: PolicyVersion[] = [];
  const store = { latest: () => versions.at(-1), put: (version) => void versions.push(version) } satisfies PolicyStore;
  return { store, versions };
}

/** Appends in order; `fail` makes the next one fail, `hold` keeps it open. */
function memoryLog() {
  const drafts: RecordDraft[] = [];
  const state = { fails: false, gate: Promise.resolve() };
  const log = {
    append: async (draft) => {
      const index = drafts.push(draft) - 1;
      await state.gate;
      if (state.fails) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
      return { index, leaf: '' };
    },
  } satisfies RecordLog;
  return { log, drafts, state };
}

function world() {
  const { store, versions } = memoryStore();
  const { log, drafts, state } = memoryLog();
  const warnings: { message: string; fields: LogFields | undefined }[] = [];
  const nothing = () => {};
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    error: nothing,
    warn: (message, fields) => void warnings.push({ message, fields }),
  };
  const catalog = () => [{ name: 'a__b', inputSchema: {} }];
  const clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };
  const ports = { store, recordLog: log, catalog, clock, logger };
  const open = (bundledText?: string) =>
    createPolicyService(ports, bundledText === undefined ? { file } : { file, bundledText });
  return { open, versions, drafts, state, store, warnings };
}

const codeOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof SmcpError ? error.code : error;
};

describe('at start', () => {
  test('the file is applied as version 1, kept and recorded', async () => {
    write(policy('a__b'));
    const { open, versions, drafts } = world();
    const service = await open();
    const digest = sha256(policy('a__b'));
    expect(service.current()).toEqual({ version: 1, digest });
    expect(service.show()).toEqual({ text: policy('a__b'), policy: { version: 1, digest }, file });
    expect(service.agents()).toEqual(['athena']);
    expect(versions).toEqual([{ version: 1, digest, text: policy('a__b'), appliedMs: NOW_MS }]);
    expect(drafts).toEqual([
      { kind: 'policy', predicate: { version: 1, digest, time: '2026-11-22T10:00:00.000Z', by: 'first start' } },
    ]);
    expect(service.decide(question('a__b'))).toMatchObject({ kind: 'allow', policy: { version: 1, digest } });
    expect(service.mayCall(agentName('athena'), 'a__c', NOW_MS)).toBe(false);
  });

  test('an unchanged file keeps its version and is not recorded again; a changed one is the next', async () => {
    write(policy('a__b'));
    const { open, versions, drafts } = world();
    await open();
    expect((await open()).current().version).toBe(1);
    expect([versions.length, drafts.length]).toEqual([1, 1]);
    write(policy('a__c'));
    expect((await open()).current().version).toBe(2);
    expect([versions.length, drafts.length]).toEqual([2, 2]);
  });

  test('a missing file is an error, or made from the bundled text', async () => {
    const { open } = world();
    expect(await codeOf(open())).toBe('POLICY_INVALID');
    const service = await open(policy('a__b'));
    expect(service.show().text).toBe(policy('a__b'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    write(policy('a__c'));
    expect((await open(policy('a__b'))).show().text).toBe(policy('a__c'));
  });

  test('an invalid file stops the start and nothing is kept or recorded', async () => {
    write('version: 1\nagent: {}\n');
    const { open, versions, drafts } = world();
    const error = await open().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'POLICY_INVALID',
      message: `${file}:2:1: unknown key "agent"`,
      details: {
        remedy: 'did you mean "agents"?',
        findings: [{ severity: 'error', line: 2, column: 1, pointer: '/agent' }],
      },
    });
    expect([versions.length, drafts.length]).toEqual([0, 0]);
  });

  test('what is probably not meant is logged, with its place', async () => {
    write(policy('x__y'));
    const { open, warnings } = world();
    await open();
    expect(warnings).toEqual([
      { message: 'policy: no tool of today is matched by "x__y"', fields: { file, line: 5, column: 24 } },
    ]);
  });
});

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
    expect(await codeOf(world().open())).toBe('HOME_UNSAFE');
  });

  test.skipIf(process.getuid?.() !== 0)('another user’s (needs root)', async () => {
    write(policy('a__b'));
    chownSync(file, 65_534, 65_534);
    expect(await codeOf(world().open())).toBe('HOME_UNSAFE');
  });

  test('but one that others may read, or a hard link, is taken', async () => {
    write(policy('a__b'), join(directory, 'other'));
    linkSync(join(directory, 'other'), file);
    chmodSync(file, 0o644);
    expect((await world().open()).current().version).toBe(1);
  });

  test.each<[string, string | Uint8Array]>([
    ['larger than the bound', `version: 1\n#${'x'.repeat(LIMITS.policyBytesMax)}`],
    ['no UTF-8', new Uint8Array([0x23, 0xff, 0xfe])],
  ])('and one that is %s', async (_what, content) => {
    writeFileSync(file, content, { mode: 0o600 });
    expect(await codeOf(world().open())).toBe('POLICY_INVALID');
  });

  const linkOrDirectory = () => symlinkSync(directory, file);
});

describe('a reload', () => {
  test('applies the file whole, and decisions name the version that made them', async () => {
    write(policy('a__b'));
    const { open, drafts } = world();
    const service = await open();
    write(policy('a__c'));
    expect(service.decide(question('a__b'))).toMatchObject({ kind: 'allow', policy: { version: 1 } });
    expect(await service.reload('SIGHUP')).toEqual({ version: 2, digest: sha256(policy('a__c')) });
    expect(service.decide(question('a__b'))).toMatchObject({ kind: 'deny', policy: { version: 2 } });
    expect(drafts.at(-1)).toMatchObject({ predicate: { version: 2, by: 'SIGHUP' } });
  });

  test('of an unchanged file changes nothing', async () => {
    write(policy('a__b'));
    const { open, drafts } = world();
    const service = await open();
    expect((await service.reload('SIGHUP')).version).toBe(1);
    expect(drafts).toHaveLength(1);
  });

  test('of an invalid, missing or unsafe file changes nothing', async () => {
    write(policy('a__b'));
    const { open, versions, drafts } = world();
    const service = await open();
    for (const spoil of [() => write('version: 2\n'), () => rmSync(file), () => symlinkSync('/dev/null', file)]) {
      spoil();
      expect(['POLICY_INVALID', 'HOME_UNSAFE']).toContain(await codeOf(service.reload('SIGHUP')));
      expect(service.decide(question('a__b'))).toMatchObject({ kind: 'allow', policy: { version: 1 } });
    }
    expect([versions.length, drafts.length]).toEqual([1, 1]);
  });

  test('swaps and appends in one turn: no decision under the new policy is recorded before it', async () => {
    write(policy('a__b'));
    const { open, drafts, state, versions } = world();
    const service = await open();
    write(policy('a__c'));
    let release = () => {};
    state.gate = new Promise((resolve) => {
      release = resolve;
    });
    const reloading = service.reload('SIGHUP');
    while (service.current().version === 1) {
      expect(drafts).toHaveLength(1);
      await Promise.resolve();
    }
    expect(drafts).toHaveLength(2);
    expect(versions).toHaveLength(1);
    release();
    await reloading;
    expect(versions).toHaveLength(2);
  });

  test('that can’t be recorded is undone', async () => {
    write(policy('a__b'));
    const { open, state, versions } = world();
    const service = await open();
    write(policy('a__c'));
    state.fails = true;
    expect(await codeOf(service.reload('SIGHUP'))).toBe('LOG_UNAVAILABLE');
    expect(service.current().version).toBe(1);
    expect(service.decide(question('a__b')).kind).toBe('allow');
    expect(service.show().text).toBe(policy('a__b'));
    expect(versions).toHaveLength(1);
    state.fails = false;
    expect((await service.reload('SIGHUP')).version).toBe(2);
  });

  test('waits for the one before; too many are refused', async () => {
    write(policy('a__b'));
    const { open, drafts } = world();
    const service = await open();
    write(policy('a__c'));
    const all = Array.from({ length: LIMITS.policyChangesWaitingMax + 1 }, (_, n) => codeOf(service.reload(`${n}`)));
    const codes = await Promise.all(all);
    expect(codes.filter((code) => code === 'QUEUE_FULL')).toHaveLength(1);
    expect(drafts).toHaveLength(2);
    expect(service.current().version).toBe(2);
  });
});

describe('adding an agent', () => {
  test('edits the file, keeps its comments, and applies it', async () => {
    write(policy('a__b'));
    const { open, drafts } = world();
    const service = await open();
    const ref = await service.addAgent(agentName('boreas'), 'admin');
    expect(ref.version).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe(`${policy('a__b')}  boreas: {}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(service.agents()).toEqual(['athena', 'boreas']);
    expect(service.decide(question('a__b', {}, { agent: agentName('boreas') })).kind).toBe('deny');
    expect(drafts.at(-1)).toMatchObject({ predicate: { version: 2, by: 'admin' } });
    expect(readdirSync(directory)).toEqual(['policy.yaml']);
  });

  test('twice is refused, also when both are asked for at once', async () => {
    write(policy('a__b'));
    const service = await world().open();
    const both = [service.addAgent(agentName('boreas'), 'admin'), service.addAgent(agentName('boreas'), 'admin')];
    expect(await Promise.all(both.map(codeOf))).toEqual([undefined, 'AGENT_EXISTS']);
    expect(await codeOf(service.addAgent(agentName('athena'), 'admin'))).toBe('AGENT_EXISTS');
  });

  test('to a file that a person is in the middle of breaking changes nothing', async () => {
    write(policy('a__b'));
    const service = await world().open();
    write(`${policy('a__b')}oops: 1\n`);
    expect(await codeOf(service.addAgent(agentName('boreas'), 'admin'))).toBe('POLICY_INVALID');
    expect(readFileSync(file, 'utf8')).toBe(`${policy('a__b')}oops: 1\n`);
    expect(service.agents()).toEqual(['athena']);
  });

  test('that can’t be recorded leaves the file as it was', async () => {
    write(policy('a__b'));
    const { open, state } = world();
    const service = await open();
    state.fails = true;
    expect(await codeOf(service.addAgent(agentName('boreas'), 'admin'))).toBe('LOG_UNAVAILABLE');
    expect(readFileSync(file, 'utf8')).toBe(policy('a__b'));
    expect(service.agents()).toEqual(['athena']);
  });
});
