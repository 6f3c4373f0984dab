// Makes commands of what a `cli.py` prints for `--describe`. More keys than ours are allowed everywhere; a command with
// a fault is left out whole and reported by the pointer of its field. Called at discovery. **Trust:** the text is the
// plugin's, and may be hostile.

import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { parseStrictJson } from '#base/strict-json.ts';
import { type Fields, fieldsOf, present } from './described-fields.ts';
import { parseParameters } from './described-parameters.ts';
import type { DescribedCommand, Description, DescriptionReading } from './description.ts';
import { type CliProblem, cliProblem, commandNameFault, quote } from './problem.ts';

/** The commands of a description. Names are checked by themselves; with the plugin's by `inferTools`. */
export function parseDescription(text: string): DescriptionReading {
  const unreadable = (message: string, remedy: string): DescriptionReading => ({
    kind: 'unreadable',
    problems: [cliProblem('--describe', '', message, remedy)],
  });
  const bare = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (bare.length > LIMITS.cliDescriptionLengthMax) {
    return unreadable(
      `is longer than ${LIMITS.cliDescriptionLengthMax} characters`,
      'describe the commands in fewer words',
    );
  }
  const parsed = parseStrictJson(bare, { depthMax: LIMITS.cliDescriptionDepthMax });
  if (parsed.kind === 'broken') {
    const where = `line ${parsed.line}, column ${parsed.column}`;
    return unreadable(
      `is not JSON: ${parsed.message} (${where})`,
      'print one JSON object, and nothing else, to stdout',
    );
  }
  if (!isJsonObject(parsed.value)) return unreadable('must be a JSON object', 'print an object that has "commands"');
  const problems: CliProblem[] = [];
  const description = readDescription(fieldsOf(parsed.value, '', problems), problems);
  const told = problems.slice(0, LIMITS.problemsPerPluginMax);
  return description === undefined ? { kind: 'unreadable', problems: told } : { ...description, problems: told };
}

/** Undefined when the whole can't be used. Problems of commands are added to `problems`. */
function readDescription(fields: Fields, problems: CliProblem[]): Description | undefined {
  const version = fields.text('contract_version');
  if (version !== undefined && !/^1(\.\d+){0,2}$/.test(version)) {
    fields.report('contract_version', `is ${quote(version)}; this server knows version 1`, 'describe by version 1');
  }
  const plugin = fields.object('plugin') ?? {};
  const about = fieldsOf(plugin, '/plugin', problems);
  const metadata = {
    ...present('name', about.text('name')),
    ...present('version', about.text('version')),
    ...present('description', about.text('description')),
  };
  const listed = fields.list('commands');
  if (listed === undefined && fields.any('commands') === undefined) {
    fields.report('commands', 'is missing', 'list the commands; an empty list says that there are none');
  }
  if (listed !== undefined && listed.length > LIMITS.toolsPerPluginMax) {
    fields.report('commands', `has ${listed.length} commands; at most ${LIMITS.toolsPerPluginMax}`, 'split the plugin');
  }
  if (listed === undefined || problems.length > 0) return undefined;
  return { kind: 'description', plugin: metadata, commands: readCommands(listed, problems), problems };
}

function readCommands(listed: readonly Json[], problems: CliProblem[]): readonly DescribedCommand[] {
  const names = listed.map((item) => (isJsonObject(item) ? item['name'] : undefined));
  return listed.flatMap((item, index) => {
    const pointer = `/commands/${index}`;
    const own: CliProblem[] = [];
    const command = readCommand(item, pointer, own);
    const twin = names.findIndex((name, other) => other !== index && name !== undefined && name === names[index]);
    if (twin !== -1) {
      const message = `${quote(String(names[index]))} is also the name of /commands/${twin}; neither is listed`;
      own.push(cliProblem('--describe', `${pointer}/name`, message, 'rename one of them'));
    }
    problems.push(...own);
    return own.length > 0 || command === undefined ? [] : [command];
  });
}

function readCommand(item: Json, pointer: string, problems: CliProblem[]): DescribedCommand | undefined {
  if (!isJsonObject(item)) {
    problems.push(cliProblem('--describe', pointer, 'must be an object', 'write an object that has "name"'));
    return undefined;
  }
  const fields = fieldsOf(item, pointer, problems);
  const name = fields.text('name');
  if (name === undefined && fields.any('name') === undefined) fields.report('name', 'is missing', 'name the command');
  const fault = name === undefined ? undefined : commandNameFault(name);
  if (fault !== undefined) fields.report('name', `${quote(name ?? '')} ${fault}`, 'rename the command');
  const parameters = parseParameters(fields, problems);
  return {
    name: name ?? '',
    pointer,
    ...present('description', fields.text('description')),
    ...present('parameters', parameters),
  };
}
