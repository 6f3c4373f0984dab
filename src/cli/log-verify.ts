// smcp log verify: recomputes everything that a log, or the proof of one record, claims. Needs public keys only, and no
// server. What is given may be anyone's.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visible, visibleLines } from '#base/visible.ts';
import { homeAt } from '#config/home.ts';
import type { BundleReport, Proven } from '#provenance/verify/verify-bundle.ts';
import type { VerifyOptions, VerifyReport } from '#provenance/verify/verify-log.ts';
import { type Command, type CommandContext, EXIT, text } from './command.ts';
import { readGiven } from './read-given.ts';
import { plural } from './render.ts';

type Report = VerifyReport | BundleReport;

export const logVerifyCommand: Command = {
  words: ['log', 'verify'],
  arguments: ['[HOME|FOLDER|BUNDLE]'],
  options: {
    key: { type: 'string', placeholder: 'FILE', help: "the log's verifier key (log.vkey), kept from elsewhere" },
  },
  summary: 'Verifies the signed log of a home or of an exported folder, or the proof of one record.',
  isLocal: true,
  run: async (context, input) => {
    const { readBundleFile } = await import('#provenance/verify/bundle.ts');
    const path = input.positionals[0] ?? context.home.directory;
    const keyFile = text(input, 'key');
    const options = keyFile === undefined ? {} : { vkey: readGiven(keyFile, LIMITS.noteBytesMax).trim() };
    const bundle = readBundleFile(path);
    const report = bundle === undefined ? await reportOfLog(context, path, options) : await reportOf(bundle, options);
    if (report.trust === 'self' && report.ok) {
      const what = bundle === undefined ? 'log' : 'bundle';
      context.terminal.err(`warning: a ${what} cannot vouch for itself; give the key you kept with --key log.vkey\n`);
    }
    context.print(report, () => verdict(report));
    return report.ok ? EXIT.done : EXIT.tampered;
  },
};

async function reportOf(bundle: Uint8Array, options: VerifyOptions): Promise<Report> {
  const { verifyBundle } = await import('#provenance/verify/verify-bundle.ts');
  return verifyBundle(bundle, options);
}

async function reportOfLog({ home }: CommandContext, directory: string, options: VerifyOptions): Promise<Report> {
  const { openLogSource } = await import('#provenance/verify/open-source.ts');
  const { verifyLog } = await import('#provenance/verify/verify-log.ts');
  const { openStore } = await import('#store/open-store.ts');
  try {
    const source = openLogSource(homeAt(directory).directory, openStore, { ownHome: home.directory });
    try {
      return verifyLog(source, options);
    } finally {
      source.close();
    }
  } catch (thrown) {
    return asReport(thrown);
  }
}

function verdict(report: Report): string {
  const { ok, entries, checkpoints, trust, firstProblem } = report;
  if (ok) {
    const sound = `sound: ${plural(entries, 'record')}, ${plural(checkpoints, 'checkpoint')}, trust: ${trust}`;
    const proven = 'proven' in report ? report.proven : undefined;
    return visibleLines(proven === undefined ? sound : `${sound}\n${visible(provenLine(proven))}`);
  }
  const where = (firstProblem?.index ?? -1) < 0 ? '' : ` at record ${firstProblem?.index}`;
  return visibleLines(`TAMPERED${where}: ${firstProblem?.code}: ${firstProblem?.message}`);
}

/** Which record it is: a sound bundle may still prove another one than was asked for. */
function provenLine({ index, size, origin, predicateType, predicate }: Proven): string {
  const { phase, agent, tool, invocation } = predicate;
  const name = isJsonObject(tool) ? tool['name'] : undefined;
  const what = phase === undefined ? predicateType : `${phase} of ${name} by ${agent}, invocation ${invocation}`;
  return `record ${index} of ${size} in ${origin}: ${what}`;
}

/** A database that can't even be opened as a log of ours is tampered with, too. Anything else is thrown on. */
function asReport(thrown: unknown): VerifyReport {
  if (!(thrown instanceof SmcpError) || thrown.code !== 'LOG_TAMPERED') throw thrown;
  const firstProblem = { index: -1, code: 'STORAGE_DAMAGED', message: thrown.message } as const;
  return { ok: false, trust: 'self', entries: 0, checkpoints: 0, openIntents: 0, firstProblem };
}
