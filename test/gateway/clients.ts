// The independent clients of the tests: the 1.x SDK and the 2.x client, over every way to speak MCP by HTTP. Also for
// suites that run against a whole server.

import {
  Client as ModernClient,
  SSEClientTransport as ModernSse,
  StreamableHTTPClientTransport as ModernStreamable,
} from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as LegacySse } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as LegacyStreamable } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Door } from '#domain/invocation.ts';

export type CallOptions = { signal?: AbortSignal; onprogress?: (progress: { progress: number }) => void };
export type CallParams = {
  name: string;
  arguments?: { [key: string]: unknown };
  _meta?: { [key: string]: unknown };
};

/** A connected client, whatever its protocol. */
export type McpClient = {
  readonly list: () => Promise<{ tools: { name: string }[] }>;
  readonly call: (params: CallParams, options?: CallOptions) => Promise<{ [key: string]: unknown }>;
  readonly instructions: () => string | undefined;
  readonly name: () => string | undefined;
  readonly close: () => Promise<void>;
};

export type ConnectOptions = {
  readonly url: string;
  /** Absent: none is shown. */
  readonly token?: string | undefined;
  /** Called when the server says that the tools have changed. */
  readonly onToolsChanged?: () => void;
  /** Answers a form that the server shows; absent: the client shows none. */
  readonly onForm?: OnForm;
};

export type FormAnswer = {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: { readonly [name: string]: boolean };
};
export type OnForm = (message: string) => FormAnswer;

export type HttpClient = {
  readonly title: string;
  readonly door: Door;
  readonly connect: (options: ConnectOptions) => Promise<McpClient>;
};

const INFO = { name: 'test', version: '1' };

/** The option of either SDK to be told, at once and each time, that the tools have changed. */
export function changesOf(onToolsChanged: (() => void) | undefined) {
  if (onToolsChanged === undefined) return {};
  return { listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => onToolsChanged() } } };
}

/** The option of either SDK to say that forms are shown. */
export function formsOf(onForm: OnForm | undefined) {
  return onForm === undefined ? {} : { capabilities: { elicitation: {} } };
}

const answerOf = (onForm: OnForm, params: { readonly message: string }) => {
  const { action, content } = onForm(params.message);
  return { action, ...(content === undefined ? {} : { content: { ...content } }) };
};

export function showFormsOn(client: ModernClient | LegacyClient, onForm: OnForm | undefined): void {
  if (onForm === undefined) return;
  if (client instanceof LegacyClient) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => answerOf(onForm, params));
  } else {
    client.setRequestHandler('elicitation/create', ({ params }) => answerOf(onForm, params));
  }
}

export const HTTP_CLIENTS: readonly HttpClient[] = [
  { title: 'the 1.x SDK over SSE', door: 'sse', connect: (options) => legacy(LegacySse, '/sse', options) },
  { title: 'the 2.x client over SSE', door: 'sse', connect: (options) => modern(ModernSse, '/sse', options) },
  {
    title: 'the 1.x SDK in a session of /mcp',
    door: 'mcp',
    connect: (options) => legacy(LegacyStreamable, '/mcp', options),
  },
  {
    title: 'the 2.x client in a session of /mcp',
    door: 'mcp',
    connect: (options) => modern(ModernStreamable, '/mcp', options),
  },
  {
    title: 'the 2.x client without a session',
    door: 'mcp',
    connect: (options) => modern(ModernStreamable, '/mcp', options, '2026-07-28'),
  },
];

type Init = { requestInit: { headers: { [name: string]: string } } };
type TransportOf<T> = new (url: URL, init: Init) => T;

async function legacy(
  Transport: TransportOf<unknown>,
  path: string,
  { url, token, onToolsChanged, onForm }: ConnectOptions,
): Promise<McpClient> {
  const client = new LegacyClient(INFO, { ...changesOf(onToolsChanged), ...formsOf(onForm) });
  showFormsOn(client, onForm);
  await client.connect(new Transport(new URL(path, url), initOf(token)) as never);
  return legacyFace(client);
}

export const legacyFace = (client: LegacyClient): McpClient => ({
  list: () => client.listTools(),
  call: (params, options) => client.callTool(params, undefined, options) as never,
  instructions: () => client.getInstructions(),
  name: () => client.getServerVersion()?.name,
  close: () => client.close(),
});

/** `pin`: the version to speak; absent: one with a session. */
async function modern(
  Transport: TransportOf<unknown>,
  path: string,
  { url, token, onToolsChanged, onForm }: ConnectOptions,
  pin?: string,
): Promise<McpClient> {
  const client = new ModernClient(INFO, {
    ...(pin === undefined ? {} : { versionNegotiation: { mode: { pin } } }),
    ...changesOf(onToolsChanged),
    ...formsOf(onForm),
  });
  showFormsOn(client, onForm);
  await client.connect(new Transport(new URL(path, url), initOf(token)) as never);
  return modernFace(client);
}

export const modernFace = (client: ModernClient): McpClient => ({
  list: () => client.listTools(),
  call: (params, options) => client.callTool(params, options) as never,
  instructions: () => client.getInstructions(),
  name: () => client.getServerVersion()?.name,
  close: () => client.close(),
});

function initOf(token: string | undefined): Init {
  return { requestInit: { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } } };
}
