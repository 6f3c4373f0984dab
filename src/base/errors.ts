// The one error class. Its codes are those of error-table.ts. Across a process or an isolate only {code, message, details} travels;
// stacks and host paths never do.

import type { ERRORS } from './error-table.ts';
import type { JsonObject } from './json.ts';

export type ErrorCode = keyof typeof ERRORS;

/** The part of an error that may cross a process, an isolate or the network. */
export type WireError = { readonly code: ErrorCode; readonly message: string; readonly details?: JsonObject };

/**
 * Every error of the product. `message` is a sentence for a person; `details.remedy`, where present, says what to do.
 */
export class SmcpError extends Error {
  readonly code: ErrorCode;
  readonly details: JsonObject;

  constructor(code: ErrorCode, message: string, options: { details?: JsonObject; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SmcpError';
    this.code = code;
    this.details = options.details ?? {};
  }

  toWire(): WireError {
    const hasDetails = Object.keys(this.details).length > 0;
    return { code: this.code, message: this.message, ...(hasDetails ? { details: this.details } : {}) };
  }
}

/** Any thrown value as an SmcpError; what is not ours becomes `INTERNAL` without its text, which stays in `cause`. */
export function asSmcpError(thrown: unknown): SmcpError {
  if (thrown instanceof SmcpError) return thrown;
  return new SmcpError('INTERNAL', 'internal error', { cause: thrown });
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined. */
export function systemErrorCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
