// The browser's passkeys: made, and asked to sign. Bytes travel as base64url.

const ALGORITHMS = [-7, -8, -257];
const TIMEOUT_MS = 300_000;

export function fromBase64url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function base64url(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Makes one for this person, who must show who they are to the device. It is kept on the device, so that sign-in asks no name. */
export async function makePasskey({ challenge, rpId, person, exclude }) {
  const { rawId, response } = await navigator.credentials.create({
    publicKey: {
      challenge: fromBase64url(challenge),
      rp: { id: rpId, name: 'SMCP' },
      user: { id: crypto.getRandomValues(new Uint8Array(32)), name: person, displayName: person },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: exclude.map((id) => ({ type: 'public-key', id: fromBase64url(id) })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
      timeout: TIMEOUT_MS,
    },
  });
  const key = response.getPublicKey();
  if (key === null) throw new Error('this browser can not read the key that was made');
  return {
    credential: base64url(rawId),
    authenticatorData: base64url(response.getAuthenticatorData()),
    clientDataJSON: base64url(response.clientDataJSON),
    key: base64url(key),
    transports: response.getTransports?.() ?? [],
  };
}

/** Has one sign `challenge` (bytes). `passkeys`: which may; none: whichever the person chooses. */
export async function sign({ challenge, rpId, passkeys = [] }) {
  const { rawId, response } = await navigator.credentials.get({
    publicKey: {
      challenge,
      rpId,
      allowCredentials: passkeys.map(({ credential, transports }) => ({
        type: 'public-key',
        id: fromBase64url(credential),
        transports,
      })),
      userVerification: 'required',
      timeout: TIMEOUT_MS,
    },
  });
  return {
    credential: base64url(rawId),
    authenticatorData: base64url(response.authenticatorData),
    clientDataJSON: base64url(response.clientDataJSON),
    signature: base64url(response.signature),
  };
}
