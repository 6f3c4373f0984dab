// Operations on the log: records by index or invocation, the newest ones, their proof, the keys.

import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { readDisclosed } from '#domain/disclosed-document.ts';
import type { RecordReader } from '#domain/ports.ts';
import type { ProofBundle } from '#domain/proof-bundle.ts';
import type { StoredRecord } from '#domain/record.ts';
import { inputSchema, type Operation } from './operation.ts';

const recordSchema: JsonObject = {
  type: 'object',
  properties: {
    index: { type: 'integer' },
    invocation: { type: ['string', 'null'] },
    leaf: { type: 'string' },
    record: { type: 'object', description: 'The in-toto statement that was signed.' },
    disclosed: { type: 'object', description: 'Arguments, result and transcript, where they are still kept.' },
    digested: { type: 'object', description: 'Length and digest of those that were too large to be kept.' },
    unreadable: { type: 'object', description: 'The text of those whose document is not what the log writes.' },
  },
  required: ['index', 'invocation', 'leaf', 'record'],
};

export const recordIdInput = inputSchema(
  { id: { type: 'string', description: 'An invocation, or a decimal index.' } },
  ['id'],
);

const keySchema: JsonObject = {
  type: 'object',
  properties: {
    keyid: { type: 'string' },
    alg: { type: 'string' },
    spki: { type: 'string', description: 'PEM.' },
    fromIndex: { type: 'integer' },
    toIndex: { type: ['integer', 'null'] },
  },
  required: ['keyid', 'alg', 'spki', 'fromIndex', 'toIndex'],
};

const provenSchema: JsonObject = {
  type: 'object',
  properties: {
    index: { type: 'integer' },
    envelope: { type: 'string', description: 'The DSSE envelope, as it was signed.' },
    leaf: { type: 'string' },
    inclusion: { type: 'array', items: { type: 'string' }, description: 'From the leaf up, base64.' },
  },
  required: ['index', 'envelope', 'leaf', 'inclusion'],
};

const bundleSchema: JsonObject = {
  type: 'object',
  properties: {
    bundle: { const: 1 },
    record: provenSchema,
    opening: provenSchema,
    checkpoint: { type: 'string' },
    keys: { type: 'array', items: keySchema },
    vkey: { type: 'string' },
  },
  required: ['bundle', 'record', 'opening', 'checkpoint', 'keys', 'vkey'],
};

export const logOperations: readonly Operation[] = [
  {
    name: 'log_show',
    topic: 'log',
    showsCalls: true,
    summary: 'Shows a record: of an invocation its closing one, or the one with this index.',
    command: ['log', 'show'],
    positional: ['id'],
    method: 'GET',
    path: '/log/records/:id',
    effect: 'read',
    input: recordIdInput,
    output: recordSchema,
    run: ({ log }, input) => recordView(findRecord(log, String(input['id'])), { withDisclosed: true }),
  },
  {
    name: 'log_tail',
    topic: 'log',
    summary: 'Shows the newest records, oldest of them first.',
    command: ['log', 'tail'],
    positional: [],
    method: 'GET',
    path: '/log/records',
    effect: 'read',
    input: inputSchema({
      count: { type: 'integer', minimum: 1, maximum: LIMITS.logPageLengthMax, description: 'How many; 20 if absent.' },
      from: { type: 'integer', minimum: 0, description: 'Begin at this index instead of at the end.' },
    }),
    output: { type: 'array', items: recordSchema },
    run: ({ log }, input) => {
      const count = typeof input['count'] === 'number' ? input['count'] : 20;
      const first = typeof input['from'] === 'number' ? input['from'] : Math.max(0, log.size() - count);
      const last = Math.min(log.size(), first + count);
      const records: Json[] = [];
      for (let index = first; index < last; index += 1) {
        records.push(recordView(findRecord(log, String(index)), { withDisclosed: false }));
      }
      return records;
    },
  },
  {
    name: 'log_prove',
    topic: 'log',
    showsCalls: true,
    summary: 'Gives a record with everything that proves that the log has it: inclusion, checkpoint, keys.',
    detail: 'Of an invocation its closing record. What it gives can be verified without this server.',
    positional: [],
    method: 'GET',
    path: '/log/proofs/:id',
    effect: 'read',
    input: recordIdInput,
    output: bundleSchema,
    run: ({ log }, input) => {
      const { index } = findRecord(log, String(input['id']));
      const bundle = log.prove(index);
      invariant(bundle !== undefined, 'a record that can be read can be proven');
      return bundleView(bundle);
    },
  },
  {
    name: 'log_disclose',
    topic: 'log',
    summary:
      'Gives the documents behind a record, such as its arguments and result, so that others can hold them against it.',
    detail: 'SHA-256 of a document is the digest that the record signs for. Whoever gets one can read the value in it.',
    command: ['log', 'disclose'],
    positional: ['id'],
    method: 'GET',
    path: '/log/disclosures/:id',
    effect: 'read',
    showsCalls: true,
    input: recordIdInput,
    output: {
      type: 'object',
      properties: {
        index: { type: 'integer' },
        documents: {
          type: 'array',
          description: 'Those that are still kept.',
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, sha256: { type: 'string' }, document: { type: 'string' } },
            required: ['name', 'sha256', 'document'],
          },
        },
      },
      required: ['index', 'documents'],
    },
    run: ({ log }, input) => {
      const { index, disclosed } = findRecord(log, String(input['id']));
      const documents = Object.entries(disclosed).map(([name, document]) => ({
        name,
        sha256: sha256(document).slice('sha256:'.length),
        document,
      }));
      return { index, documents };
    },
  },
  {
    name: 'log_checkpoint',
    topic: 'log',
    summary: 'Gives the newest signed checkpoint of the log, and the key that verifies it.',
    detail: 'Kept elsewhere, it shows later that nothing before it was changed.',
    command: ['log', 'checkpoint'],
    positional: [],
    method: 'GET',
    path: '/log/checkpoint',
    effect: 'read',
    input: inputSchema({}),
    output: {
      type: 'object',
      properties: {
        checkpoint: { type: ['string', 'null'], description: 'A signed note; null while the log is empty.' },
        vkey: { type: 'string' },
      },
      required: ['checkpoint', 'vkey'],
    },
    run: ({ log }) => ({ checkpoint: log.checkpoint() ?? null, vkey: log.vkey() }),
  },
  {
    name: 'log_keys',
    topic: 'log',
    summary: 'Gives the public keys that sign records, as an export holds them.',
    positional: [],
    method: 'GET',
    path: '/log/keys',
    effect: 'read',
    input: inputSchema({}),
    output: { type: 'array', items: keySchema },
    run: ({ log }) => log.keys().map((key) => ({ ...key })),
  },
];

/** @throws `RECORD_UNKNOWN` */
export function findRecord(log: RecordReader, id: string): StoredRecord {
  const index = /^(0|[1-9][0-9]{0,14})$/.test(id) ? Number(id) : log.findInvocation(id).at(-1);
  const record = index === undefined ? undefined : log.record(index);
  if (record === undefined) {
    throw new SmcpError('RECORD_UNKNOWN', `the log has no record ${JSON.stringify(id)}`, {
      details: { remedy: `use an invocation, or an index below ${log.size()}; smcp log tail shows the newest` },
    });
  }
  return record;
}

function bundleView({ record, opening, keys, ...rest }: ProofBundle): JsonObject {
  return { ...rest, record: { ...record }, opening: { ...opening }, keys: keys.map((key) => ({ ...key })) };
}

/** A record for reading: the signed statement, and the disclosed values without their nonces. */
function recordView(stored: StoredRecord, { withDisclosed }: { readonly withDisclosed: boolean }): JsonObject {
  const { payload } = JSON.parse(stored.envelope) as { payload: string };
  const record = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as JsonObject;
  return {
    index: stored.index,
    invocation: stored.invocation === '' ? null : stored.invocation,
    leaf: stored.leaf,
    record,
    ...(withDisclosed ? disclosedView(stored.disclosed) : {}),
  };
}

/** Numbers with all their digits, as they were signed for. What can't be shown as a value stands apart, where no value can. */
function disclosedView(documents: StoredRecord['disclosed']): JsonObject {
  const disclosed: [string, Json][] = [];
  const digested: [string, Json][] = [];
  const unreadable: [string, Json][] = [];
  for (const [name, document] of Object.entries(documents)) {
    const read = readDisclosed(document);
    if (read.kind === 'value') disclosed.push([name, read.value as Json]);
    if (read.kind === 'digest') digested.push([name, { bytes: read.bytes, digest: read.digest }]);
    if (read.kind === 'unreadable') unreadable.push([name, read.text]);
  }
  const parts = Object.entries({ disclosed, digested, unreadable }).filter(([, entries]) => entries.length > 0);
  return Object.fromEntries(parts.map(([part, entries]) => [part, Object.fromEntries(entries)]));
}
