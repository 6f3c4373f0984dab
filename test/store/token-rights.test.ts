// What a token leaves, as it is kept.

import { expect, test } from 'vitest';
import { parseAgentName, type TokenRow } from '#domain/agent.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';
import { createTokenStore } from '#store/state-stores.ts';

const agent = parseAgentName('athena');
if (agent === undefined) throw new Error('no name');

function world() {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  const rowOf = (id: string, more: Partial<TokenRow> = {}): TokenRow => ({
    ...{ id, agent: agent as NonNullable<typeof agent>, secretHash: 'f'.repeat(64), createdMs: 1 },
    ...more,
  });
  return { database, store: createTokenStore(database), rowOf };
}

test('scopes and the chain of a token are read back as they were put', () => {
  const { store, rowOf } = world();
  const rights = { scopes: [['tools:a__*'], ['doors:mcp']], onBehalfOf: ['0'.repeat(16)], actors: ['reader'] };
  const subject = `sha256:${'0'.repeat(64)}` as const;
  const signedBy = { issuer: 'https://a.example', keyId: 'k', keyDigest: subject, issuedMs: 1, subject, jti: subject };
  store.put(rowOf('a', { rights }));
  store.put(rowOf('b'));
  store.put(rowOf('c', { rights: { ...rights, signedBy } }));
  expect(store.list()).toEqual([rowOf('a', { rights }), rowOf('b'), rowOf('c', { rights: { ...rights, signedBy } })]);
});

test.each([
  '',
  '{',
  '[]',
  '"all"',
  '{}',
  '{"scopes":[["a"]],"onBehalfOf":[]}',
  '{"scopes":["a"],"onBehalfOf":[],"actors":[]}',
  '{"scopes":[],"onBehalfOf":[],"actors":[],"signedBy":{"issuer":"https://a.example","keyId":"k","issuedMs":1,"subject":"u1"}}',
  `{"scopes":[],"onBehalfOf":[],"actors":[],"signedBy":{"issuer":"https://a.example","keyId":"k","issuedMs":1,"subject":"sha256:${'0'.repeat(64)}"}}`,
  '{"scopes":[],"onBehalfOf":[],"actors":[],"signedBy":null}',
])('what was damaged to %j is read as broken, never as none', (json) => {
  const { database, store, rowOf } = world();
  store.put(rowOf('a'));
  database.prepare('UPDATE token SET rights = ?').run(json);
  expect(store.list()).toEqual([rowOf('a', { rights: 'broken' })]);
});
