// What launcher.c needs of the Linux kernel, and nothing else: system calls without a C library, numbers, structures.
// Both machines are little-endian and 64-bit. Numbers: arch/x86/entry/syscalls/syscall_64.tbl and
// include/uapi/asm-generic/unistd.h (arm64) of the kernel; the other constants are the same on both.
#ifndef SMCP_KERNEL_H
#define SMCP_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
enum {
  SYS_read = 0, SYS_write = 1, SYS_close = 3, SYS_getpid = 39, SYS_chdir = 80, SYS_umask = 95, SYS_getuid = 102,
  SYS_getppid = 110, SYS_setsid = 112, SYS_setgroups = 116, SYS_setresuid = 117, SYS_getresuid = 118,
  SYS_setresgid = 119, SYS_getresgid = 120, SYS_getsid = 124, SYS_capget = 125, SYS_capset = 126, SYS_prctl = 157,
  SYS_exit_group = 231, SYS_prlimit64 = 302, SYS_seccomp = 317, SYS_execveat = 322, SYS_statx = 332, SYS_fcntl = 72,
  SYS_rt_sigaction = 13, SYS_rt_sigprocmask = 14, SYS_clone = 56, SYS_wait4 = 61, SYS_kill = 62, SYS_getrusage = 98,
  SYS_waitid = 247, SYS_ppoll = 271, SYS_signalfd4 = 289,
};
#elif defined(__aarch64__)
enum {
  SYS_read = 63, SYS_write = 64, SYS_close = 57, SYS_getpid = 172, SYS_chdir = 49, SYS_umask = 166, SYS_getuid = 174,
  SYS_getppid = 173, SYS_setsid = 157, SYS_setgroups = 159, SYS_setresuid = 147, SYS_getresuid = 148,
  SYS_setresgid = 149, SYS_getresgid = 150, SYS_getsid = 156, SYS_capget = 90, SYS_capset = 91, SYS_prctl = 167,
  SYS_exit_group = 94, SYS_prlimit64 = 261, SYS_seccomp = 277, SYS_execveat = 281, SYS_statx = 291, SYS_fcntl = 25,
  SYS_rt_sigaction = 134, SYS_rt_sigprocmask = 135, SYS_clone = 220, SYS_wait4 = 260, SYS_kill = 129, SYS_getrusage = 165,
  SYS_waitid = 95, SYS_ppoll = 73, SYS_signalfd4 = 74,
};
#else
#error "the launcher knows x86-64 and arm64"
#endif
// Since Linux 5 the numbers of new calls are the same everywhere.
enum {
  SYS_clone3 = 435, SYS_close_range = 436, SYS_openat2 = 437, SYS_landlock_create_ruleset = 444, SYS_landlock_add_rule = 445,
  SYS_landlock_restrict_self = 446,
};

// Returns what the kernel does: a value, or an error number below zero.
static inline long syscall6(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
  long result;
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
                   : "rcx", "r11", "memory");
  return result;
#else
  register long which __asm__("x8") = number;
  register long first __asm__("x0") = a;
  register long second __asm__("x1") = b;
  register long third __asm__("x2") = c;
  register long fourth __asm__("x3") = d;
  register long fifth __asm__("x4") = e;
  __asm__ volatile("svc 0"
                   : "+r"(first)
                   : "r"(which), "r"(second), "r"(third), "r"(fourth), "r"(fifth)
                   : "memory");
  return first;
#endif
}
#define SYSCALL(number, a, b, c, d, e) syscall6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

// The kernel starts a program with argc and argv at the top of its stack.
__asm__(
#if defined(__x86_64__)
    ".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call launcher_main\n hlt\n"
#else
    ".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl launcher_main\n brk #0\n"
#endif
);

// A compiler may turn loops and assignments into calls of these two.
void *memset(void *to, int byte, size_t count) {
  for (size_t i = 0; i < count; i++) ((volatile char *)to)[i] = (char)byte;
  return to;
}
void *memcpy(void *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}

enum { F_SETFD = 2, FD_CLOEXEC = 1 };

// clone3, as Linux 5.7 has it
static const uint64_t CLONE_INTO_CGROUP = 0x200000000;
struct clone_arguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

// openat2
enum { AT_FDCWD = -100, O_PATH = 010000000, O_CLOEXEC = 02000000 };
enum { RESOLVE_NO_MAGICLINKS = 0x02, RESOLVE_NO_SYMLINKS = 0x04 };
struct open_how { uint64_t flags, mode, resolve; };

// statx; the structure is 256 bytes, of which the type is all that is read
enum { AT_EMPTY_PATH = 0x1000, STATX_TYPE = 1, S_IFMT = 0170000, S_IFDIR = 0040000 };
struct statx_start { uint32_t mask, blksize; uint64_t attributes; uint32_t nlink, uid, gid; uint16_t mode; char rest[226]; };

// prlimit64
enum { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_NPROC = 6, RLIMIT_NOFILE, RLIMIT_AS = 9 };
struct rlimit64 { uint64_t soft, hard; };

// prctl, capset
enum {
  PR_SET_PDEATHSIG = 1, PR_GET_SECCOMP = 21, PR_CAPBSET_DROP = 24, PR_SET_NO_NEW_PRIVS = 38,
  PR_SET_CHILD_SUBREAPER = 36, PR_CAP_AMBIENT = 47, PR_CAP_AMBIENT_CLEAR_ALL = 4,
};
enum { SIGKILL = 9, EINVAL = 22, CAP_SETPCAP = 8, CAPABILITY_VERSION_3 = 0x20080522 };
struct capability_header { uint32_t version; int pid; };
struct capability_sets { uint32_t effective, permitted, inheritable; };

// signals, waiting, polling (the keeper)
enum { SIGCHLD = 17, SIG_SETMASK = 2, SIGSET_BYTES = 8, SFD_CLOEXEC = 02000000, SFD_NONBLOCK = 04000 };
enum { P_ALL = 0, WNOHANG = 1, WEXITED = 4, WNOWAIT = 0x01000000, EINTR = 4, POLLIN = 1, RUSAGE_CHILDREN = -1 };
struct kernel_sigaction { uint64_t handler, flags, restorer, mask; };
// 128 bytes, of which the process's number is all that is read
struct siginfo_start { int32_t signal, error, code, padding, pid; char rest[108]; };
struct poll_place { int32_t fd; int16_t events, found; };
struct kernel_rusage { int64_t user_s, user_us, system_s, system_us, rss_kib, rest[13]; };

// Landlock
enum { LANDLOCK_CREATE_RULESET_VERSION = 1, LANDLOCK_RULE_PATH_BENEATH = 1, LANDLOCK_RULE_NET_PORT = 2 };
enum { LANDLOCK_BIND_TCP = 1, LANDLOCK_CONNECT_TCP = 2, LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 1, LANDLOCK_SCOPE_SIGNAL = 2 };
enum {
  FS_EXECUTE = 1 << 0, FS_WRITE_FILE = 1 << 1, FS_READ_FILE = 1 << 2, FS_READ_DIR = 1 << 3, FS_REMOVE_DIR = 1 << 4,
  FS_REMOVE_FILE = 1 << 5, FS_MAKE_CHAR = 1 << 6, FS_MAKE_DIR = 1 << 7, FS_MAKE_REG = 1 << 8, FS_MAKE_SOCK = 1 << 9,
  FS_MAKE_FIFO = 1 << 10, FS_MAKE_BLOCK = 1 << 11, FS_MAKE_SYM = 1 << 12, FS_REFER = 1 << 13, FS_TRUNCATE = 1 << 14,
  FS_IOCTL_DEV = 1 << 15, FS_RESOLVE_UNIX = 1 << 16,
};
struct landlock_ruleset { uint64_t handled_fs, handled_net, scoped; };
struct landlock_path { uint64_t allowed; int32_t parent; } __attribute__((packed));
struct landlock_port { uint64_t allowed, port; };

// seccomp
enum { SECCOMP_SET_MODE_FILTER = 1, SECCOMP_GET_ACTION_AVAIL = 2, BPF_JUMP_IF_EQUAL = 0x15 };
static const uint32_t SECCOMP_RET_KILL_PROCESS = 0x80000000;
struct bpf_instruction { uint16_t code; uint8_t if_true, if_false; uint32_t k; };
struct bpf_program { uint16_t count; const struct bpf_instruction *instructions; };

#endif
