// The key that stored secrets are sealed with: a file of 64 hexadecimal digits, 0600, in the home or where the configuration says.
// It is made when the first secret is stored, and never while there are secrets that another key opens.
// **Trust:** other users of the machine may have put something else in its place.

import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createFile } from '#base/durable-file.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { checkOwnedDirectory, readOwnedFile } from '#base/owned-file.ts';
import { KEY_BYTES, type SecretKey, secretKeyOf } from './seal.ts';

export type KeyFile = {
  /** @throws as `load`, and `SECRET_UNAVAILABLE` when there is none */
  readonly read: () => SecretKey;
  /** **Durability:** one that was made is on disk when it returns. @throws as `load` */
  readonly readOrMake: () => SecretKey;
};

/**
 * Nothing is read before it is asked for; the file is read each time.
 *
 * @throws from its functions: `HOME_UNSAFE` for a file that is a link, another user's or can be read by others ·
 * `SECRET_UNAVAILABLE` for one that can't be read or made, or holds no key
 */
export function openKeyFile(path: string): KeyFile {
  const readOrMake = (): SecretKey => load(path) ?? make(path);
  return {
    read: () => load(path) ?? lost(path),
    readOrMake,
  };
}

function load(path: string): SecretKey | undefined {
  const text = readOwnedFile(path, {
    bytesMax: LIMITS.secretKeyFileBytesMax,
    keptFrom: 'being read',
    code: 'SECRET_UNAVAILABLE',
  });
  if (text === undefined) return undefined;
  const digits = text.trim();
  if (/^[0-9a-f]{64}$/.test(digits)) return secretKeyOf(Buffer.from(digits, 'hex'));
  throw new SmcpError('SECRET_UNAVAILABLE', `${path} is no key for secrets`, {
    details: { remedy: 'put back the key from a backup: 64 hexadecimal digits' },
  });
}

function make(path: string): SecretKey {
  const bytes = randomBytes(KEY_BYTES);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    checkOwnedDirectory(dirname(path), lstatSync(dirname(path)));
    createFile(path, `${bytes.toString('hex')}\n`, 0o600);
  } catch (cause) {
    if (cause instanceof SmcpError) throw cause;
    throw new SmcpError('SECRET_UNAVAILABLE', `the key ${path} can't be made: ${systemErrorCode(cause) ?? 'error'}`, {
      cause,
      details: { remedy: 'let the server write there, or name another file by `secrets.keyFile` in config.yaml' },
    });
  }
  return secretKeyOf(bytes);
}

function lost(path: string): never {
  throw new SmcpError('SECRET_UNAVAILABLE', `the key of the stored secrets is not there: ${path}`, {
    details: {
      remedy: 'put it back from a backup; without it remove each stored secret (smcp secret rm NAME) and set it anew',
    },
  });
}
