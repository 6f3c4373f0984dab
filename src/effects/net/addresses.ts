// What an address that a name led to is: anybody's, of some network, of this machine, or none that a request may reach. Called by
// the effect `net` only. **Trust:** addresses are those that a server of names answered with.

import { networkInterfaces } from 'node:os';
import { type AddressClass, IPV4_RANGES, IPV6_RANGES, type Range } from './address-table.ts';

type Row = { readonly prefix: Uint8Array; readonly bits: number; readonly kind: AddressClass };

/** Four or sixteen bytes; undefined for what is no address in a usual spelling. One with a zone is none. */
export function addressBytes(text: string): Uint8Array | undefined {
  return text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text);
}

export type Classify = (address: string) => AddressClass;

/**
 * What is no address is `never`. An address of this machine's own interfaces is `loopback`, whatever its range is, and the rest of the
 * network that an interface is on is `private`: what stands there may be anybody's by its number, and is reached past every firewall.
 *
 * @param own this machine's addresses as `address/bits`; asked each time, since they change
 */
export function createClassify(own: () => readonly string[] = ownNetworks): Classify {
  const ipv4 = IPV4_RANGES.map(rowOf);
  const ipv6 = IPV6_RANGES.map(rowOf);
  return (address) => {
    const bytes = addressBytes(address);
    if (bytes === undefined) return 'never';
    const rows = bytes.length === 4 ? ipv4 : ipv6;
    const kind = rows.find((row) => isWithin(bytes, row))?.kind ?? (bytes.length === 4 ? 'public' : 'never');
    if (kind === 'never' || isIsatap(bytes)) return 'never';
    const near = own().map(networkOf);
    if (near.some(({ address }) => isWithin(bytes, { prefix: address, bits: address.length * 8 }))) return 'loopback';
    const isNear = near.some(({ address, bits }) => isWithin(bytes, { prefix: address, bits }));
    return kind === 'public' && isNear ? 'private' : kind;
  };
}

function ownNetworks(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((found = []) => found.map(({ address, cidr }) => cidr ?? address));
}

/** Without bits: the address alone. */
function networkOf(text: string): { readonly address: Uint8Array; readonly bits: number } {
  const [written = '', bits] = text.split('/');
  const address = addressBytes(written) ?? new Uint8Array();
  return { address, bits: bits === undefined ? address.length * 8 : Number(bits) };
}

function rowOf([prefix, bits, kind]: Range): Row {
  return { prefix: addressBytes(prefix) ?? new Uint8Array(), bits, kind };
}

function isWithin(bytes: Uint8Array, { prefix, bits }: Pick<Row, 'prefix' | 'bits'>): boolean {
  if (prefix.length !== bytes.length) return false;
  const whole = bits >> 3;
  const mask = 0xff & (0xff << (8 - (bits & 7)));
  const isStart = prefix.subarray(0, whole).every((byte, at) => byte === bytes[at]);
  return isStart && (mask === 0 || ((prefix[whole] ?? 0) & mask) === ((bytes[whole] ?? 0) & mask));
}

/** An address of IPv4 within one of IPv6, RFC 5214. */
function isIsatap(bytes: Uint8Array): boolean {
  return (
    bytes.length === 16 && ((bytes[8] ?? 0) & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe
  );
}

function ipv4Bytes(text: string): Uint8Array | undefined {
  if (!/^(0|[1-9]\d{0,2})([.](0|[1-9]\d{0,2})){3}$/.test(text)) return undefined;
  const parts = text.split('.').map(Number);
  return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : undefined;
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const tail = groupsOf(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const gap = 16 - head.length - tail.length;
  if (halves.length === 1 ? gap !== 0 : gap < 2) return undefined;
  return Uint8Array.from([...head, ...Array<number>(gap).fill(0), ...tail]);
}

/** Bytes of groups with colons between, the last one perhaps an address of IPv4; undefined for what are none. */
function groupsOf(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [at, group] of groups.entries()) {
    if (group.includes('.')) {
      const dotted = at === groups.length - 1 ? ipv4Bytes(group) : undefined;
      if (dotted === undefined) return undefined;
      bytes.push(...dotted);
    } else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
}
