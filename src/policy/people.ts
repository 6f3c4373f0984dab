// People of a policy, made ready, and what a schema can't find about them. Pure. Called by compile.ts.

import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import type { ApproverTerms } from '#domain/decision.ts';
import { hasRole, isApprover, type People, type PersonName, type PersonRole } from '#domain/person.ts';
import { entriesOf, errorAt, type Workshop } from './compile-rule.ts';
import type { Finding } from './explain.ts';

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

/** Whether both name the same people with the same roles; undefined names nobody. */
export function arePeopleSame(before: People = new Map(), after: People = new Map()): boolean {
  return before.size === after.size && [...after].every(([name, role]) => before.get(name) === role);
}
