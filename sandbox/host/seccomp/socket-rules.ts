// What a filter lets a program do with sockets, by mode. Pure. A descriptor that was inherited may be used in every mode.

import type { RuleTable } from './argument-rules.ts';
import { allowOneOf, DENY, denyAnyBit, whenMasked, whenOneOf, whenWhole } from './arguments.ts';
import { ALLOW, type Rule } from './rule.ts';

/**
 * `none` no new socket · `pairs` connected pairs inside the program · `unix` sockets of the local machine, where
 * Landlock keeps them inside (ABI 9) · `inet` pairs, and TCP to where Landlock lets it.
 */
export type SocketMode = 'none' | 'pairs' | 'unix' | 'inet';

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
/** Without SOCK_NONBLOCK and SOCK_CLOEXEC. */
const SOCK_TYPE = 0xfff7_f7ff;
const IPPROTO_TCP = 6;
/** Out-of-band data, which AF_UNIX had holes in; copies that outlive the call; TCP Fast Open, which connects unseen. */
const MSG_REFUSED = 0x1 | 0x400_0000 | 0x2000_0000;

const withType = (types: readonly number[], yes: Rule): Rule =>
  types.reduceRight<Rule>((no, value) => whenMasked(1, SOCK_TYPE, { value, yes, no }), DENY);

/** Not datagrams: one of a pair can send to any address. */
const CONNECTED_PAIR = whenOneOf(0, [AF_UNIX], withType([SOCK_STREAM, SOCK_SEQPACKET], ALLOW), DENY);

/** Streams only, of protocol 0 or TCP: not MPTCP, which Landlock does not see, nor UDP. */
const TCP_SOCKET = whenOneOf(0, [AF_INET, AF_INET6], withType([SOCK_STREAM], allowOneOf(2, [0, IPPROTO_TCP])), DENY);

// include/uapi/asm-generic/socket.h: REUSEADDR, SNDBUF, RCVBUF, KEEPALIVE, LINGER, PASSCRED, RCVTIMEO, SNDTIMEO. No filters.
const SOCKET_OPTIONS = [2, 7, 8, 9, 13, 16, 20, 21];
// include/uapi/linux/tcp.h: NODELAY, CORK, KEEPIDLE, KEEPINTVL, KEEPCNT, QUICKACK, USER_TIMEOUT. Not FASTOPEN,
// FASTOPEN_CONNECT, FASTOPEN_KEY, ULP, REPAIR.
const TCP_OPTIONS = [1, 3, 4, 5, 6, 12, 18];
// IPV6_V6ONLY
const IPV6_OPTIONS = [26];
const OPTIONS = whenOneOf(
  1,
  [1],
  allowOneOf(2, SOCKET_OPTIONS),
  whenOneOf(1, [IPPROTO_TCP], allowOneOf(2, TCP_OPTIONS), whenOneOf(1, [41], allowOneOf(2, IPV6_OPTIONS), DENY)),
);

/** Bytes over a descriptor that is there: with no address, as `send` and `recv` do. */
const HELD_SOCKET: RuleTable = {
  sendto: denyAnyBit(3, MSG_REFUSED, whenWhole(4, 'nothing', ALLOW, DENY)),
  recvfrom: denyAnyBit(3, MSG_REFUSED),
};

/** An address is no use to these: pairs and TCP streams are connected. */
const MESSAGES: RuleTable = {
  sendmsg: denyAnyBit(2, MSG_REFUSED),
  recvmsg: denyAnyBit(2, MSG_REFUSED),
  sendmmsg: denyAnyBit(3, MSG_REFUSED),
  recvmmsg: denyAnyBit(3, MSG_REFUSED),
  setsockopt: OPTIONS,
};

const PAIRS: RuleTable = { ...HELD_SOCKET, ...MESSAGES, socketpair: CONNECTED_PAIR };

const MODES: { readonly [mode in SocketMode]: RuleTable } = {
  none: HELD_SOCKET,
  pairs: PAIRS,
  inet: { ...PAIRS, socket: TCP_SOCKET, connect: ALLOW },
  unix: {
    ...PAIRS,
    sendto: denyAnyBit(3, MSG_REFUSED),
    socketpair: allowOneOf(0, [AF_UNIX]),
    socket: allowOneOf(0, [AF_UNIX]),
    connect: ALLOW,
    bind: ALLOW,
    listen: ALLOW,
    accept: ALLOW,
    accept4: ALLOW,
  },
};

export function socketRules(mode: SocketMode): RuleTable {
  return MODES[mode];
}
