// What one host call costs: from a guest in its isolate through the broker to its store and back. Each round makes two calls
// of a tool, one with many reads and one with none, and takes the difference; so that starting, recording and answering the
// tool's call is no part of it. Run by people:
//   npx node bench/host-call.ts [ROUNDS]
// Ends with 1 where the median round trip is over 0.3 ms.

import { fileURLToPath } from 'node:url';
import { connectLean } from './load/lean-client.ts';
import { startServer } from './servers/server-process.ts';
import { makeHome, SMCP, withTokens } from './servers/start-servers.ts';
import { spreadOf } from './statistics.ts';

const PLUGINS = fileURLToPath(new URL('./plugins', import.meta.url));
const ROUNDS = 60;
const WARM_UP = 5;
const READS = 100;
const ROUND_TRIP_MS_MAX = 0.3;

async function main(rounds: number): Promise<boolean> {
  using home = makeHome(1, 'bench_store__*');
  const args = ['serve', '--json', '--port', '0', '--home', home.directory, '--plugins', PLUGINS];
  await using server = await withTokens(await startServer(SMCP, args), home);
  const client = await connectLean(server.url, server.tokens[0] ?? '');
  let number = 0;
  const timeOf = async (times: number): Promise<number> => {
    number += 1;
    const from = performance.now();
    const result = await client.call({ tool: 'bench_store__read', args: { times } }, number);
    const elapsedMs = performance.now() - from;
    if (result.structuredContent?.['found'] !== times) throw new Error(`a wrong answer: ${JSON.stringify(result)}`);
    return elapsedMs;
  };
  const roundTrips: number[] = [];
  for (let round = 1; round <= WARM_UP + rounds; round += 1) {
    const none = await timeOf(0);
    const many = await timeOf(READS);
    if (round > WARM_UP) roundTrips.push((many - none) / READS);
  }
  await client.close();
  await server.stop();
  const { median, min, max } = spreadOf(roundTrips);
  process.stdout.write(
    `host call p50 ${median.toFixed(3)} ms (${min.toFixed(3)} to ${max.toFixed(3)}), at most ${ROUND_TRIP_MS_MAX} wanted\n`,
  );
  return median <= ROUND_TRIP_MS_MAX;
}

process.exitCode = (await main(Number(process.argv[2] ?? ROUNDS))) ? 0 : 1;
