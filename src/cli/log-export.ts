// smcp log export: the log of a running server as a folder of static files that anyone can verify.

import type { RecordReader } from '#domain/ports.ts';
import { findServer, requestBytes, requestJson } from './admin-client.ts';
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
      const bytes = await requestBytes(server, path);
      return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
    };
    const { exportLog } = await import('#provenance/export.ts');
    const exported = await exportLog(
      {
        checkpoint: () => text('/log/checkpoint'),
        vkey: async () => ((await text('/log/vkey')) ?? '').trim(),
        keys: async () => (await requestJson(server, 'GET', '/admin/v1/log/keys')) as ReturnType<RecordReader['keys']>,
        tile: (path) => requestBytes(server, `/log/${path}`),
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
