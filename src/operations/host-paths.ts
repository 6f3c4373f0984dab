// Where things lie on this machine is shown to people only: to an agent a path is the name at its end.

import { basename } from 'node:path';
import type { WireError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import type { Caller } from './operation.ts';

/** A path as this caller is shown it. */
export function pathFor({ kind }: Caller, path: string): string {
  return kind === 'person' ? path : basename(path);
}

/** A sentence that names the path, as this caller is shown it. */
export function sentenceFor(caller: Caller, sentence: string, path: string): string {
  return sentence.replaceAll(path, pathFor(caller, path));
}

/** An error as an agent is shown it: the path is named in no text of it. */
export function errorForAgent({ code, message, details }: WireError, path: string): WireError {
  const agent: Caller = { by: '', kind: 'agent' };
  const shown = Object.entries(details ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? sentenceFor(agent, value, path) : value,
  ]);
  return {
    code,
    message: sentenceFor(agent, message, path),
    ...(details === undefined ? {} : { details: Object.fromEntries(shown) as JsonObject }),
  };
}
