// Records and checkpoints checked by a tool that is not ours.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportLog } from '#provenance/export.ts';
import { asExportSource, fillTinyLog, makeHome, openHome, removeHome } from './fixture.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

let home: string;
let folder: string;
beforeAll(async () => {
  home = makeHome();
  folder = join(home, 'export');
  const { log, close } = await openHome(home);
  await fillTinyLog(log);
  await exportLog(asExportSource(log), folder);
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

describe.skipIf(!hasOpenssl)(hasOpenssl ? 'OpenSSL' : 'OpenSSL (the program openssl is not on this machine)', () => {
  test('verifies a record with the key of keys.json, and not when a bit of it is changed', () => {
    const record = JSON.parse(readFileSync(join(folder, 'records', '2.dsse.json'), 'utf8'));
    const [key] = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8'));
    const payload = Buffer.from(record.payload, 'base64');
    // DSSE v1: what is signed, written down here once more, apart from the product.
    const data = Buffer.concat([
      Buffer.from(`DSSEv1 ${record.payloadType.length} ${record.payloadType} ${payload.length} `),
      payload,
    ]);
    const signature = Buffer.from(record.signatures[0].sig, 'base64');
    expect(record.signatures[0].keyid).toBe(key.keyid);
    expect(opensslVerifies({ key: key.spki, data, signature })).toBe(true);
    expect(opensslVerifies({ key: key.spki, data: tampered(data), signature })).toBe(false);
    expect(opensslVerifies({ key: key.spki, data, signature: tampered(signature) })).toBe(false);
  });

  test('verifies the checkpoint with the key of log.vkey, and not when a bit of it is changed', () => {
    const note = readFileSync(join(folder, 'checkpoint'), 'utf8');
    const vkey = readFileSync(join(folder, 'log.vkey'), 'utf8').trim();
    const raw = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]).toString('base64');
    const key = `-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`;
    const [text = '', line = ''] = note.split('\n\n');
    const data = Buffer.from(`${text}\n`);
    const signature = Buffer.from(line.trim().split(' ')[2] ?? '', 'base64').subarray(4);
    expect(text.split('\n')[0]).toBe(vkey.split('+')[0]);
    expect(opensslVerifies({ key, data, signature })).toBe(true);
    expect(opensslVerifies({ key, data: tampered(data), signature })).toBe(false);
  });
});
