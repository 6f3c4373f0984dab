// Writes a new plugin that works, into a directory that was not there. Called by `smcp plugin new`.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { directoryNameProblem } from '#registry/read-manifest.ts';
import { type PluginKind, pluginTexts } from './templates.ts';

/** The library of host calls that a plugin of this kind brings with it, so that it is hashed with the rest. */
const LIBRARIES: { readonly [kind in PluginKind]?: { readonly name: string; readonly url: URL } } = {
  python: { name: 'smcp_host.py', url: new URL('../guest/python/smcp_host.py', import.meta.url) },
  bash: { name: 'smcp-host.sh', url: new URL('../guest/bash/smcp-host.sh', import.meta.url) },
  node: { name: 'smcp-host.mjs', url: new URL('../guest/node/smcp-host.mjs', import.meta.url) },
};

export type NewPlugin = { readonly directory: string; readonly files: readonly string[] };

/**
 * Makes `parent/name`, and `parent` where it is missing, and writes the plugin there. Nothing that is there is changed: the directory is made, or it fails.
 *
 * @throws `USAGE` for a name that no plugin can have, and for a directory that is there already or can't be made
 */
export function writeNewPlugin(parent: string, name: string, kind: PluginKind): NewPlugin {
  const wrong = directoryNameProblem(name);
  if (wrong !== undefined) throw new SmcpError('USAGE', wrong.message, { details: { remedy: wrong.remedy } });
  const directory = join(resolve(parent), name);
  const library = LIBRARIES[kind];
  const brought = library === undefined ? {} : { [library.name]: readFileSync(library.url, 'utf8') };
  const texts = { ...pluginTexts(name, kind), ...brought };
  try {
    if (!existsSync(dirname(directory))) mkdirSync(dirname(directory));
    mkdirSync(directory);
    for (const [path, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text, { flag: 'wx' });
    }
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    const what = code === 'EEXIST' ? 'is there already; nothing was changed' : `can't be made (${code})`;
    throw new SmcpError('USAGE', `${directory} ${what}`, {
      cause,
      details: { remedy: 'choose another name, or another directory with --dir' },
    });
  }
  return { directory, files: Object.keys(texts).sort() };
}
