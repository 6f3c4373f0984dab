// Every bound of the product, each with its unit (last in the name), its reason and, where measured, its source.
// Those of plugins, of command lines, of processes, of their network and files, of policies, of secrets and of notices have files of their own. Relations between bounds are asserted by test/base/limits.test.ts.

import { CLI_LIMITS } from './limits-cli.ts';
import { FILES_LIMITS } from './limits-files.ts';
import { IDENTITY_LIMITS } from './limits-identity.ts';
import { NET_LIMITS } from './limits-net.ts';
import { NOTIFY_LIMITS } from './limits-notify.ts';
import { PEOPLE_LIMITS } from './limits-people.ts';
import { PLUGIN_LIMITS } from './limits-plugins.ts';
import { POLICY_LIMITS } from './limits-policy.ts';
import { PROCESS_LIMITS } from './limits-process.ts';
import { SECRET_LIMITS } from './limits-secrets.ts';

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
  /** The power of ten of a number, up or down: doubles end at 308 and decimals of programs at about 6,000; beyond 2^53 it is rounded itself. */
  numberPowerMax: 10_000,
  /** Problems of arguments that are looked for and shown; more would only repeat. */
  argumentProblemsMax: 10,
  /** Bytes of one tool's arguments as JSON. */
  argumentBytesMax: 512 * 1024,
  /** Open streams and sessions in all, and of one agent, so that no agent shuts the others out. */
  sessionsMax: 1024,
  sessionsPerAgentMax: 64,
  /** Bytes waiting for one slow reader before its connection is cut. */
  streamBufferBytesMax: 8 * 1024 * 1024,
  /** The same of one caller and in all: 4,096 connections with an unread answer of 2 MiB each would hold 8 GiB. */
  sendingPerCallerBytesMax: 128 * 1024 * 1024,
  sendingBytesMax: 512 * 1024 * 1024,
  /** How long something may wait for a reader without a break, and how often that is looked at: 2 MiB in a minute is 35 KB/s. */
  sendingMsMax: 60_000,
  sendingSweepMs: 5_000,
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
  /** Between two looks at whether the server of a client that does not read is still there. */
  stdioProbeMs: 1_000,
  /** A log line waits for a client that does not read stderr; beyond this much they are dropped. */
  stderrBufferBytesMax: 1024 * 1024,
  /** Servers of the protocol kept warm, one per token; the oldest idle one goes first. */
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
  /** Decisions on calls in one turn of the event loop: those after it wait for the next, so that a freeze gets in between. */
  decisionTurnMsMax: 20,
  /** Of the server's own tools, in the lane control: they work on the host's thread, and a freeze must get in between two. */
  controlRunningMax: 1,
  /** Of them, those that only stop something, beside the others: a stop waits for nothing whose record is slow in coming. */
  stopsRunningMax: 8,
  /**
   * Of them, those that may take a minute, beside the others, in all and of one agent: a person's reviews have more places
   * (`policyReviewsMax`), and nobody's decision about an approval waits for one.
   */
  longRunningMax: 2,
  longRunningPerAgentMax: 1,
  /** How long a stop waits for the end of what it stops: a process is ended 0.2 s after its call was told, later on a busy machine. */
  stopWaitMsMax: 2_000,
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

  ...PLUGIN_LIMITS,
  ...PEOPLE_LIMITS,
  ...CLI_LIMITS,
  ...PROCESS_LIMITS,
  ...NET_LIMITS,
  ...POLICY_LIMITS,
  ...SECRET_LIMITS,
  ...FILES_LIMITS,
  ...IDENTITY_LIMITS,
  ...NOTIFY_LIMITS,

  // Log
  /** One record. **Source:** C2SP tlog-tiles: entries are length-prefixed by 16 bits. */
  recordBytesMax: 65_535,
  /** Records of one group commit. */
  commitRecordsMax: 256,
  /** Turns of the event loop that a commit waits for more records, as long as each brings some. One turn under load is under 1 ms. */
  commitTurnsMax: 8,
  /**
   * Where records come faster than commits end, a commit waits for so many of them, as far as calls run that will bring them, and
   * at most so many ms: one more record in it costs next to nothing.
   */
  commitGroupWanted: 8,
  commitWaitMs: 4,
  /** Where commits take less (a mean of the last ones) the host's thread waits for the disk while one call runs: no more than a turn under load. */
  commitHereMsMax: 2,
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
  /** Rows of a record about what was changed in arguments, and their JSON in bytes; more are summed up in the last one. */
  recordChangesMax: 32,
  recordChangesBytesMax: 4 * 1024,
  /** Layers of the sandbox that a record names, and their names in UTF-16 units. */
  recordLayersMax: 16,
  recordLayerLengthMax: 64,
  /** Marks over one letter that are shown as they are: more hide what stands above. **Source:** Unicode TR39 §5.4 */
  combiningMarksShownMax: 4,
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
