// What the whole calls of the self-test stand on: a log that keeps their denials and lets nothing begin, tokens that no store has, and doors
// that answer within the process.

import { describe, expect, test } from 'vitest';
import { NOBODY } from '#app/trial/stranger.ts';
import { createTrialLog } from '#app/trial/trial-log.ts';
import { SCOPES_BELOW, testWholeCalls } from '#app/trial/whole-calls.ts';
import { systemClock } from '#base/clock.ts';
import { connectInMemory } from '#base/in-memory-connection.ts';
import type { TokenRow } from '#domain/agent.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { InvocationPredicate, RecordDraft } from '#domain/record.ts';
import type { TokenStore } from '#domain/store-ports.ts';
import { createTokenAuthority } from '#identity/tokens.ts';
import { createDoor } from '#test/gateway/fakes.ts';
import { createSocketDoor } from '#test/stdio/door.ts';

function memoryLog() {
  const drafts: RecordDraft[] = [];
  const log: RecordLog = {
    append: async (draft) => {
      drafts.push(draft);
      return { index: 7, leaf: 'bGVhZg==' };
    },
  };
  return { log, drafts };
}

const draftOf = (phase: InvocationPredicate['phase'], agent: string = NOBODY): RecordDraft => ({
  kind: 'invocation',
  predicate: { phase, agent } as InvocationPredicate,
});

describe('the log of the trial', () => {
  test('keeps denials of its own agent until it ends, then the log has every record', async () => {
    const { log, drafts } = memoryLog();
    const trialLog = createTrialLog(log);
    const trial = trialLog.begin(NOBODY);
    expect(await trialLog.log.append(draftOf('denied'))).toEqual({ index: 0, leaf: expect.stringMatching(/^A{43}=$/) });
    expect([trial.denials().length, drafts.length]).toEqual([1, 0]);
    trial[Symbol.dispose]();
    expect(await trialLog.log.append(draftOf('denied'))).toEqual({ index: 7, leaf: 'bGVhZg==' });
    expect([trial.denials().length, drafts.length]).toEqual([1, 1]);
  });

  test.each([
    ['what is to begin', draftOf('intent')],
    ['what has ended', draftOf('outcome')],
    ["another agent's denial", draftOf('denied', 'athena')],
    ['an act of administration', { kind: 'admin', predicate: { operation: 'x', subject: '', by: NOBODY, time: '' } }],
  ] as const)('takes no record of %s, so that nothing can begin', async (_what, draft) => {
    const { log, drafts } = memoryLog();
    const trialLog = createTrialLog(log);
    using trial = trialLog.begin(NOBODY);
    await expect(trialLog.log.append(draft as RecordDraft)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect([trial.denials(), drafts]).toEqual([[], []]);
  });

  test('begins once, and never after a record: no denial can be kept from the log later', async () => {
    const ended = createTrialLog(memoryLog().log);
    ended.begin(NOBODY)[Symbol.dispose]();
    expect(() => ended.begin(NOBODY)).toThrow('once');
    const used = createTrialLog(memoryLog().log);
    await used.log.append(draftOf('denied'));
    expect(() => used.begin(NOBODY)).toThrow('before anything is recorded');
  });
});

describe('the tokens of the trial', () => {
  const open = () => {
    const rows: TokenRow[] = [];
    const store: TokenStore = {
      list: () => rows,
      put: (row) => void rows.push(row),
      revoke: () => true,
      prune: () => {},
      remove: () => {},
    };
    const authority = createTokenAuthority({ store, clock: systemClock, adminToken: 'admin' });
    return { authority, rows };
  };

  test('are good for nobody, the one below within its scopes, and in no store', () => {
    const { authority, rows } = open();
    using tokens = authority.tryOut(NOBODY, SCOPES_BELOW);
    expect(authority.authenticate(tokens.token)).toMatchObject({ kind: 'agent', agent: NOBODY });
    const below = authority.authenticate(tokens.below);
    expect(below).toMatchObject({ kind: 'agent', agent: NOBODY, rights: { scopes: { lists: [SCOPES_BELOW] } } });
    expect(rows).toEqual([]);
    authority.close();
  });

  test('end when they are disposed of, and the one below with the first one; nothing of them is listed then', () => {
    const { authority } = open();
    const tokens = authority.tryOut(NOBODY, SCOPES_BELOW);
    const principal = authority.authenticate(tokens.below);
    tokens.endFirst();
    expect(authority.authenticate(tokens.token)).toBeUndefined();
    expect(authority.authenticate(tokens.below)).toBeUndefined();
    expect(principal !== undefined && authority.stillHolds(principal)).toBe(false);
    tokens[Symbol.dispose]();
    expect(authority.list()).toEqual([]);
    authority.close();
  });

  test('are over by themselves soon after', () => {
    const { authority } = open();
    using tokens = authority.tryOut(NOBODY, SCOPES_BELOW);
    const ends = authority.list().map(({ expiresMs = Number.POSITIVE_INFINITY, createdMs }) => expiresMs - createdMs);
    expect(ends).toHaveLength(2);
    expect(Math.max(...ends)).toBeLessThanOrEqual(20_000);
    expect(tokens.token).not.toBe(tokens.below);
    authority.close();
  });
});

describe('a door that gives no answer', () => {
  const tokens = { token: 'x', below: 'y', endFirst: () => {}, [Symbol.dispose]: () => {} };

  test('has not passed: a connection that is cut is no denial', async () => {
    const { gateway } = createDoor();
    const stdio = createSocketDoor();
    const dial = async () => {
      const connection = connectInMemory();
      setImmediate(() => connection[Symbol.dispose]());
      return connection;
    };
    const doors = {
      gateway: { ...gateway, dial },
      stdio: stdio.door,
      tokens,
      denials: () => [],
      tools: ['demo__echo'],
    };
    await expect(testWholeCalls(doors)).rejects.toMatchObject({
      code: 'SELF_TEST_FAILED',
      message: expect.stringContaining('/mcp of 2026-07-28 gave no answer'),
    });
    await gateway.close();
    await stdio.remove();
  });
});
