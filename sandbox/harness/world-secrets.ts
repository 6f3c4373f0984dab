// The secrets of a made-up world: given, put into requests and masked by a server's own code, over the values that the author wrote.

import { SmcpError } from '#base/errors.ts';
import type { SecretGiver } from '#domain/secret-ports.ts';
import { createGivenSecrets } from '#secrets/given-secrets.ts';
import { checkSecretValue } from '#secrets/secret-value.ts';
import type { World } from './world.ts';

/** One that the world lacks is missing, as one that nobody has set; what a server would not take is refused here too. */
export function worldSecrets({ secrets = {} }: World): SecretGiver {
  const read = async (name: string): Promise<string> => {
    const value = secrets[name];
    if (value !== undefined) return checkSecretValue(name, value);
    throw new SmcpError('SECRET_MISSING', `the world has no secret ${name}`, {
      details: { secret: name, remedy: 'add it to `secrets` of the world' },
    });
  };
  return { give: (entries) => createGivenSecrets(read, entries) };
}
