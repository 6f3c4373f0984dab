// A terminal that keeps what is written to it.

import type { Terminal } from '#cli/command.ts';

export function memoryTerminal(env: Record<string, string> = {}) {
  const written = { out: '', err: '' };
  const terminal: Terminal = {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    env,
  };
  return { written, terminal };
}
