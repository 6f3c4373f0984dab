// What is served of what was found: every answer of the catalog, made at once from one scan and the plugins that are
// switched off. Pure.

import { rfc3339 } from '#base/clock.ts';
import { invariant } from '#base/invariant.ts';
import type { Plugin, PluginReport, PluginTool } from '#domain/manifest.ts';
import type { Judge, Judgement } from './approvals.ts';
import { problem } from './problem.ts';
import type { Found } from './scan.ts';

/** Who switched a plugin off, and when. */
export type SwitchedOff = { readonly by: string; readonly sinceMs: number };

export type Served = {
  readonly plugins: readonly Plugin[];
  readonly tools: readonly PluginTool[];
  readonly byFullName: ReadonlyMap<string, PluginTool>;
  readonly reports: readonly PluginReport[];
};

/** @param disabled by name; one that was not found counts for nothing, until it is. @param judge says what was approved */
export function servedOf(found: readonly Found[], disabled: ReadonlyMap<string, SwitchedOff>, judge: Judge): Served {
  const judged = found.map((one) => ({ report: one.inspection.report, judgement: judge(one) }));
  const plugins = byName(
    judged.flatMap(({ judgement }) =>
      judgement?.kind !== 'approved' || disabled.has(judgement.plugin.name) ? [] : [judgement.plugin],
    ),
  );
  const tools = byName(plugins.flatMap((plugin) => plugin.tools));
  const byFullName = new Map(tools.map((tool) => [tool.name, tool]));
  invariant(byFullName.size === tools.length, 'full tool names are unique, as plugin names hold no "__"');
  const reports = byName(
    judged.map(({ report, judgement }) => withState(withApproval(report, judgement), disabled.get(report.name))),
  );
  return { plugins, tools, byFullName, reports };
}

/** True when the same code is served: objects of code that has not changed stay the same. */
export function isSameServed(a: Served, b: Served): boolean {
  return a.plugins.length === b.plugins.length && a.plugins.every((plugin, index) => plugin === b.plugins[index]);
}

/** It waits for a person: no tool of it is there. */
function withApproval(report: PluginReport, judgement: Judgement | undefined): PluginReport {
  if (judgement === undefined || judgement.kind === 'approved') return report;
  return { ...report, state: 'quarantined', tools: [], problems: [judgement.problem, ...report.problems] };
}

/** Switched off comes before refused: mending the plugin would not be enough. */
function withState(report: PluginReport, off: SwitchedOff | undefined): PluginReport {
  if (off === undefined) return report;
  const message = `switched off by ${off.by} since ${rfc3339(off.sinceMs)}`;
  const line = problem('PLUGIN_DISABLED', { file: '' }, message, `smcp plugin enable ${report.name}`);
  return { ...report, state: 'disabled', tools: [], problems: [line, ...report.problems] };
}

const byName = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
  list.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
