// The log as static tlog-tiles: what `smcp log export` and any monitor of such logs reads.

import { SmcpError } from '#base/errors.ts';
import type { HttpRoute } from '#domain/door-ports.ts';
import type { RecordReader } from '#domain/ports.ts';

/** **Source:** c2sp.org/tlog-tiles. Open to anyone where the configuration says so, else to administrators. */
export function logRoutes(log: RecordReader, options: { readonly isPublic: boolean }): readonly HttpRoute[] {
  const access = options.isPublic ? 'anyone' : 'admin';
  const text = (read: () => string | undefined) => () => {
    const body = read();
    if (body === undefined) {
      throw new SmcpError('NOT_FOUND', 'the log is empty', { details: { remedy: 'try again after a first record' } });
    }
    return { status: 200, body: Buffer.from(body), contentType: 'text/plain; charset=utf-8' };
  };
  return [
    { method: 'GET', path: '/log/checkpoint', access, handle: text(() => log.checkpoint()) },
    { method: 'GET', path: '/log/vkey', access, handle: text(() => `${log.vkey()}\n`) },
    {
      method: 'GET',
      path: '/log/tile/*',
      access,
      handle: ({ params }) => {
        const bytes = log.tile(`tile/${params['*'] ?? ''}`);
        if (bytes === undefined) {
          const details = { remedy: 'ask for tiles of the tree size that /log/checkpoint names' };
          throw new SmcpError('NOT_FOUND', 'the log has no such tile', { details });
        }
        return { status: 200, body: bytes, contentType: 'application/octet-stream' };
      },
    },
  ];
}
