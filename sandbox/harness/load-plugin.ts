// One plugin from its directory, as a server would load it: read, checked, hashed, and copied to a folder from which it runs.
// Called by start-plugin.ts. **Trust:** the directory is a plugin author's.

import { type ErrorCode, SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { CAPABILITY_KINDS, type Capabilities } from '#domain/capability.ts';
import type { Manifest, ManifestTool, Plugin } from '#domain/manifest.ts';
import { buildPlugin } from '#registry/build-plugin.ts';
import { noDirectory } from '#registry/check-directory.ts';
import { candidateAt } from '#registry/discover.ts';
import { createInspectionOptions, type Inspection, inspectPlugin, type Servable } from '#registry/inspect.ts';
import { interviewPlugin } from '#registry/interview-plugin.ts';
import type { Interviewer } from '#registry/interviewer.ts';
import type { PluginCopies } from '#registry/plugin-copies.ts';

export type LoadedPlugin = {
  readonly plugin: Plugin;
  /** As the author wrote it, also where the plugin asks for everything. */
  readonly manifest: Manifest;
};

export type LoadPorts = { readonly copies: PluginCopies; readonly interviewer: Interviewer };

/** What no manifest can write: every kind, and of those with entries none. */
const EVERY_KIND: Capabilities = {
  ...{ net: [], files: [], secrets: [], run: [], tools: [], clock: true, random: true },
  store: { bytesMax: LIMITS.pluginStoreBytesMax },
};

/**
 * @param options.asksAll the plugin may make every host call, whatever its manifest asks; what each of them gets is then for
 * the broker of the world to say. Secrets stay those of the manifest.
 * @throws `NOT_FOUND` without a directory · the first problem's code where a server would not serve the plugin
 */
export async function loadPlugin(
  { copies, interviewer }: LoadPorts,
  path: string,
  options: { readonly asksAll: boolean },
): Promise<LoadedPlugin> {
  const candidate = await candidateAt(path);
  if (candidate === undefined) throw noDirectory(path);
  const inspecting = createInspectionOptions({ availableCapabilities: CAPABILITY_KINDS });
  const { files, undiscovered, ...found } = await inspectPlugin(candidate, inspecting);
  const digest = found.servable?.digest ?? undiscovered?.digest;
  if (files === undefined || digest === undefined) throw refused(found);
  const directory = await copies.install(files, digest);
  const whole =
    undiscovered === undefined
      ? found
      : await interviewPlugin(
          interviewer,
          { candidate, inspection: found, undiscovered, directory },
          { options: inspecting, signal: new AbortController().signal },
        );
  if (whole.servable === undefined) throw refused(whole);
  const servable = options.asksAll ? asksAll(whole.servable) : whole.servable;
  return {
    plugin: buildPlugin({ ...servable, directory, origin: 'external' }),
    manifest: whole.servable.manifest,
  };
}

function asksAll({ manifest, compiled, ...rest }: Servable): Servable {
  const secrets = manifest.capabilities?.secrets ?? [];
  const capabilities = { ...EVERY_KIND, secrets };
  const tools = compiled.map((one) => ({ ...one, tool: withAllKinds(one.tool) }));
  return { ...rest, manifest: { ...manifest, capabilities }, compiled: tools };
}

function withAllKinds({ capabilities: _, ...tool }: ManifestTool): ManifestTool {
  return tool;
}

function refused({ report }: Pick<Inspection, 'report'>): SmcpError {
  const [first] = report.problems;
  const where = first === undefined ? '' : ` (${first.file}${first.pointer === '' ? '' : ` ${first.pointer}`})`;
  const code: ErrorCode = first?.code ?? 'MANIFEST_INVALID';
  return new SmcpError(code, `${report.name} would not be served: ${first?.message ?? 'it has no tools'}${where}`, {
    details: { remedy: first?.remedy ?? 'see smcp plugin check', problems: report.problems.map((one) => ({ ...one })) },
  });
}
