// plugin.json from bytes to a type: UTF-8, JSON, the schema, reserved names. What a manifest says about other files or
// about this version is looked at in check-manifest.ts.

import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { compileOwnSchema, type Problem } from '#base/schema.ts';
import { parseStrictJson } from '#base/strict-json.ts';
import type { Manifest, PluginProblem } from '#domain/manifest.ts';
import manifestSchema from '#schemas/plugin-manifest.v1.json' with { type: 'json' };
import { problem } from './problem.ts';

/** `claimed`: what can be told of a manifest that is refused. */
export type ManifestReading = {
  readonly manifest?: Manifest;
  readonly claimed: { readonly name?: string; readonly version?: string };
  readonly problems: readonly PluginProblem[];
};

/** Reads a manifest's bytes. **Trust:** they are the plugin author's. */
export type ManifestReader = (bytes: Uint8Array) => ManifestReading;

const NAME = /^[a-zA-Z0-9_-]{1,61}$/;
const SEE_SCHEMA = 'see schemas/plugin-manifest.v1.json';

/** Compiles the schema once. */
export function createManifestReader(): ManifestReader {
  const validate = compileOwnSchema(manifestSchema as JsonObject);
  return (bytes) => {
    const parsed = parseBytes(bytes);
    if ('problem' in parsed) return { claimed: {}, problems: [parsed.problem] };
    const { value } = parsed;
    const claimed = claimedBy(value);
    const reserved = reservedName(claimed.name);
    const others = validate(value)
      .filter(({ pointer }) => reserved === undefined || pointer !== '/name')
      .map(schemaProblem);
    const problems = [...(reserved === undefined ? [] : [reserved]), ...others];
    return problems.length > 0
      ? { claimed, problems: problems.slice(0, LIMITS.problemsPerPluginMax) }
      : { manifest: value as unknown as Manifest, claimed, problems };
  };
}

function parseBytes(bytes: Uint8Array): { readonly value: Json } | { readonly problem: PluginProblem } {
  const invalid = (message: string, remedy: string) => ({ problem: problem('MANIFEST_INVALID', {}, message, remedy) });
  if (bytes.length > LIMITS.manifestBytesMax) {
    return invalid(`is over ${LIMITS.manifestBytesMax} bytes`, 'shorten it');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return invalid('is not UTF-8', 'save it as UTF-8');
  }
  const parsed = parseStrictJson(text, { depthMax: LIMITS.jsonDepthMax });
  if (parsed.kind === 'value') return { value: parsed.value };
  return invalid(
    `is not JSON: line ${parsed.line}, column ${parsed.column}: ${parsed.message}`,
    'mend the JSON at that place',
  );
}

function claimedBy(value: Json): ManifestReading['claimed'] {
  if (!isJsonObject(value)) return {};
  const { name, version } = value;
  return {
    ...(typeof name === 'string' && NAME.test(name) ? { name } : {}),
    ...(typeof version === 'string' && version.length <= LIMITS.versionLengthMax ? { version } : {}),
  };
}

/** What is wrong with the name of a directory that is a plugin without a manifest. */
export function directoryNameProblem(name: string): PluginProblem | undefined {
  const rename = (one: PluginProblem): PluginProblem => ({ ...one, file: '', pointer: '' });
  if (NAME.test(name)) {
    const reserved = reservedName(name);
    return reserved === undefined ? undefined : rename(reserved);
  }
  const message = `${JSON.stringify(name)}, the name of its directory, is none for a plugin: 1 to 61 letters, digits, "_" and "-"`;
  return rename(problem('PLUGIN_NAME_RESERVED', {}, message, 'rename the directory, or give it a plugin.json'));
}

function reservedName(name: string | undefined): PluginProblem | undefined {
  const reserved = (message: string, remedy: string) =>
    problem('PLUGIN_NAME_RESERVED', { pointer: '/name' }, message, remedy);
  if (name === undefined) return undefined;
  if (name.toLowerCase() === 'smcp') return reserved(`the name ${name} is the server's own`, 'choose another name');
  if (name.includes('__')) {
    return reserved(`${JSON.stringify(name)} holds "__", which separates plugin and tool`, 'use a single "_"');
  }
  if (name.endsWith('_')) {
    return reserved(`${JSON.stringify(name)} ends with "_", and "__" follows it in a tool's name`, 'drop the last "_"');
  }
  return undefined;
}

function schemaProblem({ pointer, message, remedy }: Problem): PluginProblem {
  return problem('MANIFEST_INVALID', { pointer }, message, remedy ?? SEE_SCHEMA);
}
