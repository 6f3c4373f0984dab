// What a confined program gets: types only. Whoever starts one writes such a profile; profile-bytes.ts turns it into what
// the launcher reads. Nothing that is not in it reaches the program.

export type LaunchPath = {
  /**
   * Absolute, and without a symbolic link anywhere in it: the launcher follows none. A directory stands for all below it.
   */
  readonly path: string;
  /**
   * `read` to read and execute · `write` to read, change, make and remove, and not to execute. Devices, sockets and pipes
   * with a name can be made nowhere.
   */
  readonly access: 'read' | 'write';
};

export type LaunchLimits = {
  /** RLIMIT_DATA: private memory that can be written. Shared memory is not counted by it. */
  readonly dataBytes: number;
  /** RLIMIT_AS: all of the address space. Node with a JIT needs many GiB of it. */
  readonly addressSpaceBytes?: number;
  /** RLIMIT_FSIZE: of one file. */
  readonly fileBytes: number;
  readonly descriptors: number;
  /** RLIMIT_NPROC: threads of the whole user, so it needs a user of its own to mean the program's; root has no such limit. */
  readonly processes: number;
  /** RLIMIT_CPU, of each process. */
  readonly cpuSeconds?: number;
  readonly stackBytes: number;
};

export type LaunchProfile = {
  /** `warden`: Node with --jitless, which starts no program and writes no file. `general`: any program. */
  readonly program: 'warden' | 'general';
  /** `[]`: no file at all, so nothing that could be executed. */
  readonly paths: readonly LaunchPath[];
  /**
   * `none` no new sockets, nor pairs · `unix` pairs inside the program, and other local sockets where Landlock keeps them
   * inside (ABI 9) · `inet` pairs, and TCP connections to `connectPorts`.
   */
  readonly network: 'none' | 'unix' | 'inet';
  /** For `inet`; absent or `[]`: none. Needs Landlock ABI 4. */
  readonly connectPorts?: readonly number[];
  /** A user of its own, and a group of the same number; needs a host that may change users. Absent: the host's, which must not be root. */
  readonly uid?: number;
  /** What its children leave behind becomes its own, so that it can tell whether something is left. Absent: it doesn't. */
  readonly reapsOrphans?: boolean;
  readonly limits: LaunchLimits;
  /** Exactly these. */
  readonly env: { readonly [name: string]: string };
  /** Absolute; the program starts there. */
  readonly cwd: string;
  /** The program, absolute, and its arguments: `argv[0]` is the program. */
  readonly command: readonly [string, ...string[]];
  /** All others are closed. */
  readonly keptDescriptors: readonly number[];
};

/** What the kernel, and the user that the host runs as, offer. */
export type KernelOffers = {
  readonly arch: 'x64' | 'arm64';
  /** Of Landlock: 0 where there is none. A lower number than the kernel's makes the launcher use no more than that. */
  readonly landlockAbi: number;
  readonly hasSeccomp: boolean;
  /** The host's. */
  readonly uid: number;
  /** Whether the host can give a program a user of its own, and still end it: CAP_SETUID, CAP_SETGID and CAP_KILL. */
  readonly canChangeUser: boolean;
  /** The folder of the host's own group, in which it may make others (cgroup v2). Absent: none can be made. */
  readonly cgroup?: string;
};
