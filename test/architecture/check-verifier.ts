// The verifier must be auditable alone: nothing that it reaches, however far, can sign.

import { posix } from 'node:path';
import { type ImportMap, isOwn, resolveOwn } from './check-layers.ts';
import { referencesOf } from './references.ts';
import type { SourceFile, Violation } from './source-tree.ts';

/** What makes a signature, or the key for one. `*` would hide which of them is used. */
const SIGNING_NAMES = ['sign', 'createSign', 'createPrivateKey', 'generateKeyPair', 'generateKeyPairSync', '*'];

/** Every file under `entry` and every file that these run, with the path that led there. Erased imports lead nowhere. */
function reachable(files: readonly SourceFile[], entry: string, map: ImportMap): ReadonlyMap<SourceFile, string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found = new Map<SourceFile, string>();
  const visit = (file: SourceFile, trail: string): void => {
    if (found.has(file)) return;
    found.set(file, trail);
    for (const { kind, specifier } of referencesOf(file)) {
      if (kind === 'type' || kind === 'opaque' || !isOwn(specifier)) continue;
      const target = posix.normalize(resolveOwn(file.path, specifier, map) ?? '');
      const next = byPath.get(target);
      if (next !== undefined) visit(next, `${trail} → ${target}`);
    }
  };
  for (const file of files) if (file.path.startsWith(entry)) visit(file, file.path);
  return found;
}

/** Files within the verifier's reach that import what signs. `entry` is a prefix of paths. */
export function checkVerifier(files: readonly SourceFile[], entry: string, map: ImportMap): readonly Violation[] {
  return [...reachable(files, entry, map)].flatMap(([file, trail]) =>
    referencesOf(file)
      .filter(({ specifier }) => specifier === 'node:crypto')
      .flatMap(({ names, line }) =>
        names.filter((name) => SIGNING_NAMES.includes(name)).map((name) => ({ name, line })),
      )
      .map(({ name, line }) => ({
        path: file.path,
        line,
        rule: 'verifier',
        what: `can sign (${name} of node:crypto): ${trail}`,
      })),
  );
}
