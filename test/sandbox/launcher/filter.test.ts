import { describe, expect, test } from 'vitest';
import { buildFilter, type FilterOptions } from '#sandbox/host/seccomp/filter.ts';
import { fillBlanks } from '#sandbox/host/seccomp/rule.ts';
import { type Arch, machineOf } from '#sandbox/host/seccomp/syscalls.ts';
import { type Call, runFilter } from './bpf-machine.ts';

const ARCHES = ['x64', 'arm64'] as const;
const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7 };
const TOKEN = 0x1234_5678_9abc_def0n;
const OWN_PID = 4242;
const EPERM = 1;
const ENOTTY = 25;
const ENOSYS = 38;

const LOOSE: FilterOptions = {
  arch: 'x64',
  program: 'general',
  sockets: 'none',
  refusesPathTruncate: false,
  refusesSignalsToOthers: false,
  refusesFileAttributes: false,
  refusesSetsid: true,
};

/** What a filter answers to a call by name. */
function answers(changes: Partial<FilterOptions>) {
  const options = { ...LOOSE, ...changes };
  const { numbers } = machineOf(options.arch);
  const bytes = fillBlanks(buildFilter(options), {
    'own-pid': OWN_PID,
    'token-low': Number(TOKEN & 0xffff_ffffn),
    'token-high': Number(TOKEN >> 32n),
  });
  const raw = (call: Call) => runFilter(bytes, call);
  const ask = (name: string, ...args: readonly (number | bigint)[]) => {
    const number = numbers.get(name);
    if (number === undefined) throw new Error(`no call ${name}`);
    return raw({ number, arch: AUDIT[options.arch], args: args.map(BigInt) });
  };
  return { ask, raw, has: (name: string) => numbers.has(name), numbers };
}

/** Numbers as people know them, so that a table that slipped by one does not agree with itself. */
test.each([
  ['x64', { read: 0, execve: 59, ptrace: 101, seccomp: 317, execveat: 322, rseq: 334 }],
  ['arm64', { io_setup: 0, read: 63, ptrace: 117, execve: 221, seccomp: 277, execveat: 281, rseq: 293 }],
  ['x64', { pidfd_send_signal: 424, io_uring_setup: 425, clone3: 435, openat2: 437, landlock_create_ruleset: 444 }],
  ['arm64', { pidfd_send_signal: 424, io_uring_setup: 425, clone3: 435, openat2: 437, mseal: 462, file_setattr: 469 }],
] as const)('calls of %s have the numbers of the kernel', (arch, expected) => {
  const { numbers } = machineOf(arch);
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, numbers.get(name)]))).toEqual(expected);
});

/** Taken from Docker's list, or never in it; whatever their arguments. */
const NEVER = `
ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp keyctl add_key request_key
shmget shmat shmctl shmdt msgget msgsnd msgrcv msgctl semget semop semctl semtimedop mq_open mq_unlink mq_timedsend
mq_timedreceive mq_notify mq_getsetattr mknod mknodat pidfd_open pidfd_getfd pidfd_send_signal
landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp setsid setpgid splice tee vmsplice
memfd_secret memfd_create clone3 unshare setns mount umount2 pivot_root move_mount open_tree fsopen fsconfig fsmount
fspick mount_setattr chroot io_uring_setup io_uring_enter io_uring_register io_setup io_submit userfaultfd bpf
perf_event_open openat2 open_by_handle_at name_to_handle_at inotify_add_watch inotify_init1 fanotify_init
fanotify_mark swapon swapoff reboot kexec_load kexec_file_load init_module finit_module delete_module acct syslog
settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname setgroups setfsuid setfsgid iopl ioperm
modify_ldt uselib vhangup quotactl lookup_dcookie get_robust_list remap_file_pages mbind set_mempolicy migrate_pages
move_pages setxattr lsetxattr removexattr lremovexattr setxattrat removexattrat file_setattr fchmodat2 statmount
listmount sync syncfs
`
  .trim()
  .split(/\s+/);

/** Without them nothing runs. */
const NEEDED = `
read write close mmap munmap brk rt_sigaction rt_sigprocmask futex openat fstat newfstatat exit_group getrandom
set_tid_address set_robust_list rseq clock_gettime epoll_pwait eventfd2 pipe2 madvise getpid gettid sched_yield
`
  .trim()
  .split(/\s+/);

describe.each(ARCHES)('the filter for %s', (arch) => {
  const machine = machineOf(arch);
  const every = ['warden', 'general'] as const;
  const modes = ['none', 'pairs', 'unix', 'inet'] as const;

  test.each(every)('of a program of kind %s refuses what no program may do, and allows what all need', (program) => {
    for (const sockets of modes) {
      const { ask, has } = answers({ arch, program, sockets });
      expect(NEVER.filter(has).filter((name) => ask(name) === 'allow')).toEqual([]);
      expect(NEEDED.filter(has).filter((name) => ask(name) !== 'allow')).toEqual([]);
    }
  });

  test('answers every number there is: allowed, refused or unknown, and above them unknown', () => {
    const { raw } = answers({ arch });
    const names = new Set(machine.numbers.values());
    for (let number = 0; number < 600; number++) {
      const answer = raw({ number, arch: AUDIT[arch] });
      expect(['allow', EPERM, ENOTTY, ENOSYS]).toContain(answer);
      if (!names.has(number)) expect(answer).toBe(ENOSYS);
    }
    for (const number of [0x4000_0000, 0x4000_0000 + 59, 0x7fff_ffff, 0xffff_ffff]) {
      expect(raw({ number, arch: AUDIT[arch] })).toBe(ENOSYS);
    }
  });

  test.each([
    ['32-bit x86', 0x4000_0003],
    ['32-bit arm', 0x4000_0028],
    ['the other machine', arch === 'x64' ? AUDIT.arm64 : AUDIT.x64],
  ])('ends a process that calls as %s', (_, audit) => {
    const { raw } = answers({ arch });
    expect(raw({ number: 0, arch: audit })).toBe('kill');
    expect(raw({ number: 0, arch: AUDIT[arch] })).not.toBe('kill');
  });

  test("knows the launcher's execveat by all 64 bits of its token", () => {
    for (const program of every) {
      const { ask } = answers({ arch, program });
      expect(ask('execveat', TOKEN)).toBe('allow');
      for (const near of [0n, TOKEN ^ 1n, TOKEN ^ (1n << 63n), TOKEN & 0xffff_ffffn, TOKEN >> 32n]) {
        expect(ask('execveat', near)).toBe(EPERM);
      }
      expect(ask('execve', TOKEN)).toBe(program === 'general' ? 'allow' : EPERM);
    }
  });

  test('answers as a kernel without the call where programs know another way', () => {
    const { ask, has } = answers({ arch });
    for (const name of ['clone3', 'openat2', 'io_uring_setup', 'pidfd_open', 'inotify_init1'].filter(has)) {
      expect(ask(name)).toBe(ENOSYS);
    }
  });

  test('leaves room below the 4096 instructions that the kernel takes', () => {
    const program = buildFilter({
      ...LOOSE,
      arch,
      sockets: 'inet',
      refusesPathTruncate: true,
      refusesSignalsToOthers: true,
    });
    expect(program.length).toBeLessThan(1024);
  });
});

test('arm64 has no call that the table of x86-64 lacks', () => {
  const of = (arch: Arch) => [...machineOf(arch).numbers.keys()];
  expect(of('arm64').filter((name) => !of('x64').includes(name))).toEqual([]);
  expect(of('x64')).toContain('arch_prctl');
});
