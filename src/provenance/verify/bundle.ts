// A proof bundle from a file's bytes to its type. **Trust:** none; anyone may have written the file.

import { realpathSync, statSync } from 'node:fs';
import { parseBoundedJson } from '#base/bounded-json.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { formatProofBundle, type ProofBundle, type ProvenRecord } from '#domain/proof-bundle.ts';
import type { RecordKey } from '#domain/record.ts';
import { parseBase64 } from '#provenance/base64.ts';
import { readPlainFile } from './small-file.ts';

const HASH_BYTES = 32;
/** As many as a record may name. */
const KEYS_MAX = 16;

/**
 * The bytes of a bundle's file; undefined when there is no file at `path` but a folder, a device or nothing.
 *
 * @throws `HOME_INVALID` when it is longer than `LIMITS.bundleBytesMax` or can't be read.
 */
export function readBundleFile(path: string): Uint8Array | undefined {
  return isFile(path) ? readPlainFile(realpathSync(path), LIMITS.bundleBytesMax) : undefined;
}

/** The name may be a link: it is the person's own. What can't be looked at is no file. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The bundle; undefined unless every byte is as `formatProofBundle` writes it. */
export function parseBundle(bytes: Uint8Array): ProofBundle | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const parsed = parseBoundedJson(text);
    const bundle = parsed.kind === 'value' ? asBundle(parsed.value) : undefined;
    return bundle !== undefined && formatProofBundle(bundle) === text ? bundle : undefined;
  } catch {
    // No UTF-8, or half a surrogate pair, which has no canonical form.
    return undefined;
  }
}

/** Takes what a bundle has and leaves the rest: a member too many then shows in the canonical form. */
function asBundle(value: Json): ProofBundle | undefined {
  if (!isJsonObject(value) || value['bundle'] !== 1) return undefined;
  const { checkpoint, vkey } = value;
  const keys = listOf(value['keys'], KEYS_MAX, asKey);
  const opening = asProven(value['opening']);
  const record = asProven(value['record']);
  if (typeof checkpoint !== 'string' || typeof vkey !== 'string' || keys === undefined) return undefined;
  if (opening?.index !== 0 || record === undefined) return undefined;
  return { bundle: 1, checkpoint, keys, opening, record, vkey };
}

function asProven(value: Json | undefined): ProvenRecord | undefined {
  if (!isJsonObject(value)) return undefined;
  const { envelope, leaf } = value;
  const index = asIndex(value['index']);
  const inclusion = listOf(value['inclusion'], LIMITS.proofHashesMax, asHash);
  if (typeof envelope !== 'string' || envelope.length > LIMITS.recordBytesMax) return undefined;
  if (index === undefined || inclusion === undefined) return undefined;
  return asHash(leaf) === undefined ? undefined : { envelope, inclusion, index, leaf: String(leaf) };
}

function asKey(value: Json | undefined): RecordKey | undefined {
  if (!isJsonObject(value)) return undefined;
  const { alg, keyid, spki } = value;
  const fromIndex = asIndex(value['fromIndex']);
  const toIndex = value['toIndex'] === null ? null : asIndex(value['toIndex']);
  if (typeof alg !== 'string' || typeof keyid !== 'string' || typeof spki !== 'string') return undefined;
  return fromIndex === undefined || toIndex === undefined ? undefined : { alg, fromIndex, keyid, spki, toIndex };
}

function asIndex(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function asHash(value: Json | undefined): string | undefined {
  return typeof value === 'string' && parseBase64(value)?.length === HASH_BYTES ? value : undefined;
}

function listOf<T>(value: Json | undefined, max: number, as: (item: Json) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value) || value.length > max) return undefined;
  const items = value.map(as).filter((item) => item !== undefined);
  return items.length === value.length ? items : undefined;
}
