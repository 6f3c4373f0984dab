// What operations come to, for a person who is to sign for them: the facts that are signed, and the text that is read. Used by the rows
// of operations that a policy may have confirmed. **Trust:** texts of policies and plugins are others': whoever shows them shows text.

import { canonicalJson } from '#base/canonical-json.ts';
import { sha256 } from '#base/digest.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { visibleJson, visibleLines } from '#base/visible.ts';
import { describeScope, type Freeze, type FreezeScope } from '#domain/freeze.ts';
import type { PolicyDiff } from '#domain/policy-ports.ts';
import { reviewView } from './approval-views.ts';
import { knownPlugin } from './known.ts';
import type { Caller, Operation, Services } from './operation.ts';

type About = NonNullable<Operation['confirm']>['about'];

/** Another policy: only one under which somebody could do more. `diff`: of the text that the input means. */
export const aboutPolicy =
  (diff: (services: Services, input: JsonObject) => Promise<PolicyDiff>): About =>
  async (services, input) => {
    const { from, to, text, widenings } = await diff(services, input);
    if (widenings.length === 0) return undefined;
    const about = { policy: to, inForce: from.digest, version: from.version, widenings: [...widenings] };
    return { about, shown: visibleLines(`${widenings.map((one) => `! ${one}\n`).join('')}\n${text}`) };
  };

/** Code of a plugin, as its review shows it. */
export const aboutPlugin: About = async (services, input) => {
  const review = reviewView(services.plugins.review(knownPlugin(services, input['name'])));
  const { name, digest } = review;
  const without = input['without'] ?? null;
  const shown = visibleJson({ ...review, without } as Json, 2);
  return { about: { plugin: name ?? null, digest: digest ?? null, without, review: sha256(shown) }, shown };
};

/** Freezes that would be lifted; nothing is signed for where none would be. */
export const aboutFreezes =
  (scopeOf: (input: JsonObject) => FreezeScope | undefined): About =>
  async ({ freezes }, input) => {
    const scope = scopeOf(input);
    const named = scope === undefined ? undefined : describeScope(scope);
    const lifted = freezes.list().filter((one) => named === undefined || describeScope(one.scope) === named);
    if (lifted.length === 0) return undefined;
    const about = { freezes: lifted.map(factsOf) };
    return { about, shown: visibleJson(about, 2) };
  };

const factsOf = ({ scope, by, sinceMs }: Freeze): JsonObject => ({ scope: describeScope(scope), by, sinceMs });

/**
 * Whether a freeze may be lifted: where that is signed for, only one that was there when it was looked at. One that came since, while
 * the record of its end was written, holds.
 */
export function mayLift(freeze: Freeze, { signedFor }: Caller): boolean {
  if (signedFor === undefined) return true;
  const { freezes = [] } = signedFor;
  const facts = canonicalJson(factsOf(freeze));
  return Array.isArray(freezes) && freezes.some((one) => canonicalJson(one) === facts);
}

/** A link by which a passkey is enrolled. */
export const aboutInvite: About = async ({ policy }, input) => {
  const [, role] = [...policy.people()].find(([name]) => name === input['name']) ?? [];
  const about = { person: String(input['name']), role: role ?? null };
  return { about, shown: visibleJson(about, 2) };
};
