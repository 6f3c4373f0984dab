// Writes docs/errors.md from the table of error codes. Run by `npm run docs:errors`; a test compares the two.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorKind } from '#base/error-row.ts';
import { ERRORS } from '#base/error-table.ts';

/** Where the page lies. */
export const ERRORS_DOC_PATH = join(import.meta.dirname, '../../docs/errors.md');

const KINDS: { readonly [kind in ErrorKind]: string } = {
  invalid: "the caller's input is wrong",
  denied: 'a rule said no',
  limit: 'a bound was reached',
  unavailable: 'something that is needed is not there',
  contained: 'the guest misbehaved, and was stopped',
  tampered: 'evidence does not add up',
  fault: 'a bug of this product',
};

const INTRODUCTION = `# Error codes

Written by \`npm run docs:errors\` from \`src/base/errors.ts\`; a test keeps the two the same.

Every error has the shape \`{ code, message, details }\`: \`code\` is one of the codes below and does not change between
releases without a line in \`CHANGELOG.md\`, \`message\` is a sentence for a person, \`details.remedy\`, where present, says
what to do. Where it is found:

- a tool call that failed or was refused: \`structuredContent.error\` of a result with \`isError: true\`
- an MCP request that is itself wrong: \`data\` of the JSON-RPC error, whose \`code\` is the number below
- HTTP: \`{ "error": { code, message, details } }\` with the status below
- the command line: \`code: message\` and then the remedy on stderr, or the JSON above with \`--json\`

**Again?** says whether the same request can succeed later without anyone changing anything.`;

/** The whole page. */
export function renderErrorsDoc(): string {
  const kinds = Object.entries(KINDS).map(([kind, meaning]) => `| \`${kind}\` | ${meaning} |`);
  const rows = Object.entries(ERRORS).map(
    ([code, { kind, http, rpc, retryable, meaning }]) =>
      `| \`${code}\` | ${kind} | ${http} | ${rpc} | ${retryable ? 'yes' : 'no'} | ${meaning.replaceAll('|', '\\|')} |`,
  );
  return [
    INTRODUCTION,
    '',
    '| kind | meaning |',
    '|---|---|',
    ...kinds,
    '',
    '| code | kind | HTTP | JSON-RPC | again? | meaning |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

if (import.meta.main) writeFileSync(ERRORS_DOC_PATH, renderErrorsDoc());
