// What is open and stays so, each with its reason; and what proves nothing on some machines, because there it is refused to
// everybody. The audit fails for what is open and not here, and for what is here and blocked.

import { type Configuration, hasOwnUsers } from './configurations.ts';

export type Accepted = {
  readonly group: string;
  readonly name: string;
  /** Where it is open, in words for the page. */
  readonly where: string;
  readonly isIn: (configuration: Configuration) => boolean;
  readonly reason: string;
};

export const ACCEPTED: readonly Accepted[] = [
  {
    ...{ group: 'files', name: 'ask about a file', where: 'everywhere', isIn: () => true },
    reason:
      'Landlock has no right for `stat`: a program may ask whether a name exists, its size and times. It reads nothing.',
  },
  {
    ...{ group: 'files', name: 'touch a file that all may write', where: 'plugins with users of their own' },
    isIn: hasOwnUsers,
    reason:
      'Landlock has no right for times. Who has no rights of the file’s owner sets them to now, where the mode lets everybody write.',
  },
];

const names = (text: string): readonly string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim());

/** Kernels are built without these, so that they may work nowhere. */
export const LACKED_BY_SOME_KERNELS = names(`
  files: set an attribute
  sockets: use the kernel's ciphers
  sockets: connect over MPTCP
  sockets: connect by TCP Fast Open
  sockets: connect by a message with Fast Open
  sockets: a socket for MPTCP
  sockets: a socket for UDP-Lite
  sockets: a socket for SCTP
  sockets: a socket for netlink of audit
  sockets: a socket for the machine's host
  sockets: a socket for XDP
  sockets: a socket for keys
  sockets: a socket of any other family
  processes: compare itself with the server
  kernel: asynchronous I/O
  kernel: io_uring
  kernel: queues of POSIX
  kernel: keyrings
  kernel: a key
  kernel: a handle of a file
  doors of the kernel: a call of x32
  doors of the kernel: a call by int 0x80
  doors of the kernel: a socket by int 0x80
  doors of the kernel: a table of segments
  doors of the kernel: hidden memory
  doors of the kernel: faults in user mode
  doors of the kernel: a keyring of its own
  doors of the kernel: the log of the kernel
`);

/** Only root can do these, or a user whom this machine's administrator lets make namespaces, trace or count. */
export const REFUSED_TO_USERS = names(`
  sockets: a socket for ICMP
  sockets: a socket for raw packets
  processes: enter the server's network
  processes: trace another process
  processes: trace the server
  processes: read the memory of the server
  processes: write the memory of the server
  processes: count events of the server
  processes: take a descriptor out of the server
  kernel: a namespace of users
  kernel: a child in a namespace of users
  secrets: the memory of the server as a file
  namespaces and mounts: a namespace of mounts
  namespaces and mounts: a namespace of cgroups
  namespaces and mounts: a namespace of host names
  namespaces and mounts: a namespace of System V
  namespaces and mounts: a namespace of processes
  namespaces and mounts: a namespace of networks
  namespaces and mounts: a namespace of mounts in one of users
  namespaces and mounts: a namespace of cgroups in one of users
  namespaces and mounts: a namespace of host names in one of users
  namespaces and mounts: a namespace of System V in one of users
  namespaces and mounts: a namespace of processes in one of users
  namespaces and mounts: a namespace of networks in one of users
  namespaces and mounts: root in a namespace of users
  namespaces and mounts: mount
  namespaces and mounts: a file system by its new door
  namespaces and mounts: a copy of a mount
  namespaces and mounts: change the root
  namespaces and mounts: a sandbox of its own
  namespaces and mounts: the host name
  doors of the kernel: programs of the kernel
  doors of the kernel: a handle opened again
  doors of the kernel: watching a file system
  doors of the kernel: the number of a program's owner
  wardens: become root
  wardens: another group
  wardens: mount
  wardens: change the root
  wardens: a packet socket
  wardens: read the memory of the server
  wardens: read the memory of another plugin
  wardens: trace the server
`);

/** Beside those that only a root with all its rights can do: what Docker's own filter and network refuse, in front of the control too. */
export const REFUSED_IN_CONTAINERS = names(`
  processes: move pages of the server
  kernel: another personality
  doors of the kernel: a process by clone3
`);
