// Types for authors of plugins of the runtime `isolate`: what a tool gets, and every host call. Nothing here is code; a plugin
// refers to it by a comment and is checked by any TypeScript (`checkJs`).
//
//   /** @type {import('smcp/plugin-api').Tools} */
//   export const tools = { greet: async ({ name }, host) => `hello ${name}` };

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a schema has checked, or a server has answered, and the author knows the shape of. */
// biome-ignore lint/suspicious/noExplicitAny: an author writes the names that plugin.json declares, without a cast for each
export type Known = any;

/** Arguments fit the tool's `input` schema. The result is anything that JSON can write, and is checked against `output`. */
export type Tool = (args: Known, host: Host) => unknown;

/** The export `tools` of a plugin's entry module: one function for each tool of plugin.json, by its name there. */
export type Tools = { readonly [name: string]: Tool };

export type Host = {
  /** A line in the server's log, cut at 4,096 characters. Needs no capability. */
  readonly log: {
    (message: unknown): void;
    (level: LogLevel, message: unknown): void;
  };
  /** Tells the caller how far it is. Needs no capability. */
  readonly progress: (report: Progress) => void;
  /** Adds to what this call costs, in the unit of `cost` in plugin.json, up to its `costMax`. Needs no capability. */
  readonly cost: (amount: number) => Promise<null>;
  /** Milliseconds since the Unix epoch. Capability `clock`. */
  readonly now: () => Promise<number>;
  /** 1 to 1,024 random bytes, 16 if absent. Capability `random`. */
  readonly random: (byteCount?: number) => Promise<Uint8Array>;
  readonly store: Store;
  readonly files: Files;
  /** An HTTP request to a host that plugin.json names. Capability `net`; secrets are put into its headers outside of the plugin. */
  readonly fetch: (url: string, options?: FetchOptions) => Promise<Response>;
  /** Runs a program that plugin.json names, in its sandbox. Capability `run`. */
  readonly run: (program: string, args?: readonly string[], options?: RunOptions) => Promise<RunResult>;
  readonly tools: {
    /** Calls another plugin's tool, `plugin__tool`, as the same agent. Capability `tools`. */
    readonly call: (tool: string, args?: { readonly [name: string]: Json }) => Promise<Json>;
  };
};

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type Progress = { readonly progress: number; readonly total?: number; readonly message?: string };

/** Values by key, the agent's own. Capability `store`. A key has 1 to 512 bytes. */
export type Store = {
  /** null when there is none. */
  readonly get: (key: string) => Promise<Json>;
  /** Rejects with `QUOTA_EXCEEDED`, and changes nothing, when it would take more than `bytesMax` of plugin.json. */
  readonly set: (key: string, value: Json) => Promise<null>;
  /** Whether there was one. */
  readonly delete: (key: string) => Promise<boolean>;
  /** At most 1,000 keys in order; the last one is the `after` of the next page. */
  readonly list: (range?: { readonly prefix?: string; readonly after?: string }) => Promise<{
    readonly keys: readonly string[];
    readonly isCut: boolean;
  }>;
};

/** Content of a file: one of the two. */
export type Content = { readonly text: string } | { readonly base64: string };

/**
 * The agent's own files. Paths are `workspace/…`, with `/` between names. Capability `files`. Rejects with `NOT_FOUND`, `FILE_EXISTS`,
 * `QUOTA_EXCEEDED`, or `CAPABILITY_DENIED` for what was not given and for links and what else is no plain file.
 */
export type Files = {
  /** At most 512 KiB from `offset` on; `bytes` of the whole file. The next piece begins at `offset` plus the bytes of this one. */
  readonly read: (params: {
    readonly path: string;
    /** `text` if absent. */
    readonly as?: 'text' | 'base64';
    readonly offset?: number;
    readonly length?: number;
  }) => Promise<Content & { readonly bytes: number; readonly isCut: boolean }>;
  /** Makes folders above it. `replace` if absent; `create`: only where nothing is. Answers with the file's size. */
  readonly write: (
    params: { readonly path: string; readonly mode?: 'replace' | 'create' | 'append' } & Content,
  ) => Promise<{ readonly bytes: number }>;
  /** At most 1,000, by the bytes of their names; the last name is the `after` of the next page. */
  readonly list: (params: { readonly path: string; readonly after?: string }) => Promise<{
    readonly entries: readonly FileEntry[];
    readonly isCut: boolean;
  }>;
  readonly stat: (params: { readonly path: string }) => Promise<{ readonly kind: FileKind; readonly bytes?: number }>;
  /** To where nothing is; makes folders above it. */
  readonly move: (params: { readonly from: string; readonly to: string }) => Promise<null>;
  /** A file, or a folder that is empty. */
  readonly remove: (params: { readonly path: string }) => Promise<null>;
  /** With those above it; nothing where it is there. */
  readonly makeFolder: (params: { readonly path: string }) => Promise<null>;
};

export type FileKind = 'file' | 'folder';
export type FileEntry = { readonly name: string; readonly kind: FileKind; readonly bytes?: number };

export type FetchOptions = {
  /** `GET` if absent. */
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: Content;
  readonly redirect?: 'follow' | 'error' | 'manual';
};

export type Response = {
  readonly status: number;
  /** Whether the status is from 200 to 299. */
  readonly ok: boolean;
  /** Where it came from, after redirections. */
  readonly url: string;
  /** By name in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly text: () => Promise<string>;
  readonly json: () => Promise<Known>;
  readonly bytes: () => Promise<Uint8Array>;
};

export type RunOptions = { readonly stdin?: string };
export type RunResult = {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal?: string;
  /** The start of what it printed, and the end of what it said of errors; what is no UTF-8 is replaced. */
  readonly stdout: string;
  readonly stderr: string;
  readonly isCut: boolean;
};

/** What a host call rejects with. Caught or not, nothing was done. */
export type HostError = Error & { readonly code: HostErrorCode; readonly details?: Json };

/** The codes of host calls; docs/errors.md tells of each. Others may come. */
export type HostErrorCode =
  /** The manifest doesn't ask for it, or the grant doesn't give it: `details` says what was asked, what is allowed and the remedy. */
  | 'CAPABILITY_DENIED'
  /** The server has no effect for it. */
  | 'CAPABILITY_UNAVAILABLE'
  | 'REQUEST_INVALID'
  | 'HOST_CALLS_EXCEEDED'
  | 'QUOTA_EXCEEDED'
  /** A request got no answer; `details.reason` says why. */
  | 'FETCH_FAILED'
  | 'ANSWER_TOO_LARGE'
  | 'NOT_FOUND'
  | 'FILE_EXISTS'
  | 'CANCELLED'
  | 'INTERNAL'
  | (string & {});
