// Makes the load of one job: as many callers as connections, each with one call under way. Any wrong answer ends it.

import { percentile } from '#bench/statistics.ts';
import { additionOf, faultOf } from '#bench/tool-call.ts';
import { connectLean, type LoadClient } from './lean-client.ts';
import type { LoadJob, LoadResult } from './messages.ts';
import { connectSdk } from './sdk-client.ts';

const CONNECT = { lean: connectLean, sdk: connectSdk } as const;

/** Answers are checked while the clock runs, for every server alike. @throws for the first wrong answer. */
export async function drive(job: LoadJob): Promise<LoadResult> {
  const { connections, tokens, url, hasReceipt, isEcho = false } = job;
  const tokenOf = (place: number) => tokens[place % tokens.length] ?? '';
  const places = Array.from({ length: connections }, (_, place) => place);
  const clients = await Promise.all(places.map((place) => CONNECT[job.client](url, tokenOf(place))));
  const msMax = 'ms' in job.until ? job.until.ms : Number.POSITIVE_INFINITY;
  const callsMax = 'calls' in job.until ? job.until.calls : Number.POSITIVE_INFINITY;
  const latencies: number[] = [];
  const lateLatencies: number[] = [];
  let lastId = 0;
  let answered = 0;
  const cpu = process.cpuUsage();
  const fromMs = performance.now();

  const callOn = async (client: LoadClient): Promise<void> => {
    let startMs = performance.now();
    while (lastId < callsMax) {
      const id = ++lastId;
      const result = await client.call(additionOf(id), id);
      const fault = isEcho ? undefined : faultOf(result, id, hasReceipt);
      if (fault !== undefined) throw new Error(`call ${id} got ${fault}`);
      const endMs = performance.now();
      answered += 1;
      const isLate = endMs - fromMs > msMax;
      (isLate ? lateLatencies : latencies).push(endMs - startMs);
      if (isLate) return;
      startMs = endMs;
    }
  };

  try {
    await Promise.all(clients.map(callOn));
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  const { user, system } = process.cpuUsage(cpu);
  // Where not one call was answered in time, those that came later are all that is known.
  const isTooShort = latencies.length === 0;
  const counted = isTooShort ? lateLatencies : latencies;
  const elapsedMs = performance.now() - fromMs;
  return {
    calls: counted.length,
    answered,
    ms: isTooShort ? elapsedMs : Math.min(elapsedMs, msMax),
    p50Ms: percentile(counted, 0.5),
    p99Ms: percentile(counted, 0.99),
    clientUsPerCall: (user + system) / answered,
  };
}
