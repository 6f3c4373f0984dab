// What a program said of itself, as the manifest of a plugin that has none, or held against the one that it has. Pure.

import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import type { CliTool } from '#domain/cli-plugin/cli-tool.ts';
import { declareInput } from '#domain/cli-plugin/declared-input.ts';
import { type HeardAnswers, type Interview, readInterview } from '#domain/cli-plugin/interview.ts';
import type { CommandPlan } from '#domain/cli-plugin/plan.ts';
import type { Manifest, ManifestTool, PluginProblem, ToolNote } from '#domain/manifest.ts';
import type { PluginFiles } from './plugin-files.ts';
import { problem } from './problem.ts';

export const CLI_FILE = 'cli.py';

/** A plugin whose program is still to be asked. */
export type Draft = {
  /** Of a plugin without plugin.json: what is known before, with no tools. */
  readonly manifest: Manifest;
  readonly isDiscovered: boolean;
};

export type Completed = {
  readonly manifest: Manifest;
  /** By the tool's name in the plugin. */
  readonly plans: ReadonlyMap<string, CommandPlan>;
  readonly problems: readonly PluginProblem[];
  readonly notes: readonly ToolNote[];
  /** A problem that stops the whole plugin. */
  readonly isRefused: boolean;
};

const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+-]*$/;

/** Of a directory that has a `cli.py` and no plugin.json: it asks for nothing. */
export function bareManifest(name: string): Manifest {
  return {
    manifest: 1,
    name,
    version: '0.0.0',
    description: `${name}, as its program describes it`,
    runtime: { kind: 'process', command: ['python3', CLI_FILE], protocol: 'smcp-cli' },
    tools: [],
  };
}

/** Whether its program has to be asked how its tools are called. */
export function needsInterview({ runtime }: Manifest): boolean {
  return runtime.kind === 'process' && runtime.protocol === 'smcp-cli';
}

/** **Trust:** the answers are the plugin author's. */
export function completeDraft(
  { manifest, isDiscovered }: Draft,
  answers: HeardAnswers,
  { discoveredTimeoutMs }: { readonly discoveredTimeoutMs?: number } = {},
): Completed {
  const interview = readInterview(manifest.name, answers);
  const problems = problemsOf(interview);
  if (interview.stopped !== undefined) return refused(manifest, problems);
  const notes = interview.tools.flatMap(({ name, notes: said }) => said.map((note) => ({ tool: name, note })));
  if (!isDiscovered && manifest.tools.length > 0) return declared(manifest, interview.tools, notes);
  const timeout = isDiscovered && discoveredTimeoutMs !== undefined ? { timeoutMs: discoveredTimeoutMs } : {};
  const tools = interview.tools.map((tool): ManifestTool => ({ ...manifestTool(tool), ...timeout }));
  const whole = { ...manifest, ...(isDiscovered ? told(interview) : {}), tools };
  if (interview.tools.length === 0) return refused(whole, problems);
  const plans = new Map(interview.tools.map(({ name, plan }) => [name, plan]));
  return { manifest: whole, plans, problems, notes, isRefused: false };
}

const refused = (manifest: Manifest, problems: readonly PluginProblem[]): Completed => ({
  ...{ manifest, problems, plans: new Map(), notes: [], isRefused: true },
});

function problemsOf({ problems, stopped }: Interview): readonly PluginProblem[] {
  if (stopped !== undefined) {
    const remedy = 'let `cli.py --describe` print its description and end, then smcp plugin reload';
    return [problem(stopped.code, { file: `${CLI_FILE} --describe` }, stopped.reason, remedy)];
  }
  return problems.map(({ source, pointer, message, remedy }) =>
    problem('DESCRIPTION_INVALID', { file: `${CLI_FILE} ${source}`, pointer }, message, remedy),
  );
}

/** Version and description as it tells them, where a manifest could hold them. */
function told({ about }: Interview): Partial<Manifest> {
  const { version, description = '' } = about;
  const text = description.trim().slice(0, LIMITS.descriptionLengthMax);
  const isVersion = version !== undefined && VERSION.test(version) && version.length <= LIMITS.versionLengthMax;
  return { ...(isVersion ? { version } : {}), ...(text === '' ? {} : { description: text }) };
}

const manifestTool = ({ name, description, inputSchema }: CliTool): ManifestTool => ({
  name,
  description,
  input: inputSchema,
});

/**
 * The tools of the manifest, which decides what agents see of them; how their arguments are handed over is the program's. A tool
 * that the program doesn't have, or a schema whose values it doesn't take, stops the plugin: the manifest is wrong.
 */
function declared(manifest: Manifest, tools: readonly CliTool[], notes: readonly ToolNote[]): Completed {
  const known = new Map(tools.map((tool) => [tool.name, tool]));
  const plans = new Map<string, CommandPlan>();
  const own: ToolNote[] = [];
  const problems = manifest.tools.flatMap((tool, index): readonly PluginProblem[] => {
    const found = known.get(tool.name);
    if (found === undefined) {
      const message = `the program has no command for the tool ${JSON.stringify(tool.name)}`;
      const near = nearest(tool.name, known.keys());
      const remedy =
        near === undefined ? 'remove the tool, or add the command' : `did you mean ${JSON.stringify(near)}?`;
      return [problem('MANIFEST_INVALID', { pointer: `/tools/${index}/name` }, message, remedy)];
    }
    const input = declareInput(found, tool.input);
    plans.set(tool.name, input.plan);
    own.push(...input.notes.map((note) => ({ tool: tool.name, note })));
    return input.faults.map(({ pointer, message, remedy }) =>
      problem('MANIFEST_INVALID', { pointer: `/tools/${index}/input${pointer}` }, message, remedy),
    );
  });
  return {
    manifest,
    plans,
    problems: problems.slice(0, LIMITS.problemsPerPluginMax),
    notes: [...notes.filter(({ tool }) => plans.has(tool)), ...own],
    isRefused: problems.length > 0,
  };
}

/** Whether a plugin's files are those of a command-line plugin without a manifest. */
export const isBareCli = (files: PluginFiles, manifestFile: string): boolean =>
  !files.has(manifestFile) && files.has(CLI_FILE);
