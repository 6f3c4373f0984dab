// smcp log prove: a record with everything that proves it, as one file that anyone can verify. Evidence to be handed out,
// so its file is readable by others.

import { isJsonObject } from '#base/json.ts';
import { formatProofBundle, type ProofBundle } from '#domain/proof-bundle.ts';
import { ADMIN_PREFIX } from '#operations/operation.ts';
import { findServer, notOurs, requestJson } from './admin-client.ts';
import { type Command, EXIT, text } from './command.ts';
import { writeOut } from './write-out.ts';

export const logProveCommand: Command = {
  words: ['log', 'prove'],
  arguments: ['ID'],
  options: { out: { type: 'string', placeholder: 'FILE', help: 'the file to make; else it is printed' } },
  summary: 'Gives a record with everything that proves that the log has it, for smcp log verify.',
  isLocal: false,
  run: async ({ home, terminal, print }, input) => {
    const server = await findServer(home, terminal);
    const id = input.positionals[0] ?? '';
    const answer = await requestJson(server, 'GET', `${ADMIN_PREFIX}/log/proofs/${encodeURIComponent(id)}`);
    if (!isJsonObject(answer) || answer['bundle'] !== 1) {
      throw notOurs('the server answered with something else than a proof');
    }
    const bundle = formatProofBundle(answer as unknown as ProofBundle);
    const file = text(input, 'out');
    if (file === undefined) {
      // One line of canonical JSON, with --json too: what is printed can be saved and verified.
      terminal.out(bundle);
      return EXIT.done;
    }
    writeOut(file, bundle);
    print({ file }, () => `wrote ${file}; verify with: smcp log verify ${file}\n`);
    return EXIT.done;
  },
};
