// What the launcher is told: the form of a specification, read from a descriptor and checked. Trusts that the host wrote it, and
// checks every bound all the same. sandbox/host/launcher/profile-bytes.ts writes it; a test compares the bounds.
#ifndef SMCP_SPECIFICATION_H
#define SMCP_SPECIFICATION_H

enum {
  BYTES_MAX = 512 * 1024, PATHS_MAX = 256, PORTS_MAX = 16, STRINGS_MAX = 4096, INSTRUCTIONS_MAX = 4096,
  PLACES_MAX = 16, DESCRIPTORS_MAX = 32, MASK_BITS = 64, ABI_KNOWN = 9, PID_MAX = 0x3fffffff,
};
static const uint32_t STAY_AS_USER = 0xffffffff;
static const uint64_t LEAVE_LIMIT = ~0ull;
enum { FLAG_REAPS_ORPHANS = 1 };

// The head of a specification (profile-bytes.ts writes it). After it, without gaps: `places` and `ports` as 32-bit numbers,
// the filter, then strings that each end in NUL: paths ('r' or 'w' before each), directory, program, arguments, variables.
struct head {
  char magic[8];
  uint32_t bytes; // of the whole specification
  uint32_t abi_floor, abi_cap;
  uint32_t parent;
  uint32_t uid; // its group has the same number
  uint32_t flags;
  uint32_t kept; // descriptors that the program gets: bit n for descriptor n
  uint32_t paths, ports, args, vars, instructions;
  uint32_t places; // instructions that compare with the process's own number, which only it knows
  uint32_t padding;
  uint64_t limits[7]; // in the order of LIMITS
  uint64_t token;     // what the filter knows this one execveat by
};
static const int LIMITS[7] = {RLIMIT_DATA, RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_CPU, RLIMIT_STACK};
static const char MAGIC[8] = {'s', 'm', 'c', 'p', 'l', 'a', 'u', '1'};

// 8-aligned, since the head and the filter are read in place.
static _Alignas(8) char specification[BYTES_MAX];
static const char *strings[STRINGS_MAX];
static const char *argv[STRINGS_MAX + 1], *envp[STRINGS_MAX + 1];

static void read_whole(char *to, size_t count) {
  for (size_t have = 0; have < count;) {
    long got = SYSCALL(SYS_read, specification_fd, to + have, count - have, 0, 0);
    if (got <= 0) fail("read the specification", got);
    have += (size_t)got;
  }
}

// Reads the specification and cuts it into `strings`; every offset stays within the bytes that were read.
static const struct head *read_specification(const struct bpf_instruction **filter) {
  struct head *head = (struct head *)specification;
  read_whole(specification, sizeof *head);
  for (int i = 0; i < 8; i++)
    if (head->magic[i] != MAGIC[i]) fail("specification: its form", 0);
  if (head->bytes < sizeof *head || head->bytes > BYTES_MAX) fail("specification: its length", 0);
  if (head->paths > PATHS_MAX || head->ports > PORTS_MAX || head->instructions > INSTRUCTIONS_MAX ||
      head->places > PLACES_MAX || head->args > STRINGS_MAX || head->vars > STRINGS_MAX)
    fail("specification: a count", 0);
  uint32_t count = head->paths + 2 + head->args + head->vars;
  if (count > STRINGS_MAX || head->args == 0 || head->instructions == 0) fail("specification: a count", 0);
  size_t at = sizeof *head + 4 * (size_t)(head->places + head->ports);
  *filter = (struct bpf_instruction *)(specification + at);
  at += head->instructions * sizeof(struct bpf_instruction);
  if (at > head->bytes) fail("specification: its length", 0);
  read_whole(specification + sizeof *head, head->bytes - sizeof *head);
  for (uint32_t i = 0; i < count; i++) {
    if (at >= head->bytes) fail("specification: a string is missing", 0);
    strings[i] = specification + at;
    while (at < head->bytes && specification[at] != 0) at++;
    if (at++ == head->bytes) fail("specification: a string does not end", 0);
  }
  if (at != head->bytes) fail("specification: more than it says", 0);
  return head;
}

// In each of the places the filter compares with the process's number; it stays the same through execveat.
static void fill_places(const struct head *head, struct bpf_instruction *filter) {
  const uint32_t *places = (const uint32_t *)(head + 1);
  uint32_t pid = (uint32_t)SYSCALL(SYS_getpid, 0, 0, 0, 0, 0);
  for (uint32_t i = 0; i < head->places; i++) {
    if (places[i] >= head->instructions || filter[places[i]].code != BPF_JUMP_IF_EQUAL)
      fail_at("specification: place", i, 0);
    filter[places[i]].k = pid;
  }
}

#endif
