// What a client of MCP sends to call a tool, in both eras, and what an answer says. For the self-test of the start. Pure.

import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';

/** The version without sessions, and the last one with them. */
export const STATELESS = '2026-07-28';
export const WITH_SESSIONS = '2025-11-25';

const CLIENT = { name: 'smcp-self-test', version: '1' };

export const INITIALIZE = {
  ...{ jsonrpc: '2.0', id: 0, method: 'initialize' },
  params: { protocolVersion: WITH_SESSIONS, capabilities: {}, clientInfo: CLIENT },
};
export const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' };

export const callOf = (tool: string) => ({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name: tool, arguments: {} },
});

/** As `callOf`, standing alone. `isPlain` false: with something in it that only the whole protocol server reads. */
export const statelessCallOf = (tool: string, isPlain = true) => ({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: {
    ...{ name: tool, arguments: {} },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': STATELESS,
      'io.modelcontextprotocol/clientInfo': CLIENT,
      'io.modelcontextprotocol/clientCapabilities': {},
      ...(isPlain ? {} : { progressToken: 'self-test' }),
    },
  },
});

/** What came back. `status`: of HTTP; 0 where there is none. `code`: of an error of ours, wherever the answer has it; undefined: it is no error, or has none. */
export type Came = { readonly status: number; readonly code: string | undefined; readonly text: string };

export function cameOf({ status, text }: { readonly status: number; readonly text: string }): Came {
  return { status, code: codeIn(text), text };
}

/** For people. */
export function shown({ status, code, text }: Came): string {
  const said = code ?? (text === '' ? 'nothing' : visibleText(text, LIMITS.selfTestShownLengthMax));
  return status === 0 ? said : `${status} ${said}`;
}

const WAYS = [
  ['error', 'code'],
  ['error', 'data', 'code'],
  ['result', 'structuredContent', 'error', 'code'],
  ['code'],
] as const;

function codeIn(text: string): string | undefined {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  for (const way of WAYS) {
    const found = way.reduce<Json | undefined>((at, key) => (isJsonObject(at) ? at[key] : undefined), value);
    if (typeof found === 'string') return found;
  }
  return undefined;
}
