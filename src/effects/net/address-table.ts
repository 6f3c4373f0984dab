// Ranges of addresses, and what each is for. Data; whatever no row of IPv6 holds is refused, and of IPv4 is public.
// **Source:** IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6890 and those that each row names.

/**
 * `public`: anybody's · `private`: inside some network, with the operator's word only · `loopback`: this machine, the same ·
 * `never`: no word opens it.
 */
export type AddressClass = 'public' | 'private' | 'loopback' | 'never';

export type Range = readonly [prefix: string, bits: number, kind: AddressClass, what: string];

/** The first row that holds an address tells. */
export const IPV4_RANGES: readonly Range[] = [
  // Services of clouds that hand out credentials, where their address is no link-local one.
  ['100.100.100.200', 32, 'never', 'metadata of Alibaba Cloud'],
  ['168.63.129.16', 32, 'never', 'the host of Azure'],
  ['0.0.0.0', 8, 'never', 'this network; 0.0.0.0 is this machine on Linux'],
  ['10.0.0.0', 8, 'private', 'RFC 1918'],
  ['100.64.0.0', 10, 'private', 'behind a carrier, RFC 6598'],
  ['127.0.0.0', 8, 'loopback', 'this machine'],
  ['169.254.0.0', 16, 'never', 'link-local, RFC 3927; metadata of most clouds'],
  ['172.16.0.0', 12, 'private', 'RFC 1918'],
  ['192.0.0.0', 24, 'never', 'IETF, RFC 6890; metadata of Oracle Cloud'],
  ['192.0.2.0', 24, 'never', 'documentation'],
  ['192.88.99.0', 24, 'never', 'relays of 6to4, RFC 7526'],
  ['192.168.0.0', 16, 'private', 'RFC 1918'],
  ['198.18.0.0', 15, 'never', 'benchmarks, RFC 2544'],
  ['198.51.100.0', 24, 'never', 'documentation'],
  ['203.0.113.0', 24, 'never', 'documentation'],
  ['224.0.0.0', 4, 'never', 'multicast'],
  ['240.0.0.0', 4, 'never', 'reserved, and broadcast'],
];

/** The same; an address that no row holds is refused. */
export const IPV6_RANGES: readonly Range[] = [
  ['::', 128, 'never', 'unspecified'],
  ['::1', 128, 'loopback', 'this machine'],
  ['::', 96, 'never', 'IPv4-compatible, RFC 4291'],
  ['::ffff:0:0', 96, 'never', 'IPv4-mapped: reaches what the IPv4 address does'],
  ['::ffff:0:0:0', 96, 'never', 'IPv4-translated, RFC 2765'],
  ['64:ff9b::', 96, 'never', 'NAT64, RFC 6052'],
  ['64:ff9b:1::', 48, 'never', 'NAT64 of a network, RFC 8215'],
  ['100::', 64, 'never', 'discarded, RFC 6666'],
  ['fd00:ec2::', 32, 'never', 'services of AWS: metadata, credentials of EKS pods'],
  ['fd00:c1::a9fe:a9fe', 128, 'never', 'metadata of Oracle Cloud'],
  ['fd20:ce::254', 128, 'never', 'metadata of Google Cloud'],
  ['fd00:42::42', 128, 'never', 'metadata of Scaleway'],
  ['fc00::', 7, 'private', 'unique local, RFC 4193'],
  ['fe80::', 10, 'never', 'link-local'],
  ['fec0::', 10, 'never', 'site-local, RFC 3879'],
  ['ff00::', 8, 'never', 'multicast'],
  ['2001::', 23, 'never', 'IETF: Teredo (RFC 4380), ORCHID, benchmarks'],
  ['2001:db8::', 32, 'never', 'documentation'],
  ['2002::', 16, 'never', '6to4, RFC 3056: reaches an IPv4 address'],
  ['3fff::', 20, 'never', 'documentation, RFC 9637'],
  ['2000::', 3, 'public', 'global unicast'],
];
