// People of the policy: who signs in with a passkey, and what their role lets them do. Pure.

import type { AgentName } from './agent.ts';

/** The name of a person, of the form of an agent's; no agent of the policy has it. */
export type PersonName = AgentName & { readonly __person: true };

/** `viewer` sees what waits · `approver` decides too · `admin` also confirms what is done to the server. Each has all before it. */
export type PersonRole = 'viewer' | 'approver' | 'admin';

const ROLES: readonly PersonRole[] = ['viewer', 'approver', 'admin'];

/** Whether somebody of `role` may do what `needed` may. */
export function hasRole(role: PersonRole, needed: PersonRole): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** People by name with their roles; a Map without entries where the policy names nobody. */
export type People = ReadonlyMap<PersonName, PersonRole>;

/** Whether somebody may approve where `by` says who does: names of people, `role:approver` or `role:admin`. */
export function isApprover(
  by: readonly string[],
  { name, role }: { readonly name: string; readonly role: PersonRole },
): boolean {
  if (!hasRole(role, 'approver')) return false;
  return by.some((one) => one === name || one === 'role:approver' || (one === 'role:admin' && hasRole(role, 'admin')));
}
