// The tools of today as a review knows them: sent to the thread of policies as one text, the same for every page, so that it is
// parsed once. Pure.

import type { JsonObject } from '#base/json.ts';
import type { Capabilities } from '#domain/capability.ts';

/** Of a plugin, whether it asks for capabilities · of the server itself · of the server itself, and for people only. */
export type ToolKind = 'asks' | 'asks-nothing' | 'admin' | 'people';

/** What a review looks at of a tool that is served; a domain's Tool is one. */
export type ReviewableTool = { readonly name: string; readonly inputSchema: JsonObject } & (
  | { readonly kind: 'plugin'; readonly capabilities: Capabilities }
  | { readonly kind: 'admin'; readonly isForPeople: boolean }
);

/** By name. */
export type KnownTools = {
  readonly schemas: ReadonlyMap<string, JsonObject>;
  readonly kinds: ReadonlyMap<string, ToolKind>;
};

export function formatTools(tools: readonly ReviewableTool[]): string {
  return JSON.stringify(tools.map((tool) => [tool.name, tool.inputSchema, kindOf(tool)]));
}

function kindOf(tool: ReviewableTool): ToolKind {
  if (tool.kind === 'admin') return tool.isForPeople ? 'people' : 'admin';
  return Object.keys(tool.capabilities).length === 0 ? 'asks-nothing' : 'asks';
}

/** @param json as `formatTools` gives it */
export function parseTools(json: string): KnownTools {
  const tools = JSON.parse(json) as readonly (readonly [string, JsonObject, ToolKind])[];
  return {
    schemas: new Map(tools.map(([name, inputSchema]) => [name, inputSchema])),
    kinds: new Map(tools.map(([name, , kind]) => [name, kind])),
  };
}
