// Finds, checks, copies and serves the plugins. Called once at start by app.ts, with the home's lock held. A plugin with
// problems is reported and left out; the others are served.

import { invariant } from '#base/invariant.ts';
import type { Logger } from '#base/log.ts';
import type { CapabilityKind } from '#domain/capability.ts';
import type { Plugin, PluginReport, PluginTool } from '#domain/manifest.ts';
import type { PluginCatalog } from '#domain/ports.ts';
import { buildPlugin } from './build-plugin.ts';
import { type Candidate, discoverPlugins, type PluginsDirectory } from './discover.ts';
import { createInspectionOptions, type Inspection, inspectPlugin, refuseDuplicate, withSameName } from './inspect.ts';
import { openPluginCopies, type PluginCopies } from './plugin-copies.ts';
import { problemOfThrown } from './problem.ts';

export type RegistryOptions = {
  readonly directories: readonly PluginsDirectory[];
  /** The copies go to `plugins` in it. */
  readonly home: string;
  /** Kinds this version has an effect for; a plugin that asks for another is refused. */
  readonly availableCapabilities: readonly CapabilityKind[];
  /** Asked last: throws what keeps a plugin from running here, such as `SANDBOX_UNAVAILABLE`. Absent: nothing does. */
  readonly admit?: (plugin: Plugin) => void;
};

/** `plugins()`: those that are served, sorted by name. */
export type Registry = PluginCatalog & { readonly plugins: () => readonly Plugin[] };

type Found = { readonly candidate: Candidate; readonly inspection: Inspection; readonly plugin?: Plugin };

/**
 * Loads every plugin of the directories.
 *
 * **Trust:** everything in an external directory is a plugin author's.
 * **Durability:** the copy of each plugin that is served is on disk when it resolves.
 * @throws `CONFIG_INVALID` for a directory that is missing or holds too much · `HOME_UNSAFE` for `home/plugins`.
 */
export async function loadRegistry(ports: { readonly logger: Logger }, options: RegistryOptions): Promise<Registry> {
  const { logger } = ports;
  const candidates = await discoverPlugins(ports, options.directories);
  const copies = await openPluginCopies(ports, options.home);
  const inspectionOptions = createInspectionOptions(options.availableCapabilities);
  const found: Found[] = [];
  // One after the other: at most one plugin's bytes are in memory.
  for (const candidate of candidates) {
    const inspection = await inspectPlugin(candidate, inspectionOptions);
    found.push(admitted(await installFound(copies, candidate, inspection), options));
  }
  const served: Plugin[] = [];
  const reports: PluginReport[] = [];
  for (const one of found) {
    const others = withSameName(one, found).map(({ candidate }) => candidate.path);
    const { report } = one.inspection;
    reports.push(others.length > 0 ? refuseDuplicate(report, others) : report);
    if (others.length === 0 && one.plugin !== undefined) served.push(one.plugin);
    logWarnings(logger, one.inspection);
  }
  for (const report of reports) logProblems(logger, report);
  return createRegistry(served, reports);
}

async function installFound(copies: PluginCopies, candidate: Candidate, inspection: Inspection): Promise<Found> {
  const { servable, ...rest } = inspection;
  if (servable === undefined) return { candidate, inspection };
  const { files, ...built } = servable;
  const directory = await copies.install(files, servable.digest);
  const plugin = buildPlugin({ ...built, directory, origin: candidate.origin });
  return { candidate, inspection: rest, plugin };
}

function createRegistry(served: readonly Plugin[], found: readonly PluginReport[]): Registry {
  const byName = <T extends { readonly name: string }>(list: readonly T[]) =>
    list.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const plugins = byName(served);
  const tools = byName(plugins.flatMap((plugin) => plugin.tools));
  const byFullName = new Map<string, PluginTool>(tools.map((tool) => [tool.name, tool]));
  invariant(byFullName.size === tools.length, 'full tool names are unique, as plugin names hold no "__"');
  const reports = byName(found);
  return { tool: (name) => byFullName.get(name), tools: () => tools, reports: () => reports, plugins: () => plugins };
}

/** A plugin that this machine can't run is reported, and not served. */
function admitted(found: Found, { admit }: RegistryOptions): Found {
  const { candidate, inspection, plugin } = found;
  if (plugin === undefined || admit === undefined) return found;
  try {
    admit(plugin);
    return found;
  } catch (thrown) {
    const problems = [...inspection.report.problems, problemOfThrown(thrown)];
    return {
      candidate,
      inspection: { ...inspection, report: { ...inspection.report, state: 'refused', tools: [], problems } },
    };
  }
}

function logWarnings(logger: Logger, { report, warnings }: Inspection): void {
  for (const { message, remedy } of warnings) {
    logger.warn('a plugin to look at', { plugin: report.name, source: report.source, message, remedy });
  }
}

function logProblems(logger: Logger, report: PluginReport): void {
  const { name: plugin, source, state } = report;
  if (state === 'ready') logger.info('plugin ready', { plugin, digest: report.digest, tools: report.tools });
  for (const { code, file, pointer, message, remedy } of report.problems) {
    const what = state === 'ready' ? 'a tool of a plugin is not served' : 'a plugin is not served';
    logger.warn(what, { plugin, source, code, file, pointer, message, remedy });
  }
}
