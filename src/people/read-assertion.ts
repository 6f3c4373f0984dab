// What browsers send of passkeys, from JSON to types. Pure. **Trust:** anybody may have sent it.

import type { Json } from '#base/json.ts';
import { isJsonObject } from '#base/json.ts';
import { type PasskeyAssertion, readClientData } from '#base/passkey.ts';
import type { MadePasskey } from './passkeys.ts';
import { passkeyRefused } from './refusals.ts';

const TEXT_LENGTH_MAX = 4096;
const TRANSPORTS_MAX = 8;

/** With the challenge that it says it answers. @throws `PASSKEY_REFUSED` */
export function parsePasskeyAssertion(given: unknown): {
  readonly assertion: PasskeyAssertion;
  readonly challenge: string;
} {
  const { credential, authenticatorData, clientDataJSON, signature } = textsOf(given, [
    'credential',
    'authenticatorData',
    'clientDataJSON',
    'signature',
  ]);
  const assertion = { credential, authenticatorData, clientDataJSON, signature };
  return { assertion, challenge: challengeOf(clientDataJSON) };
}

/** @throws `PASSKEY_REFUSED` */
export function parseMadePasskey(given: unknown): MadePasskey & { readonly challenge: string } {
  const { credential, authenticatorData, clientDataJSON, key } = textsOf(given, [
    'credential',
    'authenticatorData',
    'clientDataJSON',
    'key',
  ]);
  const transports = isJsonObject(given as Json) ? (given as { readonly transports?: unknown }).transports : undefined;
  return {
    ...{ credential, authenticatorData, clientDataJSON, key, challenge: challengeOf(clientDataJSON) },
    // Hints for the browser only: what is no known kind is left out.
    transports: Array.isArray(transports)
      ? transports.filter((one) => typeof one === 'string' && /^[a-z-]{1,32}$/.test(one)).slice(0, TRANSPORTS_MAX)
      : [],
  };
}

function challengeOf(clientDataJSON: string): string {
  const challenge = readClientData(clientDataJSON)?.challenge;
  if (challenge === undefined) throw malformed();
  return challenge;
}

function textsOf<Name extends string>(given: unknown, names: readonly Name[]): { readonly [name in Name]: string } {
  const object = given as Json;
  if (!isJsonObject(object)) throw malformed();
  const texts = names.map((name): [Name, string] => {
    const text = object[name];
    if (typeof text !== 'string' || text.length > TEXT_LENGTH_MAX) throw malformed();
    return [name, text];
  });
  return Object.fromEntries(texts) as { readonly [name in Name]: string };
}

const malformed = () => passkeyRefused('what the browser sent is not of the form that browsers give');
