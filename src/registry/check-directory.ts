// What `smcp plugin check DIR` asks: would this directory be served as a plugin? Needs no server and no home, writes
// nothing and runs nothing.

import { SmcpError } from '#base/errors.ts';
import { visible } from '#base/visible.ts';
import type { CapabilityKind } from '#domain/capability.ts';
import type { PluginProblem, PluginReport } from '#domain/manifest.ts';
import { candidateAt } from './discover.ts';
import { createInspectionOptions, inspectPlugin } from './inspect.ts';

/** `report.problems` is what has to be mended; `warnings` what should be looked at. */
export type DirectoryCheck = { readonly report: PluginReport; readonly warnings: readonly PluginProblem[] };

/**
 * Looks at one plugin as loading would.
 *
 * @throws `NOT_FOUND` when there is no directory at `path`.
 */
export async function checkPluginDirectory(
  path: string,
  options: { readonly availableCapabilities: readonly CapabilityKind[] },
): Promise<DirectoryCheck> {
  const candidate = await candidateAt(path);
  if (candidate === undefined) {
    throw new SmcpError('NOT_FOUND', `there is no directory ${visible(path)}`, {
      details: { remedy: 'name the directory that holds plugin.json' },
    });
  }
  const { report, warnings } = await inspectPlugin(candidate, createInspectionOptions(options.availableCapabilities));
  return { report, warnings };
}
