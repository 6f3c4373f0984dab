// Plugins by the digest of their code, from the copies in the home: for calls that are run again. Serves nothing, and asks no
// approval: what it gives runs where nothing can be done. Trusts the home's owner, not what lies in the copies.

import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestHex } from '#base/digest.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { CAPABILITY_KINDS } from '#domain/capability.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { PluginArchive } from '#domain/replay-ports.ts';
import { buildPlugin } from './build-plugin.ts';
import { createInspectionOptions, readPlugin } from './inspect.ts';
import { packageDigest } from './package-digest.ts';
import { readCopy } from './plugin-copies.ts';

/** Keeps the last plugin that it was asked for: calls of one come one after the other. */
export function createPluginArchive(home: string): PluginArchive {
  let last: Plugin | undefined;
  return {
    plugin: async (digest) => {
      if (last?.digest !== digest) last = await pluginIn(join(home, 'plugins', digestHex(digest)), digest);
      return last;
    },
  };
}

/** Undefined where there is no copy, or none of a plugin whose manifest says all. @throws `PLUGIN_TAMPERED` */
async function pluginIn(directory: string, digest: Digest): Promise<Plugin | undefined> {
  if (await isMissing(directory)) return undefined;
  const files = await readCopy(directory);
  if (files === undefined || packageDigest(files) !== digest) {
    throw new SmcpError('PLUGIN_TAMPERED', `the copy of a plugin is not what was hashed: ${digest}`, {
      details: {
        remedy:
          'find out who writes to the home; where a plugins directory has that version, a restart writes the copy again',
      },
    });
  }
  const read = await readPlugin(files, createInspectionOptions({ availableCapabilities: CAPABILITY_KINDS }));
  if ('draft' in read) return undefined;
  const { manifest, manifestDigest, compiled } = read;
  if (manifest === undefined || manifestDigest === undefined || compiled === undefined) return undefined;
  return buildPlugin({ manifest, compiled, digest, manifestDigest, directory, origin: 'external' });
}

async function isMissing(directory: string): Promise<boolean> {
  try {
    await lstat(directory);
    return false;
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return true;
    throw thrown;
  }
}
