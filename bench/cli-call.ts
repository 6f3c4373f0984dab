// What a warm call of a Python program costs through the whole server, over /mcp, with its record: against `python3 cli.py`
// of the same command. One after the other in turns, so that whatever else the machine does falls on both. Run by people:
//   npx node bench/cli-call.ts [ROUNDS]
// Ends with 1 where the median through the server is over half of the direct one.

import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectLean } from './load/lean-client.ts';
import { startServer } from './servers/server-process.ts';
import { makeHome, SMCP, withTokens } from './servers/start-servers.ts';
import { spreadOf } from './statistics.ts';

const PLUGINS = fileURLToPath(new URL('./cli-plugins', import.meta.url));
const PROGRAM = `${PLUGINS}/bench_cli/cli.py`;
const ROUNDS = 40;
const WARM_UP = 5;
/** Between two calls: what is made ready for the next is not part of it. */
const REST_MS = 60;
const SHARE_MAX = 0.5;

/** As the server finds Python: by its fixed search path. */
const PATH = '/usr/local/bin:/usr/bin:/bin';

async function direct(n: number): Promise<void> {
  const child = spawn('python3', [PROGRAM, 'add', `--a=${n}`, '--b=1'], {
    env: { PATH, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  child.stderr.resume();
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`the program ended with ${code}`);
  check(JSON.parse(text), n);
}

function check(value: { readonly [name: string]: unknown } | undefined, n: number): void {
  if (value?.['result'] !== n + 1) throw new Error(`a wrong sum: ${JSON.stringify(value)}`);
}

async function main(rounds: number): Promise<boolean> {
  using home = makeHome(1, 'bench_cli__*');
  const args = ['serve', '--json', '--port', '0', '--home', home.directory, '--plugins', PLUGINS];
  await using server = await withTokens(await startServer(SMCP, args), home);
  const client = await connectLean(server.url, server.tokens[0] ?? '');
  const served = async (n: number): Promise<void> => {
    const result = await client.call({ tool: 'bench_cli__add', args: { a: n, b: 1 } }, n);
    if (result._meta?.['smcp/receipt'] === undefined) throw new Error('no receipt');
    check(result.structuredContent, n);
  };
  const times = { direct: [] as number[], served: [] as number[] };
  const ways = { direct, served } as const;
  for (let round = 1; round <= WARM_UP + rounds; round += 1) {
    for (const way of ['direct', 'served'] as const) {
      const from = performance.now();
      await ways[way](round);
      if (round > WARM_UP) times[way].push(performance.now() - from);
      await pause(REST_MS);
    }
  }
  await client.close();
  await server.stop();
  const spreads = { direct: spreadOf(times.direct), served: spreadOf(times.served) };
  const share = spreads.served.median / spreads.direct.median;
  for (const [way, { median, min, max }] of Object.entries(spreads)) {
    process.stdout.write(`${way.padEnd(8)} p50 ${median.toFixed(1)} ms (${min.toFixed(1)} to ${max.toFixed(1)})\n`);
  }
  process.stdout.write(`through the server: ${share.toFixed(2)} of direct, at most ${SHARE_MAX} wanted\n`);
  return share <= SHARE_MAX;
}

process.exitCode = (await main(Number(process.argv[2] ?? ROUNDS))) ? 0 : 1;
