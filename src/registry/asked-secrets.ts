// The secrets that a manifest asks for: as they are listed, and what of them can't be. Pure. Called by the check of a plugin.

import type { SecretEntry } from '#domain/capability.ts';
import type { AskedSecret, Manifest, PluginProblem } from '#domain/manifest.ts';
import { problem } from './problem.ts';

/** By name, each once: two entries of one name are one secret. */
export function askedSecrets({ capabilities = {} }: Manifest): readonly AskedSecret[] {
  const byName = new Map<string, AskedSecret>();
  for (const { name, hosts = [], expose } of capabilities.secrets ?? []) {
    const known = byName.get(name);
    byName.set(name, {
      name,
      hosts: [...new Set([...(known?.hosts ?? []), ...hosts])],
      isExposed: expose === 'env' || known?.isExposed === true,
    });
  }
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Headers that say where a request goes and where it ends. **Source:** RFC 9110 §7.2, §7.6.1; RFC 9112 §6. */
const OF_THE_CONNECTION: readonly string[] = [
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'te', 'trailer', 'expect'],
  ...['proxy-connection', 'proxy-authorization'],
];

/** Variables that decide what else a program loads or runs, and those that the sandbox sets. */
const OF_THE_PROGRAM =
  /^(PATH|HOME|TMPDIR|LANG|LANGUAGE|LC_.*|IFS|ENV|BASH_.*|SHELLOPTS|BASHOPTS|PS4|LD_.*|DYLD_.*|GLIBC_.*|MALLOC_.*|PYTHON.*|NODE_.*|PERL.*|RUBY.*|JAVA_.*|SMCP_.*)$/;

/** Everything that keeps a plugin from being served for what it asks of secrets; `[]` when nothing does. */
export function checkSecrets({ capabilities = {}, runtime }: Manifest): readonly PluginProblem[] {
  const entries = capabilities.secrets ?? [];
  return [
    ...entries.flatMap((entry, index) => [...checkExposure(entry, index, runtime.kind), ...checkHeader(entry, index)]),
    ...checkSamePlaces(entries),
  ];
}

function checkExposure({ name, expose }: SecretEntry, index: number, kind: Manifest['runtime']['kind']) {
  if (expose === undefined) return [];
  const at = { pointer: `/capabilities/secrets/${index}/expose` };
  if (kind === 'isolate') {
    const message = `asks for ${name} as a variable, which an isolate has none of`;
    return [problem('MANIFEST_INVALID', at, message, 'name `hosts` and `header`: the server puts it into requests')];
  }
  if (!OF_THE_PROGRAM.test(name)) return [];
  const message = `asks for a variable ${name}, which decides what a program loads or runs`;
  return [problem('MANIFEST_INVALID', at, message, 'give the secret another name')];
}

function checkHeader({ header }: SecretEntry, index: number): readonly PluginProblem[] {
  if (header === undefined || !OF_THE_CONNECTION.includes(header.toLowerCase())) return [];
  const message = `names the header ${header}, which is the connection's`;
  const at = { pointer: `/capabilities/secrets/${index}/header` };
  return [problem('MANIFEST_INVALID', at, message, 'name the header that the service reads the secret from')];
}

/** Two secrets in one header of one host: one of them would go out in the place of the other. */
function checkSamePlaces(entries: readonly SecretEntry[]): readonly PluginProblem[] {
  const seen = new Map<string, string>();
  return entries.flatMap(({ name, hosts = [], header }, index) =>
    hosts.flatMap((host, at): PluginProblem[] => {
      const place = `${header?.toLowerCase()} ${host}`;
      const other = seen.get(place);
      seen.set(place, other ?? name);
      if (other === undefined) return [];
      const message = `${host} gets ${other} in the header ${header} already`;
      const pointer = `/capabilities/secrets/${index}/hosts/${at}`;
      return [problem('MANIFEST_INVALID', { pointer }, message, 'name one secret for a header of a host')];
    }),
  );
}
