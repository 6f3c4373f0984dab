// The calls that a confined program may make whatever their arguments: what Docker's default profile allows, without what
// decision 0035 takes away. Data; filter.ts joins it with the rules that look at arguments.
// **Source:** profiles/seccomp/default.json of github.com/moby/moby (Apache-2.0).

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Of every program, the warden's too. */
export const EVERY_PROGRAM = words(`
read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek close close_range dup dup2 dup3 pipe
pipe2 stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat getdents
getdents64 getcwd chdir fchdir umask fadvise64 readahead poll ppoll select pselect6 epoll_create epoll_create1
epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime
brk munmap mremap madvise mincore membarrier mlock munlock pkey_alloc pkey_free mseal
exit exit_group wait4 waitid getpid getppid gettid getpgid getpgrp getsid getuid geteuid getgid getegid getresuid
getresgid getgroups capget getpriority getrlimit getrusage times sysinfo uname getcpu arch_prctl set_tid_address
set_robust_list rseq restart_syscall sched_yield sched_getaffinity sched_getattr sched_getparam sched_getscheduler
sched_get_priority_max sched_get_priority_min sched_rr_get_interval futex futex_waitv futex_wake futex_wait
futex_requeue
rt_sigaction rt_sigprocmask rt_sigpending rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaltstack signalfd signalfd4
pause alarm getitimer setitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete
clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time getrandom
getsockname getpeername getsockopt shutdown
`);

/** Besides, of programs that may write files and start others. Which files, Landlock says. */
export const GENERAL_PROGRAM = words(`
fork vfork execve setrlimit setuid setgid setreuid setregid setresuid setresgid capset
rename renameat renameat2 rmdir link linkat symlink symlinkat unlink unlinkat ftruncate fallocate fsync fdatasync
sync_file_range flock copy_file_range sendfile getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
mmap mprotect pkey_mprotect msync mlock2 mlockall munlockall
`);

/**
 * Landlock has no say over these, so that they would reach every file that the user owns, by a descriptor every one that it may
 * read: who has no user of its own is refused them. Extended attributes by path are for nobody: whoever may write to a
 * file may set them.
 */
export const FILE_ATTRIBUTES = words('chown lchown fchown fchownat utime utimes futimesat fsetxattr fremovexattr');

/** Signals to a process or thread by its number. */
export const SIGNALS_BY_NUMBER = words('kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo');

/** Refused as if the kernel did not have them, so that programs fall back. */
export const AS_IF_UNKNOWN = words(`
clone3 openat2 memfd_create inotify_init inotify_init1 io_setup fchmodat2 userfaultfd
`);
