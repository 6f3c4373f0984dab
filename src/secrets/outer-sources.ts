// Secrets that are kept elsewhere: what config.yaml names under `secrets.sources`. Read when a call needs one, and not kept; what a
// command printed is kept for a while. **Trust:** the names are the operator's; other users of the machine may have put something
// else in a file's place.

import { isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { type KeptFrom, readOwnedFile } from '#base/owned-file.ts';
import type { SecretSourceKind } from '#domain/secret-ports.ts';
import { type CommandSource, runSecretCommand } from './command-source.ts';
import { withoutLineEnd } from './secret-value.ts';

/** One of the configuration's. `file`: relative to the home. `credential`: of systemd, by its name. */
export type OuterSource =
  | { readonly file: string }
  | { readonly env: string }
  | { readonly credential: string }
  | CommandSource;

export type OuterSources = {
  readonly kindOf: (name: string) => Exclude<SecretSourceKind, 'stored'> | undefined;
  readonly names: readonly string[];
  /** Unchecked. @throws what keeps the source from giving it, in words for the server's log */
  readonly read: (name: string) => Promise<string>;
};

export function openOuterSources(
  { clock, env }: { readonly clock: Clock; readonly env: { readonly [name: string]: string | undefined } },
  options: { readonly home: string; readonly sources: { readonly [name: string]: OuterSource } },
): OuterSources {
  const sources = new Map(Object.entries(options.sources));
  const printed = new Map<string, { readonly value: Promise<string>; readonly untilMs: number }>();

  const fromCommand = (name: string, source: CommandSource): Promise<string> => {
    const known = printed.get(name);
    if (known !== undefined && clock.monotonicMs() < known.untilMs) return known.value;
    const value = runSecretCommand(source, env).then(withoutLineEnd);
    printed.set(name, { value, untilMs: clock.monotonicMs() + LIMITS.secretCachedMs });
    // What failed is tried again at the next need of it.
    value.catch(() => printed.delete(name));
    return value;
  };

  const read = async (name: string): Promise<string> => {
    const source = sources.get(name);
    if (source === undefined) throw new Error('no such source');
    if ('command' in source) return fromCommand(name, source);
    if ('file' in source) return textOf(resolve(options.home, source.file), 'being read');
    if ('credential' in source) return textOf(credentialPath(source.credential, env), 'being written');
    const value = env[source.env];
    if (value === undefined) throw new Error(`the server's environment has no ${source.env}`);
    return value;
  };

  return {
    kindOf: (name) => {
      const source = sources.get(name);
      return source === undefined ? undefined : kindOf(source);
    },
    names: [...sources.keys()],
    read,
  };
}

function kindOf(source: OuterSource): Exclude<SecretSourceKind, 'stored'> {
  if ('command' in source) return 'command';
  if ('file' in source) return 'file';
  return 'env' in source ? 'env' : 'credential';
}

/** @throws `HOME_UNSAFE` · `SECRET_UNAVAILABLE` */
function textOf(path: string, keptFrom: KeptFrom): string {
  const text = readOwnedFile(path, { bytesMax: LIMITS.secretBytesMax + 2, keptFrom, code: 'SECRET_UNAVAILABLE' });
  if (text === undefined) throw new SmcpError('SECRET_UNAVAILABLE', `${path} is not there`);
  return withoutLineEnd(text);
}

/** systemd keeps the folder from other users; to the service's own user it gives a file by an access list, which a mode shows as its group's. */
function credentialPath(name: string, env: { readonly [name: string]: string | undefined }): string {
  const folder = env['CREDENTIALS_DIRECTORY'];
  if (folder !== undefined && isAbsolute(folder)) return join(folder, name);
  throw new Error("the server's environment has no CREDENTIALS_DIRECTORY: systemd gives it with LoadCredential=");
}
