// The secrets of one run: given to it before it begins, masked in what it came to, told in its record.
// **Trust:** what a run came to is a guest's; an exposed secret may be in it on purpose.

import { SmcpError, type WireError } from '#base/errors.ts';
import { type ExactJson, exactValue } from '#base/exact-json.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { RunOutcome, UsedCapability } from '#domain/invocation.ts';
import type { RunRequest, SandboxProfile } from '#domain/sandbox-ports.ts';
import type { CallSecrets, ResultMask } from '#domain/secret-ports.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';

export type RunSecrets = {
  readonly given: CallSecrets;
  readonly environment: NonNullable<RunRequest['secrets']>['environment'];
};

/**
 * Undefined where the call was given none. What its program is to see is read here, before anything runs.
 *
 * @throws `SECRET_MISSING` · `SECRET_UNAVAILABLE` · `SECRET_INVALID` · `SECRET_TAMPERED` · `CAPABILITY_UNAVAILABLE` where nobody
 * gives any
 */
export async function openSecrets(
  { secrets }: Pick<DispatcherPorts, 'secrets'>,
  capabilities: Capabilities,
  { tier }: Pick<SandboxProfile, 'tier'>,
): Promise<RunSecrets | undefined> {
  const entries = capabilities.secrets;
  if (entries === undefined) return undefined;
  if (secrets === undefined) throw new SmcpError('CAPABILITY_UNAVAILABLE', "this server can't give secrets");
  const given = secrets.give(entries);
  // An isolate has no environment: a manifest that asks for one is refused.
  const environment = tier === 'process' ? await given.environment() : {};
  return { given, environment };
}

/** The outcome without the values of secrets; the same where none was in it. */
export function maskOutcome(outcome: RunOutcome, mask: ResultMask | undefined): RunOutcome {
  if (mask === undefined) return outcome;
  switch (outcome.kind) {
    case 'returned': {
      const resultJson = maskResult(outcome.resultJson, mask);
      const text = outcome.text === undefined ? undefined : mask.text(outcome.text);
      if (resultJson === outcome.resultJson && text === outcome.text) return outcome;
      return { ...outcome, resultJson, ...(text === undefined ? {} : { text }) };
    }
    case 'failed': {
      const error = mask.json(outcome.error as WireError) as unknown as WireError;
      return error === outcome.error ? outcome : { ...outcome, error };
    }
    case 'cancelled':
    case 'lost':
      return outcome;
  }
}

/** What is no JSON is masked as a text; it is refused later. */
function maskResult(json: string, mask: ResultMask): string {
  let value: ExactJson;
  try {
    value = exactValue(json);
  } catch {
    return mask.text(json);
  }
  const masked = mask.exactJson(value);
  return masked === value ? json : JSON.stringify(masked);
}

/** What the record says was used, with the secrets that went into requests or the program. Sorted by kind. */
export function usedLines(used: readonly UsedCapability[], secrets: RunSecrets | undefined): readonly UsedCapability[] {
  if (secrets === undefined) return used;
  const key = ({ kind, target }: UsedCapability) => JSON.stringify([kind, target]);
  return [...used, ...secrets.given.used()].toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
