// Looks at one plugin: reads its files once, hashes them, and checks what its manifest says, or what its program answered.
// Writes nothing and runs nothing.

import { basename } from 'node:path';
import { canonicalJson } from '#base/canonical-json.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createForeignSchemaCompiler, type ForeignSchemaCompiler } from '#base/schema.ts';
import { visible } from '#base/visible.ts';
import { type CapabilityKind, kindsOf } from '#domain/capability.ts';
import { areWhole, type HeardAnswers } from '#domain/cli-plugin/interview.ts';
import type { Manifest, PluginProblem, PluginReport, ToolNote } from '#domain/manifest.ts';
import { askedSecrets } from './asked-secrets.ts';
import { type CompiledTool, compileTools } from './build-plugin.ts';
import { checkManifest, fullToolName } from './check-manifest.ts';
import type { Candidate } from './discover.ts';
import { bareManifest, CLI_FILE, completeDraft, type Draft, isBareCli, needsInterview } from './discovered.ts';
import { packageDigest } from './package-digest.ts';
import type { PluginFiles } from './plugin-files.ts';
import { readPluginFiles } from './plugin-tree.ts';
import { MANIFEST_FILE, problem, problemOfThrown } from './problem.ts';
import {
  createManifestReader,
  directoryNameProblem,
  type ManifestReader,
  type ManifestReading,
} from './read-manifest.ts';

/** A plugin that can be served: what was made of its bytes. */
export type Servable = {
  readonly manifest: Manifest;
  readonly compiled: readonly CompiledTool[];
  readonly digest: Digest;
  readonly manifestDigest: Digest;
  readonly isDiscovered?: true;
};

/** A plugin whose program is still to be asked: see `completeInspection`. */
export type Undiscovered = Draft & { readonly digest: Digest; readonly manifestDigest?: Digest };

export type Inspection = {
  readonly report: PluginReport;
  /** What a person should look at, though the plugin is served. */
  readonly warnings: readonly PluginProblem[];
  /** The name in the manifest, or that of a directory without one; undefined where it can't be told. */
  readonly claimedName?: string;
  /** Its bytes in memory; present with one of the next two. */
  readonly files?: PluginFiles;
  /** Present exactly when the report says `ready`. */
  readonly servable?: Servable;
  readonly undiscovered?: Undiscovered;
  /** What its bytes alone say; absent where they could not be read, or where its program should be asked again. */
  readonly reading?: PluginReading;
};

/** Everything that follows from a plugin's bytes: the same for every plugin with the same digest, and name where it has no manifest. */
export type PluginReading = {
  readonly claimed: ManifestReading['claimed'];
  readonly problems: readonly PluginProblem[];
  readonly notes?: readonly ToolNote[];
  readonly manifest?: Manifest;
  readonly manifestDigest?: Digest;
  readonly isDiscovered?: true;
  /** Present exactly when nothing stops the plugin. */
  readonly compiled?: readonly CompiledTool[];
};

/** What a plugin may be here. */
export type Bounds = {
  /** Kinds this version has an effect for; a plugin that asks for another is refused. */
  readonly availableCapabilities: readonly CapabilityKind[];
  /** How long a call of a plugin without plugin.json may take. Absent: as long as one whose manifest says nothing. */
  readonly discoveredTimeoutMs?: number;
};

export type InspectionOptions = Bounds & {
  readonly readManifest: ManifestReader;
  readonly compileSchema: ForeignSchemaCompiler;
  /** By `readingKey`: plugins that were read before, under the same bounds, and need not be checked again. */
  readonly readings?: ReadonlyMap<string, PluginReading>;
};

/** What looking at any number of plugins takes, made once. */
export function createInspectionOptions(
  { availableCapabilities, discoveredTimeoutMs }: Bounds,
  readings: ReadonlyMap<string, PluginReading> = new Map(),
): InspectionOptions {
  return {
    readManifest: createManifestReader(),
    compileSchema: createForeignSchemaCompiler(),
    availableCapabilities,
    ...(discoveredTimeoutMs === undefined ? {} : { discoveredTimeoutMs }),
    readings,
  };
}

/** The digest says all of a plugin but the name of one that has no manifest. */
export const readingKey = (digest: Digest, discoveredName?: string): string =>
  discoveredName === undefined ? digest : `${digest} ${discoveredName}`;

/** Everything about a plugin that can be told without running it. **Trust:** all it reads is the plugin author's. */
export async function inspectPlugin(candidate: Candidate, options: InspectionOptions): Promise<Inspection> {
  const empty = emptyReport(candidate);
  if (candidate.kind === 'none') return { report: { ...empty, problems: [NO_MANIFEST] }, warnings: [] };
  let files: PluginFiles;
  try {
    files = await readPluginFiles(candidate.path, { isCopy: false });
  } catch (thrown) {
    return { report: { ...empty, problems: [problemOfThrown(thrown)] }, warnings: [] };
  }
  const digest = packageDigest(files);
  const isBare = isBareCli(files, MANIFEST_FILE);
  const known = options.readings?.get(readingKey(digest, isBare ? candidate.name : undefined));
  const read = known ?? (isBare ? readBare(candidate.name) : await readPlugin(files, options));
  if ('draft' in read) {
    const { draft, manifestDigest } = read;
    const { name } = draft.manifest;
    return {
      report: { ...empty, name, version: draft.manifest.version, digest, runtime: 'process' },
      warnings: directoryWarnings(candidate, draft.manifest),
      claimedName: name,
      files,
      undiscovered: { ...draft, digest, ...(manifestDigest === undefined ? {} : { manifestDigest }) },
    };
  }
  const inspection = inspectionOf(candidate, digest, read);
  return inspection.servable === undefined ? inspection : { ...inspection, files };
}

type Drafted = { readonly draft: Draft; readonly manifestDigest?: Digest };

/** A directory without a manifest is called by its name. */
function readBare(name: string): PluginReading | Drafted {
  const wrong = directoryNameProblem(name);
  if (wrong !== undefined) return { claimed: {}, problems: [wrong] };
  return { draft: { manifest: bareManifest(name), isDiscovered: true } };
}

/** What the bytes say; a draft where the program has to be asked too. */
export async function readPlugin(files: PluginFiles, options: InspectionOptions): Promise<PluginReading | Drafted> {
  const bytes = files.get(MANIFEST_FILE)?.bytes;
  if (bytes === undefined) return { claimed: {}, problems: [NO_MANIFEST] };
  const { manifest, claimed, problems } = options.readManifest(bytes);
  if (manifest === undefined) return { claimed, problems };
  const wrong = checkManifest(manifest, files, options.availableCapabilities);
  const manifestDigest = sha256(bytes);
  if (wrong.length === 0 && needsInterview(manifest)) {
    return { draft: { manifest, isDiscovered: false }, manifestDigest };
  }
  const compilation = await compileTools(manifest, options.compileSchema);
  const isRefused = wrong.length > 0 || compilation.isRefused;
  return {
    claimed,
    problems: [...wrong, ...compilation.problems],
    manifest,
    manifestDigest,
    ...(isRefused ? {} : { compiled: compilation.tools }),
  };
}

/**
 * The inspection of a plugin whose program has answered. It has a `reading` only where the answers would be the same again.
 *
 * **Trust:** the answers are the plugin author's.
 */
export async function completeInspection(
  candidate: Candidate,
  { digest, manifestDigest, ...draft }: Undiscovered,
  { answers, options }: { readonly answers: HeardAnswers; readonly options: InspectionOptions },
): Promise<Inspection> {
  const { manifest: whole, plans, problems, notes, isRefused } = completeDraft(draft, answers, options);
  const compilation = await compileTools(whole, options.compileSchema, plans);
  const { isDiscovered } = draft;
  // One bad schema of a program's own making costs one tool; in a manifest that a person wrote, it is to be mended.
  const isStopped = isRefused || (isDiscovered ? compilation.tools.length === 0 : compilation.isRefused);
  const manifest = isDiscovered ? { ...whole, tools: compilation.tools.map(({ tool }) => tool) } : whole;
  const reading: PluginReading = {
    claimed: { name: manifest.name, version: manifest.version },
    problems: [
      ...problems,
      ...compilation.problems.map((one) => (isDiscovered ? { ...one, file: CLI_FILE } : one)),
    ].slice(0, LIMITS.problemsPerPluginMax),
    notes,
    manifest,
    manifestDigest: manifestDigest ?? sha256(canonicalJson(manifest as unknown as JsonObject)),
    ...(isDiscovered ? { isDiscovered } : {}),
    ...(isStopped ? {} : { compiled: compilation.tools }),
  };
  const { reading: _, ...inspection } = inspectionOf(candidate, digest, reading);
  return areWhole(answers) ? { ...inspection, reading } : inspection;
}

function inspectionOf(candidate: Candidate, digest: Digest, reading: PluginReading): Inspection {
  const { claimed, problems, notes = [], manifest, manifestDigest, compiled, isDiscovered } = reading;
  const claim = claimed.name === undefined ? {} : { claimedName: claimed.name };
  const empty = emptyReport(candidate);
  if (manifest === undefined || manifestDigest === undefined) {
    const report = { ...empty, ...claimed, version: visible(claimed.version ?? ''), digest, problems };
    return { report, warnings: [], reading, ...claim };
  }
  const nameOf = (tool: string) => fullToolName(manifest.name, tool);
  const report: PluginReport = {
    ...empty,
    name: manifest.name,
    version: manifest.version,
    digest,
    state: compiled === undefined ? 'refused' : 'ready',
    runtime: manifest.runtime.kind,
    tools: (compiled ?? []).map(({ tool }) => nameOf(tool.name)).sort(),
    capabilities: kindsOf(manifest.capabilities ?? {}),
    secrets: askedSecrets(manifest),
    problems,
    notes: notes.map(({ tool, note }) => ({ tool: nameOf(tool), note })),
  };
  const warnings = directoryWarnings(candidate, manifest);
  if (compiled === undefined) return { report, warnings, reading, ...claim };
  const discovered = isDiscovered === undefined ? {} : { isDiscovered };
  return {
    report,
    warnings,
    reading,
    servable: { manifest, compiled, digest, manifestDigest, ...discovered },
    ...claim,
  };
}

/**
 * The others that claim the same name. Also a plugin that is refused for other reasons holds its name: which of two is
 * meant must not depend on that.
 */
export function withSameName<T extends { readonly inspection: Inspection }>(one: T, all: readonly T[]): readonly T[] {
  const name = one.inspection.claimedName;
  return name === undefined ? [] : all.filter((other) => other !== one && other.inspection.claimedName === name);
}

/** The plugin's report when another of the same name was found: neither is served. `kind`: whether a manifest names it. */
export function refuseDuplicate(
  { report }: Pick<Inspection, 'report'>,
  kind: Candidate['kind'],
  others: readonly string[],
): PluginReport {
  const isNamedByDirectory = kind === 'command-line';
  const duplicate = problem(
    'PLUGIN_DUPLICATE',
    isNamedByDirectory ? { file: '' } : { pointer: '/name' },
    `the name ${report.name} is also that of the plugin in ${others.join(' and ')}; none of them is served`,
    isNamedByDirectory
      ? 'rename its directory, which it is called by, or remove all but one of them'
      : 'rename or remove all but one of them',
  );
  return { ...report, state: 'refused', tools: [], problems: [duplicate, ...report.problems] };
}

const emptyReport = (candidate: Candidate): PluginReport => ({
  name: visible(candidate.name),
  version: '',
  digest: '',
  state: 'refused',
  runtime: candidate.kind === 'command-line' ? 'process' : 'unknown',
  tools: [],
  capabilities: [],
  secrets: [],
  problems: [],
  notes: [],
  source: candidate.path,
});

const NO_MANIFEST: PluginProblem = problem(
  'MANIFEST_INVALID',
  {},
  'the directory has neither plugin.json nor cli.py',
  'write one of them; see schemas/plugin-manifest.v1.json and docs/plugins-cli.md',
);

function directoryWarnings(candidate: Candidate, manifest: Manifest): readonly PluginProblem[] {
  if (candidate.name === manifest.name || basename(candidate.path) === manifest.name) return [];
  const message = `the plugin is called ${manifest.name}, its directory ${JSON.stringify(candidate.name)}; the name counts`;
  return [problem('MANIFEST_INVALID', { pointer: '/name' }, message, 'give the directory the name of the plugin')];
}
