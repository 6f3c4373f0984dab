// What the fake dispatcher's tools do.

import type { Json, JsonObject } from '#base/json.ts';
import type { CallRequest, ToolAnswer } from '#domain/invocation.ts';

export function textOf(args: JsonObject): Json {
  return 'x'.repeat(Number(args['length'] ?? 1));
}

export async function count({ args, onProgress }: CallRequest): Promise<ToolAnswer> {
  const total = Number(args['total'] ?? 3);
  for (let progress = 1; progress <= total; progress++) {
    onProgress?.({ progress, total, message: 'p'.repeat(Number(args['length'] ?? 1)) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (args['late'] === true) setTimeout(() => onProgress?.({ progress: total + 1 }), 5);
  return { kind: 'value', value: total };
}

export function waitForCancel(request: CallRequest, cancelled: CallRequest[]): Promise<ToolAnswer> {
  return new Promise((resolve) => {
    const onAbort = () => {
      cancelled.push(request);
      resolve({ kind: 'error', error: { code: 'CANCELLED', message: 'cancelled' } });
    };
    if (request.signal?.aborted === true) onAbort();
    else request.signal?.addEventListener('abort', onAbort, { once: true });
  });
}
