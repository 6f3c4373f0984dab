// Refusals of host calls, in one shape: what was asked, what is allowed, and how a person could allow it. Pure. Made by the sandbox,
// the broker and the effects; they reach the guest, and the agent where the guest doesn't catch them.

import { SmcpError } from '#base/errors.ts';
import { visibleText } from '#base/visible.ts';
import { type Capabilities, type CapabilityKind, kindsOf } from './capability.ts';
import { capabilityOf, HOST_CALLS, isHostCallName } from './host-call.ts';

/** What a refusal shows of one text, in UTF-16 units. */
const SHOWN_LENGTH_MAX = 256;

/** What a refusal shows of what is allowed: a manifest may have many entries. */
const SHOWN_ENTRIES_MAX = 32;

export type Refused = {
  /** The guest's words, never those of a secret: what is shown of them is bounded and visible. */
  readonly asked: string;
  /** `[]`: nothing of this kind. */
  readonly allowed: readonly string[];
  /** A sentence that quotes nothing of the guest's. */
  readonly message: string;
  readonly remedy: string;
};

/** `CAPABILITY_DENIED`: it can be read, and was not given. */
export function denied({
  capability,
  message,
  ...refused
}: Refused & { readonly capability: CapabilityKind }): SmcpError {
  return new SmcpError('CAPABILITY_DENIED', message, { details: { capability, ...shownDetails(refused) } });
}

/** `REQUEST_INVALID`: no such thing can be asked, whatever is given. */
export function malformed({ message, ...refused }: Refused): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: shownDetails(refused) });
}

/** What a refusal shows of a guest's text. */
export const shownText = (text: string): string => visibleText(text, SHOWN_LENGTH_MAX);

function shownDetails({ asked, allowed, remedy }: Omit<Refused, 'message'>) {
  return { asked: shownText(asked), allowed: allowed.slice(0, SHOWN_ENTRIES_MAX).map(shownText), remedy };
}

/**
 * Why a host call by this name is refused before its params are read; undefined: it needs nothing, or was given what it needs.
 *
 * **Trust:** the name is a guest's.
 */
export function refusalOfCall(name: string, given: Capabilities): SmcpError | undefined {
  if (!isHostCallName(name)) {
    return malformed({
      ...{ asked: name, allowed: Object.keys(HOST_CALLS), message: 'there is no such host call' },
      remedy: 'call one of those that there are: docs/capabilities.md says what each does',
    });
  }
  const capability = capabilityOf(name);
  if (capability === undefined || given[capability] !== undefined) return undefined;
  return denied({
    ...{ capability, asked: name, allowed: kindsOf(given) },
    message: `this call was not given ${capability}`,
    remedy: `ask for \`${capability}\` in plugin.json, and have the grant give it`,
  });
}
