// `home/plugins.lock.json`: what people approved. Read and written by approvals.ts, with the home's lock held. What can't be
// taken is an error and never an empty list: nothing is approved by a file that is broken.
// **Trust:** other users of the machine may have put something else in its place; who owns the home may edit it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '#base/durable-file.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { checkOwnedFile, readOwnedFile } from '#base/owned-file.ts';
import { compileOwnSchema, type Validator } from '#base/schema.ts';
import { parseStrictJson } from '#base/strict-json.ts';
import { visible } from '#base/visible.ts';
import type { Approval } from '#domain/approval.ts';
import { listingDigest } from './package-digest.ts';

/** By the plugin's name. */
export type Approved = ReadonlyMap<string, Approval>;

export type LockFile = {
  /**
   * What is approved; nothing where there is no file.
   *
   * @throws `HOME_UNSAFE` when it is a link, no plain file, another user's or writable by others · `PLUGINS_LOCK_INVALID` when it
   * is too long, no JSON of this format, names a plugin twice, or says other files than its digest.
   */
  readonly read: () => Approved;
  /**
   * **Durability:** on disk (fsync), whole, when it returns; when it throws, what was there before.
   * @throws `PLUGINS_LOCK_INVALID` when it would be too long, or can't be written.
   */
  readonly write: (approved: Approved) => void;
};

const MODE = 0o600;

export const LOCK_FILE = 'plugins.lock.json';

export function openLockFile(home: string): LockFile {
  const path = join(home, LOCK_FILE);
  const schema = JSON.parse(readFileSync(new URL('../../schemas/plugins-lock.v1.json', import.meta.url), 'utf8'));
  const validate = compileOwnSchema(schema as JsonObject);
  return {
    read: () => {
      const text = readOwnedFile(path, {
        bytesMax: LIMITS.pluginsLockBytesMax,
        keptFrom: 'being written',
        code: 'PLUGINS_LOCK_INVALID',
      });
      return text === undefined ? new Map() : parseLock(text, path, validate);
    },
    write: (approved) => {
      const text = lockText(approved);
      if (Buffer.byteLength(text) > LIMITS.pluginsLockBytesMax) {
        throw invalid(
          path,
          `would be larger than ${LIMITS.pluginsLockBytesMax} bytes`,
          'serve fewer or smaller plugins',
        );
      }
      // What could not be read again would stop the next start.
      parseLock(text, path, validate);
      // A name that somebody put in its place is no file of ours to replace.
      checkOwnedFile(path, 'being written');
      try {
        replaceFile(path, text, MODE);
      } catch (cause) {
        throw invalid(path, `can't be written (${systemErrorCode(cause) ?? 'error'})`, 'free space on its disk', cause);
      }
    },
  };
}

/** One plugin to a line, so that a person can read and compare it. */
export function lockText(approved: Approved): string {
  const plugins = [...approved.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const lines = plugins.map((one) => JSON.stringify(one, null, 2));
  return `{\n"lock": 1,\n"plugins": [\n${lines.join(',\n')}\n]\n}\n`;
}

function parseLock(text: string, path: string, validate: Validator): Approved {
  const parsed = parseStrictJson(text, { depthMax: LIMITS.pluginsLockDepthMax });
  if (parsed.kind === 'broken') {
    throw invalid(path, `is not JSON: line ${parsed.line}, column ${parsed.column}: ${visible(parsed.message)}`);
  }
  const problem = validate(parsed.value)[0];
  if (problem !== undefined)
    throw invalid(path, `is no list of approvals: ${visible(problem.pointer)} ${visible(problem.message)}`);
  const { plugins } = parsed.value as unknown as { readonly plugins: readonly Approval[] };
  const approved = new Map<string, Approval>();
  for (const one of plugins) {
    if (approved.has(one.name)) throw invalid(path, `names the plugin ${visible(one.name)} twice`);
    if (listingDigest(one.files) !== one.package) {
      throw invalid(path, `says files of ${visible(one.name)} that are not those of its digest`);
    }
    approved.set(one.name, one);
  }
  return approved;
}

const REMEDY = 'put back the file from a backup, or remove it and approve what waits with: smcp plugin approve NAME';

function invalid(path: string, what: string, remedy = REMEDY, cause?: unknown): SmcpError {
  return new SmcpError('PLUGINS_LOCK_INVALID', `${path} ${what}`, { cause, details: { remedy } });
}
