// Which code recorded calls ran, as the drafts of the log say it.

import { describe, expect, test } from 'vitest';
import { openRanCode } from '#app/ran-code.ts';
import { type Digest, digestHex, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { InvocationPredicate, RecordDraft } from '#domain/record.ts';
import type { MetaStore } from '#domain/store-ports.ts';
import { createRememberingLogger, createWorkspace } from '#test/registry/workspace.ts';

const CODE = sha256('code');

/** A home of which nothing is known yet, and what is around it. */
function createHome(home: string) {
  const rows = new Map<string, string>();
  let nowMs = 1000;
  const meta: MetaStore = { get: (key) => rows.get(key), put: (key, value) => void rows.set(key, value) };
  const appended: RecordDraft[] = [];
  const logger = createRememberingLogger();
  const log: RecordLog = {
    append: async (draft) => {
      appended.push(draft);
      return { index: appended.length, leaf: '' };
    },
  };
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  return {
    ...{ meta, rows, appended, logger, log },
    at: (ms: number) => {
      nowMs = ms;
    },
    open: (own: MetaStore = meta) => openRanCode({ meta: own, clock, logger }, home),
  };
}

const draftOf = (digest: Digest, tier: 'isolate' | 'process' | 'none'): RecordDraft => ({
  kind: 'invocation',
  predicate: {
    ...{ phase: 'outcome', invocation: 'i', attempt: 1, agent: 'a', door: 'mcp' },
    tool: { name: 'p__t', plugin: 'p', version: '1', package: digest, effect: 'pure' },
    ...(tier === 'none' ? {} : { sandbox: { tier } }),
  } as unknown as InvocationPredicate,
  args: {},
});

describe('code that a recorded call ran', () => {
  test('is known with the time of the first call in the life of a server, before its record is written', async () => {
    const home = createHome('/nowhere');
    const ran = home.open();
    expect(ran.lastRunMs(CODE)).toBeUndefined();
    const log = ran.noting({
      append: async (draft) => {
        expect(ran.lastRunMs(CODE)).toBe(1000);
        return home.log.append(draft);
      },
    });
    await log.append(draftOf(CODE, 'isolate'));
    home.at(2000);
    await log.append(draftOf(CODE, 'isolate'));
    expect([ran.lastRunMs(CODE), home.appended.length]).toEqual([1000, 2]);
    const next = home.open();
    await next.noting(home.log).append(draftOf(CODE, 'isolate'));
    expect(next.lastRunMs(CODE)).toBe(2000);
  });

  test.each(['process', 'none'] as const)('is not what can not be run again: a call of tier %s', async (tier) => {
    const home = createHome('/nowhere');
    const ran = home.open();
    await ran.noting(home.log).append(draftOf(CODE, tier));
    expect([ran.lastRunMs(CODE), home.appended.length]).toEqual([undefined, 1]);
  });

  test('stops no call where that can not be kept, and is noted by the next one', async () => {
    const home = createHome('/nowhere');
    let isFull = true;
    const put: MetaStore['put'] = (key, value) => {
      if (isFull && key.startsWith('ran/')) throw new SmcpError('INTERNAL', 'the disk is full');
      home.meta.put(key, value);
    };
    const ran = home.open({ ...home.meta, put });
    const log = ran.noting(home.log);
    await log.append(draftOf(CODE, 'isolate'));
    expect([ran.lastRunMs(CODE), home.appended.length]).toEqual([undefined, 1]);
    expect(home.logger.lines).toMatchObject([{ level: 'warn', fields: { digest: CODE } }]);
    isFull = false;
    await log.append(draftOf(CODE, 'isolate'));
    expect(ran.lastRunMs(CODE)).toBe(1000);
  });

  test('is every copy that is there, in a home from before this was noted, and none later on', () => {
    using workspace = createWorkspace();
    workspace.write(`home/plugins/${digestHex(CODE)}`, { 'index.js': '' });
    const home = createHome(workspace.path('home'));
    expect(home.open().lastRunMs(CODE)).toBe(1000);
    const later = sha256('later');
    workspace.write(`home/plugins/${digestHex(later)}`, { 'index.js': '' });
    expect(home.open().lastRunMs(later)).toBeUndefined();
  });
});
