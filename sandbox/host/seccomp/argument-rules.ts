// The calls that a filter lets through by their arguments: opening, processes, descriptors, priorities. Pure. The numbers
// are the kernel's (include/uapi/asm-generic, include/uapi/linux) and the same on x86-64 and arm64.

import {
  allowOneOf,
  DENY,
  denyAnyBit,
  denyOneOf,
  ENOTTY,
  whenAnyBit,
  whenMasked,
  whenOneOf,
  whenWhole,
} from './arguments.ts';
import { ALLOW, type Rule, refuse } from './rule.ts';

export type RuleTable = { readonly [call: string]: Rule };

const O_ACCMODE = 0o3;
const O_TRUNC = 0o1000;
/** A file that runs with its owner's rights would be a way out for who shares the host's user. */
const SET_ID_BITS = 0o6000;

/**
 * Access mode 3 opens for neither reading nor writing, and Landlock asks for no right then; below ABI 3 truncating while
 * opening needs none either, unless it is opened for writing.
 */
function openRule(flags: number, refusesPathTruncate: boolean): Rule {
  const mode = denyAnyBit(flags + 1, SET_ID_BITS);
  const truncates = O_TRUNC | O_ACCMODE;
  const careful = refusesPathTruncate ? whenMasked(flags, truncates, { value: O_TRUNC, yes: DENY, no: mode }) : mode;
  return whenMasked(flags, O_ACCMODE, { value: O_ACCMODE, yes: DENY, no: careful });
}

export function fileRules(options: {
  readonly refusesPathTruncate: boolean;
  readonly refusesFileAttributes: boolean;
}): RuleTable {
  const { refusesPathTruncate, refusesFileAttributes } = options;
  const ofFile = (rule: Rule): Rule => (refusesFileAttributes ? DENY : rule);
  return {
    open: openRule(1, refusesPathTruncate),
    openat: openRule(2, refusesPathTruncate),
    creat: denyAnyBit(1, SET_ID_BITS),
    mkdir: denyAnyBit(1, SET_ID_BITS),
    mkdirat: denyAnyBit(2, SET_ID_BITS),
    chmod: ofFile(denyAnyBit(1, SET_ID_BITS)),
    fchmod: ofFile(denyAnyBit(1, SET_ID_BITS)),
    fchmodat: ofFile(denyAnyBit(2, SET_ID_BITS)),
    // Without a path it changes what is open.
    utimensat: refusesFileAttributes ? whenWhole(1, 'nothing', ALLOW, DENY) : ALLOW,
    truncate: refusesPathTruncate ? DENY : ALLOW,
  };
}

// include/uapi/linux/sched.h
const CLONE_THREAD = 0x1_0000;
/**
 * Namespaces (mount, cgroup, UTS, IPC, user, PID, network), a child that would be the host's (CLONE_PARENT), and a
 * descriptor of it (CLONE_PIDFD).
 */
const CLONE_REFUSED =
  0x2_0000 | 0x200_0000 | 0x400_0000 | 0x800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000 | 0x8000 | 0x1000;

// include/uapi/linux/prctl.h. Not here: PDEATHSIG, SECCOMP, PTRACER, MM, DUMPABLE, SUBREAPER, SYSCALL_USER_DISPATCH.
const PRCTL_ALLOWED = [
  ...[2, 3, 7, 15, 16, 21, 23, 27, 29, 30, 38, 39, 41, 42],
  // SVE_GET_VL, GET_TAGGED_ADDR_CTRL, SET_VMA (names of memory, for people)
  ...[51, 56, 0x5356_4d41],
];
const PERSONALITY_ALLOWED = [0, 0xffff_ffff];

/**
 * The launcher's own execveat has the launch's token for its first argument, which the kernel ignores there: nobody else
 * knows the token, so that a program which may not execute can be executed all the same.
 */
export function processRules(mayFork: boolean): RuleTable {
  const asThread = whenAnyBit(0, CLONE_THREAD, ALLOW, DENY);
  return {
    clone: denyAnyBit(0, CLONE_REFUSED, mayFork ? ALLOW : asThread),
    execveat: whenWhole(0, 'token', ALLOW, DENY),
    prctl: allowOneOf(0, PRCTL_ALLOWED),
    personality: allowOneOf(0, PERSONALITY_ALLOWED),
  };
}

// include/uapi/asm-generic/fcntl.h, linux/fcntl.h: signals to others by way of a descriptor, and leases, which make the
// host wait when it opens the file. F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY
const FCNTL_REFUSED = [8, 10, 15, 1024, 1026];
// TCGETS, TCGETS2, TIOCGWINSZ, TIOCGPGRP, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, FIGETBSZ, FS_IOC_GETFLAGS
const IOCTL_ALLOWED = [0x5401, 0x802c_542a, 0x5413, 0x540f, 0x541b, 0x5421, 0x5450, 0x5451, 2, 0x8008_6601];

/** Everything else is answered as a file answers that is no terminal: TIOCSTI, TIOCLINUX and TIOCSCTTY among them. */
export const DESCRIPTOR_RULES: RuleTable = {
  fcntl: denyOneOf(1, FCNTL_REFUSED),
  ioctl: allowOneOf(1, IOCTL_ALLOWED, refuse(ENOTTY)),
};

const ofItself = allowOneOf(0, [0]);

/** Limits and priorities of the caller only: by number they would reach every process of the user. */
export const PRIORITY_RULES: RuleTable = {
  prlimit64: ofItself,
  sched_setaffinity: ofItself,
  sched_setattr: ofItself,
  sched_setparam: ofItself,
  sched_setscheduler: ofItself,
  // PRIO_PROCESS is 0, IOPRIO_WHO_PROCESS 1.
  setpriority: whenOneOf(0, [0], allowOneOf(1, [0]), DENY),
  ioprio_set: whenOneOf(0, [1], allowOneOf(1, [0]), DENY),
};

/**
 * Where neither Landlock nor a user of its own keeps signals in: to the own process group, which is a session that nobody
 * can leave or join; and to the process itself where it can't fork, since nobody else ever has its number while it lives.
 */
export function confinedSignalRules(mayFork: boolean): RuleTable {
  return {
    kill: allowOneOf(0, mayFork ? [0] : [0, 'own-pid']),
    ...(mayFork ? {} : { tgkill: allowOneOf(0, ['own-pid']) }),
  };
}

const MAP_ANONYMOUS = 0x20;
const MAP_SHARED = 0x01;
const PROT_EXEC = 0x4;

/**
 * A warden makes no code at run time: what is executable comes from a file. Shared memory without a file is refused, since
 * RLIMIT_DATA does not count it.
 */
export const WARDEN_MEMORY_RULES: RuleTable = {
  mmap: whenAnyBit(
    3,
    MAP_ANONYMOUS,
    whenMasked(3, MAP_SHARED, { value: MAP_SHARED, yes: DENY, no: denyAnyBit(2, PROT_EXEC) }),
    ALLOW,
  ),
  mprotect: denyAnyBit(2, PROT_EXEC),
  pkey_mprotect: denyAnyBit(2, PROT_EXEC),
};
