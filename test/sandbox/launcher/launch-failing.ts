// Runs one launcher under another, whose filter lets a single call fail with error 95: so each step of the inner one can be
// made to fail. Says its exit code; what it says itself goes to stderr. Its one argument is a `Failing`.

import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelOffers } from '#sandbox/host/launcher/kernel-offers.ts';
import { startLaunch } from '#sandbox/host/launcher/launch.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { profileBytes } from '#sandbox/host/launcher/profile-bytes.ts';
import { ALLOW, assemble, type Rule, refuse } from '#sandbox/host/seccomp/rule.ts';
import { machineOf } from '#sandbox/host/seccomp/syscalls.ts';
import { OWN_UID, profileFor } from './harness.ts';

export type Failing = {
  readonly call: string;
  /** The call fails with this for its first argument only; `token`: the inner launcher's. */
  readonly firstArgument: number | 'token' | undefined;
  readonly folder: string;
  readonly launcher: string;
};

const ENOTSUP = 95;
const TOKEN_AT = 120;

function main({ call, firstArgument, folder, launcher: file }: Failing): void {
  const launcher = openLauncher();
  const offered = kernelOffers(launcher);
  const user = offered.uid === 0 ? { uid: OWN_UID } : {};
  // The inner one starts as an ordinary user.
  const specification = profileBytes(profileFor(['/usr/bin/true']), { ...offered, uid: OWN_UID });
  const path = join(folder, 'inner');
  writeFileSync(path, specification);
  const argument = firstArgument === 'token' ? specification.readUInt32LE(TOKEN_AT) : firstArgument;
  const fails: Rule = refuse(ENOTSUP);
  const judged: Rule =
    argument === undefined ? fails : { test: { word: 16, is: 'equal', operand: argument }, yes: fails, no: ALLOW };
  const number = machineOf(launcher.arch).numbers.get(call) ?? -1;
  const filter: Rule = { test: { word: 0, is: 'equal', operand: number }, yes: judged, no: ALLOW };
  // Only who leads no session yet can fail to lead one.
  const command =
    call === 'setsid' ? (['/bin/sh', '-c', '"$1" 3; exit $?', 'sh', file] as const) : ([file, '3'] as const);
  const profile = {
    ...profileFor([...command]),
    ...user,
    paths: [{ path: '/', access: 'read' as const }],
    keptDescriptors: [0, 1, 2, 3],
  };
  const ports = { launcher, kernel: offered, filterOf: () => assemble(filter) };
  const { child } = startLaunch(ports, profile, ['ignore', 'ignore', 'inherit', openSync(path, 'r')]);
  child.on('exit', (code) => process.stdout.write(String(code)));
}

main(JSON.parse(process.argv[2] ?? '') as Failing);
