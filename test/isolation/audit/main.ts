// `npm run sandbox:audit [-- --json | --write] [-- --only ID,…]`: attacks the sandbox in every configuration that this machine
// has, and prints the table, or writes docs/sandbox-audit.md. The exit code is 1 when something is open that is not accepted,
// is accepted and blocked, or proves nothing without being expected to.

import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { parseArgs } from 'node:util';
import { kernelOf } from '#test/sandbox/launcher/harness.ts';
import { attackServer, CONFIGURATIONS, type Configuration, type Server, troubleOf } from './configurations.ts';
import type { Suite } from './host.ts';
import { type Column, problemsOf, rowsOf } from './judge.ts';
import { type Audit, pageOf } from './page.ts';
import { makeSuid } from './suid.ts';

const PAGE = new URL('../../../docs/sandbox-audit.md', import.meta.url);
const OPTIONS = {
  json: { type: 'boolean' },
  write: { type: 'boolean' },
  only: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** What a container's own filter and the ABI have no say in is not tried again there. */
function suitesOf({ server, abiMax }: Configuration): readonly Suite[] {
  if (server.startsWith('container')) return ['acts', 'wardens'];
  return abiMax === undefined ? ['acts', 'bombs', 'isolates', 'wardens'] : ['acts', 'bombs', 'wardens'];
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

/** The columns of one server: its control is run once, with all that any of them tries. */
async function columnsOf(
  server: Server,
  configurations: readonly Configuration[],
  suid: string,
): Promise<readonly Column[]> {
  const suites = [...new Set(configurations.flatMap(suitesOf))];
  say(`${configurations[0]?.title}: with no sandbox`);
  const free = await attackServer(server, { isFree: true, suid }, suites);
  const columns: Column[] = [];
  for (const configuration of configurations) {
    say(configuration.title);
    const { abiMax } = configuration;
    const request = { isFree: false, suid, ...(abiMax === undefined ? {} : { abiMax }) };
    const acts = await attackServer(server, request, suitesOf(configuration));
    const tried = new Set(acts.map(({ group }) => group));
    columns.push({ configuration, acts, control: free.filter(({ group }) => tried.has(group)) });
  }
  return columns;
}

async function audit(configurations: readonly Configuration[]): Promise<Audit> {
  using suid = makeSuid();
  const troubles = configurations.map((one) => ({ one, why: troubleOf(one) }));
  const ready = troubles.filter(({ why }) => why === undefined).map(({ one }) => one);
  const left = troubles.flatMap(({ one: { title }, why }) => (why === undefined ? [] : [{ title, why }]));
  const columns: Column[] = [];
  for (const server of new Set(ready.map((one) => one.server))) {
    const own = ready.filter((one) => one.server === server);
    columns.push(...(await columnsOf(server, own, process.getuid?.() === 0 ? suid.path : '')));
  }
  const machine = `Linux ${release().split('-')[0]} on ${process.arch}, Landlock ABI ${kernelOf().landlockAbi}, Node ${process.version}`;
  return { machine, configurations: columns.map(({ configuration }) => configuration), rows: rowsOf(columns), left };
}

const USAGE = `npm run sandbox:audit [-- --json | --write] [-- --only ID,…]

Attacks the sandbox of this machine, prints the page of docs/sandbox-audit.md and exits with 1 when something is open that is not
accepted, or is accepted and was blocked. --json: as JSON; --write: into the page. IDs: ${CONFIGURATIONS.map(({ id }) => id).join(', ')}
`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help === true) return void process.stdout.write(USAGE);
  const only = values.only?.split(',');
  const ids = CONFIGURATIONS.map(({ id }) => id);
  const unknown = only?.filter((id) => !ids.includes(id)) ?? [];
  if (unknown.length > 0 || (only !== undefined && values.write === true)) {
    say(unknown.length > 0 ? `no configuration ${unknown.join(', ')}` : 'the page is written whole: leave --only out');
    process.exitCode = 2;
    return;
  }
  const found = await audit(CONFIGURATIONS.filter(({ id }) => only?.includes(id) ?? true));
  const problems = problemsOf(found.rows, found.configurations);
  if (values.write === true) writeFileSync(PAGE, pageOf(found));
  else
    process.stdout.write(values.json === true ? `${JSON.stringify({ ...found, problems }, null, 2)}\n` : pageOf(found));
  for (const problem of problems) say(problem);
  const isNothing = found.configurations.length === 0;
  if (isNothing) say('nothing could be tried');
  process.exitCode = problems.length > 0 || isNothing ? 1 : 0;
}

await main();
