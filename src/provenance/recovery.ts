// After a crash: each intent that nothing closed gets a signed `unknown` record, before any new work is recorded.

import { rfc3339 } from '#base/clock.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import type { InvocationPredicate, RecordDraft } from '#domain/record.ts';
import type { LogStore } from '#domain/store-ports.ts';
import { base64 } from './base64.ts';
import type { OpenIntent } from './open-intents.ts';
import { readStatement, tampered } from './opening.ts';

export type Recovery = { readonly intent: OpenIntent; readonly draft: RecordDraft };

/** The records that close what was left open, oldest first; `[]` after a clean stop. @throws `LOG_TAMPERED` */
export function* recoveriesOf(log: LogStore, nowMs: number): Generator<Recovery> {
  for (const index of log.openIntents()) {
    const { row, statement } = readStatement(log, index);
    const { predicate, argsDigest } = parseIntent(statement, index);
    if (predicate.phase !== 'intent' || predicate.invocation !== row.invocation)
      throw tampered(`record ${index} is no intent`);
    const leaf = base64(row.leaf);
    const unknown: InvocationPredicate = {
      ...predicate,
      phase: 'unknown',
      intent: { index, leaf },
      time: { ...predicate.time, ended: rfc3339(nowMs) },
    };
    yield {
      intent: { index, leaf, invocation: predicate.invocation, argsDigest },
      draft: { kind: 'invocation', predicate: unknown },
    };
  }
}

/** The statement is ours: its bytes are under a checkpoint that we signed. */
function parseIntent(statement: unknown, index: number) {
  if (!isJsonObject(statement) || !isJsonObject(statement['predicate']))
    throw tampered(`record ${index} is no statement`);
  const predicate = statement['predicate'] as unknown as InvocationPredicate;
  return { predicate, argsDigest: digestOf(statement['subject'], 'args') };
}

function digestOf(subjects: Json | undefined, name: string): string | undefined {
  if (!Array.isArray(subjects)) return undefined;
  const subject: unknown = subjects.find((entry: Json) => isJsonObject(entry) && entry['name'] === name);
  const digest = isJsonObject(subject) ? subject['digest'] : undefined;
  const hex = isJsonObject(digest) ? digest['sha256'] : undefined;
  return typeof hex === 'string' ? hex : undefined;
}
