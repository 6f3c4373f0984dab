// The one call that everybody answers: as a request on the wire, and the answer that must come. Each call has arguments of
// its own, so that no answer can be kept from the last one.

export const TOOL_NAME = 'demo_math__calculate';
export const REVISION = '2026-07-28';

const META = {
  'io.modelcontextprotocol/protocolVersion': REVISION,
  'io.modelcontextprotocol/clientInfo': { name: 'smcp-bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** What is asked for: any tool with any arguments. */
export type Question = { readonly tool: string; readonly args: { readonly [name: string]: string | number } };

/** The `n`th call of a load, from 1. */
export function additionOf(n: number): Question {
  return { tool: TOOL_NAME, args: { operation: 'add', a: n, b: 1 } };
}

/** The HTTP request of a call under MCP 2026-07-28, head and body. `id` is the JSON-RPC id. */
export function requestText(
  { tool, args }: Question,
  { id, host, token }: { readonly id: number; readonly host: string; readonly token: string },
): string {
  const params = { name: tool, arguments: args, _meta: META };
  const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
  const head = [
    'POST /mcp HTTP/1.1',
    `host: ${host}`,
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    `mcp-protocol-version: ${REVISION}`,
    'mcp-method: tools/call',
    `mcp-name: ${tool}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** An MCP result as far as it is looked at. */
export type CallResult = {
  readonly isError?: boolean;
  readonly content?: readonly { readonly type?: string; readonly text?: string }[];
  readonly structuredContent?: { readonly [name: string]: unknown };
  readonly _meta?: { readonly [name: string]: unknown };
};

/**
 * What is wrong with the answer to the `n`th call; undefined when it is right: the very sum, as text and as data, and from
 * a server that keeps records a receipt.
 */
export function faultOf(result: CallResult | undefined, n: number, hasReceipt: boolean): string | undefined {
  const value = result?.structuredContent;
  const text = result?.content?.[0]?.text;
  if (result?.isError === true) return `an error: ${text}`;
  if (result === undefined || value === undefined) return 'no result';
  const isRight = value['ok'] === true && value['a'] === n && value['b'] === 1 && value['result'] === n + 1;
  if (!isRight) return 'a wrong sum';
  if (text !== JSON.stringify(value)) return 'a text that is not the data';
  const receipt = result._meta?.['smcp/receipt'] as { leaf?: unknown } | undefined;
  if (hasReceipt !== (typeof receipt?.leaf === 'string'))
    return hasReceipt ? 'no receipt' : 'a receipt nobody can give';
  return undefined;
}
