// Everything that can be called: tools of plugins, which run in the sandbox, and the server's own. Pure.

import type { Allow, DecisionQuery } from './decision.ts';
import { labelsGiven } from './labels.ts';
import type { PluginTool, ToolFace } from './manifest.ts';

/**
 * An administrative operation as a tool, `smcp__<operation>`. It runs in the host, in the lane `control`, and no grant
 * covers it but one whose pattern begins with `smcp__`.
 */
export type AdminTool = ToolFace & {
  readonly kind: 'admin';
  /** Its name in the table of operations. */
  readonly operation: string;
  /** Only a person may do it: it is not listed, and a call of it is refused. */
  readonly isForPeople: boolean;
  /** It only stops something: it waits for no record, and no freeze of writes refuses it. */
  readonly isStop: boolean;
  /** It shows what calls of any agent were given or answered: its results carry whatever any agent has seen. */
  readonly showsCalls?: true;
  /** It may take a minute, and changes nothing: it waits for others of its kind only, and they for it. */
  readonly isLong?: true;
  /** Arguments that are in no record, whoever sends them: a mark stands in their place. Only of what only a person may do. */
  readonly unrecorded?: readonly string[];
};

export type Tool = PluginTool | AdminTool;

/** What a policy is told of a tool. */
export function askedTool(tool: Tool): DecisionQuery['tool'] {
  const { name, inputSchema, effect, labels, sinks, outward } = tool;
  const costMicros = tool.costMicrosMax ?? tool.costMicros;
  return {
    ...{ name, inputSchema, effect },
    ...(labels === undefined ? {} : { labels }),
    ...(sinks === undefined ? {} : { sinks }),
    ...(outward === undefined ? {} : { outward }),
    ...(costMicros === undefined ? {} : { costMicros }),
  };
}

/** The same of one that runs: what it was given when it began it keeps, whatever another policy grants. */
export const runningTool = (tool: Tool, { capabilities }: Pick<Allow, 'capabilities'>): DecisionQuery['tool'] =>
  labelsGiven(askedTool(tool), capabilities);

/** The prefix of every admin tool; no plugin may have the name `smcp`. */
export const ADMIN_TOOL_PREFIX = 'smcp__';

/** The tool by which agents approve calls of others. */
export const APPROVE_TOOL = `${ADMIN_TOOL_PREFIX}approvals_approve`;
