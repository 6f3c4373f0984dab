// Ed25519 keys in files of the home. The record log is the only user; the verifier never imports this file.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createFile } from '#base/durable-file.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { readOwnedFile } from '#base/owned-file.ts';
import type { Signer } from '#domain/ports.ts';
import { asPublicKey } from './public-key.ts';

/** The two keys of a home: one signs records, the other checkpoints. */
export type LogSigners = { readonly record: Signer; readonly log: Signer };

export type KeyOptions = {
  /** Makes the keys that are missing: only for a log that has no record yet. */
  readonly create: boolean;
};

/**
 * The signers of `<keysDir>/record.pem` and `log.pem` (PKCS#8, mode 0600).
 *
 * **Durability:** keys that were made are on disk when it returns.
 * @throws `HOME_UNSAFE` when others may read a key · `HOME_INVALID` when a key is missing, or is no Ed25519 key.
 */
export function openFileSigners(keysDir: string, options: KeyOptions): LogSigners {
  if (options.create) mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  return {
    record: fileSigner(join(keysDir, 'record.pem'), options),
    log: fileSigner(join(keysDir, 'log.pem'), options),
  };
}

function fileSigner(path: string, { create }: KeyOptions): Signer {
  const pem = readOwnedFile(path, { bytesMax: LIMITS.noteBytesMax, keptFrom: 'being read', code: 'HOME_INVALID' });
  if (pem !== undefined) return signerOf(parseKey(path, pem));
  if (!create) throw keyProblem(path, 'is missing');
  const { privateKey } = generateKeyPairSync('ed25519');
  createFile(path, String(privateKey.export({ format: 'pem', type: 'pkcs8' })), 0o600);
  return signerOf(privateKey);
}

function parseKey(path: string, pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw keyProblem(path, 'is no private key', cause);
  }
  throw keyProblem(path, 'is not an Ed25519 key');
}

function keyProblem(path: string, problem: string, cause?: unknown): SmcpError {
  return new SmcpError('HOME_INVALID', `${path} ${problem}`, {
    cause,
    details: { remedy: 'put back the key that belongs to this log; without it nothing can be added to it' },
  });
}

/** A signer that keeps its key in this process. */
function signerOf(privateKey: KeyObject): Signer {
  const key = asPublicKey(createPublicKey(privateKey));
  if (key === undefined) throw new SmcpError('INTERNAL', 'a signer has an Ed25519 key');
  return {
    keyid: key.keyid,
    alg: 'ed25519',
    spki: key.spki,
    sign: async (data) => sign(null, data, privateKey),
  };
}
