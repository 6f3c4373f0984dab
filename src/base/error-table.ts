// The table of error codes. `docs/errors.md` is locked to it by a test; errors.ts has the class.

/**
 * `invalid` the caller's input · `denied` a rule said no · `limit` a bound was reached · `unavailable` try later ·
 * `contained` the guest misbehaved and was stopped · `tampered` evidence does not add up · `fault` a bug of ours.
 */
export type ErrorKind = 'invalid' | 'denied' | 'limit' | 'unavailable' | 'contained' | 'tampered' | 'fault';

export type ErrorRow = {
  readonly kind: ErrorKind;
  /**
   * JSON-RPC code where it leaves as a protocol error (MCP). Not -32002, which the SDK turns into -32602 on its way out,
   * and not -32020 … -32022 and -32042, which MCP itself gives meaning to.
   */
  readonly rpc: number;
  readonly http: number;
  readonly retryable: boolean;
  /** What it means, in one sentence, for `docs/errors.md`. */
  readonly meaning: string;
};

const row = (kind: ErrorKind, rpc: number, http: number, retryable: boolean, meaning: string): ErrorRow => ({
  kind,
  rpc,
  http,
  retryable,
  meaning,
});

export const ERRORS = {
  // A call
  ARGUMENTS_INVALID: row('invalid', -32602, 400, false, "The arguments don't fit the tool's input schema."),
  ARGUMENTS_UNPASSABLE: row(
    'invalid',
    -32602,
    400,
    false,
    "An argument fits the tool's schema, but can't be handed to its program as part of a command line.",
  ),
  TOOL_UNKNOWN: row(
    'invalid',
    -32602,
    404,
    false,
    'No tool has this name, though a grant of the agent would cover it.',
  ),
  DENIED: row(
    'denied',
    -32001,
    403,
    false,
    'The policy denies this call; the rule and what would change it are in the details.',
  ),
  QUOTA_EXCEEDED: row(
    'limit',
    -32003,
    507,
    false,
    'What a plugin wanted to keep is more than it was given room for. Nothing was changed.',
  ),
  CAPABILITY_DENIED: row(
    'denied',
    -32001,
    403,
    false,
    'A plugin asked for something that its manifest or the grant does not give.',
  ),
  QUEUE_FULL: row(
    'limit',
    -32006,
    429,
    true,
    "The lane's queue, the agent's share of it, or the processes that plugins may run in are taken.",
  ),
  LANE_CONFLICT: row(
    'denied',
    -32001,
    403,
    false,
    "A plugin's tool called another that can't run in the place of its own call: in another lane, under way in the same chain, or too deep.",
  ),
  FROZEN: row('denied', -32001, 403, false, 'A freeze stops this call; a person lifts it with `smcp unfreeze`.'),
  PERSON_NEEDED: row('denied', -32001, 403, false, 'Only a person may do this; no grant gives it to an agent.'),
  IDEMPOTENCY_CONFLICT: row(
    'invalid',
    -32602,
    409,
    false,
    'The idempotency key was used for a call of this tool with other arguments.',
  ),
  IDEMPOTENCY_FULL: row(
    'limit',
    -32006,
    429,
    true,
    'This agent keeps as many answers under idempotency keys as it may.',
  ),
  CALL_UNKNOWN: row('invalid', -32602, 404, false, 'No call that waits or runs has this id.'),
  QUEUE_EXPIRED: row('limit', -32006, 503, true, "The call's turn did not come in time; it was never started."),
  CANCELLED: row('unavailable', -32003, 499, true, 'The caller cancelled, or went away, before the call ended.'),
  TIMEOUT: row('contained', -32004, 504, false, 'The tool ran past its deadline and was stopped.'),
  CPU_EXCEEDED: row('contained', -32004, 504, false, 'The tool used more processor time than it may and was stopped.'),
  MEMORY_EXCEEDED: row('contained', -32004, 507, false, 'The tool used more memory than it may and was stopped.'),
  OUTPUT_TOO_LARGE: row('contained', -32004, 507, false, 'The result of the tool is larger than its limit.'),
  DISK_EXCEEDED: row('contained', -32004, 507, false, 'The tool wrote more into its work folder than it may.'),
  HOST_CALLS_EXCEEDED: row('contained', -32004, 507, false, 'The tool made more host calls than its limit.'),
  RESULT_INVALID: row(
    'contained',
    -32004,
    502,
    false,
    'The tool returned something that is not JSON or does not fit its output schema.',
  ),
  TOOL_FAILED: row('contained', -32004, 502, false, 'The tool itself ended with an error.'),
  PLUGIN_CRASHED: row('contained', -32004, 502, true, 'The process that the plugin runs in ended unexpectedly.'),
  INTERRUPTED: row(
    'unavailable',
    -32003,
    503,
    true,
    'The call was interrupted by the end of its process or of the server; whether it took effect is unknown.',
  ),
  // The server
  SHUTTING_DOWN: row('unavailable', -32003, 503, true, 'The server is stopping and takes no new calls.'),
  LOG_UNAVAILABLE: row(
    'unavailable',
    -32003,
    503,
    true,
    'The record could not be written, so nothing was done (or its answer is withheld).',
  ),
  RECORD_TOO_LARGE: row(
    'limit',
    -32006,
    507,
    false,
    'What a record would have to say is larger than a record may be, so it was not done (or its answer is withheld).',
  ),
  SANDBOX_UNAVAILABLE: row(
    'unavailable',
    -32003,
    503,
    false,
    'A layer of the sandbox that the plugin needs is missing on this machine.',
  ),
  SANDBOX_TAMPERED: row(
    'tampered',
    -32005,
    500,
    false,
    'A file that the sandbox is made of is not the one that this version came with, so nothing is started with it.',
  ),
  NODE_UNSUPPORTED: row('unavailable', -32003, 503, false, 'The Node that runs the product is too old for it.'),
  SERVER_UNAVAILABLE: row('unavailable', -32003, 503, true, 'No server answers at the address.'),
  // Doors
  UNAUTHENTICATED: row('denied', -32001, 401, false, 'No token, or one that is unknown, expired or revoked.'),
  FORBIDDEN: row('denied', -32001, 403, false, 'The token is good, but not for this route.'),
  HOST_REFUSED: row('denied', -32001, 403, false, 'The Host header names no address that this server serves.'),
  ORIGIN_REFUSED: row('denied', -32001, 403, false, 'The Origin header is not one that may call this server.'),
  SESSION_UNKNOWN: row('invalid', -32600, 404, false, 'No such session, or it belongs to another token.'),
  SESSION_LIMIT: row('limit', -32006, 429, true, 'Too many open streams and sessions.'),
  REQUEST_INVALID: row('invalid', -32600, 400, false, 'The request is malformed.'),
  NOT_ACCEPTABLE: row('invalid', -32600, 406, false, 'The Accept header leaves no form in which an answer could come.'),
  BODY_TOO_LARGE: row('limit', -32600, 413, false, 'The request body is larger than the limit.'),
  NOT_FOUND: row('invalid', -32601, 404, false, 'Nothing is there.'),
  METHOD_REFUSED: row('invalid', -32600, 405, false, 'The path does not take this HTTP method.'),
  // Set-up
  USAGE: row('invalid', -32602, 400, false, 'The command line is wrong.'),
  CONFIG_INVALID: row('invalid', -32602, 400, false, 'The configuration file or an environment variable is invalid.'),
  POLICY_INVALID: row('invalid', -32602, 400, false, 'The policy is invalid; nothing of it was applied.'),
  POLICY_UNCHECKED: row(
    'unavailable',
    -32003,
    503,
    true,
    'The policy could not be checked or compared within the bounds of time and memory, so nothing was done with it.',
  ),
  POLICY_WIDENS: row(
    'denied',
    -32001,
    403,
    false,
    'An agent may only take rights away: under this policy somebody could do more.',
  ),
  POLICY_CONFLICT: row(
    'invalid',
    -32602,
    409,
    false,
    "The policy's file holds edits that were never applied; nothing was overwritten.",
  ),
  POLICY_VERSION_UNKNOWN: row('invalid', -32602, 404, false, 'The policy has no such version.'),
  HOME_INVALID: row('invalid', -32602, 400, false, 'The home directory is missing, unreadable or not a home.'),
  HOME_UNSAFE: row(
    'denied',
    -32001,
    403,
    false,
    'A file of the home is a symbolic link, belongs to another user or is writable by others.',
  ),
  HOME_LOCKED: row('unavailable', -32003, 503, true, 'Another server runs on this home.'),
  AGENT_UNKNOWN: row('invalid', -32602, 404, false, 'The policy names no such agent.'),
  AGENT_EXISTS: row('invalid', -32602, 409, false, 'The policy already has an agent of this name.'),
  TOKEN_UNKNOWN: row('invalid', -32602, 404, false, 'No token has this id.'),
  RECORD_UNKNOWN: row('invalid', -32602, 404, false, 'The log has no record of this invocation or index.'),
  // Plugins
  MANIFEST_INVALID: row(
    'invalid',
    -32602,
    400,
    false,
    'plugin.json is missing, is not JSON or does not fit its schema.',
  ),
  PLUGIN_UNKNOWN: row('invalid', -32602, 404, false, 'No plugin has this name.'),
  PLUGIN_NAME_RESERVED: row('invalid', -32602, 400, false, 'The plugin uses a reserved name, or `__` in its name.'),
  PLUGIN_DUPLICATE: row('invalid', -32602, 400, false, 'Two plugins have the same name; neither is served.'),
  PLUGIN_UNAPPROVED: row(
    'denied',
    -32001,
    403,
    false,
    'The plugin is not what a person approved, so its tools are not served; `smcp plugin approve` shows the difference.',
  ),
  PLUGIN_CHANGED: row(
    'invalid',
    -32602,
    409,
    false,
    'What was to be approved is not what is there now; look at the difference again.',
  ),
  PLUGINS_LOCK_INVALID: row(
    'unavailable',
    -32003,
    503,
    false,
    'The file of what was approved (`plugins.lock.json`) can not be taken or written, so nothing is served by it.',
  ),
  PLUGIN_DISABLED: row(
    'denied',
    -32001,
    403,
    false,
    'A person switched the plugin off, so its tools are not served; `smcp plugin enable` serves them again.',
  ),
  PLUGIN_UNSAFE_FILE: row(
    'denied',
    -32001,
    403,
    false,
    'A file of the plugin is a link that leaves it, a device, or too large.',
  ),
  PLUGIN_LOAD_FAILED: row(
    'contained',
    -32004,
    502,
    false,
    "The plugin's code does not load or lacks a tool that its manifest names.",
  ),
  PLUGIN_TAMPERED: row(
    'tampered',
    -32005,
    500,
    false,
    'The copy of the plugin in the home is not what was hashed, so nothing of it runs.',
  ),
  PLUGIN_ADOPTED: row(
    'invalid',
    -32602,
    409,
    false,
    'The plugin has a plugin.json already, which is not written over.',
  ),
  DESCRIPTION_INVALID: row(
    'invalid',
    -32602,
    400,
    false,
    "What a command-line plugin says of itself (`--describe`, `--help`) can't be used; what it concerns is left out.",
  ),
  PATTERN_UNSUPPORTED: row(
    'invalid',
    -32602,
    400,
    false,
    "A schema's pattern needs look-around or a back-reference, which no linear-time engine takes.",
  ),
  CAPABILITY_UNAVAILABLE: row(
    'unavailable',
    -32003,
    503,
    false,
    'The manifest asks for a capability that this version has no effect for.',
  ),
  // Evidence
  LOG_TAMPERED: row('tampered', -32005, 500, false, 'The log does not verify.'),
  LOG_BEHIND: row('tampered', -32005, 500, false, 'The log is older than the last checkpoint kept outside of it.'),
  // Us
  INTERNAL: row('fault', -32603, 500, false, 'A bug of this product; please report it.'),
} as const satisfies Record<string, ErrorRow>;
