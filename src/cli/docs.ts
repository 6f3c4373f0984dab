// smcp docs: the page about the admin API, to be opened in a browser, which has no token of its own to send.

import { LIMITS } from '#base/limits.ts';
import { findServer, notOurs, requestBytes } from './admin-client.ts';
import { type Command, EXIT, text } from './command.ts';
import { writeOut } from './write-out.ts';

export const docsCommand: Command = {
  words: ['docs'],
  arguments: [],
  options: { out: { type: 'string', placeholder: 'FILE', help: 'the file to make; else it is printed' } },
  summary: 'Gives the page about the admin API as HTML.',
  isLocal: false,
  run: async ({ home, terminal, print }, input) => {
    const server = await findServer(home, terminal);
    const bytes = await requestBytes(server, '/docs', LIMITS.bodyBytesMax);
    if (bytes === undefined) throw notOurs('the server has no such page');
    const page = Buffer.from(bytes).toString('utf8');
    const file = text(input, 'out');
    if (file === undefined) {
      print({ page }, () => page);
      return EXIT.done;
    }
    writeOut(file, page);
    print({ file }, () => `wrote ${file}\n`);
    return EXIT.done;
  },
};
