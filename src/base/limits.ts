// Every bound of the product, each with its unit (last in the name), its reason and, where measured, its source.
// Relations between bounds are asserted by test/base/limits.test.ts.

export const LIMITS = {
  // Requests
  /** A request body. MCP arguments are small; larger data belongs in files. */
  bodyBytesMax: 1024 * 1024,
  /** Bodies on their way in or being answered, of one caller and in all: 200 unfinished ones of 4 MiB held 800 MiB. */
  receivingPerCallerBytesMax: 16 * 1024 * 1024,
  receivingBytesMax: 128 * 1024 * 1024,
  /** Nesting of any JSON that comes from outside; deeper input is refused before it is walked. */
  jsonDepthMax: 64,
  /** Values in any JSON that comes from outside: writing 420,000 keys canonically took 2 s on the host's one thread. */
  jsonValuesMax: 50_000,
  /** Bytes of one tool's arguments as JSON. */
  argumentBytesMax: 512 * 1024,
  /** Open streams and sessions in all, and of one agent, so that no agent shuts the others out. */
  sessionsMax: 1024,
  sessionsPerAgentMax: 64,
  /** Bytes waiting for one slow reader before its stream is closed. */
  streamBufferBytesMax: 8 * 1024 * 1024,
  /** For a reader to take what is left of a stream that has ended. */
  streamEndMsMax: 10_000,
  /** Between comment pings on a stream; proxies drop silent connections after 30–60 s. */
  streamPingMs: 15_000,
  /** Requests under way on one stream. */
  requestsPerSessionMax: 256,
  /** A request's id: it is kept until the answer and sent back with it. */
  requestIdLengthMax: 256,
  /** What a client says of itself when it opens a session, as JSON, in UTF-16 units: it is kept with the session. */
  initializeLengthMax: 32 * 1024,
  /** Messages of one JSON-RPC batch, which only 2025-03-26 knows. */
  batchLengthMax: 64,
  /** A session of /mcp without an open stream or a request for this long is ended: most clients leave without a word. */
  sessionIdleMsMax: 30 * 60_000,
  /** Between two looks at sessions that rest: whether they are idle for too long, or their token has ended. */
  sessionSweepMs: 30_000,
  /** From a change of tools or grants until those who listen are told: what changes together is told once. */
  toolChangeDelayMs: 50,
  /** A token as it is presented; ours are far shorter, and a longer one is not even hashed. */
  tokenLengthMax: 512,
  /** How long a token may be good: ten years of 365 days. Far within what a date and a column of the store can hold. */
  tokenLifetimeMsMax: 3_650 * 86_400_000,
  /** A token that expired or was revoked is still listed this long, so that a person can see what became of it. */
  tokenDeadKeptMs: 30 * 86_400_000,
  /** `_meta["smcp/session"]`: a label in policies and records. */
  sessionLabelLengthMax: 256,
  /** A client's progress token; it is sent back with each progress message. */
  progressTokenLengthMax: 256,

  // Connections
  /** Open sockets of the door: every stream, and as many again that ask. */
  connectionsMax: 4096,
  /** For the headers of a request to arrive (slow senders hold a socket). */
  headersMsMax: 10_000,
  /** For a whole request, body included, to arrive. */
  requestMsMax: 30_000,
  /** An idle connection is kept this long; longer than usual clients keep theirs, so that they close first. */
  keepAliveMsMax: 72_000,
  /** A connection on which nothing came for this long is probed: a peer that vanished without a word is found out. */
  connectionProbeMs: 30_000,
  /** How often Node looks for connections past the two bounds above. */
  connectionCheckMs: 2_000,
  /** At close: how long answers under way may take to leave before their connections are cut. */
  doorCloseMsMax: 2_000,
  /** The first line of a connection to the home's socket: how long it may be, and how long it and its answer may take. */
  stdioHelloBytesMax: 1024,
  stdioHelloMsMax: 10_000,
  /** How long `smcp stdio` tries to reach or become the server of its home: another one may be starting or stopping. */
  stdioStartMsMax: 30_000,
  /** Between two tries; a start takes about a second. */
  stdioRetryMs: 100,
  /** A log line waits for a client that does not read stderr; beyond this much they are dropped. */
  stderrBufferBytesMax: 1024 * 1024,
  /** Servers of the protocol kept warm, one per agent; the oldest idle one goes first. */
  agentServersMax: 256,

  // Dispatch
  /** Calls waiting in a lane. */
  queueLengthMax: 4096,
  /** Calls of one agent waiting in a lane. */
  queuePerAgentMax: 1024,
  /** Bytes of arguments of calls that wait in a lane, in all and of one agent. */
  queueBytesMax: 256 * 1024 * 1024,
  queueBytesPerAgentMax: 32 * 1024 * 1024,
  /** How long a call waits for its turn. */
  queueWaitMsMax: 60_000,
  /** Pure and read calls running at once in a lane. More than cores helps only calls that wait. */
  runningMax: 64,
  /** Of them, those of one agent: a slow tool of one agent must leave places to the others. */
  runningPerAgentMax: 32,
  /** Of the server's own tools, in the lane control: they work on the host's thread, and a freeze must get in between two. */
  controlRunningMax: 1,
  /** An idempotency key, in UTF-16 units; clients send UUIDs. */
  idempotencyKeyLengthMax: 256,
  /** How long an answer is kept under its key, and how often older ones are looked for. */
  idempotencyKeptMs: 24 * 3_600_000,
  idempotencyPruneMs: 10 * 60_000,
  /** Keys of one agent, and bytes of the answers under them: a day of one keyed call in nine seconds. */
  idempotencyKeysPerAgentMax: 10_000,
  idempotencyBytesPerAgentMax: 64 * 1024 * 1024,
  /** At shutdown: how long running calls may take to end by themselves. */
  drainMsMax: 10_000,

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
  /** One host call's request or answer as JSON text. */
  hostCallBytesMax: 64 * 1024,
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
  /** Calls in one isolate before it is replaced. */
  callsPerIsolateMax: 10_000,
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
  /** Contexts kept ready in an isolate, so that a call needn't wait for the one after it. */
  contextsReady: 2,
  /** All host calls of one invocation together, as text: what may wait in pipes when the host is slow. */
  hostCallBytesTotalMax: 4 * 1024 * 1024,

  // Plugins
  pluginFilesMax: 2_000,
  pluginFileBytesMax: 8 * 1024 * 1024,
  pluginBytesMax: 32 * 1024 * 1024,
  /** All modules (`.js`, `.mjs`) of a plugin: they are handed to its process, where they take twice as much and more. */
  pluginModuleBytesMax: 8 * 1024 * 1024,
  pluginsMax: 256,
  /** Entries of one plugins directory, whatever they are, so that a wrong `--plugins /` ends at once. */
  pluginDirectoryEntriesMax: 4096,
  /** A file's path inside its plugin, in UTF-8 bytes, and the folders it may lie in. */
  pluginPathBytesMax: 512,
  pluginFoldersDeepMax: 16,
  /** plugin.json. The largest public SMCP plugin describes itself in under 100 KiB. */
  manifestBytesMax: 1024 * 1024,
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

  // Policy
  policyBytesMax: 1024 * 1024,
  /** Elements of a list that a condition may walk (nested macros took 1.2 s over 2,000). */
  conditionListLengthMax: 1_000,
  conditionLengthMax: 4_096,
  /** How deep macros (`all`, `exists`, …) may lie in each other: once. */
  conditionMacroDepthMax: 2,
  /** Keys of a map that a condition may walk, and JSON values of one call's arguments that it may look at. */
  conditionMapSizeMax: 1_000,
  conditionValuesMax: 10_000,
  /** A string that a condition may look at, in UTF-16 units. */
  conditionStringLengthMax: 64 * 1024,
  /** Work of all conditions of one decision; a step is under 1 µs, so that no arguments hold the server up for longer than 0.1 s. */
  conditionStepsMax: 100_000,
  /** Findings told of one policy file; the first ones are those to mend. */
  policyFindingsMax: 200,
  /** Of them, those that are told which name may have been meant, and the names that are looked at for it: a pair is up to 40 µs. */
  policySuggestionsMax: 10,
  suggestionCandidatesMax: 1_024,
  /** A policy that an agent sends, in UTF-8 bytes: one of 512 KiB held the host, and a person's freeze, up for 4 s and more. */
  policyOfAgentBytesMax: 64 * 1024,
  /** Reloads and edits of the policy that wait for the one under way. */
  policyChangesWaitingMax: 32,
  /** An edited policy file counts as whole once it was the same this long; one that never is, is looked at after the second. */
  policyFileSettleMs: 200,
  policyFileSettleMsMax: 5_000,
  /** Between two looks at the policy file's size, times, owner and mode, for what the system tells no event of. */
  policyFilePollMs: 1_000,
  /** Versions that `policy history` lists, the newest ones. All are kept. */
  policyHistoryLengthMax: 1_000,
  /** Sentences on how a policy widens another one. */
  policyWideningsMax: 100,
  /** Pairs of tool patterns looked at to compare two policies; a pair is about 0.1 µs, so that none takes longer than 0.3 s. */
  policyComparisonStepsMax: 2_000_000,

  // Time
  /** Between two looks at the clock while something has an expiry: how late a clock that was set is noticed. */
  timeWatchMsMax: 60_000,
  /** Between two tellings that something expired, so that ten thousand expiries in a second are told ten times. */
  timeWatchMsMin: 100,

  // Texts
  /** Work to find a small difference between two texts; one that takes more is told as a whole block. None takes longer than 0.3 s. */
  diffStepsMax: 3_000_000,

  // YAML
  /** config.yaml: a few dozen lines. */
  configBytesMax: 256 * 1024,
  /** Values of a document, aliases followed. A policy of 1 MiB has under 100,000. */
  yamlValuesMax: 200_000,
  yamlAliasesMax: 64,
  /** Syntax errors told of one document; each may only follow from the one before. */
  yamlProblemsMax: 20,

  // Log
  /** One record. **Source:** C2SP tlog-tiles: entries are length-prefixed by 16 bits. */
  recordBytesMax: 65_535,
  /** Records of one group commit. */
  commitRecordsMax: 256,
  /** Values over this are kept as digest and length, not as a disclosure document. */
  disclosureBytesMax: 256 * 1024,
  /** The same of calls that were denied or cancelled: an agent without a grant stored 220 MB of arguments in 5 s. */
  refusedDisclosureBytesMax: 4 * 1024,
  /** Appends waiting for their commit. */
  appendsWaitingMax: 16_384,
  /** Bytes of records and disclosure documents that are not on disk yet; one record has about 0.6 MiB at most. */
  appendsWaitingBytesMax: 64 * 1024 * 1024,
  /** A text in a record that an agent, a plugin or a policy wrote (tool name, session, rule), in UTF-16 units; longer ones are cut. */
  recordTextLengthMax: 256,
  /** The capabilities of a record as JSON; a plugin that asks more can't be recorded, so it can't run. */
  recordCapabilitiesBytesMax: 16 * 1024,
  /** The lines of used capabilities of a record as JSON; more are kept as one line with their sums and digest. */
  recordUsedBytesMax: 8 * 1024,
  /** Layers of the sandbox that a record names, and their names in UTF-16 units. */
  recordLayersMax: 16,
  recordLayerLengthMax: 64,
  /** Between two publications of the checkpoint outside the database: each is an fsync of its own (1 ms measured). */
  checkpointPublishMs: 1_000,
  /** A signed note or key file. **Source:** C2SP signed-note asks for at least 16 signatures; ours are 150 bytes. */
  noteBytesMax: 64 * 1024,
  /** An export leaves this much of the disk free: a server signs logs of any length. */
  exportDiskFreeBytesMin: 64 * 1024 * 1024,
  /** A proof bundle: two records and their proofs, a note, and keys that a record has room for; JSON doubles a few quotes. */
  bundleBytesMax: 512 * 1024,
  /** Hashes of one inclusion proof: the way up in a tree of 2^53 records has 53. */
  proofHashesMax: 64,
  /** Leaf hashes or rows read at once while a log is walked. */
  logWalkLengthMax: 4_096,
  /** Records of one page of `log tail`. */
  logPageLengthMax: 1_000,
} as const;
