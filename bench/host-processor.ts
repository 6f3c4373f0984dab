// How much of the host's processor time a host call takes, beside what it takes of the guest's process, and beside what the call is
// charged for it (LIMITS.hostWork…). Run by people, on a machine that does nothing else:
//   npx node bench/host-processor.ts
// Ends with 1 where a kind of host call takes more of the host than is charged.

import { fileURLToPath } from 'node:url';
import { connectLean } from './load/lean-client.ts';
import { startServer } from './servers/server-process.ts';
import { makeHome, SMCP, withTokens } from './servers/start-servers.ts';

const PLUGINS = fileURLToPath(new URL('./plugins', import.meta.url));

/** Kind, times. */
const KINDS: readonly (readonly [kind: string, times: number])[] = [
  ['now', 4000],
  ['random', 4000],
  ['log', 1000],
  ['refused', 4000],
  ['elsewhere', 4000],
  ['list', 4000],
  ['stat', 4000],
  ['get small', 4000],
  ['set small', 1000],
  ['get text', 200],
  ['get quotes', 200],
  ['get wide', 200],
  ['get numbers', 100],
  ['get fractions', 200],
  ['get objects', 100],
  ['get keys', 100],
  ['get nested', 100],
  ['set text', 15],
  ['set numbers', 15],
  ['set objects', 15],
  ['set keys', 15],
  ['read text', 200],
];

async function main(): Promise<void> {
  using home = makeHome(1, 'bench_calls__*');
  const args = ['serve', '--json', '--port', '0', '--home', home.directory, '--plugins', PLUGINS];
  await using server = await withTokens(await startServer(SMCP, args), home);
  const client = await connectLean(server.url, server.tokens[0] ?? '');
  let number = 0;
  const call = async (kind: string, times: number) => {
    number += 1;
    const before = server.cpu();
    const result = await client.call({ tool: 'bench_calls__make', args: { kind, times } }, number);
    const after = server.cpu();
    const told = JSON.stringify(result.structuredContent ?? result).slice(0, 200);
    return { hostUs: after.ownUs - before.ownUs, guestUs: after.childrenUs - before.childrenUs, told };
  };
  await call('now', 500);
  for (const [kind, times] of KINDS) {
    const none = await call(kind, 0);
    const many = await call(kind, times);
    const host = (many.hostUs - none.hostUs) / times;
    const guest = (many.guestUs - none.guestUs) / times;
    process.stdout.write(
      `${kind.padEnd(16)} host ${host.toFixed(0).padStart(7)} µs  guest ${guest.toFixed(0).padStart(7)} µs  ratio ${(host / guest).toFixed(1)}  ${many.told}\n`,
    );
  }
  await client.close();
  await server.stop();
}

await main();
