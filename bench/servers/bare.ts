// The server that ours is compared with: the SDK's, served as its documentation says, with the same tool and schemas as a
// function in the same process. No identity, policy, sandbox or record. Started by start-servers.ts with one argument:
// `recommended` is McpServer behind toNodeHandler; `lean` the least that the SDK can do, its low-level Server without a
// check of arguments or result, and the body parsed once.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  type CallToolResult,
  createMcpHandler,
  fromJsonSchema,
  McpServer,
  type McpServerFactory,
  Server,
} from '@modelcontextprotocol/server';
import { TOOL_NAME } from '#bench/tool-call.ts';

type Numbers = { readonly operation: string; readonly a: number; readonly b: number };

const INFO = { name: 'bare', version: '1.0.0' };

/** What the plugin of this name does, for the operation that is asked for. */
function calculate({ operation, a, b }: Numbers): CallToolResult {
  if (operation !== 'add') throw new Error(`${operation} is not what the bench asks for`);
  const value = { ok: true, operation, a, b, result: a + b };
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
}

function readTool() {
  const text = readFileSync(new URL('../../plugins/demo_math/plugin.json', import.meta.url), 'utf8');
  const { tools } = JSON.parse(text) as {
    tools: { name: string; description: string; input: object; output: object }[];
  };
  const tool = tools.find(({ name }) => name === 'calculate');
  if (tool === undefined) throw new Error('demo_math has no tool calculate');
  return tool;
}

/** A server per request, as the SDK has it; the schemas are compiled once. */
function recommended(): McpServerFactory {
  const { description, input, output } = readTool();
  const inputSchema = fromJsonSchema<Numbers>(input);
  const outputSchema = fromJsonSchema<{ [name: string]: unknown }>(output);
  return () => {
    const server = new McpServer(INFO);
    server.registerTool(TOOL_NAME, { description, inputSchema, outputSchema }, (args) => calculate(args));
    return server;
  };
}

function lean(): McpServerFactory {
  return () => {
    const server = new Server(INFO, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/call', ({ params }) => calculate(params.arguments as Numbers));
    return server;
  };
}

type Handle = (request: IncomingMessage, response: ServerResponse, body?: unknown) => Promise<void>;

const isLean = process.argv[2] === 'lean';
const handle = toNodeHandler(createMcpHandler((isLean ? lean : recommended)())) as Handle;

async function handleParsed(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  await handle(request, response, JSON.parse(Buffer.concat(chunks).toString('utf8')));
}

const server = createServer((request, response) => void (isLean ? handleParsed : handle)(request, response));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
