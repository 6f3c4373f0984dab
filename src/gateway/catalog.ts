// The tools that one agent sees, as MCP shows them: those it may call, sorted by name, with hints derived from the effect
// class. Called by mcp.ts for each tools/list, since grants expire and policies change, and by tool-changes.ts.

import type { Tool as WireTool } from '@modelcontextprotocol/server';
import type { Clock } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import type { AgentName, CallToken } from '#domain/agent.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import type { ToolCatalog } from '#domain/ports.ts';
import type { Tool } from '#domain/tool.ts';

export type CatalogPorts = {
  readonly catalog: ToolCatalog;
  readonly policy: PolicyDecider;
  readonly clock: Clock;
};

/** `showsOutputSchema`: see `describeTool`. */
export type CatalogOptions = {
  readonly agent: AgentName;
  readonly token?: CallToken;
  readonly showsOutputSchema: boolean;
};

/** What `agent` may call now, as far as the token's scopes leave it; `[]` when nothing. */
export function seenTools({ catalog, policy, clock }: CatalogPorts, agent: AgentName, token?: CallToken): Tool[] {
  const nowMs = clock.nowMs();
  const scopes = token?.rights?.scopes;
  return catalog.tools().filter(({ name }) => scopes?.allowsTool(name) !== false && policy.mayCall(agent, name, nowMs));
}

/** The same as `tools/list` shows it. */
export function visibleTools(ports: CatalogPorts, { agent, token, showsOutputSchema }: CatalogOptions): WireTool[] {
  return seenTools(ports, agent, token).map((tool) => describeTool(tool, showsOutputSchema));
}

/**
 * A tool on the wire. Arguments are always an object, so saying `type: object` changes nothing that a schema accepts, and
 * clients refuse a whole list for one schema without it. An output schema is shown only where clients are known to spare
 * failed calls from it (the 1.x SDK does not, and would hide the reason of every denial), and only for objects, the one
 * kind of value that is sent as structured content.
 */
export function describeTool(tool: Tool, showsOutputSchema: boolean): WireTool {
  const { title, outputSchema } = tool;
  const hasOutput = showsOutputSchema && outputSchema?.['type'] === 'object';
  return {
    name: tool.name,
    ...(title === undefined ? {} : { title }),
    description: tool.description,
    inputSchema: objectSchema(tool.inputSchema),
    ...(hasOutput ? { outputSchema: objectSchema(outputSchema) } : {}),
    // The hints can't tell pure from read.
    _meta: { 'smcp/effect': tool.effect },
    annotations: { ...(title === undefined ? {} : { title }), ...hintsOf(tool) },
  };
}

function hintsOf(tool: Tool): NonNullable<WireTool['annotations']> {
  const changesSomething = tool.effect === 'write';
  return {
    readOnlyHint: !changesSomething,
    destructiveHint: changesSomething,
    idempotentHint: !changesSomething || tool.idempotent,
    openWorldHint: changesSomething && reachesOut(tool),
  };
}

/** The server's own tools act on the server alone. */
function reachesOut(tool: Tool): boolean {
  if (tool.kind === 'admin') return false;
  const { net, run, tools } = tool.capabilities;
  return (net ?? run ?? tools) !== undefined;
}

function objectSchema(schema: JsonObject): WireTool['inputSchema'] {
  return { ...schema, type: 'object' };
}
