// Looks at one plugin: reads its files once, hashes them, and checks what its manifest says. Writes nothing.

import { basename } from 'node:path';
import { type Digest, sha256 } from '#base/digest.ts';
import { createForeignSchemaCompiler, type ForeignSchemaCompiler } from '#base/schema.ts';
import { visible } from '#base/visible.ts';
import { type CapabilityKind, kindsOf } from '#domain/capability.ts';
import type { Manifest, PluginProblem, PluginReport } from '#domain/manifest.ts';
import { type CompiledTool, compileTools } from './build-plugin.ts';
import { checkManifest, fullToolName } from './check-manifest.ts';
import type { Candidate } from './discover.ts';
import { packageDigest } from './package-digest.ts';
import type { PluginFiles } from './plugin-files.ts';
import { readPluginFiles } from './plugin-tree.ts';
import { MANIFEST_FILE, problem, problemOfThrown } from './problem.ts';
import { createManifestReader, type ManifestReader, type ManifestReading } from './read-manifest.ts';

/** A plugin that can be served: its bytes in memory, and what was made of them. */
export type Servable = {
  readonly manifest: Manifest;
  readonly compiled: readonly CompiledTool[];
  readonly files: PluginFiles;
  readonly digest: Digest;
  readonly manifestDigest: Digest;
};

export type Inspection = {
  readonly report: PluginReport;
  /** What a person should look at, though the plugin is served. */
  readonly warnings: readonly PluginProblem[];
  /** The name in the manifest; undefined where it can't be told. */
  readonly claimedName?: string;
  /** Present exactly when the report says `ready`. */
  readonly servable?: Servable;
  /** What its bytes alone say; absent where they could not be read. */
  readonly reading?: PluginReading;
};

/** Everything that follows from a plugin's bytes, wherever they lie: the same for every plugin with the same digest. */
export type PluginReading = {
  readonly claimed: ManifestReading['claimed'];
  readonly problems: readonly PluginProblem[];
  readonly manifest?: Manifest;
  readonly manifestDigest?: Digest;
  /** Present exactly when nothing stops the plugin. */
  readonly compiled?: readonly CompiledTool[];
};

export type InspectionOptions = {
  readonly readManifest: ManifestReader;
  readonly compileSchema: ForeignSchemaCompiler;
  readonly availableCapabilities: readonly CapabilityKind[];
  /** By digest: plugins that were read before, under the same `availableCapabilities`, and need not be checked again. */
  readonly readings?: ReadonlyMap<Digest, PluginReading>;
};

/** What looking at any number of plugins takes, made once. */
export function createInspectionOptions(
  availableCapabilities: readonly CapabilityKind[],
  readings: ReadonlyMap<Digest, PluginReading> = new Map(),
): InspectionOptions {
  return {
    readManifest: createManifestReader(),
    compileSchema: createForeignSchemaCompiler(),
    availableCapabilities,
    readings,
  };
}

/** Everything about a plugin that can be told without running it. **Trust:** all it reads is the plugin author's. */
export async function inspectPlugin(candidate: Candidate, options: InspectionOptions): Promise<Inspection> {
  const empty = emptyReport(candidate);
  if (candidate.kind !== 'manifest') return { report: { ...empty, problems: [noManifest(candidate)] }, warnings: [] };
  let files: PluginFiles;
  try {
    files = await readPluginFiles(candidate.path, { isCopy: false });
  } catch (thrown) {
    return { report: { ...empty, problems: [problemOfThrown(thrown)] }, warnings: [] };
  }
  const digest = packageDigest(files);
  const reading = options.readings?.get(digest) ?? (await readPlugin(files, candidate, options));
  return inspectionOf(candidate, { files, digest }, reading);
}

/** What the bytes say. Only what has no manifest is told differently by what else lies there. */
async function readPlugin(
  files: PluginFiles,
  candidate: Candidate,
  options: InspectionOptions,
): Promise<PluginReading> {
  const bytes = files.get(MANIFEST_FILE)?.bytes;
  if (bytes === undefined) return { claimed: {}, problems: [noManifest(candidate)] };
  const { manifest, claimed, problems } = options.readManifest(bytes);
  if (manifest === undefined) return { claimed, problems };
  const wrong = checkManifest(manifest, files, options.availableCapabilities);
  const compilation = await compileTools(manifest, options.compileSchema);
  const isRefused = wrong.length > 0 || compilation.isRefused;
  return {
    claimed,
    problems: [...wrong, ...compilation.problems],
    manifest,
    manifestDigest: sha256(bytes),
    ...(isRefused ? {} : { compiled: compilation.tools }),
  };
}

function inspectionOf(
  candidate: Candidate,
  { files, digest }: { readonly files: PluginFiles; readonly digest: Digest },
  reading: PluginReading,
): Inspection {
  const { claimed, problems, manifest, manifestDigest, compiled } = reading;
  const claim = claimed.name === undefined ? {} : { claimedName: claimed.name };
  const empty = emptyReport(candidate);
  if (manifest === undefined || manifestDigest === undefined) {
    const report = { ...empty, ...claimed, version: visible(claimed.version ?? ''), digest, problems };
    return { report, warnings: [], reading, ...claim };
  }
  const tools = (compiled ?? []).map(({ tool }) => fullToolName(manifest.name, tool.name)).sort();
  const report: PluginReport = {
    ...empty,
    name: manifest.name,
    version: manifest.version,
    digest,
    state: compiled === undefined ? 'refused' : 'ready',
    runtime: manifest.runtime.kind,
    tools,
    capabilities: kindsOf(manifest.capabilities ?? {}),
    problems,
  };
  const warnings = directoryWarnings(candidate, manifest);
  if (compiled === undefined) return { report, warnings, reading, ...claim };
  return { report, warnings, reading, servable: { manifest, compiled, files, digest, manifestDigest }, ...claim };
}

/**
 * The others that claim the same name. Also a plugin that is refused for other reasons holds its name: which of two is
 * meant must not depend on that.
 */
export function withSameName<T extends { readonly inspection: Inspection }>(one: T, all: readonly T[]): readonly T[] {
  const name = one.inspection.claimedName;
  return name === undefined ? [] : all.filter((other) => other !== one && other.inspection.claimedName === name);
}

/** The plugin's report when another of the same name was found: neither is served. */
export function refuseDuplicate(report: PluginReport, others: readonly string[]): PluginReport {
  const duplicate = problem(
    'PLUGIN_DUPLICATE',
    { pointer: '/name' },
    `the name ${report.name} is also that of the plugin in ${others.join(' and ')}; none of them is served`,
    'rename or remove all but one of them',
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
  problems: [],
  source: candidate.path,
});

function noManifest({ kind }: Candidate): PluginProblem {
  if (kind === 'command-line') {
    const message = 'a command-line plugin; this version runs isolate plugins only';
    return problem(
      'CAPABILITY_UNAVAILABLE',
      { file: 'cli.py' },
      message,
      'write it as an isolate plugin, or leave it out',
    );
  }
  return problem('MANIFEST_INVALID', {}, 'plugin.json is missing', 'write it; see schemas/plugin-manifest.v1.json');
}

function directoryWarnings(candidate: Candidate, manifest: Manifest): readonly PluginProblem[] {
  if (candidate.name === manifest.name || basename(candidate.path) === manifest.name) return [];
  const message = `the plugin is called ${manifest.name}, its directory ${JSON.stringify(candidate.name)}; the name counts`;
  return [problem('MANIFEST_INVALID', { pointer: '/name' }, message, 'give the directory the name of the plugin')];
}
