// The DSSE envelope of a record: the exact bytes that are signed, stored, hashed and exported. No keys are used here.
// **Source:** DSSE v1.0.2 (secure-systems-lab/dsse), protocol.md and envelope.md.

import { parseBase64 } from './base64.ts';

/** What a record's payload is: an in-toto statement. */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

export type Envelope = {
  readonly payload: Uint8Array;
  readonly keyid: string;
  readonly signature: Uint8Array;
};

/** What is signed. **Source:** DSSE v1.0.2: `PAE(type, body)`. */
export function preAuthEncoding(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
}

/** The record: ASCII, keys in this order, no white space. `signature` is 64 bytes. */
export function formatEnvelope({ payload, keyid, signature }: Envelope): string {
  const body = Buffer.from(payload).toString('base64');
  const sig = Buffer.from(signature).toString('base64');
  return `{"payload":"${body}","payloadType":"${PAYLOAD_TYPE}","signatures":[{"keyid":"${keyid}","sig":"${sig}"}]}`;
}

/** How many bytes the envelope of a payload will have, before it is signed. */
export function envelopeBytes(payloadBytes: number): number {
  const empty = formatEnvelope({ payload: new Uint8Array(), keyid: '0'.repeat(64), signature: new Uint8Array(64) });
  return empty.length + 4 * Math.ceil(payloadBytes / 3);
}

const ENVELOPE =
  /^\{"payload":"([A-Za-z0-9+/]+={0,2})","payloadType":"application\/vnd\.in-toto\+json","signatures":\[\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}\]\}$/;

/**
 * The parts of a record, or undefined when a single byte is not as `formatEnvelope` writes it.
 *
 * **Trust:** `text` is evidence that anyone may have changed.
 */
export function parseEnvelope(text: string): Envelope | undefined {
  const match = ENVELOPE.exec(text);
  const [, body = '', keyid = '', sig = ''] = match ?? [];
  const payload = parseBase64(body);
  const signature = parseBase64(sig);
  if (match === null || payload === undefined || signature === undefined) return undefined;
  return { payload, keyid, signature };
}
