// One plugin from its draft to what can be served: its program is asked in the sandbox, from the read-only copy of what was
// hashed. Called for each such plugin by scan.ts, and by checks of a directory.

import { SmcpError } from '#base/errors.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { Candidate } from './discover.ts';
import { completeInspection, type Inspection, type InspectionOptions, type Undiscovered } from './inspect.ts';
import type { Interviewer } from './interviewer.ts';
import { problemOfThrown } from './problem.ts';

export type Interviewed = {
  readonly candidate: Candidate;
  /** Its report is that of a plugin that is not served: it stands where the program can't be asked. */
  readonly inspection: Inspection;
  readonly undiscovered: Undiscovered;
  /** The read-only copy. */
  readonly directory: string;
};

/**
 * What became of it. A program that can't be run, or has to be stopped, is a problem of its plugin.
 *
 * @throws `SHUTTING_DOWN` when aborted
 */
export async function interviewPlugin(
  interviewer: Interviewer | undefined,
  { candidate, inspection, undiscovered, directory }: Interviewed,
  { options, signal }: { readonly options: InspectionOptions; readonly signal: AbortSignal },
): Promise<Inspection> {
  try {
    if (interviewer === undefined) throw noPrograms();
    const plugin = draftPlugin(undiscovered, { directory, origin: candidate.origin });
    const answers = await interviewer.answers(plugin, signal);
    if (signal.aborted) throw new SmcpError('SHUTTING_DOWN', 'the server stops; the plugins were not loaded');
    const completed = await completeInspection(candidate, undiscovered, { answers, options });
    if (completed.servable !== undefined) await interviewer.keep(plugin, answers);
    return completed;
  } catch (thrown) {
    if (thrown instanceof SmcpError && thrown.code === 'SHUTTING_DOWN') throw thrown;
    const { report, warnings, claimedName } = inspection;
    return {
      report: { ...report, problems: [...report.problems, problemOfThrown(thrown)] },
      warnings,
      ...(claimedName === undefined ? {} : { claimedName }),
    };
  }
}

/** The plugin as its program is asked: it has no tools yet. */
function draftPlugin(
  { manifest, digest, manifestDigest = digest }: Undiscovered,
  where: Pick<Plugin, 'directory' | 'origin'>,
): Plugin {
  const { name, version } = manifest;
  return { name, version, digest, manifestDigest, manifest, tools: [], ...where };
}

const noPrograms = (): SmcpError =>
  new SmcpError('SANDBOX_UNAVAILABLE', 'programs are not run here, so this one can not be asked for its tools', {
    details: { remedy: '`smcp doctor` and the log of the server say what is missing' },
  });
