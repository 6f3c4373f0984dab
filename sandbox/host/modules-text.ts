// A plugin's modules as the body of the message that starts its warden.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

/**
 * The modules as JSON: [[name, source]], source null where the bytes are no UTF-8.
 *
 * **Trust:** the bytes are the plugin author's; they are decoded, never run, here.
 * @throws `PLUGIN_LOAD_FAILED` past `LIMITS.pluginModuleBytesMax`
 */
export function modulesText(modules: ReadonlyMap<string, Uint8Array>): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  const sources = [...modules].map(([name, content]) => {
    bytes += content.byteLength;
    if (bytes > LIMITS.pluginModuleBytesMax) {
      throw new SmcpError('PLUGIN_LOAD_FAILED', `its modules are over ${LIMITS.pluginModuleBytesMax} bytes in all`, {
        details: { remedy: 'leave out modules that no tool imports, and data' },
      });
    }
    try {
      return [name, decoder.decode(content)];
    } catch {
      return [name, null];
    }
  });
  return JSON.stringify(sources);
}
