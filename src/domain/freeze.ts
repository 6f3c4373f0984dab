// Freezes: what a person, or an agent that was granted it, stops at once and until a person lets it go on. Pure.

import { rfc3339 } from '#base/clock.ts';
import type { EffectClass } from './capability.ts';
import type { Tool } from './tool.ts';

/** What a freeze stops: every call · calls of one agent · of one plugin's tools · of tools that may change something. */
export type FreezeScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'writes' }
  | { readonly kind: 'agent'; readonly name: string }
  | { readonly kind: 'plugin'; readonly name: string };

export type Freeze = {
  readonly scope: FreezeScope;
  /** `admin`, or the agent that froze. */
  readonly by: string;
  readonly sinceMs: number;
};

/** What is known of a call; `plugin` and `effect` are absent while its tool is not known. */
export type FreezeQuery = { readonly agent: string; readonly plugin?: string; readonly effect?: EffectClass };

/** What is asked of a call whose tool is known. What only stops something is no write here: under a freeze, more can be frozen. */
export function freezeQueryOf(agent: string, tool: Tool): FreezeQuery {
  if (tool.kind === 'plugin') return { agent, effect: tool.effect, plugin: tool.plugin.name };
  return tool.isStop ? { agent } : { agent, effect: tool.effect };
}

/** Whether a freeze of this scope stops the call. */
export function isStoppedBy(scope: FreezeScope, { agent, plugin, effect }: FreezeQuery): boolean {
  switch (scope.kind) {
    case 'all':
      return true;
    case 'writes':
      return effect === 'write';
    case 'agent':
      return scope.name === agent;
    case 'plugin':
      return scope.name === plugin;
  }
}

/** A scope in words: `everything`, `writes`, `agent athena`, `plugin shell`. */
export function describeScope(scope: FreezeScope): string {
  if (scope.kind === 'all') return 'everything';
  return scope.kind === 'writes' ? 'writes' : `${scope.kind} ${scope.name}`;
}

/** A freeze in words: what it stops, by whom and since when, and the command that lifts this one and no other. */
export function describeFreeze({ scope, by, sinceMs }: Freeze): { readonly reason: string; readonly remedy: string } {
  const option = scope.kind === 'all' ? '' : scope.kind === 'writes' ? ' --writes' : ` --${scope.kind} ${scope.name}`;
  return {
    reason: `${describeScope(scope)}: frozen by ${by} since ${rfc3339(sinceMs)}`,
    remedy: `a person lifts it with: smcp unfreeze${option}`,
  };
}
