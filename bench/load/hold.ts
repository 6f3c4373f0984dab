// Asks questions that don't end by themselves and waits until somebody ended them: for the freeze.

import type { CallResult } from '#bench/tool-call.ts';
import { connectLean } from './lean-client.ts';
import type { HoldJob, HoldResult } from './messages.ts';

/** Counts what came of each by its error's code; `RETURNED` for a result, `LOST` for a connection without an answer. */
export async function hold({ url, questions }: HoldJob): Promise<HoldResult> {
  const codes: { [code: string]: number } = {};
  const answeredMs: number[] = [];
  const ask = async (question: HoldJob['questions'][number], place: number): Promise<void> => {
    const client = await connectLean(url, question.token);
    const code = await client.call(question, place + 1).then(codeOf, () => 'LOST');
    codes[code] = (codes[code] ?? 0) + 1;
    answeredMs.push(Date.now());
    await client.close();
  };
  await Promise.all(questions.map(ask));
  return { answeredMs, codes };
}

function codeOf({ isError, structuredContent }: CallResult): string {
  const error = structuredContent?.['error'] as { code?: unknown } | undefined;
  return isError === true ? String(error?.code ?? 'unknown') : 'RETURNED';
}
