// What programs answered at discovery, kept in `home/discovered/<digest>.json`, so that a restart runs none of them again.
// Bound to the plugin's digest and the product's version. Called with the home's lock held; trusts the home's owner.

import { lstatSync, mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestHex } from '#base/digest.ts';
import { replaceFileLater } from '#base/durable-file.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { checkOwnedDirectory, readOwnedFile } from '#base/owned-file.ts';
import type { Answer, Answers } from '#domain/cli-plugin/interview.ts';

export type AnswerCache = {
  /** Undefined where nothing is kept that this version of the product could use. */
  readonly get: (digest: Digest) => Answers | undefined;
  /** Never rejects: what can't be kept is asked again. */
  readonly put: (digest: Digest, answers: Answers) => Promise<void>;
  /** Removes every file but those of these plugins. Never rejects. */
  readonly removeOthers: (kept: readonly Digest[]) => Promise<void>;
};

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const FORMAT = 2;

/**
 * Opens `home/discovered`, which it makes where it is missing.
 *
 * @throws `HOME_UNSAFE` when it is a link, belongs to another user or is writable by others.
 */
export function openAnswerCache(
  { logger }: { readonly logger: Logger },
  { home, product }: { readonly home: string; readonly product: string },
): AnswerCache {
  const root = join(home, 'discovered');
  mkdirSync(root, { recursive: true, mode: FOLDER_MODE });
  checkOwnedDirectory(root, lstatSync(root));
  const fileOf = (digest: Digest) => join(root, `${digestHex(digest)}.json`);
  // One file at a time: two plugins may have the same code.
  let lastPut: Promise<void> = Promise.resolve();
  const warn = (thrown: unknown): void => {
    logger.warn('answers of a plugin can not be kept, or read again; it is asked anew', {
      directory: root,
      error: thrown instanceof SmcpError ? thrown.message : (systemErrorCode(thrown) ?? String(thrown)),
    });
  };
  return {
    get: (digest) => {
      try {
        const text = readOwnedFile(fileOf(digest), {
          bytesMax: LIMITS.discoveryFileBytesMax,
          keptFrom: 'being written',
          code: 'HOME_INVALID',
        });
        return text === undefined ? undefined : parseKept(text, { digest, product });
      } catch (thrown) {
        warn(thrown);
        return undefined;
      }
    },
    put: async (digest, answers) => {
      const text = JSON.stringify({ format: FORMAT, product, digest, answers: [...answers].map(keptRow) });
      lastPut = lastPut.then(() => replaceFileLater(fileOf(digest), `${text}\n`, FILE_MODE).catch(warn));
      await lastPut;
    },
    removeOthers: async (kept) => {
      const names = new Set(kept.map((digest) => `${digestHex(digest)}.json`));
      for (const name of await readdir(root).catch(() => [])) {
        if (!names.has(name)) await rm(join(root, name), { force: true }).catch(warn);
      }
    },
  };
}

/** Undefined for another version's, and for what is no such file. */
function parseKept(
  text: string,
  { digest, product }: { readonly digest: Digest; readonly product: string },
): Answers | undefined {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || value['format'] !== FORMAT) return undefined;
  if (value['product'] !== product || value['digest'] !== digest || !Array.isArray(value['answers'])) return undefined;
  const answers = new Map<string, Answer>();
  for (const row of value['answers'] as readonly Json[]) {
    const [asked, answer] = Array.isArray(row) ? (row as readonly Json[]) : [];
    if (typeof asked !== 'string' || !isAnswer(answer)) return undefined;
    answers.set(asked, answer);
  }
  return answers;
}

/** What was said, and not what was read in it: another version may read more. */
const keptRow = ([asked, answer]: readonly [string, Answer]): readonly [string, Answer] => {
  if (answer.kind === 'text') return [asked, { kind: answer.kind, text: answer.text }];
  if (answer.kind === 'stopped') return [asked, { kind: answer.kind, code: answer.code, reason: answer.reason }];
  if (answer.kind === 'broken') return [asked, { kind: answer.kind, reason: answer.reason }];
  const isUsage = answer.isUsage === true ? ({ isUsage: true } as const) : {};
  return [asked, { kind: answer.kind, reason: answer.reason, ...isUsage }];
};

/** Others are never kept: see `areWhole`. */
function isAnswer(value: Json | undefined): value is Extract<Answer, { readonly kind: 'text' | 'silent' }> {
  if (!isJsonObject(value)) return false;
  const { kind, text, reason, isUsage } = value;
  return kind === 'text'
    ? typeof text === 'string'
    : kind === 'silent' && typeof reason === 'string' && isUsage === true;
}
