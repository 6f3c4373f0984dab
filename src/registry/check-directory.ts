// What `smcp plugin check DIR` asks: would this directory be served as a plugin? Needs no server and no home, and writes
// nothing. The program of a command-line plugin is run in the sandbox.

import { SmcpError } from '#base/errors.ts';
import { visible } from '#base/visible.ts';
import type { Manifest, PluginProblem, PluginReport } from '#domain/manifest.ts';
import { type Candidate, candidateAt } from './discover.ts';
import { type Bounds, createInspectionOptions } from './inspect.ts';
import { inspectWhole, type OpenWorkshop } from './inspect-whole.ts';
import { manifestAdvice } from './manifest-advice.ts';

export type DirectoryCheck = {
  /** `report.problems` is what has to be mended. */
  readonly report: PluginReport;
  /** What should be looked at. */
  readonly warnings: readonly PluginProblem[];
  /** Present exactly when it would be served. */
  readonly manifest?: Manifest;
};

/**
 * Looks at one plugin as loading would.
 *
 * @throws `NOT_FOUND` when there is no directory at `path` · what `openWorkshop` throws, where a program has to be asked.
 */
export async function checkPluginDirectory(
  ports: { readonly openWorkshop: OpenWorkshop },
  path: string,
  options: Bounds,
): Promise<DirectoryCheck> {
  const candidate = await candidateAt(path);
  if (candidate === undefined) throw noDirectory(path);
  return checkCandidate(ports, candidate, options);
}

/** @throws as `checkPluginDirectory` */
export async function checkCandidate(
  { openWorkshop }: { readonly openWorkshop: OpenWorkshop },
  candidate: Candidate,
  options: Bounds,
): Promise<DirectoryCheck> {
  const inspection = createInspectionOptions(options);
  const { report, warnings, servable } = await inspectWhole(openWorkshop, candidate, inspection);
  if (servable === undefined) return { report, warnings };
  const { manifest, isDiscovered } = servable;
  // What a program says of itself is no manifest that a person could mend.
  return { report, warnings: isDiscovered ? warnings : [...warnings, ...manifestAdvice(manifest)], manifest };
}

export const noDirectory = (path: string): SmcpError =>
  new SmcpError('NOT_FOUND', `there is no directory ${visible(path)}`, {
    details: { remedy: 'name the directory that holds plugin.json or cli.py' },
  });
