// The statement inside a record: bytes to a checked value. Needs public keys only.

import { canonicalJson } from '#base/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { compileOwnSchema, type Validator } from '#base/schema.ts';
import { type InvocationPredicate, PREDICATE_TYPES } from '#domain/record.ts';
import { type Envelope, parseEnvelope } from '#provenance/envelope.ts';
import recordSchema from '#schemas/record.v1.json' with { type: 'json' };

/** A statement that fits `schemas/record.v1.json`. */
export type Statement = {
  readonly predicateType: string;
  /** Digest, lower-case hex, by subject name. */
  readonly subjects: ReadonlyMap<string, string>;
  readonly predicate: JsonObject;
};

export type ParsedRecord = { readonly envelope: Envelope; readonly statement: Statement };

export type StatementProblem = { readonly code: 'ENVELOPE_INVALID' | 'STATEMENT_INVALID'; readonly message: string };

/** Checks statements against the schema of records. Compiling costs some ms: make one per verification. */
export function createStatementCheck(): Validator {
  return compileOwnSchema(recordSchema as unknown as JsonObject);
}

/**
 * The record's parts, or what is wrong with its bytes.
 *
 * **Trust:** `bytes` are evidence that anyone may have changed.
 */
export function parseRecord(bytes: Uint8Array, check: Validator): ParsedRecord | StatementProblem {
  // One character per byte: what is not ASCII can't be an envelope.
  const envelope = parseEnvelope(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  if (envelope === undefined) {
    return { code: 'ENVELOPE_INVALID', message: 'the bytes are not a DSSE envelope as this log writes them' };
  }
  const value = parseCanonical(envelope.payload);
  if (value === undefined) return { code: 'STATEMENT_INVALID', message: 'the payload is not canonical JSON' };
  const [problem] = check(value);
  if (problem !== undefined) {
    return {
      code: 'STATEMENT_INVALID',
      message: `the statement does not fit record.v1: ${problem.pointer} ${problem.message}`,
    };
  }
  return { envelope, statement: asStatement(value) };
}

function parseCanonical(payload: Uint8Array): Json | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
    const value = JSON.parse(text) as Json;
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Of a value that the schema accepts. */
function asStatement(value: Json): Statement {
  const statement = value as unknown as {
    readonly predicateType: string;
    readonly predicate: JsonObject;
    readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  };
  const subjects = new Map(statement.subject.map(({ name, digest }) => [name, digest.sha256]));
  return { predicateType: statement.predicateType, subjects, predicate: statement.predicate };
}

/** The predicate of an invocation; undefined for other kinds of record. */
export function invocationOf(statement: Statement): InvocationPredicate | undefined {
  if (statement.predicateType !== PREDICATE_TYPES.invocation || !isJsonObject(statement.predicate)) return undefined;
  return statement.predicate as unknown as InvocationPredicate;
}
