// What limits cost a call: an agent without any and one with five counters make the same calls in turns, over the whole server. Run by
// people:
//   npx node bench/limited-call.ts [ROUNDS]
// Ends with 1 where the median of the differences is over 0.1 ms.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectLean } from './load/lean-client.ts';
import { makeHome, startOurs } from './servers/start-servers.ts';
import { spreadOf } from './statistics.ts';
import { additionOf, TOOL_NAME } from './tool-call.ts';

const ROUNDS = 2_000;
const WARM_UP = 300;
const ADDED_MS_MAX = 0.1;

const POLICY = `version: 1
defaults: { loop: off }
agents:
  bench-1:
    grants: [{ tools: ["${TOOL_NAME}"] }]
  bench-2:
    limits: { calls: 1000000, bytes: 1000000000, per: 1h, concurrent: 100 }
    budgets: [{ tools: ["demo_*"], calls: 1000000, per: 1d }]
    grants: [{ tools: ["${TOOL_NAME}"], limits: { calls: 1000000, per: 1m } }]
`;

async function main(rounds: number): Promise<boolean> {
  using home = makeHome(2, TOOL_NAME);
  writeFileSync(join(home.directory, 'policy.yaml'), POLICY, { mode: 0o600 });
  await using server = await startOurs(home);
  const clients = await Promise.all(server.tokens.map((token) => connectLean(server.url, token)));
  const timeOf = async (agent: number, n: number): Promise<number> => {
    const from = performance.now();
    const result = await clients[agent]?.call(additionOf(n), n);
    if (result?.structuredContent?.['result'] !== n + 1) throw new Error(`a wrong answer: ${JSON.stringify(result)}`);
    return performance.now() - from;
  };
  const [plain, limited, added]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; round <= WARM_UP + rounds; round += 1) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    const times = [0, 0];
    for (const agent of order) times[agent] = await timeOf(agent, 2 * round + agent);
    if (round <= WARM_UP) continue;
    const [one = 0, other = 0] = times;
    plain.push(one);
    limited.push(other);
    added.push(other - one);
  }
  await Promise.all(clients.map((client) => client.close()));
  await server.stop();
  const [p50, p50Limited, p50Added] = [plain, limited, added].map((times) => spreadOf(times).median.toFixed(3));
  process.stdout.write(
    `p50 ${p50} ms without limits, ${p50Limited} ms with five counters, ${p50Added} ms between the two calls of a pair (${ADDED_MS_MAX} at most)\n`,
  );
  return Number(p50Added) <= ADDED_MS_MAX;
}

process.exitCode = (await main(Number(process.argv[2] ?? ROUNDS))) ? 0 : 1;
