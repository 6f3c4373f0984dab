// The answer to a call as MCP's CallToolResult. A denial and a failure of the tool are results with `isError`, so that
// the model reads them. **Trust:** the value is a guest's; it is passed on as data.

import type { CallToolResult } from '@modelcontextprotocol/server';
import { isExactObject } from '#base/exact-json.ts';
import type { CallOutcome } from '#domain/invocation.ts';
import { errorText } from './wire-errors.ts';

/**
 * One text item, structured content where the value is an object or an error, and the receipt: that of the call whose
 * answer it is, with `replayed: true` where that was an earlier one. What a tool wrote itself is the text as it is; of its
 * errors with what to do about them, where we know that.
 */
export function callResult(outcome: CallOutcome): CallToolResult {
  const { answer, invocation, receipt } = outcome;
  const replayed = outcome.isReplayed === true ? { replayed: true } : undefined;
  const _meta = { 'smcp/receipt': { invocation, ...receipt, ...replayed } };
  if (answer.kind === 'error') {
    const { code, message, details = {} } = answer.error;
    return {
      content: [{ type: 'text', text: errorText(answer.error, answer.text) }],
      structuredContent: { error: { code, message, details } },
      isError: true,
      _meta,
    };
  }
  const { value } = answer;
  const text = answer.text ?? (typeof value === 'string' ? value : JSON.stringify(value));
  return {
    content: [{ type: 'text', text }],
    ...(isExactObject(value) ? { structuredContent: { ...value } } : {}),
    _meta,
  };
}
