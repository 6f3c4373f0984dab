// The last program before a confined one. It reads what to do from a descriptor, confines itself step by step, and
// becomes the program. The host starts it (sandbox/host/launcher) and nobody else; it trusts the specification, checks its
// bounds all the same, and trusts nothing that it inherits. Every step that fails ends it with 125 and one line on
// stderr that names the step; the same line goes to the descriptor of the specification, which closes when the program
// begins. What is asked is all done or the program does not run: nothing here says "already confined".
//
//   launcher N                  the specification comes through descriptor N
//   launcher --keep N M         the same in a child, which it keeps: descriptor M is the keeper's (keeper.h)
//   launcher --keep N M G K     and the child is born in the cgroup of the folder G, which ends when K is written to
//   launcher --probe            says what the kernel offers
//   launcher --core-limit PID   lets that process leave no dump: the host, which can't say so of itself
//
// It has no C library, so that it runs wherever the kernel does and its bytes depend on the compiler alone.
#include "kernel.h"

static int specification_fd = -1;
// Who must be the program's parent, where that is not the one whom the specification names; 0: it is.
static uint32_t keeper;

static size_t append(char *line, size_t at, const char *text) {
  while (*text != 0 && at < 120) line[at++] = *text++;
  return at;
}

static size_t append_number(char *line, size_t at, unsigned long number) {
  char digits[24];
  size_t count = sizeof digits;
  digits[--count] = 0;
  do digits[--count] = (char)('0' + number % 10); while ((number /= 10) != 0);
  return append(line, at, digits + count);
}

_Noreturn static void finish(int code) {
  for (;;) SYSCALL(SYS_exit_group, code, 0, 0, 0, 0);
}

// `which` counts what the step is repeated over; below zero it is not said.
_Noreturn static void fail_at(const char *step, long which, long error) {
  char line[160];
  size_t at = append(line, 0, "launcher: ");
  at = append(line, at, step);
  if (which >= 0) at = append_number(line, append(line, at, " "), (unsigned long)which);
  if (error < 0) at = append_number(line, append(line, at, ": error "), (unsigned long)-error);
  line[at++] = '\n';
  SYSCALL(SYS_write, 2, line, at, 0, 0);
  if (specification_fd > 2) SYSCALL(SYS_write, specification_fd, line, at, 0, 0);
  finish(125);
}

_Noreturn static void fail(const char *step, long error) { fail_at(step, -1, error); }

static long must(const char *step, long result) {
  if (result < 0) fail(step, result);
  return result;
}

// -1 for what is no number, or one above `max`.
static long number_of(const char *text, long max) {
  long number = 0;
  if (*text == 0) return -1;
  for (; *text >= '0' && *text <= '9' && number <= max; text++) number = number * 10 + (*text - '0');
  return *text == 0 && number <= max ? number : -1;
}

#include "specification.h"

static long kernel_abi(void) {
  return SYSCALL(SYS_landlock_create_ruleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0);
}

// The ABI to use: no newer than this program knows or the specification allows, no older than it asks.
static long choose_abi(const struct head *head) {
  long abi = must("landlock", kernel_abi());
  if (abi > ABI_KNOWN) abi = ABI_KNOWN;
  if (abi > head->abi_cap) abi = head->abi_cap;
  if (abi < 1 || abi < head->abi_floor) fail_at("landlock: the floor is above ABI", abi, 0);
  return abi;
}

// Every right of a file that the ABI knows; what is handled and not allowed is denied.
static uint64_t rights_of(long abi) {
  uint64_t rights = FS_REFER - 1;
  if (abi >= 2) rights |= FS_REFER;
  if (abi >= 3) rights |= FS_TRUNCATE;
  if (abi >= 5) rights |= FS_IOCTL_DEV;
  if (abi >= 9) rights |= FS_RESOLVE_UNIX;
  return rights;
}

// No symbolic link is followed anywhere in a path: who can write beside it could lead it elsewhere.
static void allow_path(int ruleset, uint64_t handled, const char *path, uint32_t which) {
  struct open_how how = {O_PATH | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  struct statx_start found;
  if ((path[0] != 'r' && path[0] != 'w') || path[1] != '/') fail_at("specification: path", which, 0);
  long fd = SYSCALL(SYS_openat2, AT_FDCWD, path + 1, &how, sizeof how, 0);
  if (fd < 0) fail_at("open path", which, fd);
  long error = SYSCALL(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &found);
  if (error < 0) fail_at("look at path", which, error);
  int is_directory = (found.mode & S_IFMT) == S_IFDIR;
  uint64_t rights = FS_READ_FILE;
  if (is_directory) rights |= FS_READ_DIR;
  // What can be written can't be executed; nothing makes devices, sockets or pipes with a name.
  if (path[0] == 'r') rights |= FS_EXECUTE;
  else rights |= FS_WRITE_FILE | FS_TRUNCATE;
  if (path[0] == 'w' && is_directory)
    rights |= FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SYM | FS_REFER;
  struct landlock_path rule = {rights & handled, (int32_t)fd};
  error = SYSCALL(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0, 0);
  if (error < 0) fail_at("allow path", which, error);
  SYSCALL(SYS_close, fd, 0, 0, 0, 0);
}

// Made while the process may still open what it allows; in force only later. TCP is denied but to the ports given.
static int make_ruleset(const struct head *head, long abi) {
  struct landlock_ruleset ruleset = {rights_of(abi), 0, 0};
  // An older kernel refuses a field that it does not know.
  size_t size = abi >= 6 ? sizeof ruleset : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
  if (abi >= 4) ruleset.handled_net = LANDLOCK_BIND_TCP | LANDLOCK_CONNECT_TCP;
  if (abi >= 6) ruleset.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
  int fd = (int)must("landlock: make the ruleset", SYSCALL(SYS_landlock_create_ruleset, &ruleset, size, 0, 0, 0));
  for (uint32_t i = 0; i < head->paths; i++) allow_path(fd, ruleset.handled_fs, strings[i], i);
  const uint32_t *ports = (const uint32_t *)(head + 1) + head->places;
  for (uint32_t i = 0; i < head->ports; i++) {
    struct landlock_port rule = {LANDLOCK_CONNECT_TCP, ports[i]};
    long error = abi < 4 ? -EINVAL : SYSCALL(SYS_landlock_add_rule, fd, LANDLOCK_RULE_NET_PORT, &rule, 0, 0);
    if (error < 0) fail_at("allow port", i, error);
  }
  return fd;
}

static void set_limit(int resource, uint64_t value) {
  struct rlimit64 now, next;
  must("rlimits", SYSCALL(SYS_prlimit64, 0, resource, 0, &now, 0));
  // A limit that is lower already stays so: only some may raise one.
  next.soft = next.hard = value < now.hard ? value : now.hard;
  long error = SYSCALL(SYS_prlimit64, 0, resource, &next, 0, 0);
  if (error < 0) fail_at("rlimits: number", resource, error);
}

// 0 would not stop a dump that the kernel pipes to a program; 1 does. From a hard limit of 0 only some may raise it.
static void limit_core(long pid) {
  static const struct rlimit64 one = {1, 1}, none = {0, 0};
  if (SYSCALL(SYS_prlimit64, pid, RLIMIT_CORE, &one, 0, 0) >= 0) return;
  long error = SYSCALL(SYS_prlimit64, pid, RLIMIT_CORE, &none, 0, 0);
  if (error < 0) fail_at("rlimits: number", RLIMIT_CORE, error);
}

static void set_limits(const struct head *head) {
  for (int i = 0; i < 7; i++)
    if (head->limits[i] != LEAVE_LIMIT) set_limit(LIMITS[i], head->limits[i]);
}

static void lead_session(void) {
  long error = SYSCALL(SYS_setsid, 0, 0, 0, 0, 0);
  long pid = SYSCALL(SYS_getpid, 0, 0, 0, 0, 0);
  // It fails for who leads one already, and that is as good.
  if (error < 0 && SYSCALL(SYS_getsid, 0, 0, 0, 0, 0) != pid) fail("setsid", error);
}

// Before the user changes: that takes the capability away.
static void drop_bounding_set(void) {
  struct capability_header version = {CAPABILITY_VERSION_3, 0};
  struct capability_sets held[2] = {{0}};
  must("read capabilities", SYSCALL(SYS_capget, &version, held, 0, 0, 0));
  // Who can't drop it can't gain from it either, since no_new_privs follows.
  if ((held[0].effective & (1u << CAP_SETPCAP)) == 0) return;
  // The first number that is no capability ends it.
  for (int capability = 0;; capability++) {
    long error = SYSCALL(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (error == -EINVAL && capability > CAP_SETPCAP) return;
    if (error < 0) fail_at("drop the bounding set: capability", capability, error);
  }
}

static void change_user(const struct head *head) {
  uint32_t uids[3], gids[3];
  if (head->uid != STAY_AS_USER) {
    must("setgroups", SYSCALL(SYS_setgroups, 0, 0, 0, 0, 0));
    must("setresgid", SYSCALL(SYS_setresgid, head->uid, head->uid, head->uid, 0, 0));
    must("setresuid", SYSCALL(SYS_setresuid, head->uid, head->uid, head->uid, 0, 0));
  }
  must("read the user", SYSCALL(SYS_getresuid, &uids[0], &uids[1], &uids[2], 0, 0));
  must("read the group", SYSCALL(SYS_getresgid, &gids[0], &gids[1], &gids[2], 0, 0));
  for (int i = 0; i < 3; i++) {
    if (uids[i] != uids[0] || gids[i] != gids[0]) fail("user: it has more than one", 0);
    if (head->uid != STAY_AS_USER && (uids[i] != head->uid || gids[i] != head->uid)) fail("user: it did not change", 0);
  }
  if (uids[0] == 0) fail("user: it is root", 0);
}

static void drop_capabilities(void) {
  struct capability_header version = {CAPABILITY_VERSION_3, 0};
  struct capability_sets none[2] = {{0}};
  must("clear ambient capabilities", SYSCALL(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  must("clear capabilities", SYSCALL(SYS_capset, &version, none, 0, 0, 0));
}

// After the user changed: that clears the signal.
static void die_with_parent(const struct head *head) {
  must("parent-death signal", SYSCALL(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
  uint32_t expected = keeper != 0 ? keeper : head->parent;
  if ((uint32_t)SYSCALL(SYS_getppid, 0, 0, 0, 0, 0) != expected) fail("parent: it is not the one expected", 0);
}

// Closes all but those of the mask.
static void close_others(uint64_t kept) {
  long first = 0;
  for (int fd = 0; fd < MASK_BITS; fd++) {
    if ((kept >> fd & 1) == 0) continue;
    if (first < fd) must("close_range", SYSCALL(SYS_close_range, first, fd - 1, 0, 0, 0));
    first = fd + 1;
  }
  must("close_range", SYSCALL(SYS_close_range, first, ~0u, 0, 0, 0));
}

// The specification's own descriptor stays open until the program begins, so that the host sees when that is.
static void close_descriptors(const struct head *head) {
  must("close on exec", SYSCALL(SYS_fcntl, specification_fd, F_SETFD, FD_CLOEXEC, 0, 0));
  close_others(head->kept | 1ull << specification_fd);
}

static void launch(void) {
  // The same for every program, so it is done while the host still writes.
  limit_core(0);
  lead_session();
  drop_bounding_set();
  const struct bpf_instruction *filter;
  const struct head *head = read_specification(&filter);
  if ((head->kept & (1u << specification_fd)) != 0) fail("specification: its own descriptor is kept", 0);
  fill_places(head, (struct bpf_instruction *)filter);
  const char *const *next = strings + head->paths;
  const char *directory = *next++, *program = *next++;
  for (uint32_t i = 0; i < head->args; i++) argv[i] = *next++;
  for (uint32_t i = 0; i < head->vars; i++) envp[i] = *next++;
  if (program[0] != '/' || directory[0] != '/') fail("specification: a path is not absolute", 0);

  long abi = choose_abi(head);
  int ruleset = make_ruleset(head, abi);
  set_limits(head);
  change_user(head);
  drop_capabilities();
  die_with_parent(head);
  // It stays through execve: who reaps knows whether anything of a child is left.
  if ((head->flags & FLAG_REAPS_ORPHANS) != 0)
    must("reap orphans", SYSCALL(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  SYSCALL(SYS_umask, 077, 0, 0, 0, 0);
  must("no_new_privs", SYSCALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  must("landlock: enforce", SYSCALL(SYS_landlock_restrict_self, ruleset, 0, 0, 0, 0));
  close_descriptors(head);
  must("chdir", SYSCALL(SYS_chdir, directory, 0, 0, 0, 0));
  struct bpf_program rules = {(uint16_t)head->instructions, filter};
  must("seccomp", SYSCALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &rules, 0, 0));
  // For an absolute path the kernel ignores the first argument; the filter does not: it lets nobody else do this.
  must("execute", SYSCALL(SYS_execveat, head->token, program, argv, envp, 0));
}

#include "keeper.h"

static void probe(void) {
  char line[160];
  long abi = kernel_abi();
  long filters = SYSCALL(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &SECCOMP_RET_KILL_PROCESS, 0, 0);
  size_t at = append_number(line, append(line, 0, "landlock "), abi < 0 ? 0 : (unsigned long)abi);
  at = append_number(line, append(line, at, "\nseccomp "), filters == 0);
  line[at++] = '\n';
  SYSCALL(SYS_write, 1, line, at, 0, 0);
  finish(0);
}

// The number of a descriptor that is no standard one; below zero what is none.
static int descriptor_of(const char *text) {
  long number = number_of(text, DESCRIPTORS_MAX - 1);
  return number < 3 ? -1 : (int)number;
}

static int begins(const char *text, const char *start) {
  while (*start != 0)
    if (*text++ != *start++) return 0;
  return 1;
}

_Noreturn __attribute__((used)) void launcher_main(const long *stack) {
  const char *const *arguments = (const char *const *)(stack + 1);
  long count = stack[0];
  if (count == 2 && begins(arguments[1], "--probe")) probe();
  if (count == 3 && begins(arguments[1], "--core-limit")) {
    long pid = number_of(arguments[2], PID_MAX);
    if (pid < 1) fail("arguments", 0);
    limit_core(pid);
    finish(0);
  }
  int is_kept = (count == 4 || count == 6) && begins(arguments[1], "--keep");
  // The specification's, the keeper's channel, the cgroup's folder, what kills it.
  int given = is_kept ? (int)count - 2 : 1, fds[4] = {-1, -1, -1, -1};
  if (!is_kept && count != 2) fail("arguments", 0);
  for (int i = 0; i < given; i++) {
    fds[i] = descriptor_of(arguments[i + (is_kept ? 2 : 1)]);
    if (fds[i] < 0) fail("arguments", 0);
    for (int other = 0; other < i; other++)
      if (fds[i] == fds[other]) fail("arguments", 0);
  }
  specification_fd = fds[0];
  if (is_kept) keep(fds[1], fds[2], fds[3]);
  launch();
  finish(125);
}
