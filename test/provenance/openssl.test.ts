// Records and checkpoints checked by a tool that is not ours.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatProofBundle } from '#domain/proof-bundle.ts';
import { exportLog } from '#provenance/export.ts';
import { asExportSource, fillTinyLog, makeHome, openHome, removeHome } from './fixture.ts';
import { naiveFollow, naiveLeaf } from './rfc6962.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

let home: string;
let folder: string;
beforeAll(async () => {
  home = makeHome();
  folder = join(home, 'export');
  const { log, close } = await openHome(home);
  await fillTinyLog(log);
  await exportLog(asExportSource(log), folder);
  const bundle = log.prove(2);
  if (bundle !== undefined) writeFileSync(join(home, 'bundle.json'), formatProofBundle(bundle));
  await close();
  mkdirSync(join(home, 'tmp'));
});
afterAll(() => removeHome(home));

/** True when `openssl pkeyutl` says that the signature holds. */
function opensslVerifies(parts: {
  readonly key: string;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  const path = (name: string) => join(home, 'tmp', name);
  writeFileSync(path('key.pem'), parts.key);
  writeFileSync(path('data'), parts.data);
  writeFileSync(path('sig'), parts.signature);
  const options = [
    '-verify',
    '-pubin',
    '-inkey',
    path('key.pem'),
    '-rawin',
    '-in',
    path('data'),
    '-sigfile',
    path('sig'),
  ];
  return spawnSync('openssl', ['pkeyutl', ...options]).status === 0;
}

function tampered(data: Uint8Array): Uint8Array {
  const copy = Buffer.from(data);
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
  return copy;
}

/** What DSSE v1 signs, written down here once more, apart from the product. */
function signedOf(record: { readonly payload: string; readonly payloadType: string }): Uint8Array {
  const payload = Buffer.from(record.payload, 'base64');
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${record.payloadType.length} ${record.payloadType} ${payload.length} `),
    payload,
  ]);
}

/** The key of a vkey as PEM. */
function pemOf(vkey: string): string {
  const raw = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`;
}

/** The text of a note and its one signature. */
function partsOf(note: string): { readonly data: Uint8Array; readonly signature: Uint8Array } {
  const [text = '', line = ''] = note.split('\n\n');
  const signature = Buffer.from(line.trim().split(' ')[2] ?? '', 'base64').subarray(4);
  return { data: Buffer.from(`${text}\n`), signature };
}

describe.skipIf(!hasOpenssl)(hasOpenssl ? 'OpenSSL' : 'OpenSSL (the program openssl is not on this machine)', () => {
  test('verifies a record with the key of keys.json, and not when a bit of it is changed', () => {
    const record = JSON.parse(readFileSync(join(folder, 'records', '2.dsse.json'), 'utf8'));
    const [key] = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8'));
    const data = signedOf(record);
    const signature = Buffer.from(record.signatures[0].sig, 'base64');
    expect(record.signatures[0].keyid).toBe(key.keyid);
    expect(opensslVerifies({ key: key.spki, data, signature })).toBe(true);
    expect(opensslVerifies({ key: key.spki, data: tampered(data), signature })).toBe(false);
    expect(opensslVerifies({ key: key.spki, data, signature: tampered(signature) })).toBe(false);
  });

  test('verifies the checkpoint with the key of log.vkey, and not when a bit of it is changed', () => {
    const note = readFileSync(join(folder, 'checkpoint'), 'utf8');
    const vkey = readFileSync(join(folder, 'log.vkey'), 'utf8').trim();
    const key = pemOf(vkey);
    const { data, signature } = partsOf(note);
    expect(note.split('\n')[0]).toBe(vkey.split('+')[0]);
    expect(opensslVerifies({ key, data, signature })).toBe(true);
    expect(opensslVerifies({ key, data: tampered(data), signature })).toBe(false);
  });

  test('verifies a proof bundle, with SHA-256 and RFC 6962 for the way between, and not when a bit of it is changed', () => {
    const bundle = JSON.parse(readFileSync(join(home, 'bundle.json'), 'utf8'));
    const { data, signature } = partsOf(bundle.checkpoint);
    const key = pemOf(bundle.vkey);
    expect(opensslVerifies({ key, data, signature })).toBe(true);
    expect(opensslVerifies({ key, data: tampered(data), signature })).toBe(false);
    const [origin, size, root] = bundle.checkpoint.split('\n');
    expect([origin, size]).toEqual([bundle.vkey.split('+')[0], '3']);
    for (const { index, envelope, inclusion } of [bundle.opening, bundle.record]) {
      const path = inclusion.map((hash: string) => Buffer.from(hash, 'base64'));
      const rootOf = (bytes: Uint8Array) =>
        Buffer.from(naiveFollow(index, Number(size), naiveLeaf(bytes), path) ?? []).toString('base64');
      expect(rootOf(Buffer.from(envelope))).toBe(root);
      expect(rootOf(tampered(Buffer.from(envelope)))).not.toBe(root);
      const record = JSON.parse(envelope);
      const sig = Buffer.from(record.signatures[0].sig, 'base64');
      const [named] = bundle.keys;
      expect(record.signatures[0].keyid).toBe(named.keyid);
      expect(opensslVerifies({ key: named.spki, data: signedOf(record), signature: sig })).toBe(true);
      expect(opensslVerifies({ key: named.spki, data: tampered(signedOf(record)), signature: sig })).toBe(false);
    }
  });
});
