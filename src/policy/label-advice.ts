// Labels and sinks that a rule asks for and that nothing brings: a typo there makes a rule that never holds anybody back. Warnings for
// `policy check`. Pure.

import { walkCel } from '#base/cel-tree.ts';
import { nearest } from '#base/nearest.ts';
import { EXTERNAL, type ToolLabels, UNTRUSTED } from '#domain/labels.ts';
import type { DenyRule, GrantRule, LabelRule } from './rules.ts';

/** What can be seen and sent to: by what tools of today declare, by the policy's own words, and by capabilities of any tool. */
export type KnownLabels = { readonly labels: ReadonlySet<string>; readonly sinks: ReadonlySet<string> };

/** `at`: below the rule's pointer. `within`: in the text of its condition. */
export type LabelAdvice = {
  readonly at: string;
  readonly message: string;
  readonly remedy: string;
  readonly within?: number;
};

export function knownLabels(tools: readonly Partial<ToolLabels>[], added: readonly LabelRule[] = []): KnownLabels {
  return {
    labels: new Set([
      UNTRUSTED,
      ...tools.flatMap(({ labels = [] }) => labels),
      ...added.flatMap(({ carries }) => carries),
    ]),
    sinks: new Set([
      EXTERNAL,
      ...tools.flatMap(({ sinks = [] }) => sinks),
      ...added.flatMap(({ sink }) => (sink === undefined ? [] : [sink])),
    ]),
  };
}

/** `[]`: nothing to look at. */
export function adviseLabels(rule: GrantRule & DenyRule, known: KnownLabels): readonly LabelAdvice[] {
  const { session, sink, after = [] } = rule;
  const ofLabels = (at: string, labels: readonly string[] = []) =>
    labels.filter((label) => !known.labels.has(label)).map((label) => unknownLabel(at, label, known));
  return [
    ...(sink === undefined || known.sinks.has(sink) ? [] : [unknownSink(sink, known)]),
    ...ofLabels('/after', after),
    ...ofLabels('/session/forbid', session?.forbid),
    ...ofLabels('/session/require', session?.require),
    ...adviseCondition(rule, known),
  ];
}

/** `"privat" in labels`. */
function adviseCondition({ when }: GrantRule, known: KnownLabels): readonly LabelAdvice[] {
  if (when?.source.includes('labels') !== true) return [];
  return [...walkCel(when.tree)].flatMap((node) => {
    if (node.kind !== 'call' || node.name !== '@in') return [];
    const [label, of] = node.args;
    const isAsked =
      label?.kind === 'constant' && label.type === 'string' && of?.kind === 'name' && of.name === 'labels';
    if (!isAsked || known.labels.has(label.text)) return [];
    return [{ ...unknownLabel('/when', label.text, known), within: label.offset }];
  });
}

function unknownLabel(at: string, label: string, { labels }: KnownLabels): LabelAdvice {
  const message = `nothing carries the label ${label}: no tool of today, and no rule under labels`;
  return { at, message, remedy: remedyOf(label, labels) };
}

function unknownSink(sink: string, { sinks }: KnownLabels): LabelAdvice {
  const message = `nothing sends to ${sink}: no tool of today, and no rule under labels`;
  return { at: '/sink', message, remedy: remedyOf(sink, sinks) };
}

function remedyOf(name: string, known: ReadonlySet<string>): string {
  const near = nearest(name, known);
  return near === undefined ? `known are ${[...known].toSorted().join(', ')}` : `did you mean ${near}?`;
}
