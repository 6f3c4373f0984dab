// How an error leaves the command line: `code: sentence`, then the remedy; with --json one document. And its exit code.

import type { ErrorKind } from '#base/error-row.ts';
import { ERRORS } from '#base/error-table.ts';
import { asSmcpError, type SmcpError } from '#base/errors.ts';
import { isJsonObject } from '#base/json.ts';
import { visibleJson, visibleLines } from '#base/visible.ts';
import { EXIT, type Terminal } from './command.ts';

const EXIT_BY_KIND: { readonly [kind in ErrorKind]: number } = {
  invalid: EXIT.invalid,
  denied: EXIT.no,
  contained: EXIT.no,
  limit: EXIT.unavailable,
  unavailable: EXIT.unavailable,
  fault: EXIT.unavailable,
  tampered: EXIT.tampered,
};

/** Writes the error to stderr. @returns the exit code. */
export function reportError(
  thrown: unknown,
  { isJson, terminal }: { readonly isJson: boolean; readonly terminal: Terminal },
): number {
  const error = asSmcpError(thrown);
  terminal.err(
    isJson
      ? `${visibleJson({ error: { code: error.code, message: error.message, details: error.details } })}\n`
      : textOf(error),
  );
  if (error.code === 'INTERNAL' && error.cause instanceof Error)
    terminal.err(`${error.cause.stack ?? error.cause.message}\n`);
  return EXIT_BY_KIND[ERRORS[error.code].kind];
}

function textOf(error: SmcpError): string {
  const findings = Array.isArray(error.details['findings']) ? error.details['findings'].filter(isJsonObject) : [];
  const lines = findings.map(
    (finding) =>
      `  ${finding['line']}:${finding['column']} ${finding['message']}${finding['remedy'] ? ` (${finding['remedy']})` : ''}`,
  );
  const remedy = error.details['remedy'];
  return visibleLines(
    [`${error.code}: ${error.message}`, ...lines, ...(typeof remedy === 'string' ? [remedy] : [])].join('\n'),
  );
}
