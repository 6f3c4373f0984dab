// Names of hosts as they are compared: one name has one spelling. Pure.

/** Of a name with its dots. **Source:** RFC 1035 §2.3.4. */
const LENGTH_MAX = 253;

/** As the schemas of manifests and policies have it. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Characters that end a host in some parser of addresses, or that some parser drops. */
const NEVER = /[\p{Cc}\p{Z}%@\\/?#:[\]<>^|]/u;

const IPV4 = /^\d{1,3}([.]\d{1,3}){3}$/;

/**
 * The host in lower case and punycode, without a dot at the end; undefined for what is none. An IPv4 address is one in its usual
 * spelling only; one of IPv6 is none. A letter that only stands for another (a full-width digit, a soft hyphen) makes none either: what
 * is compared is what everybody reads.
 *
 * **Trust:** anybody's.
 */
export function canonicalHost(text: string): string | undefined {
  if (text.length > LENGTH_MAX + 1 || !text.isWellFormed() || NEVER.test(text)) return undefined;
  const host = URL.parse(`https://${text}/`)?.hostname.replace(/[.]$/, '');
  if (host === undefined || host.length > LENGTH_MAX || !NAME.test(host)) return undefined;
  const spelled = text.replace(/[.]$/, '').split('.');
  const labels = host.split('.');
  const isSame = labels.length === spelled.length && labels.every((label, at) => isSpelling(spelled[at] ?? '', label));
  return isSame ? host : undefined;
}

/** Whether it is an address, not a name; of a canonical host. */
export function isAddressLiteral(host: string): boolean {
  return IPV4.test(host);
}

function isSpelling(spelled: string, label: string): boolean {
  if (/^[!-~]*$/.test(spelled)) return spelled.toLowerCase() === label;
  return label.startsWith('xn--');
}
