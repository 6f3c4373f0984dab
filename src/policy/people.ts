// People of a policy, made ready, and what a schema can't find about them. Pure. Called by compile.ts.

import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import type { RequiredAct } from '#domain/act-ports.ts';
import type { ApproverTerms } from '#domain/decision.ts';
import { hasRole, isApprover, type People, type PersonName, type PersonRole } from '#domain/person.ts';
import { entriesOf, errorAt, listOf, type Workshop } from './compile-rule.ts';
import type { Finding } from './explain.ts';
import type { Policy } from './rules.ts';

/**
 * `document` fits the schema. An agent and a person of one name could not be told apart in records; a rule that names people who
 * can't approve, or more than there are, would let nothing through.
 */
export function compilePeople(
  document: JsonObject,
  approvers: Workshop['approvers'],
): { readonly people: People; readonly findings: readonly Finding[] } {
  const agents = new Set(entriesOf(document['agents']).map(([name]) => name));
  const entries = entriesOf(document['people']);
  const people: People = new Map(
    entries.map(([name, person]) => [name as PersonName, String(person['role']) as PersonRole]),
  );
  const clashes = entries
    .filter(([name]) => agents.has(name))
    .map(([name]) =>
      errorAt(
        `/people/${name}`,
        `an agent is called ${name} too: records could not tell who acted`,
        'give one of them another name',
      ),
    );
  const wrong = approvers.flatMap(({ pointer, terms }) => [
    ...terms.by.flatMap((one, index) => nobodyAt(`${pointer}/by/${index}`, one, people)),
    ...tooFewAt(pointer, terms, people),
  ]);
  return { people, findings: [...clashes, ...wrong].slice(0, LIMITS.policyFindingsMax) };
}

function nobodyAt(pointer: string, one: string, people: People): readonly Finding[] {
  if (one.startsWith('role:')) return [];
  const role = people.get(one as PersonName);
  if (role !== undefined && hasRole(role, 'approver')) return [];
  const near = nearest(one, [...people.keys()].slice(0, LIMITS.suggestionCandidatesMax));
  if (role !== undefined) {
    return [errorAt(pointer, `${one} is viewer, and approves nothing`, `make ${one} approver or admin under people`)];
  }
  const remedy = near === undefined ? `add ${one} under people, with a role` : `did you mean ${near}?`;
  return [errorAt(pointer, `no person is called ${JSON.stringify(one)}`, remedy)];
}

function tooFewAt(pointer: string, { by, needed }: ApproverTerms, people: People): readonly Finding[] {
  const able = [...people].filter(([name, role]) => isApprover(by, { name, role })).length;
  if (able >= needed) return [];
  const message = `${needed} ${needed === 1 ? 'person has' : 'people have'} to approve, and ${able} may`;
  return [errorAt(pointer, message, 'name more of them in by, or add approvers under people')];
}

/** What a document has confirmed, and what is wrong with it. Where anything is, widening the policy and inviting people are too. */
export function compileRequired(
  document: JsonObject,
  people: People,
): { readonly required: ReadonlySet<RequiredAct>; readonly findings: readonly Finding[] } {
  const { require: written } = document;
  const acts = isJsonObject(written) ? listOf(written['passkey']).map((one) => String(one) as RequiredAct) : [];
  if (acts.length === 0) return { required: new Set(), findings: [] };
  const hasAdmin = [...people.values()].some((role) => role === 'admin');
  const message = 'nobody could confirm anything: no person has the role admin';
  const remedy = 'give somebody the role admin under people, or leave require out';
  return {
    required: new Set([...acts, 'policy_widen', 'person_invite']),
    findings: hasAdmin ? [] : [errorAt('/require/passkey', message, remedy)],
  };
}

type WithPeople = Pick<Policy, 'people' | 'required'>;

/** Whether both name the same people with the same roles, and have the same acts confirmed. */
export function arePeopleSame(before: WithPeople, after: WithPeople): boolean {
  const text = ({ people = new Map(), required = new Set() }: WithPeople) =>
    JSON.stringify([[...people].sort(), [...required].sort()]);
  return text(before) === text(after);
}

/**
 * Sentences on people who may more under `after`, acts that are not confirmed any more, and admins who sign for none any more: where
 * only some of them have passkeys, those who have none could be invited by anybody once the others were gone.
 */
export function* peopleWidenings(before: WithPeople, after: WithPeople): Generator<string> {
  for (const [name, role] of after.people ?? []) {
    const had = before.people?.get(name);
    if (had === undefined) yield `person ${name}: is ${role}, and was nobody`;
    else if (!hasRole(had, role)) yield `person ${name}: is ${role}, and was ${had}`;
  }
  for (const act of before.required ?? []) {
    if (after.required?.has(act) !== true) yield `nobody has to sign for ${act} any more`;
  }
  if (before.required === undefined) return;
  for (const [name, role] of before.people ?? []) {
    if (role === 'admin' && after.people?.get(name) !== 'admin') yield `person ${name}: signs for acts no more`;
  }
}
