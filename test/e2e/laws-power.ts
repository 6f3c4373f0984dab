// What everybody can do on a server at a moment, and whether it is more than at another one: asked of the server's own parts, by
// deciding sample calls of sample agents at sample times, not by comparing rules.

import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '#base/json.ts';
import type { Services } from '#operations/operation.ts';
import { decide } from '#policy/decide.ts';
import type { Policy } from '#policy/rules.ts';
import { callThatGetsMore } from '#test/policy/gets-more.ts';
import { agentName, policyOf, question, REF } from '#test/policy/policies.ts';

/** Those that sequences act as, those that only have rights, and two that may come. */
export const AGENTS = ['ops', 'aide', 'athena', 'boreas', 'zephyrus', 'zoe'] as const;
const TOOLS = ['demo_math__add', 'demo_text__echo', 'smcp__policy_apply', 'smcp__approvals_approve'];
/** Of `zephyrus`. */
const BOUNDED = ['when', 'hours', 'expires', 'capabilities', 'session'].map((kind) => `bound__${kind}`);
const ROLES = ['viewer', 'approver', 'admin'];
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];

export type Power = {
  readonly digest: string;
  readonly policy: Policy;
  /** As if no rule were in shadow: what a person's next edit would bring; absent: none is. */
  readonly awake?: Policy;
  readonly tokens: readonly string[];
  readonly freezes: readonly string[];
  readonly tools: readonly string[];
  readonly isPaused: boolean;
  /** Labels that agents have seen. */
  readonly labels: readonly string[];
  readonly secrets: readonly unknown[];
  readonly settings: ReadonlyMap<string, unknown>;
  /** Calls that an agent let through itself. */
  readonly ownApprovals: number;
};

export function powerOf(services: Services): Power {
  const { policy, tokens, freezes, catalog, dispatcher, secrets, settings, approvals, labels, clock } = services;
  const { text, policy: ref } = policy.show();
  const nowMs = clock.nowMs();
  return {
    digest: ref.digest,
    policy: policyOf(text),
    ...(text.includes('"shadow":true') ? { awake: policyOf(text.replaceAll('"shadow":true', '"shadow":false')) } : {}),
    tokens: tokens
      .list()
      .filter(({ expiresMs, revokedMs }) => revokedMs === undefined && (expiresMs === undefined || expiresMs > nowMs))
      .map(({ id }) => id),
    freezes: freezes.list().map(({ scope }) => JSON.stringify(scope)),
    tools: catalog.tools().map(({ name, plugin, capabilities }) => JSON.stringify([name, plugin.digest, capabilities])),
    isPaused: dispatcher.status().lanes.some(({ name, isPaused }) => name === 'main' && isPaused),
    labels: labels.list().map(({ agent, session, label }) => `${agent} ${session} ${label}`),
    secrets: secrets.list(),
    settings: new Map(settings.show().settings.map(({ key, value }) => [key, value])),
    ownApprovals: approvals.list().filter(({ agent, decision, state }) => {
      const by = decision?.by;
      return by?.kind === 'agent' && by.name === agent && state !== 'denied';
    }).length,
  };
}

/** Whether the call was not denied before, whoever had to approve it; as if nothing had been called yet. */
export function wasAllowed({ policy }: Power, { agent, tool, args }: AskedCall): boolean {
  const query = question(tool, args, { agent: agentName(agent), nowMs: Date.now() });
  return decide(policy, REF, query).kind !== 'deny';
}

type AskedCall = { readonly agent: string; readonly tool: string; readonly args: JsonObject };

const isIn = (some: readonly unknown[], all: readonly unknown[]): boolean =>
  some.every((one) => all.some((other) => isDeepStrictEqual(one, other)));

/** The first thing that somebody can do after it and could not before; undefined: nothing was found. */
export function moreThan(before: Power, after: Power): string | undefined {
  const asked = { agents: AGENTS, tools: TOOLS };
  if (before.digest !== after.digest) {
    const call =
      callThatGetsMore(before.policy, after.policy, { agents: ['zephyrus'], tools: BOUNDED }) ??
      callThatGetsMore(before.policy, after.policy, asked);
    if (call !== undefined) return call;
    const isAwake = before.awake !== undefined || after.awake !== undefined;
    const later = isAwake
      ? callThatGetsMore(before.awake ?? before.policy, after.awake ?? after.policy, asked)
      : undefined;
    if (later !== undefined) return `once rules in shadow decide: ${later}`;
  }
  if (!isIn(after.tokens, before.tokens)) return 'a token is good that was not there';
  if (!isIn(before.freezes, after.freezes)) return 'a freeze was lifted';
  if (!isIn(after.tools, before.tools)) return 'a tool is served that was not, or with more';
  const promoted = [...(after.policy.people ?? [])].find(([name, role]) => {
    const was = before.policy.people?.get(name);
    return was === undefined || ROLES.indexOf(role) > ROLES.indexOf(was);
  });
  if (promoted !== undefined) return `${promoted[0]} may approve more`;
  if (before.isPaused && !after.isPaused) return 'the lane goes on';
  if (!isIn(before.labels, after.labels)) return 'a label was cleared';
  if (!isIn(after.secrets, before.secrets)) return 'a secret has another value';
  if (after.ownApprovals > before.ownApprovals) return 'an agent approved its own call';
  for (const [key, value] of after.settings) {
    const was = before.settings.get(key);
    if (isDeepStrictEqual(was, value)) continue;
    const isLess =
      key === 'logging.level'
        ? LEVELS.indexOf(String(value)) < LEVELS.indexOf(String(was))
        : Number(value) < Number(was);
    if (!isLess) return `${key} is ${JSON.stringify(value)}`;
  }
  return undefined;
}
