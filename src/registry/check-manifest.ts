// What a valid manifest says against the plugin's own files, against itself, and against what this version can do. Pure.

import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import { type CapabilityKind, kindsOf } from '#domain/capability.ts';
import { canonicalHost } from '#domain/host-name.ts';
import type { Manifest, PluginProblem, ProcessRuntime } from '#domain/manifest.ts';
import { checkSecrets } from './asked-secrets.ts';
import type { PluginFiles } from './plugin-files.ts';
import { problem } from './problem.ts';

/** Full name of a tool, as agents see it. */
export const fullToolName = (plugin: string, tool: string): string => `${plugin}__${tool}`;

/**
 * Everything that keeps the plugin from being served; `[]` when nothing does.
 *
 * `availableCapabilities`: the kinds this version has an effect for; a manifest that asks for more is refused, since its
 * tools could not do what they say.
 */
export function checkManifest(
  manifest: Manifest,
  files: PluginFiles,
  availableCapabilities: readonly CapabilityKind[],
): PluginProblem[] {
  return [
    ...checkRuntime(manifest, files),
    ...checkCapabilities(manifest, availableCapabilities),
    ...checkSecrets(manifest),
    ...checkHosts(manifest),
    ...checkTools(manifest),
  ].slice(0, LIMITS.problemsPerPluginMax);
}

function checkRuntime(manifest: Manifest, files: PluginFiles): PluginProblem[] {
  const { runtime } = manifest;
  if (runtime.kind === 'process') return checkProcess(runtime, manifest, files);
  const problems: PluginProblem[] = [];
  if (runtime.compute === 'jit') {
    const message = 'asks for compiled code; this version runs isolates without it';
    problems.push(problem('CAPABILITY_UNAVAILABLE', { pointer: '/runtime/compute' }, message, 'remove the key'));
  }
  if (!files.has(runtime.entry)) {
    const near = nearest(runtime.entry, files.keys());
    problems.push(
      problem(
        'MANIFEST_INVALID',
        { pointer: '/runtime/entry' },
        `the plugin has no file ${JSON.stringify(runtime.entry)}`,
        near === undefined ? 'add the file, or name the one that is there' : `did you mean ${JSON.stringify(near)}?`,
      ),
    );
  }
  const moduleBytes = [...files]
    .filter(([path]) => /\.m?js$/.test(path))
    .reduce((sum, [, { bytes }]) => sum + bytes.byteLength, 0);
  if (moduleBytes > LIMITS.pluginModuleBytesMax) {
    const message = `its modules are ${moduleBytes} bytes in all, more than ${LIMITS.pluginModuleBytesMax}`;
    const remedy = 'leave out modules that no tool imports, and data';
    problems.push(problem('PLUGIN_UNSAFE_FILE', { pointer: '/runtime/entry' }, message, remedy));
  }
  return problems;
}

/** Interpreters whose first argument is a file, unless it is an option. */
const INTERPRETER = /^(python[\d.]*|node|sh|bash|perl|ruby)$/;

function checkProcess(runtime: ProcessRuntime, { tools }: Manifest, files: PluginFiles): PluginProblem[] {
  const problems: PluginProblem[] = [];
  const invalid = (pointer: string, message: string, remedy: string) =>
    problems.push(problem('MANIFEST_INVALID', { pointer }, message, remedy));
  if (runtime.protocol === 'mcp') {
    const message = 'speaks `mcp`, which this version does not run; a later one will';
    const remedy = 'use the protocol `smcp-cli` or `json`, or leave the plugin out';
    problems.push(problem('CAPABILITY_UNAVAILABLE', { pointer: '/runtime/protocol' }, message, remedy));
  }
  const [program = '', script] = runtime.command;
  const missing = (word: string): boolean => !files.has(word.replace(/^(\.\/)+/, ''));
  const file = (index: number, word: string) => {
    const near = nearest(word, files.keys());
    const remedy =
      near === undefined ? 'add the file, or name the one that is there' : `did you mean ${JSON.stringify(near)}?`;
    invalid(`/runtime/command/${index}`, `the plugin has no file ${JSON.stringify(word)}`, remedy);
  };
  if (program.includes('/') && missing(program)) file(0, program);
  if (INTERPRETER.test(program) && script !== undefined && !script.startsWith('-') && missing(script)) file(1, script);
  if (runtime.protocol === 'json' && tools.length === 0) {
    invalid('/tools', 'is empty; a program of the protocol `json` is not asked for its tools', 'list its tools');
  }
  return problems;
}

function checkCapabilities(manifest: Manifest, available: readonly CapabilityKind[]): PluginProblem[] {
  return kindsOf(manifest.capabilities ?? {})
    .filter((kind) => !available.includes(kind))
    .map((kind) =>
      problem(
        'CAPABILITY_UNAVAILABLE',
        { pointer: `/capabilities/${kind}` },
        `asks for ${kind}, which this version has no effect for`,
        `do without it; this version has: ${available.join(', ') || 'none'}`,
      ),
    );
}

/** A host that is spelled otherwise than it is compared would never be given. */
function checkHosts({ capabilities = {} }: Manifest): PluginProblem[] {
  const named = [
    ...(capabilities.net ?? []).map(({ host }, at) => ({ host, pointer: `/capabilities/net/${at}/host` })),
    ...(capabilities.secrets ?? []).flatMap(({ hosts = [] }, at) =>
      hosts.map((host, of) => ({ host, pointer: `/capabilities/secrets/${at}/hosts/${of}` })),
    ),
  ];
  return named
    .filter(({ host }) => canonicalHost(host) !== host)
    .map(({ host, pointer }) => {
      const message = `${JSON.stringify(host)} is neither a host name nor an IPv4 address as it is usually written`;
      return problem('MANIFEST_INVALID', { pointer }, message, 'name the host, such as api.example.org');
    });
}

function checkTools(manifest: Manifest): PluginProblem[] {
  const asked = kindsOf(manifest.capabilities ?? {});
  const problems: PluginProblem[] = [];
  const seen = new Set<string>();
  for (const [index, tool] of manifest.tools.entries()) {
    const invalid = (pointer: string, message: string, remedy: string) =>
      problems.push(problem('MANIFEST_INVALID', { pointer: `/tools/${index}/${pointer}` }, message, remedy));
    if (seen.has(tool.name)) invalid('name', `there are two tools ${JSON.stringify(tool.name)}`, 'rename one of them');
    seen.add(tool.name);
    const name = fullToolName(manifest.name, tool.name);
    if (name.length > LIMITS.toolNameLengthMax) {
      invalid('name', `${name} is over ${LIMITS.toolNameLengthMax} characters, which clients refuse`, 'shorten a name');
    }
    for (const [position, kind] of (tool.capabilities ?? []).entries()) {
      if (asked.includes(kind)) continue;
      const message = `uses ${kind}, which the plugin doesn't ask for`;
      invalid(`capabilities/${position}`, message, `add ${kind} to /capabilities, or remove it here`);
    }
  }
  return problems;
}
