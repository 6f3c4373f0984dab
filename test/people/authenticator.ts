// An authenticator in the test: makes passkeys and signs as a browser would hand it over. `Bend` changes one thing about what it says.

import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { PasskeyAssertion } from '#base/passkey.ts';
import type { MadePasskey } from '#people/passkeys.ts';

export const ORIGIN = 'http://localhost:8000';

export type Bend = {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly flags?: number;
  readonly signCount?: number;
  readonly client?: object;
};

const UP_UV = 0x05;
const MADE = 0x40;

export type Authenticator = {
  readonly credential: string;
  readonly key: string;
  readonly make: (challenge: string, bend?: Bend) => MadePasskey;
  readonly sign: (challenge: string, bend?: Bend) => PasskeyAssertion;
};

export type KeyKind = 'ES256' | 'EdDSA' | 'RS256';

/** Counts its signatures from 1. */
export function createAuthenticator(kind: KeyKind = 'ES256'): Authenticator {
  const { publicKey, privateKey } = keysOf(kind);
  const id = randomBytes(16);
  const credential = id.toString('base64url');
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64url');
  let count = 0;
  const clientData = (type: string, challenge: string, { origin = ORIGIN, client = {} }: Bend) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...client }));
  const header = ({ rpId = 'localhost', flags = UP_UV, signCount = count }: Bend, more = 0) => {
    const bytes = Buffer.alloc(37);
    hash('sha256', rpId, 'buffer').copy(bytes);
    bytes[32] = flags | more;
    bytes.writeUInt32BE(signCount, 33);
    return bytes;
  };
  return {
    credential,
    key,
    make: (challenge, bend = {}) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const data = Buffer.concat([header(bend, MADE), Buffer.alloc(16), length, id, Buffer.from('a0', 'hex')]);
      return {
        ...{ credential, key, transports: ['internal'], authenticatorData: data.toString('base64url') },
        clientDataJSON: clientData(bend.type ?? 'webauthn.create', challenge, bend).toString('base64url'),
      };
    },
    sign: (challenge, bend = {}) => {
      count += 1;
      const data = header(bend);
      const client = clientData(bend.type ?? 'webauthn.get', challenge, bend);
      const message = Buffer.concat([data, hash('sha256', client, 'buffer')]);
      const signature = sign(kind === 'EdDSA' ? null : 'sha256', message, privateKey);
      return {
        ...{ credential, authenticatorData: data.toString('base64url') },
        ...{ clientDataJSON: client.toString('base64url'), signature: signature.toString('base64url') },
      };
    },
  };
}

function keysOf(kind: KeyKind): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (kind === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return kind === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** Base64url of the bytes of a digest in hex: what a passkey is asked to sign for it. */
export const challengeOf = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');
