// The seccomp filter of a confined program: an allow-list of system calls, some by their arguments. Pure: the launcher
// loads what this makes. What no rule speaks of is refused; what the table of calls does not know is answered as a
// kernel answers that does not have it.

import { AS_IF_UNKNOWN, EVERY_PROGRAM, FILE_ATTRIBUTES, GENERAL_PROGRAM, SIGNALS_BY_NUMBER } from './allowed-calls.ts';
import {
  confinedSignalRules,
  DESCRIPTOR_RULES,
  fileRules,
  PRIORITY_RULES,
  processRules,
  type RuleTable,
  WARDEN_MEMORY_RULES,
} from './argument-rules.ts';
import { ARCH_WORD, DENY, ENOSYS, NUMBER_WORD } from './arguments.ts';
import { ALLOW, assemble, KILL, type Program, type Rule, refuse } from './rule.ts';
import { type SocketMode, socketRules } from './socket-rules.ts';
import { type Arch, machineOf } from './syscalls.ts';

export type FilterOptions = {
  readonly arch: Arch;
  /** `warden`: Node without a JIT, which starts no program and writes no file. `general`: any program. */
  readonly program: 'warden' | 'general';
  readonly sockets: SocketMode;
  /** Below Landlock ABI 3, which has no right for it. */
  readonly refusesPathTruncate: boolean;
  /** Where neither Landlock (ABI 6) nor a user of its own keeps signals in. */
  readonly refusesSignalsToOthers: boolean;
  /** Without a user of its own: Landlock has no right for modes, owners and times. */
  readonly refusesFileAttributes: boolean;
  /** So that the process group is the whole tree, and ends with one signal. */
  readonly refusesSetsid: boolean;
};

/** Calls from this number on came with Linux 5.1 or later: programs know how to do without them. */
const NEW_CALLS_FROM = 424;

const allowAll = (names: readonly string[]): RuleTable => Object.fromEntries(names.map((name) => [name, ALLOW]));

/** Of calls that are not refused: what is decided, by name. */
function rulesOf(options: FilterOptions): RuleTable {
  const isWarden = options.program === 'warden';
  const general: RuleTable = {
    ...allowAll(GENERAL_PROGRAM),
    ...(options.refusesFileAttributes ? {} : allowAll(FILE_ATTRIBUTES)),
    ...(options.refusesSetsid ? {} : allowAll(['setsid', 'setpgid'])),
    ...PRIORITY_RULES,
  };
  const { open, openat, ...writing } = fileRules(options);
  return {
    ...allowAll(EVERY_PROGRAM),
    ...(isWarden
      ? { ...WARDEN_MEMORY_RULES, prlimit64: PRIORITY_RULES['prlimit64'] ?? DENY }
      : { ...general, ...writing }),
    ...(open === undefined || openat === undefined ? {} : { open, openat }),
    ...processRules(!isWarden),
    ...DESCRIPTOR_RULES,
    ...(options.refusesSignalsToOthers ? confinedSignalRules(!isWarden) : allowAll(SIGNALS_BY_NUMBER)),
    ...socketRules(options.sockets),
  };
}

/** From this number up to the next segment's. */
type Segment = { readonly from: number; readonly rule: Rule };

/** What is decided about each number, neighbours of the same rule joined. */
function segmentsOf(numbers: ReadonlyMap<string, number>, rules: RuleTable): readonly Segment[] {
  const unknown = refuse(ENOSYS);
  const names = new Map([...numbers].map(([name, number]) => [number, name]));
  const last = Math.max(...names.keys());
  const ruleOf = (number: number): Rule => {
    const name = names.get(number);
    if (name === undefined) return unknown;
    const isSoft = AS_IF_UNKNOWN.includes(name) || number >= NEW_CALLS_FROM;
    return rules[name] ?? (isSoft ? unknown : DENY);
  };
  const all = Array.from({ length: last + 2 }, (_, from): Segment => ({ from, rule: ruleOf(from) }));
  return all.filter(({ rule }, place) => rule !== all[place - 1]?.rule);
}

/** Halves the segments until one is left. */
function search(segments: readonly Segment[]): Rule {
  const [first] = segments;
  if (first === undefined) return DENY;
  if (segments.length === 1) return first.rule;
  const middle = segments.length >> 1;
  const upper = segments.slice(middle);
  return {
    test: { word: NUMBER_WORD, is: 'at-least', operand: upper[0]?.from ?? 0 },
    yes: search(upper),
    no: search(segments.slice(0, middle)),
  };
}

/**
 * The filter, but for its blanks: the number of the process, and the token by which it knows the launcher's execveat.
 *
 * A call through another machine's door (32-bit ones on a 64-bit kernel) ends the process: its numbers mean other calls.
 * Those of x32 are above every number of the table, so unknown.
 */
export function buildFilter(options: FilterOptions): Program {
  const { auditArch, numbers } = machineOf(options.arch);
  const calls = search(segmentsOf(numbers, rulesOf(options)));
  return assemble({ test: { word: ARCH_WORD, is: 'equal', operand: auditArch }, yes: calls, no: KILL });
}
