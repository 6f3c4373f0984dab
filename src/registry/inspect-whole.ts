// One plugin from its directory to all that can be told of it, its program's answers included, for checks that need no
// server. Nothing is served, and nothing is kept but in the workshop.

import type { Candidate } from './discover.ts';
import { type Inspection, type InspectionOptions, inspectPlugin } from './inspect.ts';
import { interviewPlugin } from './interview-plugin.ts';
import type { Interviewer } from './interviewer.ts';
import type { PluginCopies } from './plugin-copies.ts';

/** Where programs are asked without a server: a place for copies of their code, and the sandbox. */
export type Workshop = { readonly copies: PluginCopies; readonly interviewer: Interviewer };

/** Called for the first plugin whose program has to be asked, if there is one. @throws what keeps programs from running */
export type OpenWorkshop = () => Promise<Workshop>;

/** As loading would, but that bytes are not kept. **Trust:** all it reads is the plugin author's. */
export async function inspectWhole(
  openWorkshop: OpenWorkshop,
  candidate: Candidate,
  options: InspectionOptions,
): Promise<Omit<Inspection, 'files' | 'undiscovered'>> {
  const { files, undiscovered, ...inspection } = await inspectPlugin(candidate, options);
  if (files === undefined || undiscovered === undefined) return inspection;
  const { copies, interviewer } = await openWorkshop();
  const directory = await copies.install(files, undiscovered.digest);
  const { signal } = new AbortController();
  return interviewPlugin(interviewer, { candidate, inspection, undiscovered, directory }, { options, signal });
}
