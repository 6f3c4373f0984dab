// Findings in a policy, or in a text beside it, as lines for a person. **Trust:** as in render.ts.

import { visible } from '#base/visible.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';

/** `file:line:column: severity: message (remedy)`, one line each. */
export function findingLines(file: string, findings: readonly PolicyFinding[]): readonly string[] {
  return findings.map(({ severity, line, column, message, remedy }) => {
    const help = remedy === undefined ? '' : ` (${visible(remedy)})`;
    return `${visible(file)}:${line}:${column}: ${severity}: ${visible(message)}${help}\n`;
  });
}
