// The error for a file of a plugin that is not taken.

import { SmcpError } from '#base/errors.ts';

/** The error for a file of a plugin that is refused. `path` '' is the plugin's own directory. */
export function unsafe(path: string, what: string, remedy = 'replace it by a plain file'): SmcpError {
  const name = path === '' ? 'the directory' : JSON.stringify(path);
  return new SmcpError('PLUGIN_UNSAFE_FILE', `${name} ${what}`, { details: { file: path, remedy } });
}
