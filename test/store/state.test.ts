import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import type { AgentName, TokenRow } from '#domain/agent.ts';
import { openStore } from '#store/open-store.ts';

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'smcp-store-'));
  file = join(home, 'smcp.db');
});
afterEach(() => rmSync(home, { recursive: true }));

function refusal(code: string, message = '') {
  return expect.objectContaining({ code, message: expect.stringContaining(message) });
}

describe('state', () => {
  const token: TokenRow = { id: 't1', agent: 'demo' as AgentName, secretHash: 'ab', createdMs: 5, expiresMs: 9 };

  test.each([Number.MAX_SAFE_INTEGER + 1, 8.64e19, 1.5, Number.NaN])(
    'takes no number that it could not read back: %d',
    (expiresMs) => {
      const { tokens, close } = openStore(file);
      expect(() => tokens.put({ ...token, expiresMs })).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
      expect(tokens.list()).toEqual([]);
      tokens.put({ ...token, expiresMs: Number.MAX_SAFE_INTEGER });
      expect(tokens.list()).toEqual([{ ...token, expiresMs: Number.MAX_SAFE_INTEGER }]);
      close();
    },
  );

  test('forgets tokens that were dead before a time, and no others', () => {
    const { tokens, close } = openStore(file);
    tokens.put(token);
    tokens.put({ ...token, id: 't2', expiresMs: 10 });
    tokens.put({ id: 't3', agent: token.agent, secretHash: 'ab', createdMs: 5 });
    tokens.put({ id: 't4', agent: token.agent, secretHash: 'ab', createdMs: 5, revokedMs: 9 });
    tokens.prune(10);
    expect(tokens.list().map(({ id }) => id)).toEqual(['t2', 't3']);
    close();
  });

  test('keeps tokens; the first revocation stands', () => {
    const { tokens, close } = openStore(file);
    tokens.put(token);
    tokens.put({ id: 't0', agent: 'demo' as AgentName, secretHash: 'cd', createdMs: 1 });
    expect(tokens.list().map((row) => row.id)).toEqual(['t0', 't1']);
    expect([tokens.revoke('t1', 7), tokens.revoke('t1', 8), tokens.revoke('nobody', 8)]).toEqual([true, true, false]);
    expect(tokens.list()[1]).toEqual({ ...token, revokedMs: 7 });
    close();
  });

  test('keeps policy versions and never rewrites one', async () => {
    const { policies, close } = openStore(file);
    expect(policies.latest()).toBeUndefined();
    const version = { version: 1, digest: sha256('a'), text: 'a', appliedMs: 3, by: 'admin' };
    await policies.put(version);
    await policies.put({ ...version, version: 2 });
    expect(policies.latest()).toEqual({ ...version, version: 2, isRecorded: false });
    await policies.markRecorded(2);
    expect(policies.latest()).toEqual({ ...version, version: 2, isRecorded: true });
    await expect(policies.put(version)).rejects.toThrow(refusal('LOG_UNAVAILABLE'));
    expect([policies.get(1)?.text, policies.get(3)]).toEqual(['a', undefined]);
    expect(policies.list().map(({ version, by, isRecorded }) => [version, by, isRecorded])).toEqual([
      [2, 'admin', true],
      [1, 'admin', false],
    ]);
    close();
  });

  test('keeps what is frozen over a restart; the first freeze of a scope stands', () => {
    const first = openStore(file);
    first.freezes.put({ scope: { kind: 'agent', name: 'athena' }, by: 'admin', sinceMs: 1 });
    first.freezes.put({ scope: { kind: 'agent', name: 'athena' }, by: 'hermes', sinceMs: 2 });
    first.freezes.put({ scope: { kind: 'all' }, by: 'admin', sinceMs: 3 });
    first.close();
    const { freezes, close } = openStore(file);
    expect(freezes.list()).toEqual([
      { scope: { kind: 'agent', name: 'athena' }, by: 'admin', sinceMs: 1 },
      { scope: { kind: 'all' }, by: 'admin', sinceMs: 3 },
    ]);
    expect([freezes.remove({ kind: 'all' }), freezes.remove({ kind: 'all' })]).toEqual([true, false]);
    expect(freezes.list()).toHaveLength(1);
    close();
  });

  test('keeps which plugins are switched off', () => {
    const { disabledPlugins, close } = openStore(file);
    disabledPlugins.put('b', 'admin', 1);
    disabledPlugins.put('a', 'admin', 2);
    disabledPlugins.put('a', 'hermes', 3);
    expect(disabledPlugins.list()).toEqual([
      { name: 'a', by: 'admin', sinceMs: 2 },
      { name: 'b', by: 'admin', sinceMs: 1 },
    ]);
    expect([disabledPlugins.remove('a'), disabledPlugins.remove('a')]).toEqual([true, false]);
    close();
  });

  test('keeps calls under their keys, counts what each agent keeps, and forgets old ones', async () => {
    const { keyedCalls, close } = openStore(file);
    const call = { agent: 'a', tool: 't', key: 'k', argsDigest: sha256('x'), invocation: 'i', createdMs: 5 };
    await keyedCalls.put(call);
    expect(keyedCalls.find('a', 't', 'k')).toEqual(call);
    expect([keyedCalls.find('b', 't', 'k'), keyedCalls.find('a', 'u', 'k')]).toEqual([undefined, undefined]);
    await keyedCalls.settle(call, '{"x":1}');
    await keyedCalls.put({ ...call, key: 'other', createdMs: 9 });
    expect(keyedCalls.find('a', 't', 'k')).toEqual({ ...call, outcomeJson: '{"x":1}' });
    expect([keyedCalls.usage('a'), keyedCalls.usage('b')]).toEqual([
      { count: 2, bytes: 7 },
      { count: 0, bytes: 0 },
    ]);
    keyedCalls.prune(9);
    await keyedCalls.remove({ agent: 'a', tool: 't', key: 'nothing' });
    expect(keyedCalls.usage('a')).toEqual({ count: 1, bytes: 0 });
    close();
  });

  test('counts what an agent keeps as it changes, in bytes and not in characters, and the same after a new start', async () => {
    const opened = openStore(file);
    const call = (key: string) => ({
      ...{ agent: 'a', tool: 't', key, argsDigest: sha256('x'), invocation: 'i', createdMs: 5 },
    });
    for (const key of ['one', 'two', 'two', 'three']) await opened.keyedCalls.put(call(key));
    await opened.keyedCalls.settle(call('one'), '"\u{1f600}"');
    await opened.keyedCalls.settle(call('two'), '"to be replaced"');
    await opened.keyedCalls.put(call('two'));
    await opened.keyedCalls.remove(call('three'));
    await opened.keyedCalls.settle(call('nothing'), '"not there"');
    const counted = opened.keyedCalls.usage('a');
    opened.close();
    const again = openStore(file);
    expect(counted).toEqual({ count: 2, bytes: 6 });
    expect(again.keyedCalls.usage('a')).toEqual(counted);
    again.close();
  });

  test('does not read all that an agent keeps for each of its calls', async () => {
    const { keyedCalls, close } = openStore(file);
    const call = { agent: 'a', tool: 't', key: 'k', argsDigest: sha256('x'), invocation: 'i', createdMs: 5 };
    await keyedCalls.put(call);
    await keyedCalls.settle(call, '"mine"');
    const before = keyedCalls.usage('a');
    // A second connection writes beside the lock, as nobody may: what was counted is not read again.
    const beside = new DatabaseSync(file);
    beside.exec('UPDATE keyed_call SET outcome = \'"another answer"\'');
    beside.close();
    expect(keyedCalls.usage('a')).toEqual(before);
    keyedCalls.prune(0);
    expect(keyedCalls.usage('a')).toEqual({ count: 1, bytes: 16 });
    close();
  });

  test('keeps small values, the last one put', () => {
    const { meta, close } = openStore(file);
    expect(meta.get('k')).toBeUndefined();
    meta.put('k', '1');
    meta.put('k', '2');
    expect(meta.get('k')).toBe('2');
    close();
  });
});
