// Memory of `smcp serve` over many calls: of the host after a collection of garbage, and resident, of it and of its wardens.
// Looked at between equal portions of calls, when nothing is under way. And what is left once the server has ended.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadProcess } from './load/load-process.ts';
import { descendantsOf, memoryOf, type ProcessFigures, stillThere } from './processes.ts';
import type { Memory, MemoryTrack } from './report.ts';
import { makeHome, type OurServer, startOurs } from './servers/start-servers.ts';
import { slopeOf } from './statistics.ts';
import { TOOL_NAME } from './tool-call.ts';

const PORTIONS = 40;
const CONNECTIONS = 16;
/** Share of the calls after which caches are full, code is compiled and isolates have been replaced. */
const WARM_UP = 0.3;
const MIB = 1024 * 1024;
const GROWTH_CALLS = 10_000;
/** MiB per 10,000 calls above which memory isn't flat: 100 bytes kept of each call. One kept record has about 2,000. */
const GROWTH_MAX = 1;
/** Fewer say nothing: an isolate's memory grows until it is replaced, after 10,000 calls. */
const CALLS_TO_JUDGE_MIN = 50_000;
/** A reaped process may show for a moment. */
const REAP_MS = 200;

const PRELOAD = new URL('./servers/report-memory.ts', import.meta.url).href;

type Sample = { readonly calls: number; readonly bytes: { readonly [what in Tracked]: number } };
type Tracked = (typeof TRACKED)[number]['what'];

const TRACKED = [
  { what: 'host heap after collection', isJudged: true },
  { what: 'host outside the heap', isJudged: true },
  { what: 'host resident', isJudged: false },
  { what: 'wardens, own memory', isJudged: true },
  { what: 'wardens resident', isJudged: false },
] as const;

/** @throws when an answer is wrong, or the server doesn't end with 0. */
export async function measureMemory(calls: number, load: LoadProcess, say: (text: string) => void): Promise<Memory> {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(makeHome(1, TOOL_NAME));
  const nodeFlags = ['--expose-gc', '--import', PRELOAD];
  const server = stack.use(await startOurs(home, { nodeFlags, hasChannel: true }));
  const portion = Math.max(1, Math.ceil(calls / PORTIONS));
  const samples: Sample[] = [];
  let done = 0;
  while (done < calls) {
    const { url, tokens } = server;
    const until = { calls: Math.min(portion, calls - done) };
    try {
      await load.load({ url, tokens, connections: CONNECTIONS, until, client: 'lean', hasReceipt: true });
    } catch (cause) {
      throw new Error(`${(cause as Error).message}\nafter ${done} calls; memory so far: ${growthSoFar(samples)}`, {
        cause,
      });
    }
    done += until.calls;
    samples.push(await sampleOf(server, done));
    if (samples.length % 10 === 0) say(`memory: ${done} of ${calls} calls`);
  }
  const processes = descendantsOf(server.pid);
  await server.stop();
  const tracks = TRACKED.map((track) => trackOf(track, samples));
  const isLongEnough = calls >= CALLS_TO_JUDGE_MIN;
  return {
    calls,
    tracks,
    ...(isLongEnough ? { isFlat: tracks.every(({ isJudged, growth }) => !isJudged || growth <= GROWTH_MAX) } : {}),
    processesLeft: await countLeft(processes),
  };
}

async function sampleOf(server: OurServer, calls: number): Promise<Sample> {
  const answered = once(server.child, 'message') as Promise<[NodeJS.MemoryUsage]>;
  server.child.send('memory');
  const [{ heapUsed, external, rss }] = await answered;
  const wardens = descendantsOf(server.pid).flatMap(({ pid }) => memoryOf(pid) ?? []);
  const total = (key: 'residentBytes' | 'ownBytes') => wardens.reduce((sum, one) => sum + one[key], 0);
  return {
    calls,
    bytes: {
      'host heap after collection': heapUsed,
      'host outside the heap': external,
      'host resident': rss,
      'wardens, own memory': total('ownBytes'),
      'wardens resident': total('residentBytes'),
    },
  };
}

function trackOf({ what, isJudged }: (typeof TRACKED)[number], samples: readonly Sample[]): MemoryTrack {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const mib = (sample: Sample | undefined) => (sample === undefined ? 0 : sample.bytes[what] / MIB);
  const growth = slopeOf(warm.map((sample) => ({ x: sample.calls, y: mib(sample) }))) * GROWTH_CALLS;
  return { what, firstMiB: mib(warm[0]), lastMiB: mib(warm.at(-1)), growth, isJudged };
}

/** What there is to say where a call failed: it may have failed for this. */
function growthSoFar(samples: readonly Sample[]): string {
  const mib = (sample: Sample | undefined, what: Tracked) => Math.round((sample?.bytes[what] ?? 0) / MIB);
  return TRACKED.map(({ what }) => `${what} ${mib(samples[0], what)} to ${mib(samples.at(-1), what)} MiB`).join(', ');
}

async function countLeft(processes: readonly ProcessFigures[]): Promise<number> {
  if (stillThere(processes).length > 0) await sleep(REAP_MS);
  return stillThere(processes).length;
}
