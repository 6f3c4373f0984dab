// Liveness and readiness for whoever watches the process: a status, nothing else, for anyone.

import type { HttpRoute } from '#domain/door-ports.ts';

/** `/healthz` answers while the process does; `/readyz` says 503 until `isReady` holds. */
export function healthRoutes(isReady: () => boolean): readonly HttpRoute[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      access: 'anyone',
      handle: () => ({ status: 200, body: { status: 'ok' } }),
    },
    {
      method: 'GET',
      path: '/readyz',
      access: 'anyone',
      handle: () =>
        isReady() ? { status: 200, body: { status: 'ready' } } : { status: 503, body: { status: 'not ready' } },
    },
  ];
}
