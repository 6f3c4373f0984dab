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
import { createManifestReader, type ManifestReader } from './read-manifest.ts';

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
};

export type InspectionOptions = {
  readonly readManifest: ManifestReader;
  readonly compileSchema: ForeignSchemaCompiler;
  readonly availableCapabilities: readonly CapabilityKind[];
};

/** What looking at any number of plugins takes, made once. */
export function createInspectionOptions(availableCapabilities: readonly CapabilityKind[]): InspectionOptions {
  return {
    readManifest: createManifestReader(),
    compileSchema: createForeignSchemaCompiler(),
    availableCapabilities,
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
  const bytes = files.get(MANIFEST_FILE)?.bytes;
  if (bytes === undefined) return { report: { ...empty, digest, problems: [noManifest(candidate)] }, warnings: [] };
  const { manifest, claimed, problems } = options.readManifest(bytes);
  const claim = claimed.name === undefined ? {} : { claimedName: claimed.name };
  if (manifest === undefined) {
    const named = { ...empty, ...claimed, version: visible(claimed.version ?? ''), digest };
    return { report: { ...named, problems }, warnings: [], ...claim };
  }
  const inspected = inspectManifest(manifest, files, options);
  const report: PluginReport = {
    ...empty,
    name: manifest.name,
    version: manifest.version,
    digest,
    runtime: manifest.runtime.kind,
    capabilities: kindsOf(manifest.capabilities ?? {}),
    ...inspected.report,
  };
  const { compiled } = inspected;
  return {
    report,
    warnings: directoryWarnings(candidate, manifest),
    ...claim,
    ...(compiled === undefined
      ? {}
      : { servable: { manifest, compiled, files, digest, manifestDigest: sha256(bytes) } }),
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

function inspectManifest(
  manifest: Manifest,
  files: PluginFiles,
  { availableCapabilities, compileSchema }: InspectionOptions,
): {
  readonly compiled?: readonly CompiledTool[];
  readonly report: Pick<PluginReport, 'state' | 'tools' | 'problems'>;
} {
  const problems = checkManifest(manifest, files, availableCapabilities);
  const compilation = compileTools(manifest, compileSchema);
  const all = [...problems, ...compilation.problems];
  if (problems.length > 0 || compilation.isRefused) return { report: { state: 'refused', tools: [], problems: all } };
  const tools = compilation.tools.map(({ tool }) => fullToolName(manifest.name, tool.name)).sort();
  return { compiled: compilation.tools, report: { state: 'ready', tools, problems: all } };
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
