// Makes the lines that tell a person what is wrong with a plugin. Pure.

import { type ErrorCode, SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';
import type { PluginProblem } from '#domain/manifest.ts';

export const MANIFEST_FILE = 'plugin.json';

/**
 * One problem, safe to show. `file` is relative to the plugin; `pointer` '' means the whole file.
 *
 * **Trust:** file, pointer and message may quote the plugin.
 */
export function problem(
  code: ErrorCode,
  where: { readonly file?: string; readonly pointer?: string },
  message: string,
  remedy: string,
): PluginProblem {
  const show = (text: string) => visibleText(text, LIMITS.errorMessageLengthMax);
  return {
    code,
    file: show(where.file ?? MANIFEST_FILE),
    pointer: show(where.pointer ?? ''),
    message: show(message),
    remedy: show(remedy),
  };
}

/**
 * An error about a whole plugin, or the file in `details.file`, as a problem. What is no error of ours stays a fault and
 * is thrown on.
 */
export function problemOfThrown(thrown: unknown): PluginProblem {
  if (!(thrown instanceof SmcpError) || thrown.code === 'INTERNAL') throw thrown;
  const { file, remedy } = thrown.details;
  return problem(
    thrown.code,
    { file: typeof file === 'string' ? file : '' },
    thrown.message,
    typeof remedy === 'string' ? remedy : 'mend the plugin and load it again',
  );
}
