// What happens in a server of which people are told: each once, from the part that knows it, and nothing else.

import { beforeEach, describe, expect, test } from 'vitest';
import { toldFreezes } from '#app/notices/freezes.ts';
import { toldLog } from '#app/notices/loops.ts';
import { watchForNotices } from '#app/notices/watch.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { createListeners } from '#base/listeners.ts';
import { silentLogger } from '#base/log.ts';
import type { PluginReport } from '#domain/manifest.ts';
import type { Notice, NoticeBound, NoticeTeller } from '#domain/notify-ports.ts';
import type { InvocationPredicate, Layer } from '#domain/record.ts';
import { createFreezes } from '#freeze/freezes.ts';
import { createMerger } from '#notify/merge.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';
import { createFreezeStore, createMetaStore } from '#store/state-stores.ts';
import { createWorld } from '#test/approvals/world.ts';

/** Keeps what is told, within the bounds that it is told with. */
function createTeller() {
  const told: Notice[] = [];
  const merger = createMerger((notice) => void told.push(notice), { mergeMs: 60_000 });
  const teller = {
    tell: (notice: Notice, ...bounds: readonly NoticeBound[]) => {
      if (!bounds.every(merger.admits)) return false;
      told.push(notice);
      return true;
    },
  } satisfies NoticeTeller;
  const subjects = () => told.map(({ subject }) => subject);
  return { told, subjects, close: merger.close, ...teller };
}

let teller: ReturnType<typeof createTeller>;
beforeEach(() => {
  teller = createTeller();
});

function refused(agent: string, tool: string, unit: 'repeats' | 'calls'): InvocationPredicate {
  return {
    ...{ phase: 'denied', invocation: 'the-call', attempt: 1, agent, door: 'mcp', tool: { name: tool } },
    policy: { version: 1, digest: sha256('p'), decision: 'deny', limit: { unit, limit: 3, used: 3, perMs: 60_000 } },
    time: { received: '2026-11-22T10:00:00.000Z' },
  };
}

describe('an agent that repeats itself', () => {
  test('is told of once for each tool, and counted after that', async () => {
    const log = toldLog(createWorld().log, teller);
    for (let n = 0; n < 50; n += 1)
      await log.append({ kind: 'invocation', predicate: refused('athena', 'a__b', 'repeats') });
    await log.append({ kind: 'invocation', predicate: refused('athena', 'a__c', 'repeats') });
    expect(teller.subjects()).toEqual(['loop of athena with a__b', 'loop of athena with a__c']);
    expect(teller.told[0]).toMatchObject({
      kind: 'loop',
      lines: ['athena made the same call of a__b more than 3 times within 60 s; it was stopped.'],
      look: 'smcp log show the-call',
    });
    teller.close();
    expect(teller.subjects()).toContain('loop of athena with a__b goes on');
  });

  test('with a thousand tools is one agent: a few notices, and one for the rest', async () => {
    const log = toldLog(createWorld().log, teller);
    for (let n = 0; n < 1_000; n += 1) {
      await log.append({ kind: 'invocation', predicate: refused('athena', `a__t${n}`, 'repeats') });
    }
    expect(teller.told).toHaveLength(LIMITS.notifyPerAgentMax);
    teller.close();
    expect(teller.subjects().at(-1)).toBe(`${1_000 - LIMITS.notifyPerAgentMax} more loops of athena`);
  });

  test('is not one that reached another limit, nor one whose call could not be recorded', async () => {
    const { log, state } = createWorld();
    const told = toldLog(log, teller);
    await told.append({ kind: 'invocation', predicate: refused('athena', 'a__b', 'calls') });
    state.isDiskFull = true;
    await expect(
      told.append({ kind: 'invocation', predicate: refused('athena', 'a__b', 'repeats') }),
    ).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(teller.told).toEqual([]);
  });

  test('can steer no reader by the name of a tool that it made up', async () => {
    const log = toldLog(createWorld().log, teller);
    await log.append({
      kind: 'invocation',
      predicate: refused('athena', `\u001b[2J\u202e${'x'.repeat(5_000)}`, 'repeats'),
    });
    const text = JSON.stringify(teller.told);
    expect(text).not.toContain('\\u001b');
    expect(text).not.toContain('\u202e');
    expect(text.length).toBeLessThan(3_000);
  });
});

function openStores() {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  return { freezes: createFreezeStore(database), meta: createMetaStore(database) };
}

describe('a freeze', () => {
  test('is told when it is made and when it is lifted, by whom, and once', () => {
    const { clock } = createWorld().time;
    const freezes = toldFreezes(createFreezes({ store: openStores().freezes, clock }), { ...teller, clock });
    freezes.freeze({ kind: 'agent', name: 'athena' }, 'admin');
    freezes.freeze({ kind: 'agent', name: 'athena' }, 'bea');
    freezes.unfreeze({ kind: 'agent', name: 'athena' }, 'ana');
    freezes.unfreeze({ kind: 'agent', name: 'athena' }, 'ana');
    expect(teller.told).toMatchObject([
      { subject: 'agent athena frozen', lines: ['By admin, 2026-11-22T10:00:00.000Z.'] },
      { subject: 'agent athena lifted', lines: ['By ana, 2026-11-22T10:00:00.000Z.'] },
    ]);
  });

  test('that could not be kept is in force, and told', () => {
    const { clock } = createWorld().time;
    const store = {
      ...openStores().freezes,
      put: () => {
        throw new SmcpError('LOG_UNAVAILABLE', 'full');
      },
    };
    const freezes = toldFreezes(createFreezes({ store, clock }), { ...teller, clock });
    expect(() => freezes.freeze({ kind: 'all' }, 'admin')).toThrow('full');
    expect(teller.subjects()).toEqual(['everything frozen']);
  });
});

const report = (name: string, more: Partial<PluginReport> = {}): PluginReport => ({
  ...{ name, version: '1.0.0', digest: sha256(name), state: 'quarantined', runtime: 'isolate', tools: [] },
  ...{ capabilities: [], secrets: [], notes: [], source: '/x', problems: [] },
  ...more,
});

const layer = (name: string, inForce: boolean): Layer => ({ name, inForce, detail: 'd' });

function createWatched() {
  const { clock } = createWorld().time;
  const { meta } = openStores();
  const changes = createListeners();
  const state = { reports: [] as PluginReport[], layers: [layer('a', true), layer('b', false)], broken: -1, size: 3 };
  const proven: number[] = [];
  const start = () =>
    watchForNotices({
      ...{ tell: teller.tell, meta, clock, logger: silentLogger, layers: () => state.layers },
      catalog: { reports: () => state.reports, onChange: changes.onChange },
      log: {
        size: () => state.size,
        prove: (index) => {
          proven.push(index);
          if (index === state.broken) throw new SmcpError('LOG_TAMPERED', `record ${index} was changed`);
          return undefined;
        },
      },
    });
  return { state, start, changes, proven };
}

describe('a plugin that waits', () => {
  test('is told once, also over a restart, and again when it changed', () => {
    const { state, start, changes } = createWatched();
    const watch = start();
    state.reports = [report('paint'), report('other', { state: 'ready' })];
    changes.tell();
    watch.look();
    watch.close();
    start().close();
    expect(teller.subjects()).toEqual(['plugin paint waits']);
    state.reports = [report('paint', { digest: sha256('changed') })];
    start().close();
    expect(teller.subjects()).toEqual(['plugin paint waits', 'plugin paint waits']);
  });

  test('is one of a thousand: a few notices, and one for the rest', () => {
    const { state, start } = createWatched();
    state.reports = Array.from({ length: 1_000 }, (_, n) => report(`p${n}`));
    start().close();
    expect(teller.told).toHaveLength(LIMITS.notifyPerAgentMax);
  });
});

describe('a layer of the sandbox', () => {
  test('that was in force in this home and is no more is told once, also when a restart lies between', () => {
    const { state, start } = createWatched();
    start().close();
    expect(teller.told).toEqual([]);
    state.layers = [layer('a', false), layer('b', false)];
    const watch = start();
    watch.look();
    watch.close();
    expect(teller.subjects()).toEqual(['layers lost: a']);
  });

  test('that comes back and is lost again is told again', () => {
    const { state, start } = createWatched();
    const watch = start();
    for (const inForce of [false, true, false]) {
      state.layers = [layer('a', inForce)];
      watch.look();
    }
    watch.close();
    expect(teller.told).toHaveLength(2);
  });
});

describe('the log of a server that runs', () => {
  test('is gone round record after record; one that does not lead to what was signed is told once', () => {
    const { state, start, proven } = createWatched();
    const watch = start();
    watch.look();
    expect([proven, teller.told]).toEqual([[0, 1, 2, 0, 1, 2], []]);
    state.broken = 1;
    watch.look();
    watch.look();
    watch.close();
    expect(teller.told).toMatchObject([{ kind: 'verification', lines: ['record 1 was changed', expect.any(String)] }]);
  });
});
