// Runs a program in a container as Docker makes one by default: its capabilities, its filter of system calls, its masked paths,
// namespaces of its own; the root folder is this machine's own `/usr` and `/etc`, read-only. By runc, of which root is needed.
// **Source:** docs.docker.com/engine/security/seccomp; the runtime specification of the Open Container Initiative, 1.0.2.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineOf, ownArch } from '#sandbox/host/seccomp/syscalls.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The fourteen that a container's root keeps. */
const CAPABILITIES = words(`
CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE
`).map((name) => `CAP_${name}`);

/** What the filter refuses to who has no other capabilities. What this machine's table knows and is not here is allowed. */
const REFUSED = words(`
syslog uselib ustat sysfs vhangup pivot_root _sysctl acct settimeofday mount umount2 swapon swapoff reboot sethostname
setdomainname iopl ioperm create_module init_module delete_module get_kernel_syms query_module quotactl nfsservctl getpmsg
putpmsg afs_syscall tuxcall security lookup_dcookie clock_settime vserver mbind set_mempolicy get_mempolicy kexec_load add_key
request_key keyctl migrate_pages unshare move_pages perf_event_open fanotify_init open_by_handle_at setns kcmp finit_module
kexec_file_load bpf userfaultfd io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount
fspick clone3 pidfd_getfd process_madvise mount_setattr quotactl_fd set_mempolicy_home_node cachestat fchmodat2
map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules
mseal setxattrat getxattrat listxattrat removexattrat open_tree_attr file_getattr file_setattr
`);
/** Allowed by their arguments. */
const JUDGED = ['clone', 'personality', 'socket'];
const AF_VSOCK = 40;
const NAMESPACE_FLAGS = 0x7e02_0000;
const PERSONALITIES = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];
const ENOSYS = 38;
const EPERM = 1;

function filter() {
  const names = [...machineOf(ownArch() ?? 'x64').numbers.keys()];
  const allow = (name: string, args: readonly object[]) => ({ names: [name], action: 'SCMP_ACT_ALLOW', args });
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures:
      ownArch() === 'arm64' ? ['SCMP_ARCH_AARCH64'] : ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: [
      { names: names.filter((name) => ![...REFUSED, ...JUDGED].includes(name)), action: 'SCMP_ACT_ALLOW' },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      allow('clone', [{ index: 0, value: NAMESPACE_FLAGS, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }]),
      allow('socket', [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }]),
      ...PERSONALITIES.map((value) => allow('personality', [{ index: 0, value, op: 'SCMP_CMP_EQ' }])),
    ],
  };
}

const MASKED = words(
  '/proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/sched_debug /sys/firmware',
);
const READ_ONLY = words('/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger');

const bind = (path: string) => ({
  ...{ destination: path, source: path, type: 'bind', options: ['rbind', 'ro', 'nodev'] },
});
const made = (destination: string, type: string, options: readonly string[]) => ({
  ...{ destination, type, source: type, options },
});

function mounts(own: readonly string[]) {
  return [
    made('/proc', 'proc', ['nosuid', 'noexec', 'nodev']),
    made('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    made('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620']),
    made('/dev/shm', 'tmpfs', ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']),
    made('/dev/mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev']),
    made('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']),
    made('/tmp', 'tmpfs', ['nosuid', 'nodev', 'mode=1777', 'size=1g']),
    ...['/usr', '/etc', ...own].map(bind),
  ];
}

export type ContainerUser = {
  readonly uid: number;
  readonly command: readonly string[];
  readonly env: readonly string[];
};

function specification({ uid, command, env }: ContainerUser, own: readonly string[]) {
  const held = uid === 0 ? CAPABILITIES : [];
  const capabilities = { bounding: CAPABILITIES, effective: held, permitted: held };
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid, gid: uid },
      args: command,
      env,
      cwd: '/',
      capabilities,
      noNewPrivileges: false,
    },
    root: { path: 'rootfs', readonly: false },
    hostname: 'audit',
    mounts: mounts(own),
    linux: {
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
      seccomp: filter(),
    },
  };
}

const RUNC = ['/usr/sbin/runc', '/usr/bin/runc'];

/** Undefined when a container can be made; else why not. */
export function containerTrouble(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root makes containers here';
  const { status, stdout, stderr } = runInContainer({ uid: 0, command: ['/usr/bin/echo', 'in'], env: [] });
  if (stdout.trim() === 'in') return undefined;
  return stderr.trim().split('\n').at(-1) || `runc ended with ${status}`;
}

/** Runs it to its end, with this repository where it is, read-only. */
export function runInContainer(user: ContainerUser): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const bundle = mkdtempSync(join(tmpdir(), 'smcp-container-'));
  const repository = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
  const modules = realpathSync(join(repository, 'node_modules'));
  const own = [repository, modules, dirname(process.execPath)].map((path) => realpathSync(path));
  try {
    mkdirSync(join(bundle, 'rootfs'));
    for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(bundle, 'rootfs', name));
    const outer = own.filter((path) => !path.startsWith('/usr/') && !own.some((other) => path.startsWith(`${other}/`)));
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(specification(user, [...new Set(outer)])));
    for (const file of RUNC) {
      const args = ['--root', join(bundle, 'state'), 'run', '--bundle', bundle, `smcp-audit-${process.pid}`];
      const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
      if (error === undefined) return { status, stdout, stderr };
    }
    return { status: null, stdout: '', stderr: 'runc is not installed (the package `runc`)' };
  } finally {
    rmSync(bundle, { recursive: true, force: true });
  }
}
