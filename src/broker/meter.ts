// Counts what an invocation used of its capabilities, and keeps a digest of what was asked and answered. One meter per
// invocation; called by the broker only.

import { createHash, type Hash } from 'node:crypto';
import { canonicalJson } from '#base/canonical-json.ts';
import type { Json } from '#base/json.ts';
import type { UsedCapability } from '#domain/invocation.ts';

export type Meter = {
  /** One host call that was allowed begins. `end` counts it with its answer, or with the error that it ended with. */
  readonly begin: (use: { readonly kind: string; readonly target: string; readonly request: Json }) => {
    readonly end: (answer: Json) => void;
  };
  /**
   * One line per kind and target, sorted; `[]` when nothing was used. `bytes` are those of requests and answers as JSON. What
   * has not ended is counted, and its answer is not.
   */
  readonly lines: () => readonly UsedCapability[];
};

type Line = { readonly kind: string; readonly target: string; readonly transcript: Hash; count: number; bytes: number };

/**
 * The transcript of a line is the SHA-256 over, for each call in the order in which they ended, the request, a line feed, the
 * answer, a line feed, both in canonical JSON, which holds no line feed. Whoever knows what was asked and answered can compute it again.
 */
export function createMeter(): Meter {
  const lines = new Map<string, Line>();
  return {
    begin: ({ kind, target, request }) => {
      const key = JSON.stringify([kind, target]);
      const line = lines.get(key) ?? { kind, target, transcript: createHash('sha256'), count: 0, bytes: 0 };
      lines.set(key, line);
      line.count += 1;
      const asked = canonicalJson(request);
      line.bytes += Buffer.byteLength(asked);
      return {
        end: (answer) => {
          const answered = canonicalJson(answer);
          line.transcript.update(`${asked}\n${answered}\n`);
          line.bytes += Buffer.byteLength(answered);
        },
      };
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
