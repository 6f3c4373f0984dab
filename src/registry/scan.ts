// Looks at every plugins directory once: finds, reads, checks and copies what is there, and has new code recorded. What it
// gives is not served yet. Called by load-registry.ts at the start and for a reload, one at a time.

import type { Digest } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { Plugin, PluginReport } from '#domain/manifest.ts';
import { buildPlugin } from './build-plugin.ts';
import { type Candidate, discoverPlugins, type PluginsDirectory } from './discover.ts';
import {
  type Bounds,
  createInspectionOptions,
  type Inspection,
  type InspectionOptions,
  inspectPlugin,
  readingKey,
  refuseDuplicate,
  withSameName,
} from './inspect.ts';
import { type Interviewed, interviewPlugin } from './interview-plugin.ts';
import type { Interviewer } from './interviewer.ts';
import { packageListing } from './package-digest.ts';
import type { PluginCopies } from './plugin-copies.ts';
import { problemOfThrown } from './problem.ts';

/** A plugin as it was found. `plugin`, and `inspection.reading`: it can be served; `copied`: digest of the copy made of it. */
export type Found = {
  readonly candidate: Candidate;
  readonly inspection: Inspection;
  readonly copied?: Digest;
  readonly plugin?: Plugin;
  /** The listing of the plugin's files, for what a person approves; there with `plugin`. */
  readonly files?: readonly string[];
};

export type ScanPorts = {
  readonly logger: Logger;
  readonly copies: PluginCopies;
  /** Asks the programs of command-line plugins. Absent: none is run here, and they are refused. */
  readonly interviewer?: Interviewer;
  /**
   * Resolves when a record of this code is in the log, so that its tools may be called. `RECORD_TOO_LARGE` refuses the
   * plugin; any other rejection ends the scan.
   */
  readonly record: (plugin: Plugin) => Promise<void>;
  /** Throws what keeps a plugin from running here, such as `SANDBOX_UNAVAILABLE`. */
  readonly admit: (plugin: Plugin) => void;
};

export type ScanOptions = Bounds & {
  readonly directories: readonly PluginsDirectory[];
  /** What the last scan found; `[]` at the start. Code that has not changed is not compiled again, and stays one object. */
  readonly previous: readonly Found[];
  /** Asked between two plugins; aborted: no more is looked at. */
  readonly signal: AbortSignal;
};

/**
 * Every plugin of the directories, those with problems too, sorted by path.
 *
 * **Trust:** everything in an external directory is a plugin author's, who may change it meanwhile.
 * **Durability:** the copy and the record of each plugin that can be served are on disk when it resolves.
 * @throws `CONFIG_INVALID` for a directory that is missing, unreadable or holds too much · `HOME_INVALID` when a copy can't
 * be written · `LOG_UNAVAILABLE` · `SHUTTING_DOWN` when aborted.
 */
export async function scanPlugins(ports: ScanPorts, options: ScanOptions): Promise<readonly Found[]> {
  const { previous, signal } = options;
  const candidates = await discoverPlugins(
    ports,
    options.directories.map((one) => required(one, previous)),
  );
  const inspection = createInspectionOptions(options, readingsOf(previous));
  const looked: Looked[] = [];
  // One after the other: at most one plugin's bytes are in memory.
  for (const candidate of candidates) {
    if (signal.aborted) throw new SmcpError('SHUTTING_DOWN', 'the server stops; the plugins were not loaded again');
    looked.push(await installed(ports, candidate, { inspection, previous }));
  }
  tellAsked(ports, looked);
  // Several at once: the programs are other processes.
  const asked = await Promise.allSettled(
    looked.map(async (one) => {
      if (one.draft === undefined) return one.found;
      const completed = await interviewPlugin(ports.interviewer, one.draft, { options: inspection, signal });
      return built({ ...one.draft, listing: one.listing ?? [] }, completed, previous);
    }),
  );
  const found = asked.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return admitted(ports, result.value);
  });
  const alone = found.map((one) => withoutDuplicate(one, found));
  const recorded: Found[] = [];
  for (const one of alone) recorded.push(await recordedFound(ports, one));
  return recorded;
}

/**
 * A directory that plugins came from must be there: one that is gone for a moment, as during an upgrade, takes nothing
 * away.
 */
function required(directory: PluginsDirectory, previous: readonly Found[]): PluginsDirectory {
  const isKnown = previous.some(({ candidate }) => candidate.origin === directory.origin);
  return { ...directory, isRequired: directory.origin === 'external' || isKnown };
}

const readingsOf = (previous: readonly Found[]): NonNullable<InspectionOptions['readings']> =>
  new Map(
    previous.flatMap(({ inspection: { report, reading } }) =>
      reading === undefined || report.digest === ''
        ? []
        : [[readingKey(report.digest, reading.isDiscovered && report.name), reading]],
    ),
  );

type Inspecting = { readonly inspection: InspectionOptions; readonly previous: readonly Found[] };

/** `draft`: its program is still to be asked. */
type Looked = { readonly found: Found; readonly draft?: Interviewed; readonly listing?: readonly string[] };

async function installed(
  { copies }: ScanPorts,
  candidate: Candidate,
  { inspection: options, previous }: Inspecting,
): Promise<Looked> {
  const { files, undiscovered, ...inspection } = await inspectPlugin(candidate, options);
  const digest = inspection.servable?.digest ?? undiscovered?.digest;
  if (files === undefined || digest === undefined) {
    return { found: { candidate, inspection: forgetting(inspection) } };
  }
  const directory = await copies.install(files, digest);
  const listing = packageListing(files);
  if (undiscovered !== undefined) {
    return { found: { candidate, inspection }, draft: { candidate, inspection, undiscovered, directory }, listing };
  }
  return { found: built({ candidate, directory, listing }, inspection, previous) };
}

/** Before it begins: it may take a while, in which nothing else is to be seen of the server. */
function tellAsked({ logger, interviewer }: ScanPorts, looked: readonly Looked[]): void {
  const drafts = looked.flatMap(({ draft }) => (draft === undefined ? [] : [draft]));
  const asked = drafts.filter(({ undiscovered }) => interviewer?.isKept(undiscovered.digest) === false);
  if (asked.length === 0) return;
  const programs = asked.length === 1 ? 'one program' : `${asked.length} programs`;
  logger.info(`asking ${programs} what they can do, up to ${LIMITS.discoveryAskMsMax / 1_000} s for each answer`, {
    plugins: asked.map(({ inspection }) => inspection.report.name),
  });
}

type Listed = { readonly listing: readonly string[] };

/** Code that has not changed stays the same object. */
function built(
  { candidate, directory, listing: files }: Pick<Interviewed, 'candidate' | 'directory'> & Listed,
  { servable, ...inspection }: Inspection,
  previous: readonly Found[],
): Found {
  if (servable === undefined) return { candidate, inspection: forgetting(inspection) };
  const { origin } = candidate;
  const { digest, manifestDigest, manifest } = servable;
  const isSame = (plugin: Plugin | undefined): boolean =>
    plugin?.digest === digest &&
    plugin.origin === origin &&
    plugin.name === manifest.name &&
    plugin.manifestDigest === manifestDigest;
  const known = previous.find(({ plugin }) => isSame(plugin))?.plugin;
  const plugin = known ?? buildPlugin({ ...servable, directory, origin });
  return { candidate, inspection, copied: digest, plugin, files };
}

/** A plugin that this machine can't run is reported, and not served. */
function admitted({ admit }: ScanPorts, found: Found): Found {
  if (found.plugin === undefined) return found;
  try {
    admit(found.plugin);
    return found;
  } catch (thrown) {
    return refused(found, thrown);
  }
}

function withoutDuplicate(one: Found, all: readonly Found[]): Found {
  const others = withSameName(one, all).map(({ candidate }) => candidate.path);
  if (others.length === 0) return one;
  return notServed(one, refuseDuplicate(one.inspection, one.candidate.kind, others));
}

/** Also of a plugin that is disabled: enabling it then needs no waiting. */
async function recordedFound({ record }: ScanPorts, found: Found): Promise<Found> {
  if (found.plugin === undefined) return found;
  try {
    await record(found.plugin);
    return found;
  } catch (thrown) {
    if (thrown instanceof SmcpError && thrown.code === 'RECORD_TOO_LARGE') return refused(found, thrown);
    throw thrown;
  }
}

function refused(found: Found, thrown: unknown): Found {
  const { report } = found.inspection;
  const problems = [...report.problems, problemOfThrown(thrown)];
  return notServed(found, { ...report, state: 'refused', tools: [], problems });
}

function notServed({ plugin: _, files: _files, ...rest }: Found, report: PluginReport): Found {
  return { ...rest, inspection: { ...forgetting(rest.inspection), report } };
}

/** What is not served takes no memory but its report, however many there are. */
function forgetting({ reading: _, ...inspection }: Inspection): Inspection {
  return inspection;
}
