// Operations that the policy wants confirmed by a person's passkey: instead of being done they wait, until somebody of the role admin has
// signed for exactly this. Used by runner.ts, and by the console.

import { canonicalJson } from '#base/canonical-json.ts';
import { rfc3339 } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { Confirmation, PendingAct } from '#domain/act-ports.ts';
import type { Caller, Operation, Services } from './operation.ts';
import type { OperationRunner } from './runner.ts';

/**
 * The caller as the operation is to see them; without a signature where one is needed nothing is done.
 *
 * @throws `CONFIRMATION_NEEDED` with the id of what waits
 */
export async function requireConfirmation(
  services: Services,
  operation: Operation,
  input: JsonObject,
  caller: Caller,
): Promise<Caller> {
  const { confirm } = operation;
  const required = services.policy.required();
  if (confirm === undefined || required.size === 0 || caller.kind !== 'person' || caller.isConfirmed === true)
    return caller;
  if (!isRequired(confirm.kind, services)) return caller;
  const inForce = services.policy.current();
  const content = await confirm.about(services, input);
  // It was looked at against the policy in force, and is done under that one only.
  if (content === undefined) return { ...caller, onlyUnder: inForce.digest, signedFor: {} };
  const subject = operation.subject?.(input) ?? '';
  const asked = { operation: operation.name, input, subject, by: caller.by, ...content };
  throw confirmationNeeded(services.acts.ask(asked), services);
}

/** A link to enrol is free until an admin has had a passkey: somebody has to be the first. */
function isRequired(kind: NonNullable<Operation['confirm']>['kind'], { policy, people }: Services): boolean {
  if (kind === 'policy_widen') return true;
  if (kind === 'person_invite') return people.hasAdminEnrolled();
  return policy.required().has(kind);
}

function confirmationNeeded({ id, operation, expiresMs, digest }: PendingAct, { people }: Services): SmcpError {
  return new SmcpError('CONFIRMATION_NEEDED', `${operation} waits: a person of the role admin has to sign for it`, {
    details: {
      ...{ id, digest, expiresAt: rfc3339(expiresMs) },
      remedy: `have them look at it: ${people.consoleOrigin()}/console/approvals#act-${id}\nit is done once they have signed`,
    },
  });
}

export type ActConfirmer = (id: string, confirmation: Confirmation) => Promise<Json>;

/**
 * Does what waits, once its record says who signed for it. What it comes to must be what it came to when it was asked.
 *
 * **Trust:** `confirmation` was checked: the person's passkey signed the act's digest, and their role is admin.
 * @throws `ACT_UNKNOWN` · `ACT_CHANGED` · `ROLE_NEEDED` when they were shut out meanwhile · what the operation throws
 */
export function createActConfirmer(
  services: Services,
  { operations, run }: { readonly operations: readonly Operation[]; readonly run: OperationRunner },
): ActConfirmer {
  return async (id, { person, assertion }) => {
    const act = services.acts.take(id);
    const operation = operations.find(({ name }) => name === act.operation);
    const now = await operation?.confirm?.about(services, act.input);
    const isSame = now !== undefined && canonicalJson(now.about) === canonicalJson(act.about);
    if (operation === undefined || !isSame) throw actChanged(act);
    // To look at it takes a while: who was shut out meanwhile confirms nothing, and no record says that they did.
    if (services.people.roleOf(person, assertion.credential) !== 'admin') throw shutOut(person);
    const { statement, subject, expiresMs } = act;
    const inForce = services.policy.current().digest;
    const time = rfc3339(services.clock.nowMs());
    await services.log.append({
      kind: 'act',
      predicate: {
        ...{ act: id, operation: act.operation, subject, by: person, assertion },
        ...{ expires: rfc3339(expiresMs), time },
      },
      statement,
    });
    const signed = { isConfirmed: true, onlyUnder: inForce, signedFor: now.about } as const;
    return run(operation, act.input, { by: person, kind: 'person', ...signed });
  };
}

function shutOut(person: string): SmcpError {
  return new SmcpError('ROLE_NEEDED', `${person} is admin no more, or their passkey was revoked`, {
    details: { remedy: 'have somebody do it again, and an admin sign' },
  });
}

function actChanged({ operation }: PendingAct): SmcpError {
  return new SmcpError('ACT_CHANGED', `${operation} would not do any more what it would have when it was asked for`, {
    details: { remedy: 'do it again: it asks anew' },
  });
}
