// Bare and ours in turns: a warm-up, then for each number of connections pairs of runs, the order changing from pair to pair,
// so that what else happens on the machine falls on both alike. A pair's two runs make one ratio.

import type { LoadProcess } from './load/load-process.ts';
import type { LoadJob, LoadResult } from './load/messages.ts';
import type { Options } from './options.ts';
import type { Comparison, Side } from './report.ts';
import type { ServerProcess } from './servers/server-process.ts';
import { makeHome, type OurServer, startBare, startOurs } from './servers/start-servers.ts';
import { median, spreadOf } from './statistics.ts';
import { TOOL_NAME } from './tool-call.ts';

type Run = LoadResult & { readonly callsPerSecond: number; readonly ownUs: number; readonly childrenUs: number };
type Pair = { readonly bare: Run; readonly ours: Run };

const MS_PER_SECOND = 1000;
/** Times the time of a run: both are served until their code is compiled, under the most connections that follow. */
const WARM_UP_RUNS = 2.5;
/** The same before each number of connections. */
const SETTLE_RUNS = 0.3;

/** @throws when an answer was wrong, or a server doesn't start or stop. */
export async function compare(options: Options, load: LoadProcess): Promise<readonly Comparison[]> {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(makeHome(options.agents, TOOL_NAME));
  const bare = stack.use(await startBare(options.bare));
  const ours = stack.use(await startOurs(home));
  const found: Comparison[] = [];
  const warm = async (connections: number, runs: number) => {
    const runner = runnerOf({ options, load, connections, bare, ours });
    await runner('bare', options.seconds * runs);
    await runner('ours', options.seconds * runs);
    return runner;
  };
  await warm(Math.max(...options.connections), WARM_UP_RUNS);
  for (const connections of options.connections) {
    const runner = await warm(connections, SETTLE_RUNS);
    const pairs: Pair[] = [];
    for (let round = 0; round < options.rounds; round += 1) pairs.push(await runPair(runner, options.seconds, round));
    found.push(comparisonOf(connections, pairs));
  }
  await bare.stop();
  await ours.stop();
  return found;
}

type Which = 'bare' | 'ours';
type Runner = (which: Which, seconds: number) => Promise<Run>;

function runnerOf(parts: {
  readonly options: Options;
  readonly load: LoadProcess;
  readonly connections: number;
  readonly bare: ServerProcess;
  readonly ours: OurServer;
}): Runner {
  const { options, load, connections, bare, ours } = parts;
  return async (which, seconds) => {
    const server = which === 'bare' ? bare : ours;
    const job: LoadJob = {
      url: server.url,
      tokens: which === 'bare' ? ['none'] : ours.tokens,
      connections,
      until: { ms: seconds * MS_PER_SECOND },
      client: options.client,
      hasReceipt: which === 'ours',
    };
    const before = server.cpu();
    const result = await load.load(job);
    const after = server.cpu();
    return {
      ...result,
      callsPerSecond: (result.calls / result.ms) * MS_PER_SECOND,
      ownUs: (after.ownUs - before.ownUs) / result.answered,
      childrenUs: (after.childrenUs - before.childrenUs) / result.answered,
    };
  };
}

async function runPair(run: Runner, seconds: number, round: number): Promise<Pair> {
  if (round % 2 === 0) {
    const bare = await run('bare', seconds);
    return { bare, ours: await run('ours', seconds) };
  }
  const ours = await run('ours', seconds);
  return { bare: await run('bare', seconds), ours };
}

function comparisonOf(connections: number, pairs: readonly Pair[]): Comparison {
  return {
    connections,
    rounds: pairs.length,
    bare: sideOf(pairs.map(({ bare }) => bare)),
    ours: sideOf(pairs.map(({ ours }) => ours)),
    ratio: spreadOf(pairs.map(({ bare, ours }) => ours.callsPerSecond / bare.callsPerSecond)),
    addedP50Ms: spreadOf(pairs.map(({ bare, ours }) => ours.p50Ms - bare.p50Ms)),
  };
}

function sideOf(runs: readonly Run[]): Side {
  return {
    callsPerSecond: spreadOf(runs.map((run) => run.callsPerSecond)),
    p50Ms: spreadOf(runs.map((run) => run.p50Ms)),
    p99Ms: spreadOf(runs.map((run) => run.p99Ms)),
    cpuUsPerCall: {
      server: median(runs.map((run) => run.ownUs)),
      wardens: median(runs.map((run) => run.childrenUs)),
      client: median(runs.map((run) => run.clientUsPerCall)),
    },
  };
}
