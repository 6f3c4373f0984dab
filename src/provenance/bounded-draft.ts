// Makes every record fit: texts that an agent, a plugin or a policy wrote are cut, long lists summed up. What remains
// too large is refused before anything is signed, and is never an agent's doing.

import { hash } from 'node:crypto';
import { canonicalEvidence } from '#base/canonical-evidence.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { UsedCapability } from '#domain/invocation.ts';
import type { ApprovalPredicate, InvocationPredicate, RecordedChange, ToolRef } from '#domain/record.ts';
import type { AnyDraft } from './statement.ts';

/**
 * The draft as it will be signed.
 *
 * **Trust:** tool name and session are the agent's words, capabilities and versions the plugin author's.
 * @throws `RECORD_TOO_LARGE` when the capabilities are over `LIMITS.recordCapabilitiesBytesMax`.
 */
export function boundedDraft(draft: AnyDraft): AnyDraft {
  switch (draft.kind) {
    case 'invocation':
      return { ...draft, predicate: boundedInvocation(draft.predicate) };
    case 'policy':
      return { ...draft, predicate: { ...draft.predicate, by: cut(draft.predicate.by) } };
    case 'plugin': {
      const { predicate } = draft;
      checkCapabilities(predicate.capabilities);
      return { ...draft, predicate: { ...predicate, name: cut(predicate.name), version: cut(predicate.version) } };
    }
    case 'admin': {
      const { predicate } = draft;
      const { why } = predicate;
      const texts = { operation: cut(predicate.operation), subject: cut(predicate.subject), by: cut(predicate.by) };
      return { ...draft, predicate: { ...predicate, ...texts, ...(why === undefined ? {} : { why: cut(why) }) } };
    }
    case 'approval':
      return { ...draft, predicate: boundedApproval(draft.predicate) };
    case 'person':
      return { ...draft, predicate: { ...draft.predicate, by: cut(draft.predicate.by) } };
    case 'act': {
      const { predicate } = draft;
      return {
        ...draft,
        predicate: { ...predicate, operation: cut(predicate.operation), subject: cut(predicate.subject) },
      };
    }
    case 'opened':
      return draft;
  }
}

function boundedApproval({ why, ...predicate }: ApprovalPredicate): ApprovalPredicate {
  const texts = { tool: cut(predicate.tool), rule: cut(predicate.rule) };
  return { ...predicate, ...texts, ...(why === undefined ? {} : { why: cut(why) }) };
}

function boundedLabels({ seen, carries }: NonNullable<InvocationPredicate['labels']>) {
  return {
    ...(seen === undefined ? {} : { seen: seen.slice(0, LIMITS.recordLabelsMax) }),
    ...(carries === undefined ? {} : { carries: carries.slice(0, LIMITS.recordLabelsMax) }),
  };
}

function boundedInvocation(predicate: InvocationPredicate): InvocationPredicate {
  const { session, labels, chain, tool, normalised, policy, sandbox, capabilities, result } = predicate;
  if (capabilities !== undefined) checkCapabilities(capabilities.granted);
  return {
    ...predicate,
    ...(chain === undefined ? {} : { chain: chain.map((name) => cut(name)) }),
    tool: boundedTool(tool),
    ...(normalised === undefined ? {} : { normalised: boundedChanges(normalised) }),
    ...(session === undefined ? {} : { session: cut(session) }),
    ...(labels === undefined ? {} : { labels: boundedLabels(labels) }),
    policy: {
      ...policy,
      ...(policy.rule === undefined ? {} : { rule: cut(policy.rule) }),
      ...(policy.labels === undefined ? {} : { labels: policy.labels.slice(0, LIMITS.recordLabelsMax) }),
    },
    ...(sandbox === undefined
      ? {}
      : {
          sandbox: {
            ...sandbox,
            layers: sandbox.layers
              .slice(0, LIMITS.recordLayersMax)
              .map((layer) => cut(layer, LIMITS.recordLayerLengthMax)),
          },
        }),
    ...(capabilities?.used === undefined
      ? {}
      : { capabilities: { granted: capabilities.granted, used: boundedUsed(capabilities.used) } }),
    ...(result === undefined ? {} : { result: { ...result, class: cut(result.class) } }),
  };
}

function boundedTool(tool: ToolRef): ToolRef {
  return {
    ...tool,
    name: cut(tool.name),
    ...(tool.plugin === undefined ? {} : { plugin: cut(tool.plugin) }),
    ...(tool.version === undefined ? {} : { version: cut(tool.version) }),
  };
}

/** At most `lengthMax` UTF-16 units, well formed; what was cut ends in `…`. */
function cut(text: string, lengthMax: number = LIMITS.recordTextLengthMax): string {
  return text.length <= lengthMax ? text.toWellFormed() : `${text.slice(0, lengthMax - 1).toWellFormed()}…`;
}

function checkCapabilities(capabilities: Capabilities): void {
  const bytes = Buffer.byteLength(JSON.stringify(capabilities));
  if (bytes <= LIMITS.recordCapabilitiesBytesMax) return;
  throw new SmcpError('RECORD_TOO_LARGE', `capabilities of ${bytes} bytes do not fit into a record`, {
    details: {
      bytes,
      bytesMax: LIMITS.recordCapabilitiesBytesMax,
      remedy: 'ask fewer hosts, paths and programs in the manifest, or split the plugin',
    },
  });
}

/** Lines as they are while they fit; else one line with the sums and the digest of all of them. */
function boundedUsed(used: readonly UsedCapability[]): readonly UsedCapability[] {
  const text = canonicalEvidence(used);
  if (Buffer.byteLength(text) <= LIMITS.recordUsedBytesMax) return used;
  const sum = (key: 'count' | 'bytes') => used.reduce((total, line) => total + line[key], 0);
  return [
    {
      kind: 'summary',
      target: `${used.length} lines`,
      count: sum('count'),
      bytes: sum('bytes'),
      transcript: `sha256:${hash('sha256', text, 'hex')}`,
    },
  ];
}

/**
 * Rows in the order of their pointers and kinds, as many as have room; the others as one, last, with their count. A record that
 * was bounded stays as it is.
 */
function boundedChanges(changes: readonly RecordedChange[]): readonly RecordedChange[] {
  const rows = changes
    .map((row) => (row.kind === 'more' ? row : { ...row, pointer: cut(row.pointer) }))
    .toSorted(inOrder);
  if (fitsRecord(rows)) return rows;
  let kept = Math.min(rows.length, LIMITS.recordChangesMax) - 1;
  const more = (): RecordedChange => ({ pointer: '', kind: 'more', count: countOf(rows.slice(kept)) });
  while (kept > 0 && !fitsRecord([...rows.slice(0, kept), more()])) kept -= 1;
  return [...rows.slice(0, kept), more()];
}

const fitsRecord = (rows: readonly RecordedChange[]): boolean =>
  rows.length <= LIMITS.recordChangesMax && Buffer.byteLength(JSON.stringify(rows)) <= LIMITS.recordChangesBytesMax;

const countOf = (rows: readonly RecordedChange[]): number => rows.reduce((sum, { count }) => sum + count, 0);

const orderOf = ({ pointer, kind }: RecordedChange): string => `${kind === 'more' ? 1 : 0}${pointer}\0${kind}`;

function inOrder(one: RecordedChange, other: RecordedChange): number {
  const [a, b] = [orderOf(one), orderOf(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}
