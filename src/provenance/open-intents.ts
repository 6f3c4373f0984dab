// The intents that nothing closed yet. A closing record must name its intent, and each intent is closed once: what would
// break that is our bug and is refused before it is signed.

import { invariant } from '#base/invariant.ts';
import type { InvocationPredicate } from '#domain/record.ts';

export type OpenIntent = {
  readonly index: number;
  /** Base64. */
  readonly leaf: string;
  readonly invocation: string;
  /** Digest of the disclosure document of the arguments; undefined when the intent had none. */
  readonly argsDigest: string | undefined;
};

export type OpenIntents = {
  readonly add: (intent: OpenIntent) => void;
  /**
   * Checks that the record may be added; the intent that it closes, undefined where it closes none.
   *
   * @throws `INTERNAL` when it closes what is not open, or should close something and does not.
   */
  readonly closedBy: (predicate: InvocationPredicate) => OpenIntent | undefined;
  readonly remove: (intent: OpenIntent) => void;
};

export function createOpenIntents(): OpenIntents {
  const open = new Map<number, OpenIntent>();
  return {
    add: (intent) => {
      open.set(intent.index, intent);
    },
    closedBy: (predicate) => {
      const { phase, intent, invocation, tool } = predicate;
      if (intent === undefined) {
        invariant(phase !== 'unknown', 'an unknown end names its intent');
        invariant(
          phase !== 'outcome' || tool.effect === 'pure',
          'the outcome of a tool that is not pure names its intent',
        );
        return undefined;
      }
      const found = open.get(intent.index);
      invariant(phase !== 'intent' && phase !== 'denied', `${phase} closes no intent`);
      invariant(
        found?.leaf === intent.leaf && found.invocation === invocation,
        'the intent is open and of this invocation',
      );
      return found;
    },
    remove: (intent) => {
      open.delete(intent.index);
    },
  };
}
