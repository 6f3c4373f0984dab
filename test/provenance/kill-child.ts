// Appends intents and outcomes without end and tells each receipt on stdout, until it is killed. Run by kill.test.ts.

import { writeSync } from 'node:fs';
import type { Receipt } from '#domain/invocation.ts';
import { begin, intentDraft, openHome, outcomeDraft } from './fixture.ts';

const [, , home = '', callers = '1'] = process.argv;
const { log } = await openHome(home);

/** Straight into the pipe: what was written is read, even if the next instruction is the last. */
const acknowledge = ({ index, leaf }: Receipt) => writeSync(1, `${index} ${leaf}\n`);

if (log.size() === 1) await begin(log);
// One call is always under way, so that every end cuts one in two.
await log.append(intentDraft());
writeSync(1, 'ready\n');

async function call(): Promise<never> {
  for (;;) {
    const intent = intentDraft();
    const receipt = await log.append(intent);
    acknowledge(receipt);
    acknowledge(await log.append(outcomeDraft(intent, receipt)));
  }
}

await Promise.all(Array.from({ length: Number(callers) }, call));
