// Builds the invocation predicates of a call: one place that knows which phase carries what.

import { rfc3339 } from '#base/clock.ts';
import type { ExactJsonObject } from '#base/exact-json.ts';
import type { CallToken } from '#domain/agent.ts';
import type { Permission } from '#domain/approval-ports.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { Decision, PolicyRef } from '#domain/decision.ts';
import type { CallRequest, Lineage, Receipt, Usage, UsedCapability } from '#domain/invocation.ts';
import { namesOf } from '#domain/labels.ts';
import type { RunLimits } from '#domain/manifest.ts';
import type { ArgumentChange } from '#domain/normalise-arguments.ts';
import type { InvocationPredicate, Phase, ToolRef } from '#domain/record.ts';
import type { SandboxProfile } from '#domain/sandbox-ports.ts';
import type { Tool } from '#domain/tool.ts';
import type { KeptTranscript } from '#domain/transcript.ts';
import { exceededView } from '#domain/usage.ts';
import type { CallLabels } from './call-labels.ts';

/** What is known of a call when it is admitted. */
export type Admission = {
  readonly invocation: string;
  readonly request: CallRequest;
  readonly tool: Tool | undefined;
  /** What is decided, recorded, compared and handed on: those of the request, or what they were made to fit the tool. */
  readonly args: ExactJsonObject;
  /** In which they differ from those of the request; `[]`: in nothing. */
  readonly changes: readonly ArgumentChange[];
  readonly receivedMs: number;
  /** Of a call that a plugin's tool made; absent: it came in by a door. */
  readonly lineage?: Lineage;
  readonly labels: CallLabels;
};

/** What confines a run in the sandbox. */
export type Confined = {
  readonly profile: SandboxProfile;
  readonly capabilities: Capabilities;
  readonly limits: RunLimits;
};

/** What is known of a call once its turn has come. `confined` is absent for the server's own tools. */
export type Start = {
  readonly decision: Decision | Permission;
  readonly startedMs: number;
  readonly confined?: Confined;
};

/** What the end of a call adds, beside its time and result. */
export type ClosingParts = {
  readonly attempt?: number;
  /** The decision that ended the call, where it never started. */
  readonly decision?: Decision | Permission;
  /** The request for approval that it waited for, in vain. */
  readonly approval?: string;
  readonly start?: Start;
  readonly intent?: Receipt | undefined;
  /** The record whose answer is given again. */
  readonly replayOf?: Receipt;
  readonly usage?: Usage;
  readonly used?: readonly UsedCapability[];
  /** Kept as a document of its own; the predicate has its digest. */
  readonly transcript?: KeptTranscript;
  /** It ended before it could have done anything, so the same call may be made again. Not part of the record. */
  readonly hasDoneNothing?: boolean;
};

export type ClosingPhase = Exclude<Phase, 'intent'>;

type Ending = {
  readonly endedMs: number;
  readonly result: { readonly isError: boolean; readonly bytes: number; readonly class: string };
};

/** How a tool stands in a record; only its name when no tool has it. */
function toolRef(name: string, tool: Tool | undefined): ToolRef {
  if (tool === undefined) return { name };
  if (tool.kind === 'admin') return { name, schema: tool.schemaDigest, effect: tool.effect };
  const { plugin } = tool;
  return {
    name,
    plugin: plugin.name,
    version: plugin.version,
    package: plugin.digest,
    manifest: plugin.manifestDigest,
    schema: tool.schemaDigest,
    effect: tool.effect,
  };
}

/**
 * The predicate of one phase. Parts that the phase has no knowledge of are left out.
 *
 * @param parts.inForce the policy of now, for a call that no policy was asked about.
 */
export function predicateOf(
  phase: Phase,
  admission: Admission,
  parts: ClosingParts & { readonly ending?: Ending; readonly inForce: PolicyRef },
): InvocationPredicate {
  const { request, changes, lineage } = admission;
  const { start, ending, intent, replayOf, usage, used } = parts;
  const decision = start?.decision ?? parts.decision;
  return {
    phase,
    invocation: admission.invocation,
    attempt: parts.attempt ?? 1,
    ...(intent === undefined ? {} : { intent: { index: intent.index, leaf: intent.leaf } }),
    ...(replayOf === undefined ? {} : { replayOf: { index: replayOf.index, leaf: replayOf.leaf } }),
    ...(lineage === undefined ? {} : { parent: lineage.parent, chain: lineage.chain }),
    agent: request.agent,
    door: request.door,
    ...(request.session === undefined ? {} : { session: request.session }),
    ...(request.token === undefined ? {} : { token: tokenPart(request.token) }),
    tool: toolRef(request.tool, admission.tool),
    ...(changes.length === 0 ? {} : { normalised: changes }),
    policy: policyPart(decision, parts),
    ...labelsPart(decision, admission.labels.carried()),
    ...(start?.confined === undefined ? {} : confinedParts(start.confined, used)),
    time: {
      received: rfc3339(admission.receivedMs),
      ...(start === undefined ? {} : { started: rfc3339(start.startedMs) }),
      ...(ending === undefined ? {} : { ended: rfc3339(ending.endedMs) }),
    },
    ...(ending === undefined ? {} : { result: ending.result }),
    ...(usage === undefined ? {} : { usage }),
  };
}

/** What counted when it was decided, and what the result carries. */
function labelsPart(
  decision: Decision | Permission | undefined,
  carries: readonly string[],
): Pick<InvocationPredicate, 'labels'> {
  const seen = namesOf(decision?.labels?.seen ?? []);
  if (seen.length === 0 && carries.length === 0) return {};
  return { labels: { ...(seen.length === 0 ? {} : { seen }), ...(carries.length === 0 ? {} : { carries }) } };
}

/** Lists that are empty are left out: they take nothing away, and name nobody. */
function tokenPart({ id, rights }: CallToken): NonNullable<InvocationPredicate['token']> {
  const scopes = (rights?.scopes.lists ?? []).filter((list) => list.length > 0);
  return {
    id,
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(rights === undefined || rights.onBehalfOf.length === 0
      ? {}
      : { onBehalfOf: rights.onBehalfOf, actors: rights.actors }),
  };
}

function policyPart(
  decision: Decision | Permission | undefined,
  { inForce, approval: id }: { readonly inForce: PolicyRef; readonly approval?: string },
): InvocationPredicate['policy'] {
  const { version, digest } = decision?.policy ?? inForce;
  if (decision === undefined) return { version, digest };
  const waited = id === undefined || decision.kind !== 'ask' ? undefined : { id };
  const approval = 'approval' in decision ? decision.approval : waited;
  const exceeded = decision.kind === 'deny' ? decision.exceeded : undefined;
  const forbidden = (decision.kind === 'deny' ? decision.forbidden : undefined) ?? [];
  return {
    ...{ version, digest, decision: decision.kind, rule: decision.rule },
    ...(decision.shadow === undefined ? {} : { shadow: decision.shadow }),
    ...(approval === undefined ? {} : { approval }),
    ...(exceeded === undefined ? {} : { limit: exceededView(exceeded) }),
    ...(forbidden.length === 0
      ? {}
      : { labels: forbidden.map(({ label, invocation, tool }) => ({ label, invocation, tool })) }),
  };
}

function confinedParts({ profile, capabilities, limits }: Confined, used: readonly UsedCapability[] | undefined) {
  const { tier, digest, layers, engine } = profile;
  return {
    sandbox: { tier, profile: digest, limits, layers, ...(engine === undefined ? {} : { engine }) },
    capabilities: { granted: capabilities, ...(used === undefined ? {} : { used }) },
  };
}
