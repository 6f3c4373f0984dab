import { describe, expect, test } from 'vitest';
import { buildFilter, type FilterOptions } from '#sandbox/host/seccomp/filter.ts';
import { fillBlanks } from '#sandbox/host/seccomp/rule.ts';
import { machineOf } from '#sandbox/host/seccomp/syscalls.ts';
import { runFilter } from './bpf-machine.ts';

const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7 };
const OWN_PID = 4242;
/** Bits that the kernel does not look at in an int must not help. */
const HIGH = 0xdead_beef_0000_0000n;

type Arguments = readonly (number | bigint)[];
type Row = readonly [
  options: Partial<FilterOptions>,
  call: string,
  allowed: readonly Arguments[],
  refused: readonly Arguments[],
];

const NEWUSER = 0x1000_0000;
const THREAD = 0x3d_0f00;

const ROWS: readonly Row[] = [
  [
    {},
    'clone',
    [[0x11], [0x4111], [THREAD]],
    [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, NEWUSER, 0x2000_0000, 0x4000_0000, 0x8000, 0x1000].map((flag) => [
      flag | 0x11,
    ]),
  ],
  [{}, 'clone', [[HIGH | 0x11n]], [[HIGH | BigInt(NEWUSER)]]],
  [{ program: 'warden' }, 'clone', [[THREAD]], [[0x11], [0x4111], [THREAD | NEWUSER]]],
  [
    {},
    'ioctl',
    [
      [0, 0x5401],
      [0, 0x541b],
      [0, 0x5421],
    ],
    [
      [0, 0x5412],
      [0, 0x541c],
      [0, 0x540e],
      [0, 0x8901],
      [0, 0x8902],
      [0, HIGH | 0x5412n],
    ],
  ],
  [
    {},
    'fcntl',
    [
      [0, 1],
      [0, 4],
      [0, 1030],
    ],
    [
      [0, 8],
      [0, 10],
      [0, 15],
      [0, 1024],
      [0, 1026],
      [0, HIGH | 8n],
    ],
  ],
  [{}, 'personality', [[0], [0xffff_ffff]], [[8], [0x4_0000], [HIGH | 0x4_0000n]]],
  [
    {},
    'prctl',
    [[15], [16], [38], [0x5356_4d41]],
    [[1], [4], [22], [35], [36], [47], [59], [0x5961_6d61], [HIGH | 1n]],
  ],
  [{}, 'prlimit64', [[0]], [[1], [OWN_PID]]],
  [
    {},
    'setpriority',
    [[0, 0]],
    [
      [0, 1],
      [1, 0],
      [2, 0],
    ],
  ],
  [
    {},
    'ioprio_set',
    [[1, 0]],
    [
      [1, 5],
      [2, 0],
      [3, 0],
    ],
  ],
  [{}, 'sched_setaffinity', [[0]], [[1]]],
  [
    {},
    'openat',
    [
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 2],
      [0, 0, 0o1001, 0o644],
      [0, 0, 0o1000],
    ],
    [
      [0, 0, 3],
      [0, 0, 0o1003],
      [0, 0, 0o101, 0o4755],
      [0, 0, 0o101, 0o2755],
    ],
  ],
  [
    { refusesPathTruncate: true },
    'openat',
    [
      [0, 0, 0],
      [0, 0, 0o1001],
      [0, 0, 0o1002],
    ],
    [
      [0, 0, 0o1000],
      [0, 0, 0o1003],
      [0, 0, HIGH | 0o1000n],
    ],
  ],
  [{}, 'truncate', [[]], []],
  [{ refusesPathTruncate: true }, 'truncate', [], [[]]],
  [
    {},
    'fchmodat',
    [[0, 0, 0o755]],
    [
      [0, 0, 0o4755],
      [0, 0, 0o2755],
    ],
  ],
  [{}, 'fchmod', [[0, 0o755]], [[0, 0o4755]]],
  [{}, 'mkdirat', [[0, 0, 0o755]], [[0, 0, 0o2755]]],
  [{ refusesPathAttributes: true }, 'fchmodat', [], [[0, 0, 0o644]]],
  [{ refusesPathAttributes: true }, 'fchownat', [], [[]]],
  [
    { refusesPathAttributes: true },
    'utimensat',
    [[3, 0]],
    [
      [3, 1],
      [3, HIGH],
    ],
  ],
  [{}, 'kill', [[0], [1], [-1]], []],
  [{ refusesSignalsToOthers: true }, 'kill', [[0]], [[1], [-1], [OWN_PID], [-OWN_PID], [HIGH | 1n]]],
  [{ refusesSignalsToOthers: true }, 'tgkill', [], [[OWN_PID], [1]]],
  [{ refusesSignalsToOthers: true }, 'tkill', [], [[OWN_PID]]],
  [{ refusesSignalsToOthers: true }, 'rt_sigqueueinfo', [], [[0], [1]]],
  [{ refusesSignalsToOthers: true, program: 'warden' }, 'kill', [[0], [OWN_PID]], [[1], [-1]]],
  [{ refusesSignalsToOthers: true, program: 'warden' }, 'tgkill', [[OWN_PID]], [[1]]],
  [{ refusesSetsid: false }, 'setsid', [[]], []],
  [{ program: 'warden' }, 'execve', [], [[]]],
  [{ program: 'warden' }, 'unlinkat', [], [[]]],
  [
    { program: 'warden' },
    'mmap',
    [
      [0, 1, 3, 0x22],
      [0, 1, 5, 0x2],
    ],
    [
      [0, 1, 7, 0x22],
      [0, 1, 4, 0x22],
      [0, 1, 3, 0x21],
    ],
  ],
  [
    { program: 'warden' },
    'mprotect',
    [[0, 1, 3]],
    [
      [0, 1, 5],
      [0, 1, 7],
    ],
  ],
  // Sockets
  [
    {},
    'socket',
    [],
    [
      [1, 1],
      [2, 1],
      [10, 1],
      [16, 3],
      [17, 3],
      [38, 5],
      [40, 1],
    ],
  ],
  [{}, 'socketpair', [], [[1, 1]]],
  [{}, 'sendmsg', [], [[]]],
  [
    {},
    'sendto',
    [[0, 0, 0, 0, 0]],
    [
      [0, 0, 0, 0, 1],
      [0, 0, 0, 0, HIGH],
      [0, 0, 0, 1, 0],
      [0, 0, 0, 0x2000_0000, 0],
    ],
  ],
  [
    { sockets: 'pairs' },
    'socket',
    [],
    [
      [1, 1],
      [2, 1],
      [16, 3],
    ],
  ],
  [
    { sockets: 'pairs' },
    'socketpair',
    [
      [1, 1],
      [1, 5],
      [1, 0x80801],
    ],
    [
      [1, 2],
      [1, 3],
      [1, 0x80802],
      [2, 1],
      [16, 3],
    ],
  ],
  [{ sockets: 'pairs' }, 'connect', [], [[]]],
  [
    { sockets: 'unix' },
    'socket',
    [
      [1, 1],
      [1, 2],
      [1, 0x80801],
    ],
    [
      [2, 1],
      [10, 1],
      [16, 3],
      [40, 1],
    ],
  ],
  [{ sockets: 'unix' }, 'connect', [[]], []],
  [
    { sockets: 'inet' },
    'socket',
    [
      [2, 1, 0],
      [10, 0x80801, 6],
    ],
    [
      [2, 1, 262],
      [2, 2, 0],
      [2, 2, 17],
      [2, 3, 1],
      [1, 1, 0],
      [16, 3, 0],
      [17, 3, 0],
      [2, 1, HIGH | 262n],
    ],
  ],
  [
    { sockets: 'inet' },
    'sendmsg',
    [[0, 0, 0]],
    [
      [0, 0, 0x2000_0000],
      [0, 0, 0x4000_0000 | 0x2000_0000],
      [0, 0, 1],
    ],
  ],
  [{ sockets: 'inet' }, 'sendmmsg', [[0, 0, 1, 0]], [[0, 0, 1, 0x2000_0000]]],
  [
    { sockets: 'inet' },
    'sendto',
    [[0, 0, 0, 0, 0]],
    [
      [0, 0, 0, 0x2000_0000, 1],
      [0, 0, 0, 0, 1],
    ],
  ],
  [
    { sockets: 'inet' },
    'setsockopt',
    [
      [0, 1, 9],
      [0, 6, 1],
      [0, 41, 26],
    ],
    [
      [0, 6, 23],
      [0, 6, 30],
      [0, 6, 33],
      [0, 6, 31],
      [0, 1, 26],
      [0, 1, 50],
      [0, 0, 1],
      [0, 284, 1],
    ],
  ],
  [{ sockets: 'inet' }, 'bind', [], [[]]],
  [{ sockets: 'inet' }, 'listen', [], [[]]],
];

describe.each(['x64', 'arm64'] as const)('on %s', (arch) => {
  test.each(ROWS)('with %j the call %s is judged by its arguments', (changes, call, allowed, refused) => {
    const options: FilterOptions = {
      program: 'general',
      sockets: 'none',
      refusesPathTruncate: false,
      refusesSignalsToOthers: false,
      refusesPathAttributes: false,
      refusesSetsid: true,
      ...changes,
      arch,
    };
    const { numbers } = machineOf(arch);
    // What only x86-64 has; its twin that takes a directory is judged above.
    const number = numbers.get(call) ?? -1;
    expect(number).toBeGreaterThanOrEqual(0);
    const bytes = fillBlanks(buildFilter(options), { 'own-pid': OWN_PID });
    const answer = (args: Arguments) => runFilter(bytes, { number, arch: AUDIT[arch], args: args.map(BigInt) });
    expect(allowed.filter((args) => answer(args) !== 'allow')).toEqual([]);
    expect(refused.filter((args) => answer(args) === 'allow')).toEqual([]);
    expect(allowed.length + refused.length).toBeGreaterThan(0);
  });
});

test('the older calls of x86-64 are judged as their twins are', () => {
  const build = (changes: Partial<FilterOptions>) => {
    const bytes = fillBlanks(
      buildFilter({
        arch: 'x64',
        program: 'general',
        sockets: 'none',
        refusesPathTruncate: true,
        refusesSignalsToOthers: false,
        refusesPathAttributes: true,
        refusesSetsid: true,
        ...changes,
      }),
      {},
    );
    const { numbers } = machineOf('x64');
    return (call: string, ...args: number[]) =>
      runFilter(bytes, { number: numbers.get(call) ?? -1, arch: AUDIT.x64, args: args.map(BigInt) });
  };
  const ask = build({});
  expect([ask('open', 0, 0), ask('open', 0, 0o1001), ask('creat', 0, 0o644), ask('fork')]).toEqual(
    Array(4).fill('allow'),
  );
  for (const [call, ...args] of [
    ['open', 0, 3],
    ['open', 0, 0o1000],
    ['open', 0, 0o101, 0o4755],
    ['creat', 0, 0o4755],
    ['mkdir', 0, 0o2755],
    ['chmod', 0, 0o644],
    ['chown'],
    ['lchown'],
    ['utime'],
    ['utimes'],
    ['futimesat'],
    ['mknod'],
  ] as const) {
    expect([call, ask(call, ...args)]).toEqual([call, 1]);
  }
  const warden = build({ program: 'warden' });
  for (const call of ['fork', 'vfork', 'execve', 'creat', 'unlink', 'rename', 'mkdir', 'chmod', 'link', 'symlink']) {
    expect([call, warden(call)]).toEqual([call, 1]);
  }
});
