// Compares a plugin with what a person approved of it. Pure. Called by approvals.ts.
// **Trust:** names, descriptions, schemas and paths are the plugin author's; they are repeated as they are, and made visible where
// they are shown.

import { canonicalJson } from '#base/canonical-json.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { PluginDifference, PluginFacts } from '#domain/approval.ts';
import { type CapabilityKind, effectClassOf, kindsOf, pickKinds } from '#domain/capability.ts';
import { labelsOfTool } from '#domain/labels.ts';
import type { Manifest, Plugin, PluginTool } from '#domain/manifest.ts';

/** All of a plugin that is approved. @param files the lines of its package's listing */
export function factsOf(plugin: Plugin, files: readonly string[]): PluginFacts {
  const { name, version, manifest } = plugin;
  const tools = plugin.tools.map((tool) => toolFacts(tool, manifest)).toSorted(byName);
  return {
    ...{ name, version, description: manifest.description.toWellFormed(), package: plugin.digest },
    manifest: plugin.isDiscovered === true ? sha256(canonicalJson(withoutTimeouts(manifest))) : plugin.manifestDigest,
    faces: sha256(canonicalJson(tools)),
    runtime: asJson(manifest.runtime),
    capabilities: asJson(manifest.capabilities ?? {}),
    tools,
    files,
  };
}

/** Names what a person was shown: equal for two plugins when nothing that is approved differs. */
export function approvalDigest({ name, package: code, manifest, faces }: PluginFacts): Digest {
  return sha256(canonicalJson({ approval: 1, name, package: code, manifest, faces }));
}

export function isApproved(facts: PluginFacts, approval: PluginFacts | undefined): boolean {
  return approval !== undefined && approvalDigest(facts) === approvalDigest(approval);
}

/** What is not as it was approved; without an approval everything. Not empty where `isApproved` is false. */
export function differencesOf(approved: PluginFacts | undefined, present: PluginFacts): readonly PluginDifference[] {
  const one = (kind: 'version' | 'description' | 'runtime' | 'package' | 'manifest' | 'faces') =>
    differing(kind, new Map([['', approved?.[kind]]]), new Map([['', present[kind]]]));
  return [
    ...(['version', 'description', 'runtime'] as const).flatMap(one),
    ...differing('capability', entriesOf(approved?.capabilities), entriesOf(present.capabilities)),
    ...differing('tool', toolsOf(approved), toolsOf(present)),
    ...differing('file', filesOf(approved), filesOf(present)),
    ...(['package', 'manifest', 'faces'] as const).flatMap(one),
  ];
}

/** The plugin with less than it asks: no tool of it is given these kinds. */
export function narrowPlugin(plugin: Plugin, without: readonly CapabilityKind[]): Plugin {
  if (without.length === 0) return plugin;
  const tools: PluginTool[] = [];
  const narrowed: Plugin = { ...plugin, tools };
  for (const tool of plugin.tools) {
    const kept = kindsOf(tool.capabilities).filter((kind) => !without.includes(kind));
    const capabilities = pickKinds(tool.capabilities, kept);
    const declared = plugin.manifest.tools.find(({ name }) => name === tool.localName) ?? {};
    const labels = labelsOfTool(declared, capabilities);
    tools.push({ ...tool, ...labels, capabilities, effect: effectClassOf(capabilities), plugin: narrowed });
  }
  return narrowed;
}

/** In one line: what differs, by its first few. */
export function summaryOf(differences: readonly PluginDifference[]): string {
  const said = differences.filter(({ kind }) => kind !== 'package' && kind !== 'manifest' && kind !== 'faces');
  const shown = (said.length > 0 ? said : differences).slice(0, 3).map(({ kind, subject, approved, present }) => {
    const how = approved === null ? 'added' : present === null ? 'removed' : 'changed';
    return `${kind}${subject === '' ? '' : ` ${subject}`} ${how}`;
  });
  const more = Math.max(said.length, shown.length) - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What agents are shown of a tool, and what its manifest claims of it. */
function toolFacts(tool: PluginTool, manifest: Manifest): JsonObject {
  const claimed = manifest.tools.find(({ name }) => name === tool.localName);
  return asJson({
    name: tool.localName,
    title: tool.title,
    description: tool.description,
    input: tool.inputSchema,
    output: tool.outputSchema,
    capabilities: claimed?.capabilities,
    idempotent: claimed?.idempotent,
    cost: claimed?.cost,
    costMax: claimed?.costMax,
    labels: claimed?.labels,
    sink: claimed?.sink,
    retry: claimed?.retry,
  });
}

/** How long a tool that a program described may take is the operator's to say. */
function withoutTimeouts(manifest: Manifest): JsonObject {
  return asJson({ ...manifest, tools: manifest.tools.map(({ timeoutMs: _, ...tool }) => tool) });
}

function differing(
  kind: PluginDifference['kind'],
  approved: ReadonlyMap<string, Json | undefined>,
  present: ReadonlyMap<string, Json | undefined>,
): readonly PluginDifference[] {
  return [...new Set([...approved.keys(), ...present.keys()])].toSorted().flatMap((subject) => {
    const [before, after] = [approved.get(subject) ?? null, present.get(subject) ?? null];
    return canonicalJson(before) === canonicalJson(after) ? [] : [{ kind, subject, approved: before, present: after }];
  });
}

const entriesOf = (object: JsonObject = {}) => new Map<string, Json>(Object.entries(object));

const toolsOf = (facts: PluginFacts | undefined) =>
  new Map<string, Json>(facts?.tools.map((tool) => [String(tool['name']), tool]));

/** By path; the value says mode and bytes. */
const filesOf = (facts: PluginFacts | undefined) =>
  new Map<string, Json>(facts?.files.map((line) => [line.slice(PATH_AT), line.slice(0, PATH_AT - 1)]));

/** Where the path begins in a line of a listing: after 64 digits, a space, the mode and a space. */
const PATH_AT = 67;

const byName = (a: JsonObject, b: JsonObject): number => (String(a['name']) < String(b['name']) ? -1 : 1);

/** The value as JSON says it: without what is undefined, and with no half of a surrogate pair, which a text that was cut may have. */
const asJson = (value: object): JsonObject =>
  JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'string' ? item.toWellFormed() : item))) as JsonObject;
