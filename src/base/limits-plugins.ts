// The bounds of plugins: a run, the processes that carry it out, and what a plugin may be. Part of LIMITS (limits.ts), by which
// everything else reads them.

export const PLUGIN_LIMITS = {
  // A run
  timeoutMsDefault: 30_000,
  timeoutMsMax: 600_000,
  cpuMsDefault: 5_000,
  cpuMsMax: 60_000,
  memoryMiBDefault: 64,
  memoryMiBMin: 16,
  memoryMiBMax: 1024,
  /** The result of a tool as JSON text, in UTF-8 bytes; a manifest may ask less. */
  outputBytesDefault: 1024 * 1024,
  outputBytesMax: 1024 * 1024,
  /** Host calls of one invocation, log and progress included; a manifest may ask less. */
  hostCallsDefault: 10_000,
  hostCallsMax: 10_000,
  /** Calls in a chain, the agent's own among them, where tools call tools. */
  callDepthMax: 4,
  /** Calls of one tool that wait for a turn among themselves. */
  childCallsWaitingMax: 64,
  /** Calls of one tool that run at once, where they may at all: the pure ones, or those that read. */
  childCallsRunningMax: 4,
  /** For what a tool began by host calls, and was told to end with it. A restricted child may take `programEndMsMax`. */
  hostCallEndMsMax: 15_000,
  /** One host call's request as JSON text. */
  hostCallBytesMax: 256 * 1024,
  /**
   * What a host call takes of the host's processor beside what is counted of it: reading and writing frames, turns of the event loop, a line
   * of the log. Measured 20 to 65 µs (bench/host-processor.ts); charged to the call.
   */
  hostCallWorkUs: 75,
  /** The same for each byte of an answer: that the kernel copies it. */
  hostAnswerByteNs: 2,
  /** The answer to one host call as JSON text: half a frame, since a text within a text may double. */
  hostAnswerBytesMax: 1024 * 1024,
  /** Refusals of a call that are kept with their details, for the one that the tool doesn't catch: the newest, up to this length each. */
  hostRefusalsKeptMax: 64,
  hostRefusalBytesKeptMax: 8 * 1024,
  /** What is kept of host calls, to run a call again; with more it can't be. */
  transcriptBytesMax: 1024 * 1024,
  /** Replays that wait for the one that runs; each reads one record before it waits. */
  replaysWaitingMax: 16,
  /**
   * Time of a replay's guest, as a multiple of the processor time that the call was allowed, and on top of it for the start of its
   * process: it waits for nobody. A machine may be slower, or busier, than when it was recorded.
   */
  replayCpuFactor: 2,
  replayWallFactor: 2,
  replayStartMsMax: 15_000,
  /**
   * For how long a replay's call may keep its process's own thread: a hundred times what a live call may, since nobody else waits. It began
   * there when it was recorded, or it did not; where that makes a difference both are tried.
   */
  replayTrialMsMax: 2_000,
  /** Stack of a replay that tries whether the depth of a recursion matters: eight times what a guest has. */
  replayDeepStackBytes: 8 * 1024 * 1024,
  /** The process of a replay without another one for this long is ended. */
  replayIdleMs: 10_000,
  /** What is shown of a host call that differs, in UTF-16 units. */
  replayShownLengthMax: 256,
  /** A key of a store, in UTF-8. */
  storeKeyBytesMax: 512,
  /** Keys that one `store.list` answers with. */
  storeKeysListedMax: 1_000,
  /** One log line or progress message of a plugin, in UTF-16 units; longer ones are cut. */
  logMessageLengthMax: 4096,
  /** Random bytes of one `host.random` call. */
  randomBytesMax: 1024,
  /** The message of a plugin's error, in UTF-16 units; longer ones are cut. */
  errorMessageLengthMax: 4096,

  // Wardens
  /** One frame between host and warden: output or arguments, JSON text within JSON (at most doubled), and the envelope. */
  frameBytesMax: 2 * 1024 * 1024 + 64 * 1024,
  /** From start of a warden's process to its ready message. */
  wardenStartMsMax: 15_000,
  /** Past the deadline until SIGKILL: time for the softer limits inside to answer first. */
  deadlineGraceMs: 200,
  /** Wardens of all plugins together, and of one plugin at one profile: each is a process of about 80 MiB before its guests. */
  wardensMax: 32,
  wardensPerPluginMax: 8,
  /** Isolates in one warden; the least recently used idle one is replaced. */
  isolatesPerWardenMax: 32,
  /**
   * With so many calls under way in an isolate, its agent gets another one, up to so many: while one runs on its thread, the
   * warden's own thread makes the other ready.
   */
  isolateCallsBusy: 4,
  isolatesPerAgentMax: 2,
  /** Calls in one isolate before it is replaced. */
  callsPerIsolateMax: 10_000,
  /** Calls of one warden: native memory of its process grows by some 150 bytes with each (measured), so by 4 MiB at most. */
  wardenCallsMax: 25_000,
  /** Memory that one warden's isolates may have together: it decides how many agents share a process. */
  wardenMemoryMiBMax: 1024,
  /** RLIMIT_DATA of a warden before any guest's memory. Measured on Node 26: 72 MiB never starts, 80 fails, 88 serves; it uses 78. */
  wardenDataBaselineMiB: 160,
  /** On top of what its isolates may have: a new context, a result on its way, garbage not yet collected. */
  wardenHeadroomMiB: 64,
  /** Between two looks at the resident memory of the wardens that run calls. A guest took 1–2 GB in a second. */
  wardenMemoryPollMs: 25,
  /** How long a guest's code may take to stop inside before its process is ended. Less than the grace. */
  wardenSettleMs: 100,
  /** How long a warden's own thread lets a guest's code run before it is run again on another: 50 times what a small call takes. */
  wardenTrialMs: 20,
  /** Calls that go to another thread at once after one whose time was up. */
  wardenTrialsLeftOut: 64,
  /** Without a word from a warden that runs calls for this long, it is asked for one. */
  wardenPingMs: 250,
  /** Asked, its thread does nothing for so long: it waits for code that could not be stopped. */
  wardenMuteMs: 1000,
  /** Without calls for this long a warden is ended; starting one takes about 0.2 s. */
  wardenIdleMs: 300_000,
  /** Output of a warden's process that is kept for the log, from the end. */
  wardenTailBytesMax: 8 * 1024,
  /** What a warden may print in its life, and in how many pieces: ours prints a few lines when it fails, else nothing. */
  wardenOutputBytesMax: 256 * 1024,
  wardenOutputPiecesMax: 1024,
  /** Good calls in a row after which an agent that ended a warden shares one again; doubles with each time, up to the second. */
  wardenTrustCallsMin: 20,
  wardenTrustCallsMax: 1280,
  /** Back-off after a warden died before it was ready: doubles from the first to the second. */
  wardenBackoffMsMin: 100,
  wardenBackoffMsMax: 10_000,
  /** Open descriptors of a warden's process; Node itself takes about 30. */
  wardenDescriptorsMax: 256,
  /**
   * How deep a guest's code may go, so that it is the same wherever a call runs and whatever `ulimit -s` says (decision 0061). The first:
   * on the warden's own thread, Node's default. The second: RLIMIT_STACK of that thread and size of isolated-vm's, of which
   * it leaves 24 KiB to native code. What it is more is room for Node below the guest, and for native code above.
   */
  guestStackKiB: 984,
  wardenStackBytes: 1056 * 1024,
  /**
   * RLIMIT_NPROC where the plugin has a user of its own: threads of all its wardens. One has 11, and one more for each
   * processor; the filter lets none start a process.
   */
  wardenUserThreadsMax: 2048,
  /** The same where the user is the host's, whose every process counts: a bound for floods, far above what a desktop has. */
  sharedUserThreadsMax: 16_384,
  /**
   * Users of plugins, where the host is root. Between those that systemd gives to containers and to its services
   * (60,706 to 61,183 are nobody's), and below 65,536, which is all that many containers have.
   * **Source:** systemd.io/UIDS-GIDS
   */
  pluginUidFirst: 60_720,
  pluginUidsMax: 464,
  /**
   * How far an isolate's space for new objects may grow: with this much, what a call made is garbage by the time it is
   * full, and needn't be copied. And by what the isolate's memory is divided, where that is less.
   */
  isolateYoungMiBMax: 8,
  isolateYoungDivisor: 8,
  /** Contexts kept in an isolate for calls to come, decision 0031. 0: each call gets one of its own, which takes ten times as long. */
  contextsReady: 2,
  /** All host calls of one invocation together, as text: what may wait in pipes when the host is slow. */
  hostCallBytesTotalMax: 4 * 1024 * 1024,

  // The launcher: it has the same bounds (sandbox/launcher/specification.h; a test compares them)
  /** What it is told of one program: paths, arguments, variables and the filter. The kernel takes 128 KiB in one string. */
  launchBytesMax: 512 * 1024,
  /** Paths that one program may use; each is a rule of Landlock. */
  launchPathsMax: 256,
  /** Paths, arguments and variables together. */
  launchStringsMax: 4096,
  /** TCP ports that one program may connect to. */
  launchPortsMax: 16,
  /** Descriptors that a program gets have numbers below this. */
  launchDescriptorsMax: 32,
  /** The launcher's file; ours has 10 KB. More is not read. */
  launcherFileBytesMax: 256 * 1024,
  /** Compiling it takes 0.1 s, asking it what the kernel offers 2 ms. */
  launcherBuildMsMax: 30_000,
  /** Since its last change, before its times are trusted to show the next one: file systems count them in up to a second. */
  launcherSettledMs: 2_000,
  launcherProbeMsMax: 5_000,
  /** The one line that it ends with when a step fails. */
  launcherLineBytesMax: 256,

  // Plugins
  pluginFilesMax: 2_000,
  pluginFileBytesMax: 8 * 1024 * 1024,
  pluginBytesMax: 32 * 1024 * 1024,
  /** All modules (`.js`, `.mjs`) of a plugin: they are handed to its process, where they take twice as much and more. */
  pluginModuleBytesMax: 8 * 1024 * 1024,
  pluginsMax: 256,
  /**
   * Replaced code that recorded calls ran, kept so that they can be run again: copies, and their bytes in all. A plugin has a few files
   * of a few KiB; eight of the largest fit.
   */
  keptCodeCountMax: 1024,
  keptCodeBytesMax: 256 * 1024 * 1024,
  /** Entries of one plugins directory, whatever they are, so that a wrong `--plugins /` ends at once. */
  pluginDirectoryEntriesMax: 4096,
  /** A file's path inside its plugin, in UTF-8 bytes, and the folders it may lie in. */
  pluginPathBytesMax: 512,
  pluginFoldersDeepMax: 16,
  /** plugin.json. The largest public SMCP plugin describes itself in under 100 KiB. */
  manifestBytesMax: 1024 * 1024,
  /** plugins.lock.json: manifests, tools and names of files of all that was approved. What does not fit waits. */
  pluginsLockBytesMax: 32 * 1024 * 1024,
  /** Nesting of plugins.lock.json: what a manifest may have (`jsonDepthMax`), and what is around it. */
  pluginsLockDepthMax: 72,
  /** Problems told of one plugin; the first ones are those to mend. */
  problemsPerPluginMax: 64,
  /** Texts of a manifest, in characters. */
  descriptionLengthMax: 4096,
  titleLengthMax: 128,
  versionLengthMax: 64,
  /** Entries of one kind of capability, and of the lists inside an entry. */
  capabilityEntriesMax: 64,
  /** Runs of one call in all, where a manifest asks for retries. */
  retryAttemptsMax: 10,
  /** Processes of one restricted child. */
  processesPerChildMax: 64,
  /** What one plugin may keep in its store. */
  pluginStoreBytesMax: 64 * 1024 * 1024,
  /** A tool's input or output schema: its JSON, and the subschemas in it (compiling 1,000 takes 0.6 s, 2,000 2.5 s). */
  schemaBytesMax: 256 * 1024,
  schemaPartsMax: 1_024,
  /** Work of one check of a value against a foreign schema; a step is about 60 ns, so that none takes longer than 0.1 to 0.2 s. */
  schemaStepsMax: 2_000_000,
  toolsPerPluginMax: 256,
  /** A full tool name, `plugin__tool`; clients refuse longer ones. */
  toolNameLengthMax: 64,
} as const;
