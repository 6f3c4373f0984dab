// A secret's value from standard input: never an argument, which every user of the machine can see. At a terminal nothing of it is
// shown.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

/** Where a secret is read from: `process.stdin`, or a test's own. */
export type SecretInput = AsyncIterable<Uint8Array | string> & {
  readonly isTTY?: boolean;
  readonly setRawMode?: (isRaw: boolean) => unknown;
};

/** With the end of the input. */
const ENTER: readonly string[] = ['\r', '\n', '\u0004'];
const INTERRUPT = '\u0003';
const ERASE: readonly string[] = ['\u007f', '\b'];
const ERASE_LINE = '\u0015';

/**
 * All of the input up to its end, without the one line break at its end; at a terminal one line.
 *
 * @param prompt shown at a terminal only
 * @throws `USAGE` when it is longer than a secret may be, no UTF-8, or was interrupted
 */
export async function readSecret(input: SecretInput, prompt: () => void): Promise<string> {
  if (input.isTTY !== true) return readAll(input);
  prompt();
  input.setRawMode?.(true);
  try {
    return await readLine(input);
  } finally {
    input.setRawMode?.(false);
  }
}

async function readAll(input: SecretInput): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    // With a line break.
    if (length > LIMITS.secretBytesMax + 2) throw tooLong();
    chunks.push(bytes);
  }
  return decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

/** A terminal in raw mode gives each key as it is pressed, and what is pasted at once. */
async function readLine(input: SecretInput): Promise<string> {
  const typed: string[] = [];
  const decoder = new TextDecoder('utf-8');
  for await (const chunk of input) {
    for (const key of decoder.decode(Buffer.from(chunk), { stream: true })) {
      if (ENTER.includes(key)) return typed.join('');
      if (key === INTERRUPT) throw usage('nothing was set', 'give the value, then Enter');
      if (ERASE.includes(key)) typed.pop();
      else if (key === ERASE_LINE) typed.length = 0;
      else typed.push(key);
      if (typed.length > LIMITS.secretBytesMax) throw tooLong();
    }
  }
  return typed.join('');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw usage('standard input is no text in UTF-8', 'give bytes as base64', cause);
  }
}

const tooLong = (): SmcpError =>
  usage(
    `standard input is longer than a secret may be (${LIMITS.secretBytesMax} bytes)`,
    'store what is long in a file',
  );

function usage(message: string, remedy: string, cause?: unknown): SmcpError {
  return new SmcpError('USAGE', message, { cause, details: { remedy } });
}
