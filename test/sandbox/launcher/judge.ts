// Judges rows of calls by a filter, run by bpf-machine.ts: what is allowed and refused with given arguments.

import { buildFilter, type FilterOptions } from '#sandbox/host/seccomp/filter.ts';
import { fillBlanks } from '#sandbox/host/seccomp/rule.ts';
import { type Arch, machineOf } from '#sandbox/host/seccomp/syscalls.ts';
import { runFilter } from './bpf-machine.ts';

export const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7 };
export const OWN_PID = 4242;
/** Bits that the kernel does not look at in an int must not help. */
export const HIGH = 0xdead_beef_0000_0000n;

export type Arguments = readonly (number | bigint)[];
export type Row = readonly [
  options: Partial<FilterOptions>,
  call: string,
  allowed: readonly Arguments[],
  refused: readonly Arguments[],
];

const LOOSE: Omit<FilterOptions, 'arch'> = {
  program: 'general',
  sockets: 'none',
  refusesPathTruncate: false,
  refusesSignalsToOthers: false,
  refusesFileAttributes: false,
  refusesSetsid: true,
};

/** What a filter answers to a call by name. @throws for a call that the machine lacks */
export function judgeOf(arch: Arch, changes: Partial<FilterOptions>) {
  const bytes = fillBlanks(buildFilter({ ...LOOSE, ...changes, arch }), { 'own-pid': OWN_PID });
  const { numbers } = machineOf(arch);
  return (call: string, args: Arguments = []) => {
    const number = numbers.get(call);
    if (number === undefined) throw new Error(`no call ${call}`);
    return runFilter(bytes, { number, arch: AUDIT[arch], args: args.map(BigInt) });
  };
}

/** The arguments that a row is wrong about; `[]` when it is right. */
export function wrongIn(arch: Arch, [changes, call, allowed, refused]: Row): readonly Arguments[] {
  const judge = judgeOf(arch, changes);
  return [
    ...allowed.filter((args) => judge(call, args) !== 'allow'),
    ...refused.filter((args) => judge(call, args) === 'allow'),
  ];
}
