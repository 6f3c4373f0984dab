// The bounds of restricted children: programs that the operating system confines. Part of LIMITS (limits.ts), by which
// everything else reads them.

export const PROCESS_LIMITS = {
  /** A manifest that asks nothing: Python and its standard library take 20 MiB, a Node with its JIT none below 512. */
  processMemoryMiBDefault: 256,
  /** Processes and threads of one restricted child, unless its manifest says otherwise: Node has eleven threads of its own. */
  processesDefault: 32,
  /** Open descriptors of each process, of which 1024 is what systems give. */
  processDescriptorsMax: 1024,
  /** Of the first thread; the same that systems give. */
  processStackBytesMax: 8 * 1024 * 1024,
  /** Restricted children of all plugins together, idle interpreters among them. Each takes a user where the host has some to give. */
  childrenMax: 32,
  /** What is kept of a program's stderr, from the end. */
  programTailBytesMax: 64 * 1024,
  /** What a program may print in all before it is stopped: what is over the bound of its result is read and thrown away, for 0.2 s. */
  programPrintedBytesMax: 256 * 1024 * 1024,
  /** Arguments of one program, as bytes: what the launcher takes, less its filter, its paths and variables. */
  programArgumentBytesMax: 384 * 1024,
  programArgumentsMax: 3_500,
  /** One of them. **Source:** execve(2): MAX_ARG_STRLEN is 128 KiB with the zero at its end. */
  programWordBytesMax: 128 * 1024 - 1,
  /** Between two looks at the memory, processor time and work folder of what runs. */
  programPollMs: 50,
  /** From SIGKILL until all of it is reaped, after which the log says so: a process in the kernel's hands ends late. */
  programEndMsMax: 10_000,
  /**
   * What a tree's group may hold beyond the memory of its manifest: files of its work folder where that lies in memory, and what
   * the kernel keeps for it. Below, the watch says what happened.
   */
  groupMemoryMarginBytes: 96 * 1024 * 1024,
  /** Processes of one tree that are looked at; it can't have more. */
  treeProcessesMax: 4_096,

  // The folder that a call may write to
  workBytesMax: 64 * 1024 * 1024,
  workEntriesMax: 10_000,
  /** The whole folder is walked when this part of a bound may have been used since, by what its file system has free, and every second. */
  workWalkFraction: 8,
  workWalkMs: 1_000,
  /** Entries removed in one turn of the event loop: under 5 ms. */
  workRemovedPerTurn: 256,
  /** A path longer than this is moved up before what is below it is removed; the kernel takes 4096 bytes. */
  workPathLengthMax: 2_048,

  // Interpreters that are started ahead
  /** Of one plugin and agent: each serves one call at a time and takes about 12 MiB. */
  warmPerAgentMax: 4,
  /** Python with what it loads ahead does not start below. */
  warmMemoryMiBMin: 64,
  /** Calls that one serves. */
  warmCallsMax: 500,
  /** Without a call for this long it is ended; starting one takes 0.1 s. */
  warmIdleMs: 120_000,
  warmStartMsMax: 15_000,
  /** How far its memory may grow past what it started with; nothing of a call stays in it, so it hardly does. */
  warmGrowthBytesMax: 16 * 1024 * 1024,
  /** One frame that it sends: a piece of what a call printed. */
  warmFrameBytesMax: 64 * 1024,

  // Programs that plugins have run (`run`)
  /** What is kept of stdout, from the start, and of stderr, from the end. As JSON text a byte may take six: with both full an answer is within `hostAnswerBytesMax`. */
  runStdoutBytesMax: 128 * 1024,
  runStderrBytesMax: 32 * 1024,
  /** Of one call at once: more would keep other plugins from the places of `childrenMax`. */
  runAtOnceMax: 4,

  // Host calls of one invocation, in whatever it runs
  /** With an effect, under way at once; more wait: those of a program unread, those of an isolate as the texts that were asked. */
  hostCallsUnderWayMax: 64,
  /** Answers that have not left the host; at more, no further call is begun: 10,000 that nobody reads would hold 10 GB. */
  hostAnswersWaitingBytesMax: 1024 * 1024,
} as const;
