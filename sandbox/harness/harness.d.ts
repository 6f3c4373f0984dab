// Types of `smcp/harness` for authors, without those of the product behind it. A test holds them against what harness.js does.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** In the shapes of plugin.json. */
export type Capabilities = { readonly [kind: string]: Json };

export type World = {
  /** RFC 3339, or milliseconds since the epoch; 2026-01-01T00:00:00Z if absent. It stands still. */
  readonly now?: string | number;
  /** The same seed gives the same random bytes. */
  readonly seed?: string | number;
  readonly store?: { readonly [key: string]: Json };
  /** The first whose `url` (a pattern with `*`) and `method` fit answers; none: the request fails. */
  readonly http?: readonly HttpAnswer[] | ((request: HttpRequest) => Omit<HttpAnswer, 'url'>);
  /** Hosts that an operator has listed: with one of them `http` may be spoken. */
  readonly privateHosts?: readonly string[];
  readonly files?: { readonly [path: string]: string | { readonly base64: string } };
  readonly secrets?: { readonly [name: string]: string };
  readonly run?: readonly RunAnswer[] | ((run: ProgramRun) => Omit<RunAnswer, 'program'>);
  readonly tools?: readonly ToolReply[] | ((tool: string, args: Json) => Omit<ToolReply, 'tool'>);
};

export type HttpAnswer = {
  readonly url: string;
  readonly method?: string;
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  readonly text?: string;
  readonly json?: Json;
  readonly base64?: string;
  readonly error?: WorldError;
};
export type HttpRequest = {
  readonly url: string;
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
};
export type RunAnswer = {
  readonly program: string;
  readonly args?: readonly string[];
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
};
export type ProgramRun = { readonly program: string; readonly args: readonly string[]; readonly stdin: string };
export type ToolReply = { readonly tool: string; readonly value?: Json; readonly error?: WorldError };
export type WorldError = { readonly code: string; readonly message: string };

export type CallOptions = {
  /** Narrows what the manifest asks, as a grant does. Absent: as asked; `{}`: nothing. */
  readonly grant?: Capabilities;
  readonly timeoutMs?: number;
  readonly agent?: string;
  readonly signal?: AbortSignal;
};

export type Failure = { readonly code: string; readonly message: string; readonly details?: Json };

export type PluginCall = {
  readonly ok: boolean;
  /** Present when `ok`. */
  readonly value?: Json;
  /** Present when not `ok`. */
  readonly error?: Failure;
  readonly used: readonly {
    readonly kind: string;
    readonly target: string;
    readonly count: number;
    readonly bytes: number;
  }[];
  readonly denials: readonly { readonly call: string; readonly params: Json; readonly error: Failure }[];
  readonly log: readonly { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string }[];
  readonly progress: readonly { readonly progress: number; readonly total?: number; readonly message?: string }[];
  /** The record that closes the call, as schemas/record.v1.json describes its predicate. */
  readonly record: object;
};

export type StartedPlugin = AsyncDisposable & {
  readonly name: string;
  readonly tools: readonly string[];
  readonly call: (tool: string, args?: { readonly [name: string]: Json }, options?: CallOptions) => Promise<PluginCall>;
  /** Of an agent's workspace, `tester` if absent. */
  readonly files: (agent?: string) => { readonly [path: string]: string | { readonly base64: string } };
  readonly close: () => Promise<void>;
};

/** Runs the plugin of this directory in the real sandbox, with a made-up world behind its host calls. Close it. */
export function startPlugin(directory: string, options?: { readonly world?: World }): Promise<StartedPlugin>;

/** The world in a JSON file. */
export function loadWorld(file: string): Promise<World>;
