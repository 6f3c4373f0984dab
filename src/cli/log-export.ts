// smcp log export: the log of a running server as a folder of static files that anyone can verify.

import { isJsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { RecordReader } from '#domain/ports.ts';
import { ADMIN_PREFIX } from '#operations/operation.ts';
import { findServer, notOurs, requestBytes } from './admin-client.ts';
import { type Command, EXIT } from './command.ts';
import { plural } from './render.ts';

export const logExportCommand: Command = {
  words: ['log', 'export'],
  arguments: ['FOLDER'],
  options: {},
  summary: 'Writes the log to a folder: checkpoint, keys, tiles, entries, records.',
  isLocal: false,
  run: async ({ home, terminal, print }, input) => {
    const server = await findServer(home, terminal);
    const folder = input.positionals[0] ?? '';
    const text = async (path: string) => {
      const bytes = await requestBytes(server, path, LIMITS.noteBytesMax);
      return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
    };
    const { exportLog } = await import('#provenance/export.ts');
    const exported = await exportLog(
      {
        checkpoint: () => text('/log/checkpoint'),
        vkey: async () => ((await text('/log/vkey')) ?? '').trim(),
        keys: async () => keysOf(await text(`${ADMIN_PREFIX}/log/keys`)),
        tile: (path, bytesMax) => requestBytes(server, `/log/${path}`, bytesMax),
      },
      folder,
    );
    print(
      { folder, ...exported },
      () => `wrote ${plural(exported.entries, 'record')} to ${folder}; verify with: smcp log verify ${folder}\n`,
    );
    return EXIT.done;
  },
};

/** The server's rows; that they are those of the first record is for `log verify`. */
function keysOf(text: string | undefined): ReturnType<RecordReader['keys']> {
  try {
    const rows: unknown = JSON.parse(text ?? '');
    if (Array.isArray(rows) && rows.every(isJsonObject)) return rows as unknown as ReturnType<RecordReader['keys']>;
  } catch {
    // Told below.
  }
  throw notOurs('the server names no keys of its log');
}
