// How much of the host's processor time a host call takes, beside what it takes of the guest's process, and beside what the call is
// charged for both. Run by people, on a machine that does nothing else:
//   npx node bench/host-processor.ts
// Ends with 1 where a kind of host call takes more than three times of the host than is charged: writing to
// disk and socket and collecting garbage are not counted.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectLean } from './load/lean-client.ts';
import { startServer } from './servers/server-process.ts';
import { makeHome, SMCP, withTokens } from './servers/start-servers.ts';

const PLUGINS = fileURLToPath(new URL('./plugins', import.meta.url));

const WARM_UP = 500;
const US_PER_MS = 1000;

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
  ['set numbers', 15],
  ['set objects', 15],
  ['read text', 200],
];

type Spent = { readonly hostUs: number; readonly guestUs: number; readonly chargedUs: number };

async function main(): Promise<boolean> {
  using home = makeHome(1, 'bench_calls__*');
  const args = ['serve', '--json', '--port', '0', '--home', home.directory, '--plugins', PLUGINS];
  await using server = await withTokens(await startServer(SMCP, args), home);
  const client = await connectLean(server.url, server.tokens[0] ?? '');
  const headers = { authorization: `Bearer ${readFileSync(join(home.directory, 'admin.token'), 'utf8').trim()}` };
  /** As the record of the last call says it. */
  const chargedUs = async (): Promise<number> => {
    const answer = await fetch(`${server.url}/admin/v1/log/records?count=1`, { headers });
    const [last] = (await answer.json()) as { record: { predicate: { usage?: { cpuMs: number } } } }[];
    return (last?.record.predicate.usage?.cpuMs ?? 0) * US_PER_MS;
  };
  let number = 0;
  const call = async (kind: string, times: number): Promise<Spent> => {
    number += 1;
    const before = server.cpu();
    const result = await client.call({ tool: 'bench_calls__make', args: { kind, times } }, number);
    const after = server.cpu();
    if (result.structuredContent?.['failed'] === undefined) throw new Error(`${kind}: ${JSON.stringify(result)}`);
    const hostUs = after.ownUs - before.ownUs;
    return { hostUs, guestUs: after.childrenUs - before.childrenUs, chargedUs: await chargedUs() };
  };
  await call('now', WARM_UP);
  let isAllCharged = true;
  for (const [kind, times] of KINDS) {
    const none = await call(kind, 0);
    const many = await call(kind, times);
    const each = (key: keyof Spent) => Math.max(0, (many[key] - none[key]) / times);
    const [host, guest, charged] = [each('hostUs'), each('guestUs'), each('chargedUs')];
    const isTooLittle = host > charged * 3;
    if (isTooLittle) isAllCharged = false;
    const shown = [`host ${pad(host)}`, `guest ${pad(guest)}`, `charged ${pad(charged)}`].join('  ');
    process.stdout.write(`${kind.padEnd(14)} µs: ${shown}${isTooLittle ? '  TOO LITTLE' : ''}\n`);
  }
  await client.close();
  await server.stop();
  return isAllCharged;
}

const pad = (us: number) => us.toFixed(0).padStart(7);

process.exitCode = (await main()) ? 0 : 1;
