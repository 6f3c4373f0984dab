// smcp log verify: recomputes everything that a log claims. Needs public keys only, and no server.

import { readFileSync } from 'node:fs';
import { SmcpError } from '#base/errors.ts';
import { visibleLines } from '#base/visible.ts';
import { homeAt } from '#config/home.ts';
import type { VerifyReport } from '#provenance/verify/verify-log.ts';
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
    const options = keyFile === undefined ? {} : { vkey: readKey(keyFile) };
    let report: VerifyReport;
    try {
      const source = openLogSource(homeAt(directory).directory, openStore, { ownHome: context.home.directory });
      try {
        report = verifyLog(source, options);
      } finally {
        source.close();
      }
    } catch (thrown) {
      report = asReport(thrown);
    }
    if (report.trust === 'self' && report.ok) {
      context.terminal.err('warning: a log cannot vouch for itself; give the key you kept with --key log.vkey\n');
    }
    context.print(report, () => verdict(report));
    return report.ok ? EXIT.done : EXIT.tampered;
  },
};

function verdict({ ok, entries, checkpoints, trust, firstProblem }: VerifyReport): string {
  if (ok) return `sound: ${plural(entries, 'record')}, ${plural(checkpoints, 'checkpoint')}, trust: ${trust}\n`;
  const where = (firstProblem?.index ?? -1) < 0 ? '' : ` at record ${firstProblem?.index}`;
  return visibleLines(`TAMPERED${where}: ${firstProblem?.code}: ${firstProblem?.message}`);
}

/** A database that can't even be opened as a log of ours is tampered with, too. Anything else is thrown on. */
function asReport(thrown: unknown): VerifyReport {
  if (!(thrown instanceof SmcpError) || thrown.code !== 'LOG_TAMPERED') throw thrown;
  const firstProblem = { index: -1, code: 'STORAGE_DAMAGED', message: thrown.message } as const;
  return { ok: false, trust: 'self', entries: 0, checkpoints: 0, openIntents: 0, firstProblem };
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new SmcpError('USAGE', `the key file ${file} can't be read`, { cause });
  }
}
