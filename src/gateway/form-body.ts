// A body that came as a form, as an object of texts; only for routes whose config says that they take one, so that no page of another site can
// post to the others what a browser sends without asking. **Trust:** the body is the caller's.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

/** The config of a route that takes forms. */
export const TAKES_FORM = { takesForm: true } as const;

/** @throws `REQUEST_INVALID` where the route takes none, for a name that is given twice, and for too many */
export function parseFormBody(config: unknown, body: string): { readonly [name: string]: string } {
  if ((config as { takesForm?: unknown } | undefined)?.takesForm !== true) {
    throw invalid('the content type is not application/json', 'send `Content-Type: application/json`');
  }
  const parameters = new URLSearchParams(body);
  if (parameters.size > LIMITS.formParametersMax) throw invalid('the form has too many parameters', 'send fewer');
  const texts = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (texts.has(name)) throw invalid('a parameter is given more than once', 'give each once');
    texts.set(name, value);
  }
  return Object.fromEntries(texts);
}

function invalid(message: string, remedy: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: { remedy } });
}
