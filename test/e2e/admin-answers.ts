// Answers of operations without what differs from call to call and from caller to caller: times, ids, digests, counts, places.

import { basename } from 'node:path';
import { isJsonObject, type Json } from '#base/json.ts';

/** Counts that go on, and where things stand in the log. */
const COUNTED = new Set([
  ...['version', 'index', 'entries', 'calls', 'callsUnderWay', 'approvalsPending', 'agents'],
  ...['read', 'decided', 'same', 'changed', 'undecided', 'byAnotherRule', 'count', 'size', 'records'],
]);

const PLACES = new Set(['file', 'source']);

/** What stays equal whoever asks, and whenever. */
export function lasting(answer: Json, key = ''): Json {
  // Of the tree as it is now: another one after each record.
  if (key === 'inclusion') return [];
  if (Array.isArray(answer)) return answer.map((item) => lasting(item, key));
  if (isJsonObject(answer)) {
    return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, lasting(value as Json, name)]));
  }
  if (typeof answer === 'number') return COUNTED.has(key) ? 1 : answer;
  return typeof answer === 'string' ? lastingText(answer, key) : answer;
}

function lastingText(text: string, key: string): string {
  if (PLACES.has(key)) return basename(text);
  if (key === 'by') return 'admin';
  if (key === 'checkpoint') return 'smcp.local/log\n7\nn5GSSoVb…\n\n— smcp.local/log …\n';
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '2026-11-30T12:00:00.000Z')
    .replace(/sha256:[0-9a-f]{64}/g, `sha256:${'0'.repeat(64)}`)
    .replace(/localhost:\d+\/console\/enroll#.*/, 'localhost:8000/console/enroll#…')
    .replace(/smcp_[a-z0-9]+_[A-Za-z0-9_-]+/g, 'smcp_…')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '01920000-0000-7000-8000-000000000000')
    .replace(/\b[0-9a-f]{16}\b/g, '1f0c2a9b5d3e7f80')
    .replace(/\bby ops\b/g, 'by admin')
    .replace(/number \d+/g, 'number 1')
    .replace(/version \d+/g, 'version 1');
}

/** What every caller is shown: agents see no paths of this machine, and a call that asks what runs is one that runs. */
export function seenByAll(name: string, answer: Json): Json {
  if (name === 'config_show') {
    const { settings, ...rest } = answer as { readonly settings: readonly { readonly key: string }[] };
    return { ...rest, settings: settings.filter(({ key }) => !/director/.test(key)) } as Json;
  }
  if (name !== 'queue' && name !== 'status') return answer;
  const { lanes, calls, ...rest } = answer as {
    readonly lanes: readonly { readonly name: string }[];
    readonly calls?: readonly { readonly lane: string }[] | number;
  };
  return {
    ...rest,
    lanes: lanes.map((lane) => (lane.name === 'control' ? { ...lane, running: 0 } : lane)),
    calls: Array.isArray(calls) ? calls.filter(({ lane }) => lane !== 'control') : calls,
  } as Json;
}
