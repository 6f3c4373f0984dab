// The plugins of a running server: found at the start, looked at again for a reload, switched off and on. app.ts makes
// one, with the home's lock held. What is served changes as a whole or not at all, and no code is served that has no
// record. Whether code may run here at all, such as that of an external directory, is for `admit` to say: also of code that
// appears, or changes, while the server runs.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/log.ts';
import { nearest } from '#base/nearest.ts';
import { visibleText } from '#base/visible.ts';
import type { PluginProber } from '#domain/discovery-ports.ts';
import type { Plugin, PluginReport } from '#domain/manifest.ts';
import type { PluginAdmin, PluginCatalog } from '#domain/ports.ts';
import type { DisabledPluginStore } from '#domain/store-ports.ts';
import { type AnswerCache, openAnswerCache } from './answer-cache.ts';
import { type ApprovalOptions, type Approvals, openApprovals, type SeenDirectories } from './approvals.ts';
import { externalRoots, type PluginsDirectory } from './discover.ts';
import type { Bounds } from './inspect.ts';
import { createInterviewer } from './interviewer.ts';
import type { LastRunMs } from './kept-copies.ts';
import { openPluginCopies } from './plugin-copies.ts';
import { type Found, type ScanPorts, scanPlugins } from './scan.ts';
import { isSameServed, type Served, type SwitchedOff, servedOf } from './served.ts';

export type RegistryPorts = {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly disabled: DisabledPluginStore;
  /** Runs the programs of command-line plugins to ask them for their tools. Absent: they are refused. */
  readonly prober?: PluginProber;
  /** The directories that this home was started with before. */
  readonly seen: SeenDirectories;
  /** Of code whose copy is kept when it is replaced, for replays. Absent: none is. */
  readonly lastRunMs?: LastRunMs;
} & Pick<ScanPorts, 'record'>;

export type RegistryOptions = Bounds &
  Pick<ApprovalOptions, 'approve'> & {
    readonly directories: readonly PluginsDirectory[];
    /** The copies go to `plugins` in it. */
    readonly home: string;
    /** The product's version: what a program answered is kept for it alone. Absent: nothing is kept. */
    readonly product?: string;
    /** Asked of every plugin, at the start and at each reload: throws what keeps it from running here. Absent: nothing does. */
    readonly admit?: (plugin: Plugin) => void;
  };

export type Registry = PluginCatalog &
  PluginAdmin & {
    /** Those that are served, sorted by name. */
    readonly plugins: () => readonly Plugin[];
    /** Begins no reload any more and waits for the one under way, which ends early. */
    readonly close: () => Promise<void>;
  };

/**
 * Loads every plugin of the directories.
 *
 * A reload serves what a restart would: a plugin that can't be taken any more is refused with its reason. One that fails as
 * a whole changes nothing and rejects as `scanPlugins`. At most one is under way and one waits; who asks meanwhile gets
 * the answer of the one that waits.
 *
 * **Trust:** everything in an external directory is a plugin author's.
 * **Durability:** copy and record of each plugin that is served are on disk when it resolves.
 * @throws as `scanPlugins` · `HOME_UNSAFE` for `home/plugins`.
 */
export async function loadRegistry(ports: RegistryPorts, options: RegistryOptions): Promise<Registry> {
  const { logger, clock, disabled } = ports;
  const copies = await openPluginCopies(ports, options.home, ports);
  const { home, product } = options;
  const cache = product === undefined ? undefined : openAnswerCache(ports, { home, product });
  const interviewer = interviewerOf(ports, cache);
  const stopping = new AbortController();
  const scan = (previous: readonly Found[]) =>
    scanPlugins(
      { logger, copies, ...interviewer, record: ports.record, admit: options.admit ?? (() => {}) },
      { ...options, previous, signal: stopping.signal },
    );
  const approvals = openApprovals(ports, options);
  const off = new Map<string, SwitchedOff>(disabled.list().map(({ name, by, sinceMs }) => [name, { by, sinceMs }]));
  const listeners = createListeners();

  let found = await scan([]);
  approvals.pinFirst(found, await externalRoots(options.directories));
  let served = servedOf(found, off, approvals.judge);
  await copies.removeOthers(copiedOf(found));
  await cache?.removeOthers(copiedOf(found));
  logFound(logger, { found, served });

  /** The one place where what is served changes. */
  function show(next: readonly Found[]): void {
    const before = served;
    found = next;
    served = servedOf(next, off, approvals.judge);
    if (!isSameServed(before, served)) listeners.tell();
  }

  const reportOf = (name: string): PluginReport => reportNamed(name, served.reports);

  async function reload(): Promise<readonly PluginReport[]> {
    const before = found;
    const next = await scan(before);
    approvals.reread();
    show(next);
    logFound(logger, { found: next, served }, before);
    // A call that was let in before may be starting a process from a copy of the last scan; of older ones none is left.
    await copies.removeOthers([...copiedOf(before), ...copiedOf(next)]);
    await cache?.removeOthers(copiedOf(next));
    return served.reports;
  }

  return {
    tool: (name) => served.byFullName.get(name),
    tools: () => served.tools,
    reports: () => served.reports,
    plugins: () => served.plugins,
    onChange: listeners.onChange,
    disable: (name, by) => {
      if (reportOf(name).state !== 'disabled') {
        const sinceMs = clock.nowMs();
        off.set(name, { by, sinceMs });
        show(found);
        logger.warn('a plugin was switched off', { plugin: name, by });
      }
      // Also for one that is off already: an earlier write may have failed.
      const { by: first, sinceMs } = off.get(name) ?? { by, sinceMs: clock.nowMs() };
      disabled.put(name, first, sinceMs);
      return reportOf(name);
    },
    enable: (name) => {
      if (reportOf(name).state === 'disabled') {
        disabled.remove(name);
        off.delete(name);
        logger.info('a plugin was switched on', { plugin: name });
        show(found);
      }
      return reportOf(name);
    },
    ...approving({ approvals, found: () => found, logger }, (name) => {
      show(found);
      return reportOf(name);
    }),
    ...oneAtATime(reload, stopping),
  };
}

type Approving = { readonly approvals: Approvals; readonly found: () => readonly Found[]; readonly logger: Logger };

/** @param shown has what was approved take effect, and gives the plugin's report */
function approving(
  { approvals, found, logger }: Approving,
  shown: (name: string) => PluginReport,
): Pick<PluginAdmin, 'review' | 'approve'> {
  const servable = (name: string) => {
    const report = reportNamed(
      name,
      found().map(({ inspection }) => inspection.report),
    );
    const one = found().find(({ plugin }) => plugin?.name === name);
    if (one?.plugin !== undefined) return { plugin: one.plugin, files: one.files ?? [] };
    throw new SmcpError('PLUGIN_LOAD_FAILED', `${report.name} is refused: there is nothing to approve`, {
      details: { remedy: report.problems[0]?.remedy ?? 'see smcp plugin list' },
    });
  };
  return {
    review: (name) => {
      const { plugin, files } = servable(name);
      return approvals.review(plugin, files);
    },
    approve: (name, act) => {
      const { plugin, files } = servable(name);
      approvals.approve(plugin, files, act);
      const { digest, without, by } = act;
      logger.warn('a plugin was approved', { plugin: name, digest, by, ...(without === undefined ? {} : { without }) });
      return shown(name);
    },
  };
}

const interviewerOf = ({ prober, clock }: RegistryPorts, cache: AnswerCache | undefined) =>
  prober === undefined
    ? {}
    : { interviewer: createInterviewer({ prober, clock, ...(cache === undefined ? {} : { cache }) }) };

/** One run, and one that waits for its end and is shared by all who ask meanwhile: it begins after each of them asked. */
function oneAtATime<T>(run: () => Promise<T>, stopping: AbortController) {
  let underWay: Promise<unknown> = Promise.resolve();
  let waiting: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    waiting = undefined;
    if (stopping.signal.aborted) throw new SmcpError('SHUTTING_DOWN', 'the server stops');
    const running = run();
    underWay = running.catch(() => {});
    return running;
  };
  return {
    reload: (): Promise<T> => {
      waiting ??= underWay.then(begin);
      return waiting;
    },
    close: async (): Promise<void> => {
      stopping.abort();
      await waiting?.catch(() => {});
      await underWay;
    },
  };
}

const copiedOf = (found: readonly Found[]) => found.flatMap(({ copied }) => (copied === undefined ? [] : [copied]));

/** @throws `PLUGIN_UNKNOWN` */
function reportNamed(name: string, reports: readonly PluginReport[]): PluginReport {
  // A directory may have the name of another plugin, and be refused: it is not the one that is meant.
  const named = reports.filter((one) => one.name === name);
  const report = named.find(({ state }) => state !== 'refused') ?? named[0];
  if (report !== undefined) return report;
  const near = nearest(
    name,
    reports.map((one) => one.name),
  );
  throw new SmcpError('PLUGIN_UNKNOWN', `no plugin is called ${visibleText(name, LIMITS.toolNameLengthMax)}`, {
    details: { remedy: near === undefined ? 'see smcp plugin list' : `did you mean ${near}? See smcp plugin list` },
  });
}

type Shown = { readonly found: readonly Found[]; readonly served: Served };

/** What a person should see; a plugin that is as it was before is not told again. */
function logFound(logger: Logger, { found, served }: Shown, before: readonly Found[] = []): void {
  for (const { inspection, plugin } of found) {
    const { report, warnings } = inspection;
    if (plugin !== undefined && before.some((one) => one.plugin === plugin)) continue;
    for (const { message, remedy } of warnings) {
      logger.warn('a plugin to look at', { plugin: report.name, source: report.source, message, remedy });
    }
    const shown = served.reports.find(({ name, source }) => name === report.name && source === report.source);
    if (shown?.state === 'disabled') logger.info('a plugin is switched off', { plugin: report.name });
    else logReport(logger, shown ?? report);
  }
  const waiting = served.reports.filter(({ state }) => state === 'quarantined').map(({ name }) => name);
  if (waiting.length === 0) return;
  const plugins = waiting.length === 1 ? 'a plugin waits' : `${waiting.length} plugins wait`;
  logger.warn(`${plugins} to be approved`, { plugins: waiting, remedy: 'smcp plugin approve NAME' });
}

function logReport(logger: Logger, { name: plugin, source, state, digest, tools, problems }: PluginReport): void {
  if (state === 'ready') logger.info('plugin ready', { plugin, digest, tools });
  for (const { code, file, pointer, message, remedy } of problems) {
    const what = state === 'ready' ? 'a tool of a plugin is not served' : 'a plugin is not served';
    logger.warn(what, { plugin, source, code, file, pointer, message, remedy });
  }
}
