// Which rule of one text is which of another: by its `id`, else by what it says and whose it is. Where it stands says nothing:
// a rule that is put before it moves it. Pure.

import { canonicalJson } from '#base/canonical-json.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import type { ReviewedRule } from '#domain/policy-review.ts';
import type { GoodText } from '#policy/check-text.ts';

export type IdentifiedRule = ReviewedRule & {
  /** The same in two texts exactly when both mean the same rule. */
  readonly identity: string;
};

/** Every rule of a text, in its order. */
export function identifiedRules({ value, compiled }: Pick<GoodText, 'value' | 'compiled'>): readonly IdentifiedRule[] {
  return compiled.lists.flatMap(({ pointer: list, kind, rules }) => {
    const written = valueAt(value, list);
    return rules.map(({ name, pointer, tools, isShadow = false }, index) => {
      const isNamed = name !== pointer;
      const said = Array.isArray(written) ? canonicalJson(written[index] ?? null) : '';
      return {
        rule: name,
        pointer,
        effect: kind === 'grants' ? 'grant' : 'deny',
        tools: tools.map(({ source }) => source),
        isShadow,
        identity: isNamed ? `${kind} ${name}` : `${list} ${said}`,
      };
    });
  });
}

/** What stands at a pointer of names that need no escapes, as those of roles and agents do; `null` for nothing. */
export function valueAt(value: Json, pointer: string): Json {
  let at: Json | undefined = value;
  for (const segment of pointer.split('/').slice(1)) {
    if (Array.isArray(at)) at = at[Number(segment)];
    else at = isJsonObject(at) && Object.hasOwn(at, segment) ? at[segment] : undefined;
  }
  return at ?? null;
}
