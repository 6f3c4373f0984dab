// The digest of a plugin: over the names, executable bits and bytes of all its files. Pure.

import { type Digest, digestHex, sha256 } from '#base/digest.ts';
import type { PluginFiles } from './plugin-files.ts';

/** Names the format, so that a digest of another version can never be equal by accident. */
const HEADER = 'smcp-plugin/1\n';

/**
 * SHA-256 of a listing: a first line `smcp-plugin/1`, then one line per file in the order of the paths' bytes:
 * the SHA-256 of its content in lower-case hex, a space, `x` when its owner may execute it else `-`, a space, its path.
 * Digest and mark have a fixed length and no path holds a line break, so no two trees have the same listing.
 *
 * Anybody can compute it again, in the plugin's directory where it has no links, or in `home/plugins/<digest>`:
 *
 * ```sh
 * { echo smcp-plugin/1
 *   find . \( -name .git -o -name __pycache__ \) -prune -o -type f -printf '%P\n' | LC_ALL=C sort |
 *   while IFS= read -r path; do
 *     [ -x "$path" ] && mark=x || mark=-
 *     echo "$(sha256sum < "$path" | cut -d' ' -f1) $mark $path"
 *   done
 * } | sha256sum
 * ```
 *
 * **Source:** the form is that of `golang.org/x/mod/sumdb/dirhash`, `Hash1`, with the executable bit.
 */
export function packageDigest(files: PluginFiles): Digest {
  return listingDigest(packageListing(files));
}

/** The lines of the listing, without the first and without their line breaks. */
export function packageListing(files: PluginFiles): readonly string[] {
  return Array.from(
    files,
    ([path, file]) => `${digestHex(sha256(file.bytes))} ${file.isExecutable ? 'x' : '-'} ${path}`,
  );
}

/** The digest of the plugin whose listing has these lines. */
export function listingDigest(lines: readonly string[]): Digest {
  return sha256([HEADER, ...lines.map((line) => `${line}\n`)].join(''));
}
