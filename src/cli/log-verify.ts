// smcp log verify: recomputes everything that a log claims. Needs public keys only, and no server.

import { readFileSync } from 'node:fs';
import { SmcpError } from '#base/errors.ts';
import { homeAt } from '#config/home.ts';
import { type Command, EXIT, text } from './command.ts';
import { plural } from './render.ts';

export const logVerifyCommand: Command = {
  words: ['log', 'verify'],
  arguments: ['[HOME|FOLDER]'],
  options: {
    key: { type: 'string', placeholder: 'FILE', help: "the log's verifier key (log.vkey), kept from elsewhere" },
  },
  summary: 'Verifies the signed log of a home or of an exported folder.',
  isLocal: true,
  run: async (context, input) => {
    const { openLogSource } = await import('#provenance/verify/open-source.ts');
    const { verifyLog } = await import('#provenance/verify/verify-log.ts');
    const { openStore } = await import('#store/open-store.ts');
    const directory = input.positionals[0] ?? context.home.directory;
    const keyFile = text(input, 'key');
    const source = openLogSource(homeAt(directory).directory, openStore, { ownHome: context.home.directory });
    try {
      const report = verifyLog(source, keyFile === undefined ? {} : { vkey: readKey(keyFile) });
      if (report.trust === 'self' && report.ok) {
        context.terminal.err('warning: a log cannot vouch for itself; give the key you kept with --key log.vkey\n');
      }
      context.print(report, () =>
        report.ok
          ? `sound: ${plural(report.entries, 'record')}, ${plural(report.checkpoints, 'checkpoint')}, trust: ${report.trust}\n`
          : `TAMPERED at record ${report.firstProblem?.index}: ${report.firstProblem?.code}: ${report.firstProblem?.message}\n`,
      );
      return report.ok ? EXIT.done : EXIT.tampered;
    } finally {
      source.close();
    }
  },
};

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new SmcpError('USAGE', `the key file ${file} can't be read`, { cause });
  }
}
