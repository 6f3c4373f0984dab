// Paths of URLs, held against patterns so that no server can read another place out of one than the pattern allows. Pure.
// **Trust:** a path is a guest's, or a foreign server's.

import { compileStarPattern } from '#base/star-pattern.ts';

/** Why a path is refused; undefined: it is none that servers read differently. */
export function whyAmbiguous(path: string): string | undefined {
  const decoded = decode(path);
  if (decoded === undefined) return 'the path has a percent sign that encodes no UTF-8';
  if (/%([0-9a-f]{2}|u[0-9a-f]{4})/i.test(decoded)) return 'the path is encoded twice';
  const folded = decoded.normalize('NFKC');
  if (/\p{Cc}/u.test(decoded) || /\p{Cc}/u.test(folded)) return 'the path has control characters';
  if (folded.includes('\\')) return 'the path has a backslash';
  const parts = folded.split('/');
  if (parts.length !== path.split('/').length) return 'the path has an encoded slash';
  if (parts.some(isUpwards)) return 'the path has a part of dots only';
  return undefined;
}

/** `..`, and what some server takes for it: with parameters after a semicolon, with spaces around it, with more dots. */
function isUpwards(part: string): boolean {
  const [name = ''] = part.split(';');
  return name.includes('.') && /^[\s.]+$/.test(name);
}

/** Letters, digits and `-._~` as they are, other octets as `%XX`. **Source:** RFC 3986 §6.2.2. */
export function canonicalPath(encoded: string): string {
  return encoded.replace(/%[0-9a-f]{2}/gi, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : octet.toUpperCase();
  });
}

/**
 * Whether some pattern allows the path, and, of each way in which servers read paths, what would be read: decoded, up to an encoded `?`
 * or a semicolon, without parameters, with doubled slashes as one.
 *
 * @param path as `canonicalPath` gives it, and not ambiguous
 */
export function matchesPaths(patterns: readonly string[], path: string): boolean {
  return READINGS.every((read) => {
    const text = read(path);
    return text !== undefined && patterns.some((pattern) => isMatch(read(pattern), text));
  });
}

function isMatch(pattern: string | undefined, text: string): boolean {
  return pattern !== undefined && compileStarPattern(pattern)(text);
}

type Reading = (text: string) => string | undefined;

/** Of a pattern, too. A star that is encoded in one would be a wider pattern: such a pattern has no decoded reading. */
const decoded: Reading = (text) => (/%2a/i.test(text) && text.includes('*') ? undefined : decode(text));
const cut = (text: string): string => text.replace(/[?#;].*$/s, '');
const plain = (text: string): string => text.replace(/;[^/]*/g, '');
const merged = (text: string): string => text.replace(/\/{2,}/g, '/');
const then =
  (...steps: readonly ((text: string) => string)[]): Reading =>
  (text) => {
    const first = decoded(text);
    return first === undefined ? undefined : steps.reduce((at, step) => step(at), first);
  };

const READINGS: readonly Reading[] = [
  canonicalPath,
  decoded,
  then(cut),
  then(plain),
  then(merged),
  then((text) => text.normalize('NFKC'), cut, plain, merged),
];

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
