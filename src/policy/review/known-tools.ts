// The tools of today as a review knows them: sent to the thread of policies as one text, the same for every page, so that it is
// parsed once. Pure.

import type { JsonObject } from '#base/json.ts';
import type { Capabilities, EffectClass } from '#domain/capability.ts';
import type { ToolLabels } from '#domain/labels.ts';

/** Of a plugin, whether it asks for capabilities · of the server itself · of the server itself, and for people only. */
export type ToolKind = 'asks' | 'asks-nothing' | 'admin' | 'people';

/** What a review looks at of a tool that is served; a domain's Tool is one. */
export type ReviewableTool = Omit<KnownTool, 'costMicros'> &
  ToolCost & { readonly name: string } & (
    | { readonly kind: 'plugin'; readonly capabilities: Capabilities }
    | { readonly kind: 'admin'; readonly isForPeople: boolean }
  );

/** In millionths; absent: it declares none. */
type ToolCost = { readonly costMicros?: number; readonly costMicrosMax?: number };

/** What a decision asks of a tool. */
export type KnownTool = Partial<ToolLabels> & {
  readonly inputSchema: JsonObject;
  readonly effect?: EffectClass;
  /** What a call takes when its turn comes, in millionths. Absent: it declares none. */
  readonly costMicros?: number;
};

/** By name. */
export type KnownTools = {
  readonly schemas: ReadonlyMap<string, KnownTool>;
  readonly kinds: ReadonlyMap<string, ToolKind>;
};

export function formatTools(tools: readonly ReviewableTool[]): string {
  return JSON.stringify(tools.map((tool) => [tool.name, knownOf(tool), kindOf(tool)]));
}

function knownOf({ inputSchema, effect, labels = [], sinks = [], outward, ...tool }: ReviewableTool): KnownTool {
  const costMicros = tool.costMicrosMax ?? tool.costMicros;
  return {
    inputSchema,
    ...(effect === undefined ? {} : { effect }),
    ...(costMicros === undefined ? {} : { costMicros }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(sinks.length === 0 ? {} : { sinks }),
    ...(outward === undefined ? {} : { outward }),
  };
}

function kindOf(tool: ReviewableTool): ToolKind {
  if (tool.kind === 'admin') return tool.isForPeople ? 'people' : 'admin';
  return Object.keys(tool.capabilities).length === 0 ? 'asks-nothing' : 'asks';
}

/** @param json as `formatTools` gives it */
export function parseTools(json: string): KnownTools {
  const tools = JSON.parse(json) as readonly (readonly [string, KnownTool, ToolKind])[];
  return {
    schemas: new Map(tools.map(([name, known]) => [name, known])),
    kinds: new Map(tools.map(([name, , kind]) => [name, kind])),
  };
}
