import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalEvidence } from '#base/canonical-evidence.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { UsedCapability } from '#domain/invocation.ts';
import { discloseValue } from '#provenance/disclosure.ts';
import { envelopeBytes, formatEnvelope, parseEnvelope } from '#provenance/envelope.ts';
import { prepareRecord } from '#provenance/prepare-record.ts';
import { openFileSigners } from '#provenance/signer.ts';
import type { AnyDraft } from '#provenance/statement.ts';
import { createStatementCheck } from '#provenance/verify/statement.ts';
import { adminDraft, intentDraft, makeHome, pluginDraft, policyDraft, predicateOf, removeHome } from './fixture.ts';

const check = createStatementCheck();
const statementOf = (draft: AnyDraft) => JSON.parse(Buffer.from(prepareRecord(draft).payload).toString());

function openedDraft(): AnyDraft {
  const home = makeHome();
  mkdirSync(home, { recursive: true });
  const { keyid, alg, spki } = openFileSigners(join(home, 'keys'), { create: true }).record;
  removeHome(home);
  const keys = [{ keyid, alg, spki, fromIndex: 0, toIndex: null }];
  return { kind: 'opened', predicate: { origin: 'test/00/1', keys, time: '2026-11-22T10:00:00.000Z' } };
}

describe('the schema of records', () => {
  const pure = { ...predicateOf('outcome').tool, effect: 'pure' } as const;
  const usage = { cpuMs: 0.5, wallMs: 12.25, heapBytesPeak: 1_000_000 };
  const used: UsedCapability[] = [{ kind: 'clock', target: '', count: 1, bytes: 0, transcript: '' }];
  const intent = { index: 3, leaf: Buffer.alloc(32).toString('base64') };
  test.each<[string, AnyDraft]>([
    ['an opened log', openedDraft()],
    ['an applied policy', policyDraft],
    ['an installed plugin', pluginDraft],
    ['an admin action', adminDraft],
    ['an intent', intentDraft()],
    ['an outcome', { kind: 'invocation', predicate: predicateOf('outcome', { intent, usage }), result: 1 }],
    [
      'a pure outcome',
      {
        kind: 'invocation',
        predicate: predicateOf('outcome', { tool: pure, capabilities: { granted: {}, used } }),
        args: {},
      },
    ],
    ['a denial', { kind: 'invocation', predicate: predicateOf('denied'), args: {}, result: { code: 'DENIED' } }],
    ['a denial of an unknown tool', { kind: 'invocation', predicate: predicateOf('denied', { tool: { name: 'x' } }) }],
    ['a cancelled call', { kind: 'invocation', predicate: predicateOf('cancelled', { session: 's' }) }],
    ['an unknown end', { kind: 'invocation', predicate: predicateOf('unknown', { intent }) }],
  ])('accepts the statement of %s', (_title, draft) => {
    expect(check(statementOf(draft))).toEqual([]);
  });

  const examples = join(import.meta.dirname, '..', 'schemas', 'record');
  const files = (kind: 'accepted' | 'refused') => readdirSync(join(examples, kind)).sort();
  const load = (kind: 'accepted' | 'refused', file: string) =>
    JSON.parse(readFileSync(join(examples, kind, file), 'utf8'));

  test.each(files('accepted'))('accepts the example %s', (file) => {
    expect(check(load('accepted', file))).toEqual([]);
  });

  test.each(files('refused'))('refuses the example %s', (file) => {
    expect(check(load('refused', file))).not.toEqual([]);
  });
});

describe('a record', () => {
  test('always fits, whatever an agent, a guest or a policy writes, and fits the schema', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.constantFrom(
        '\u0000'.repeat(100_000),
        '\ud800'.repeat(300),
        '€'.repeat(70_000),
        '',
        'x'.repeat(256),
        'x'.repeat(257),
      ),
    );
    const line = fc.record({ kind: text, target: text, count: fc.nat(), bytes: fc.nat(), transcript: fc.constant('') });
    const drafts = fc.record({ name: text, session: text, rule: text, used: fc.array(line, { maxLength: 200 }) });
    fc.assert(
      fc.property(drafts, ({ name, session, rule, used }) => {
        const base = predicateOf('outcome');
        const predicate = predicateOf('outcome', {
          session,
          tool: { ...base.tool, name, effect: 'pure' },
          policy: { version: 1, digest: base.tool.package ?? 'sha256:', decision: 'allow', rule: `r${rule}` },
          capabilities: { granted: {}, used },
        });
        const { payload } = prepareRecord({ kind: 'invocation', predicate, args: name, result: session });
        expect(envelopeBytes(payload.length)).toBeLessThanOrEqual(LIMITS.recordBytesMax);
        expect(check(JSON.parse(Buffer.from(payload).toString()))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('with all bounds reached at once still fits', () => {
    const worst = '\u0001'.repeat(10_000);
    const line = { kind: worst, target: worst, count: 1, bytes: 1, transcript: '' };
    const base = predicateOf('unknown');
    const tools = Array.from({ length: 200 }, () => 'x'.repeat(78));
    const predicate = predicateOf('unknown', {
      session: worst,
      tool: { ...base.tool, name: worst, plugin: worst, version: worst },
      policy: { version: 1, digest: base.tool.package ?? 'sha256:', decision: 'allow', rule: worst },
      sandbox: {
        ...(base.sandbox ?? { tier: 'isolate', profile: 'sha256:', limits: {} as never }),
        layers: Array(99).fill(worst),
      },
      capabilities: { granted: { tools }, used: Array(50).fill(line) },
      result: { isError: true, bytes: 1, class: worst },
    });
    const { payload } = prepareRecord({ kind: 'invocation', predicate, args: null, result: null });
    expect(envelopeBytes(payload.length)).toBeLessThanOrEqual(LIMITS.recordBytesMax);
  });

  test('of a plugin that asks more capabilities than fit is refused before it is signed', () => {
    if (pluginDraft.kind !== 'plugin') throw new Error('not a plugin');
    const tools = Array.from({ length: 300 }, () => 'x'.repeat(64));
    const draft: AnyDraft = { kind: 'plugin', predicate: { ...pluginDraft.predicate, capabilities: { tools } } };
    expect(() => prepareRecord(draft)).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }));
  });

  test('keeps one line with the sums of used capabilities that do not fit', () => {
    const used = Array.from({ length: 500 }, (_none, index) => ({
      kind: 'net',
      target: `host-${index}`,
      count: 2,
      bytes: 3,
      transcript: '',
    }));
    const statement = statementOf({
      kind: 'invocation',
      predicate: predicateOf('outcome', { capabilities: { granted: {}, used } }),
    });
    expect(statement.predicate.capabilities.used).toEqual([
      { kind: 'summary', target: '500 lines', count: 1000, bytes: 1500, transcript: expect.stringMatching(/^sha256:/) },
    ]);
  });
});

describe('an envelope', () => {
  const envelope = { payload: Buffer.from('{"a":1}'), keyid: 'ab'.repeat(32), signature: Buffer.alloc(64, 7) };
  const text = formatEnvelope(envelope);

  test('has its keys in order and no white space, and comes back as it was', () => {
    expect(text).toMatch(
      /^\{"payload":"[^"]+","payloadType":"application\/vnd\.in-toto\+json","signatures":\[\{"keyid":"[^"]+","sig":"[^"]+"\}\]\}$/,
    );
    expect(JSON.stringify(JSON.parse(text))).toBe(text);
    expect(text.length).toBe(envelopeBytes(envelope.payload.length));
    expect(parseEnvelope(text)).toEqual(envelope);
  });

  test.each([
    ['white space', `${text}\n`],
    ['another order', text.replace(/"keyid":("[^"]+"),"sig":("[^"]+")/, '"sig":$2,"keyid":$1')],
    ['a second signature', text.replace('}]}', '},{"keyid":"","sig":""}]}')],
    ['base64 with spare bits set', text.replace('eyJhIjoxfQ==', 'eyJhIjoxfR==')],
    ['another payload type', text.replace('in-toto', 'other')],
    ['an upper-case key id', text.replace('abab', 'ABAB')],
  ])('with %s is none', (_title, changed) => {
    expect(changed).not.toBe(text);
    expect(parseEnvelope(changed)).toBeUndefined();
  });
});

describe('a disclosure document', () => {
  test('is JCS with a fresh nonce, and its digest is the commitment', () => {
    const value = { b: [1, 2.5, null], a: 'ü€😀' };
    const [first, second] = [discloseValue(value), discloseValue(value)];
    expect(first.digest).toBe(createHash('sha256').update(first.document).digest('hex'));
    expect(first.digest).not.toBe(second.digest);
    const { nonce } = JSON.parse(first.document);
    expect(Buffer.from(nonce, 'base64url').length).toBe(32);
    expect(first.document).toBe(canonicalEvidence({ nonce, value }));
  });

  test('comes to be of every JSON value, also one that JCS does not take', () => {
    const values: Json[] = [
      '\ud800',
      { '\udfff': Number.POSITIVE_INFINITY },
      JSON.parse('{"__proto__":{"x":"\\ud800"}}'),
    ];
    let deep: Json = '\ud800';
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
    for (const value of [...values, deep]) {
      const { document, digest } = discloseValue(value);
      expect(document.isWellFormed()).toBe(true);
      expect(createHash('sha256').update(document).digest('hex')).toBe(digest);
    }
    expect(canonicalEvidence(values[1] ?? null)).toBe('{"\ufffd":"Infinity"}');
    expect(canonicalEvidence(values[2] ?? null)).toBe('{"__proto__":{"x":"\ufffd"}}');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => JSON.parse(discloseValue(value as Json).document).nonce.length === 43),
    );
  });
});
