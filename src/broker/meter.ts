// Counts what an invocation used of its capabilities, and keeps a digest of what was asked and answered. One meter per
// invocation; called by the broker only.

import { createHash, type Hash } from 'node:crypto';
import { canonicalJson } from '#base/canonical-json.ts';
import type { Json } from '#base/json.ts';
import type { UsedCapability } from '#domain/invocation.ts';

export type Meter = {
  /** Counts one answered host call. */
  readonly count: (use: {
    readonly kind: string;
    readonly target: string;
    readonly request: Json;
    readonly answer: Json;
  }) => void;
  /** One line per kind and target, sorted; `[]` when nothing was used. `bytes` are those of requests and answers as JSON. */
  readonly lines: () => readonly UsedCapability[];
};

type Line = { readonly kind: string; readonly target: string; readonly transcript: Hash; count: number; bytes: number };

/**
 * The transcript of a line is the SHA-256 over, for each call in order, the request, a line feed, the answer, a line feed,
 * both in canonical JSON, which holds no line feed. Whoever knows what was asked and answered can compute it again.
 */
export function createMeter(): Meter {
  const lines = new Map<string, Line>();
  return {
    count: ({ kind, target, request, answer }) => {
      const key = JSON.stringify([kind, target]);
      const line = lines.get(key) ?? { kind, target, transcript: createHash('sha256'), count: 0, bytes: 0 };
      lines.set(key, line);
      const [asked, answered] = [canonicalJson(request), canonicalJson(answer)];
      line.transcript.update(`${asked}\n${answered}\n`);
      line.count += 1;
      line.bytes += Buffer.byteLength(asked) + Buffer.byteLength(answered);
    },
    lines: () =>
      [...lines]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { kind, target, count, bytes, transcript }]) => ({
          kind,
          target,
          count,
          bytes,
          transcript: `sha256:${transcript.copy().digest('hex')}`,
        })),
  };
}
