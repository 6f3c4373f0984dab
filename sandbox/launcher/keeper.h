// The keeper: between the host and a program it stays behind, so that the whole tree ends, is reaped and is counted however
// it ends, and with the host. The host starts it (sandbox/host/process) and talks to it through one descriptor:
//
//   it says   pid N                        the program's, which is also its process group's
//   it says   end STATUS CPU_US RSS_KIB N  all is over: how the program ended, what the tree used, and how many processes
//                                          outlived the program; then it ends
//   it hears  any byte, or the end         the tree is killed
//
// The program can't leave its process group (its filter refuses setsid and setpgid), so one signal reaches all of it, and
// none that is being forked escapes. The group is killed while its leader is not reaped: its number can't be another's yet.
// Where the host has made a cgroup, the program is born in it, and it is the cgroup that is killed: nothing leaves one.
// Trusts the host. Of the program it learns its end alone.
#ifndef SMCP_KEEPER_H
#define SMCP_KEEPER_H

struct kept {
  int channel, signals;
  int kill; // what ends the program's cgroup when it is written to; below zero: it has none
  long pid;
  int is_over;       // the program was reaped
  long status, others;
};

static void say(const struct kept *kept, const char *line, size_t length) {
  SYSCALL(SYS_write, kept->channel, line, length, 0, 0);
}

static void say_pid(const struct kept *kept) {
  char line[64];
  size_t at = append_number(line, append(line, 0, "pid "), (unsigned long)kept->pid);
  line[at++] = '\n';
  say(kept, line, at);
}

_Noreturn static void say_end(const struct kept *kept) {
  struct kernel_rusage used;
  memset(&used, 0, sizeof used);
  SYSCALL(SYS_getrusage, RUSAGE_CHILDREN, &used, 0, 0, 0);
  unsigned long cpu = (unsigned long)((used.user_s + used.system_s) * 1000000 + used.user_us + used.system_us);
  const unsigned long numbers[4] = {(unsigned long)kept->status, cpu, (unsigned long)used.rss_kib, (unsigned long)kept->others};
  char line[128];
  size_t at = append(line, 0, "end");
  for (int i = 0; i < 4; i++) at = append_number(line, append(line, at, " "), numbers[i]);
  line[at++] = '\n';
  say(kept, line, at);
  finish(0);
}

// Before it leads a group the program is alone.
static void kill_tree(const struct kept *kept) {
  if (kept->kill >= 0) SYSCALL(SYS_write, kept->kill, "1", 1, 0, 0);
  if (kept->is_over) return;
  SYSCALL(SYS_kill, kept->pid, SIGKILL, 0, 0, 0);
  SYSCALL(SYS_kill, -kept->pid, SIGKILL, 0, 0, 0);
}

// Reaps who has ended; when it was the program, what is left of its group is killed first. Ends when nobody is left.
static void reap(struct kept *kept) {
  for (;;) {
    struct siginfo_start ended;
    memset(&ended, 0, sizeof ended);
    long error = SYSCALL(SYS_waitid, P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT, 0);
    if (error == -EINTR) continue;
    if (error < 0) say_end(kept);
    if (ended.pid == 0) return;
    int status = 0;
    if (ended.pid == kept->pid) {
      kill_tree(kept);
      SYSCALL(SYS_wait4, ended.pid, &status, 0, 0, 0);
      kept->status = status;
      kept->is_over = 1;
    } else {
      SYSCALL(SYS_wait4, ended.pid, &status, 0, 0, 0);
      if (kept->is_over) kept->others++;
    }
  }
}

_Noreturn static void watch(struct kept *kept) {
  close_others(1ull << kept->channel | 1ull << kept->signals | (kept->kill < 0 ? 0 : 1ull << kept->kill));
  SYSCALL(SYS_chdir, "/", 0, 0, 0, 0);
  say_pid(kept);
  struct poll_place places[2] = {{kept->signals, POLLIN, 0}, {kept->channel, POLLIN, 0}};
  char bytes[256];
  for (;;) {
    reap(kept);
    SYSCALL(SYS_ppoll, places, 2, 0, 0, SIGSET_BYTES);
    if (places[0].found != 0)
      while (SYSCALL(SYS_read, kept->signals, bytes, sizeof bytes, 0, 0) > 0) {}
    if (places[1].found == 0) continue;
    kill_tree(kept);
    // Once is enough, and what is said to it later is not heard.
    places[1].fd = -1;
    places[1].found = 0;
  }
}

// `cgroup`: the descriptor of its folder; below zero: none.
static long fork_into(int cgroup) {
  if (cgroup < 0) return must("fork", SYSCALL(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  struct clone_arguments arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.flags = CLONE_INTO_CGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = (uint64_t)cgroup;
  return must("fork into the cgroup", SYSCALL(SYS_clone3, &arguments, sizeof arguments, 0, 0, 0));
}

// Returns in the child, which becomes the program. `cgroup` and `kill`: descriptors of its cgroup, or below zero.
static void keep(int channel, int cgroup, int kill) {
  struct kept kept = {.channel = channel, .kill = kill};
  const uint64_t every = ~0ull, none = 0, child = 1ull << (SIGCHLD - 1);
  const struct kernel_sigaction usual = {0, 0, 0, 0};
  // Whoever signals the host's group, as a terminal does, does not mean the keeper.
  must("block signals", SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, &every, 0, SIGSET_BYTES, 0));
  must("default of SIGCHLD", SYSCALL(SYS_rt_sigaction, SIGCHLD, &usual, 0, SIGSET_BYTES, 0));
  must("reap orphans", SYSCALL(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  kept.signals = (int)must("signalfd", SYSCALL(SYS_signalfd4, -1, &child, SIGSET_BYTES, SFD_CLOEXEC | SFD_NONBLOCK, 0));
  if (kept.signals >= MASK_BITS) fail("signalfd", 0);
  keeper = (uint32_t)SYSCALL(SYS_getpid, 0, 0, 0, 0, 0);
  kept.pid = fork_into(cgroup);
  if (kept.pid > 0) watch(&kept);
  must("restore signals", SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, SIGSET_BYTES, 0));
}

#endif
