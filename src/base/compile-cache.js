// @ts-check
// Keeps what Node made of our own files (types stripped, code compiled) for the next start: a command then begins in half the
// time, and `smcp freeze` has a second for all it does. What lies there runs as code, so it must be nobody's but the user's.
// Called once by smcp.js, before anything else is loaded; plain JavaScript, as that is.

import { existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Where it is kept: `smcp` in the user's cache folder, as the XDG base directories say. Undefined where that can't be trusted, or
 * made: nothing is kept then, and all works as before.
 *
 * @param {{ readonly [name: string]: string | undefined }} env
 * @returns {string | undefined}
 */
export function ownCacheFolder(env) {
  const named = env['XDG_CACHE_HOME'];
  const base = named !== undefined && isAbsolute(named) ? named : join(homedir(), '.cache');
  const folder = join(base, 'smcp');
  try {
    // Not all the way up: in /proc Node's own way to do that never ends.
    for (const each of [base, folder]) if (!existsSync(each)) mkdirSync(each, 0o700);
    return realpathSync(folder) === join(realpathSync(base), 'smcp') && isOursAlone(realpathSync(folder))
      ? folder
      : undefined;
  } catch {
    return undefined;
  }
}

/** See the head of this file. */
export function keepCompiledCode() {
  const folder = ownCacheFolder(process.env);
  if (folder !== undefined) enableCompileCache(folder);
}

/**
 * Whether nobody but this user and root can change what lies there: neither in the folder, nor by putting another in the place of
 * one above it. In a sticky folder (`/tmp`) nobody else can.
 *
 * @param {string} folder a real path
 */
function isOursAlone(folder) {
  const own = process.getuid?.();
  for (let at = folder; ; at = dirname(at)) {
    const { uid, mode } = lstatSync(at);
    if (uid !== own && (uid !== 0 || at === folder)) return false;
    const isSticky = at !== folder && (mode & STICKY) !== 0;
    if ((mode & WRITABLE_BY_OTHERS) !== 0 && !isSticky) return false;
    if (at === dirname(at)) return true;
  }
}
