// A question to the person at the terminal.

import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

/** Whether they say yes; what is no answer is no. */
export async function saysYes(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // The end of the input is no answer.
    const ended = once(terminal, 'close').then(() => '');
    return /^y(es)?$/i.test((await Promise.race([terminal.question(question).catch(() => ''), ended])).trim());
  } finally {
    terminal.close();
  }
}
