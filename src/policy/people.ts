// People of a policy, made ready, and what a schema can't find about them. Pure. Called by compile.ts.

import type { JsonObject } from '#base/json.ts';
import type { People, PersonName, PersonRole } from '#domain/person.ts';
import { entriesOf, errorAt } from './compile-rule.ts';
import type { Finding } from './explain.ts';

/** `document` fits the schema. An agent and a person of one name could not be told apart in records. */
export function compilePeople(document: JsonObject): {
  readonly people: People;
  readonly findings: readonly Finding[];
} {
  const agents = new Set(entriesOf(document['agents']).map(([name]) => name));
  const entries = entriesOf(document['people']);
  return {
    people: new Map(entries.map(([name, person]) => [name as PersonName, String(person['role']) as PersonRole])),
    findings: entries
      .filter(([name]) => agents.has(name))
      .map(([name]) =>
        errorAt(
          `/people/${name}`,
          `an agent is called ${name} too: records could not tell who acted`,
          'give one of them another name',
        ),
      ),
  };
}

/** Whether both name the same people with the same roles; undefined names nobody. */
export function arePeopleSame(before: People = new Map(), after: People = new Map()): boolean {
  return before.size === after.size && [...after].every(([name, role]) => before.get(name) === role);
}
