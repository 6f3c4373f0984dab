// smcp doctor on installations that are whole, that lie where their owner alone can go, and that are damaged.

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { NEEDED_LAYERS } from '#sandbox/host/layers.ts';
import { ownArch } from '#sandbox/host/seccomp/syscalls.ts';
import { makeFolder } from '#test/sandbox/launcher/harness.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());
let count = 0;

type Row = { readonly name: string; readonly inForce: boolean; readonly detail: string; readonly remedy?: string };
type Answer = {
  readonly ok: boolean;
  readonly layers: readonly Row[];
  readonly floor: readonly Row[];
  readonly versions: object;
};

/** The product elsewhere, with a Node of its own. Behind a folder of this mode. */
function install(mode: number): string {
  count += 1;
  const owner = join(folder.path, `installation-${count}`);
  const place = join(owner, 'smcp');
  for (const part of ['src', 'sandbox', 'schemas', 'plugins', 'package.json']) {
    cpSync(join(ROOT, part), join(place, part), { recursive: true });
  }
  const packages = join(place, 'node_modules');
  mkdirSync(packages);
  const own = ['isolated-vm', 'node-gyp-build'];
  for (const name of own) cpSync(join(ROOT, 'node_modules', name), join(packages, name), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!own.includes(name)) symlinkSync(join(ROOT, 'node_modules', name), join(packages, name));
  }
  mkdirSync(join(place, 'bin'));
  try {
    linkSync(process.execPath, join(place, 'bin/node'));
  } catch {
    cpSync(process.execPath, join(place, 'bin/node'));
  }
  chmodSync(owner, mode);
  return place;
}

function doctor(place: string, ...words: readonly string[]) {
  const home = join(dirname(place), 'home');
  const { status, stdout, stderr } = spawnSync(
    join(place, 'bin/node'),
    [join(place, 'src/smcp.js'), 'doctor', '--home', home, ...words],
    { encoding: 'utf8', cwd: '/', env: { PATH: '/usr/bin:/bin' } },
  );
  return { status, stdout, stderr };
}
const json = (place: string) => {
  const { status, stdout } = doctor(place, '--json');
  return { status, answer: JSON.parse(stdout) as Answer };
};

const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('smcp-warden-'));

describe('doctor says', () => {
  test.each([
    ['everybody may read', 0o755],
    ['is its owner’s alone', 0o700],
  ])('each layer and property in force, as found around a real process, where the product %s', (_what, mode) => {
    const before = leftovers();
    const { status, answer } = json(install(mode));
    const missing = [...answer.layers, ...answer.floor].filter(({ inForce }) => !inForce).map(({ name }) => name);
    expect(missing).toEqual(process.getuid?.() === 0 ? [] : ['own-user']);
    expect([status, answer.ok]).toEqual([0, true]);
    expect(answer.layers.map(({ name }) => name)).toEqual(
      expect.arrayContaining([...NEEDED_LAYERS, 'host-dump', 'fsync']),
    );
    expect(answer.floor.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['files', 'network', 'privileges', 'signals']),
    );
    expect(leftovers()).toEqual(before);
  });

  test('what is missing and what to do, and ends with 2, where the launcher may not be run', () => {
    const place = install(0o755);
    chmodSync(join(place, 'sandbox/launcher/prebuilt', `linux-${ownArch()}`, 'launcher'), 0o644);
    const { status, answer } = json(place);
    expect([status, answer.ok]).toEqual([2, false]);
    const missing = answer.layers.filter(({ inForce }) => !inForce);
    expect(missing.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['landlock', 'launcher', 'seccomp', 'rlimits']),
    );
    expect(missing.every(({ remedy }) => remedy !== undefined && remedy !== '')).toBe(true);
    const { stdout } = doctor(place);
    expect(stdout).toMatch(/^MISSING +launcher /m);
    expect(stdout).toMatch(/^.*launcher.*: .*0755/m);
  });

  const asRoot = process.getuid?.() === 0 ? test : () => {};
  /** The capabilities that a container's root has by default. */
  const CONTAINER = [
    ...['chown', 'dac_override', 'fsetid', 'fowner', 'mknod', 'net_raw', 'setgid', 'setuid', 'setfcap', 'setpcap'],
    ...['net_bind_service', 'sys_chroot', 'kill', 'audit_write'],
  ];
  const withCapabilities = (names: readonly string[]) => {
    const bounds = ['-all', ...names.map((name) => `+${name}`)].join(',');
    const words = [`--bounding-set=${bounds}`, '--inh-caps=-all', process.execPath, join(ROOT, 'src/smcp.js')];
    const home = join(folder.path, 'home');
    const { status, stdout } = spawnSync('/usr/bin/setpriv', [...words, 'doctor', '--json', '--home', home], {
      encoding: 'utf8',
    });
    return { status, answer: JSON.parse(stdout) as Answer };
  };

  asRoot('all in force for the root of a container, and what that root could not read back', () => {
    const { status, answer } = withCapabilities(CONTAINER);
    expect([status, answer.layers.filter(({ inForce }) => !inForce)]).toEqual([0, []]);
    const environment = answer.layers.find(({ name }) => name === 'clean-environment');
    expect(environment?.detail).toMatch(/CAP_SYS_PTRACE/);
  });

  asRoot('that a root without capabilities runs no plugin, and what it needs', () => {
    const { status, answer } = withCapabilities([]);
    expect(status).toBe(2);
    expect(answer.floor.filter(({ inForce }) => !inForce)).toMatchObject([
      { name: 'resources', remedy: expect.stringContaining('CAP_SETUID') },
    ]);
  });

  test('that a configuration which gives plugins users of the system is none', () => {
    const place = install(0o755);
    const home = join(dirname(place), 'home');
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'config.yaml'), 'version: 1\nsandbox: { users: { first: 10, count: 5 } }\n', {
      mode: 0o600,
    });
    expect(doctor(place)).toMatchObject({ status: 2, stderr: expect.stringContaining('CONFIG_INVALID') });
  });
});
