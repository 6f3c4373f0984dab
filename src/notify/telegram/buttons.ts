// The buttons under a request for approval, and what one says when it is pressed: the decision, the request, and the whole digest of what
// was shown, so that no button approves anything else. Pure.
// **Source:** core.telegram.org/bots/api#inlinekeyboardbutton: `callback_data` has 64 bytes.

import type { JsonObject } from '#base/json.ts';

export type Press = { readonly decision: 'approve' | 'deny'; readonly id: string; readonly digest: string };

const SIGNS = { approve: 'a', deny: 'd' } as const;
/** Sign, id of 16 hexadecimal digits, SHA-256 in base64url: 62 bytes. */
const DATA = /^([ad])\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;
const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** A row of two buttons; `[]` where the request has another form than ours. */
export function decisionRow(id: string, digest: string): readonly JsonObject[] {
  const row = (['approve', 'deny'] as const).map((decision) => {
    const data = dataOf({ decision, id, digest });
    return { text: decision === 'approve' ? 'Approve' : 'Deny', callback_data: data };
  });
  return row.every(({ callback_data }) => DATA.test(callback_data)) ? row : [];
}

function dataOf({ decision, id, digest }: Press): string {
  const hex = DIGEST.exec(digest)?.[1] ?? '';
  return `${SIGNS[decision]}.${id}.${Buffer.from(hex, 'hex').toString('base64url')}`;
}

/** **Trust:** a client can send any bytes for a message of the bot's. Undefined for what no button of ours says. */
export function readPress(data: string): Press | undefined {
  const [, sign, id, digest] = DATA.exec(data) ?? [];
  if (sign === undefined || id === undefined || digest === undefined) return undefined;
  const bytes = Buffer.from(digest, 'base64url');
  return { decision: sign === SIGNS.approve ? 'approve' : 'deny', id, digest: `sha256:${bytes.toString('hex')}` };
}
