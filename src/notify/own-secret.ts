// Secrets of the channels themselves: read for each try, so that one that is set anew counts at once. Used by the channels.

import { asSmcpError } from '#base/errors.ts';
import type { DeliveryResult } from '#domain/notify-ports.ts';

/** The value of a secret of the home. @throws `SECRET_MISSING` · `SECRET_UNAVAILABLE` · `SECRET_INVALID` · `SECRET_TAMPERED` */
export type OwnSecret = (name: string) => Promise<string>;

/** Tries with the secret's value; undefined where the target has none. One that can't be read is why the try failed. */
export async function readingSecret(
  read: OwnSecret,
  name: string | undefined,
  deliver: (value: string | undefined) => Promise<DeliveryResult>,
): Promise<DeliveryResult> {
  let value: string | undefined;
  try {
    value = name === undefined ? undefined : await read(name);
  } catch (thrown) {
    const { code } = asSmcpError(thrown);
    return { kind: 'failed', why: code === 'SECRET_MISSING' ? `the secret ${name} is not set` : `${name}: ${code}` };
  }
  return deliver(value);
}
