// What a valid manifest says against the plugin's own files, against itself, and against what this version can do. Pure.

import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import { type CapabilityKind, kindsOf } from '#domain/capability.ts';
import type { Manifest, PluginProblem } from '#domain/manifest.ts';
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
    ...checkTools(manifest),
  ].slice(0, LIMITS.problemsPerPluginMax);
}

function checkRuntime({ runtime }: Manifest, files: PluginFiles): PluginProblem[] {
  if (runtime.kind === 'process') {
    const message = 'asks for a process; this version runs isolate plugins only';
    return [
      problem(
        'CAPABILITY_UNAVAILABLE',
        { pointer: '/runtime/kind' },
        message,
        'write it as an isolate plugin, or leave it out',
      ),
    ];
  }
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
