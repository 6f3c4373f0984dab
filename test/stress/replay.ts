// Records a thousand calls (or as many as the argument says) of mixed tools through a whole server, several at a time, and runs
// each again. Exit code 1 when one does not come to the same result, or when the log does not verify in the end.
// Run: node test/stress/replay.ts [calls]

import { type Replayed, type ReplayWorld, startReplayWorld } from '#test/e2e/replay-world.ts';
import { smcp } from '#test/e2e/server.ts';

const AT_ONCE = 8;

type Call = { readonly tool: string; readonly args: (round: number) => object };

const act = (name: string, given: (round: number) => object = () => ({})): Call => ({
  tool: 'actor__act',
  args: (round) => ({ case: name, given: given(round) }),
});

const CALLS: readonly Call[] = [
  { tool: 'demo_math__calculate', args: (round) => ({ operation: 'divide', b: (round % 7) + 1, a: round / 3 }) },
  { tool: 'demo_math__format_bytes', args: (round) => ({ value: round ** 4 }) },
  { tool: 'demo_math__coin_flip', args: () => ({}) },
  { tool: 'demo_text__echo', args: (round) => ({ prefix: 'ž', message: 'kůň 😀 '.repeat(round % 50) }) },
  { tool: 'demo_text__slugify', args: (round) => ({ title: `Title ${round}` }) },
  { tool: 'demo_text__hash_preview', args: (round) => ({ text: String(round) }) },
  { tool: 'shell__date', args: () => ({}) },
  { tool: 'shell__checksum', args: (round) => ({ text: `text ${round}` }) },
  act('keys', (round) => ({ z: round, a: { d: 1, c: [round, null] }, '10': 1, '9': 2 })),
  act('chance'),
  act('all'),
  act('race'),
  act('caught'),
  act('uncaught'),
  act('between'),
  act('order'),
  act('loops', (round) => ({ times: round % 50 })),
  act('floods'),
  act('throws', (round) => ({ what: `thing ${round}` })),
  act('odd'),
  act('stack'),
  act('deepest', (round) => ({ afterAnswer: round % 2 === 0 })),
  act('large', (round) => ({ length: (round % 20) * 20_000 })),
];

/** @returns the invocations, by plugin: one process after the other runs them again */
async function record(world: ReplayWorld, count: number): Promise<readonly string[]> {
  const made: { readonly plugin: string; readonly id: string }[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let round = next++; round < count; round = next++) {
      const { tool, args } = CALLS[round % CALLS.length] as Call;
      const { id } = await world.call(tool, args(round));
      made.push({ plugin: tool.slice(0, tool.indexOf('__')), id });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return made.toSorted((a, b) => (a.plugin < b.plugin ? -1 : 1)).map(({ id }) => id);
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 1000);
  await using world = await startReplayWorld();
  const startedMs = performance.now();
  const ids = await record(world, count);
  const recordedMs = performance.now();
  const others: Replayed[] = [];
  let hostCalls = 0;
  for (const id of ids) {
    const replayed = await world.replay(id);
    hostCalls += replayed.hostCalls;
    if (replayed.same !== true) others.push(replayed);
  }
  const endedMs = performance.now();
  const verified = await smcp(['log', 'verify', world.home.directory, '--json']);
  const isSound = (JSON.parse(verified.stdout) as { ok: boolean }).ok;
  for (const other of others.slice(0, 10)) process.stdout.write(`${JSON.stringify(other)}\n`);
  process.stdout.write(
    `${ids.length} calls recorded in ${Math.round(recordedMs - startedMs)} ms, ${ids.length - others.length} came to the same result again ` +
      `in ${Math.round(endedMs - recordedMs)} ms (${hostCalls} host calls from transcripts); the log ${isSound ? 'verifies' : 'DOES NOT VERIFY'}\n`,
  );
  process.exitCode = others.length === 0 && ids.length === count && isSound ? 0 : 1;
}

await main();
