import { describe, expect, test } from 'vitest';
import { HIGH, judgeOf, OWN_PID, type Row, wrongIn } from './judge.ts';

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
  [{ refusesFileAttributes: true }, 'fchmodat', [], [[0, 0, 0o644]]],
  [{ refusesFileAttributes: true }, 'fchmod', [], [[0, 0o644]]],
  [{ refusesFileAttributes: true }, 'fchown', [], [[]]],
  [{ refusesFileAttributes: true }, 'fsetxattr', [], [[]]],
  [{ refusesFileAttributes: true }, 'fchownat', [], [[]]],
  [
    { refusesFileAttributes: true },
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
];

describe.each(['x64', 'arm64'] as const)('on %s', (arch) => {
  test.each(ROWS)('with %j the call %s is judged by its arguments', (...row) => {
    expect(wrongIn(arch, row)).toEqual([]);
    expect(row[2].length + row[3].length).toBeGreaterThan(0);
  });
});

test('the older calls of x86-64 are judged as their twins are', () => {
  const judge = judgeOf('x64', { refusesPathTruncate: true, refusesFileAttributes: true });
  const ask = (call: string, ...args: number[]) => judge(call, args);
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
  const warden = judgeOf('x64', { program: 'warden' });
  for (const call of ['fork', 'vfork', 'execve', 'creat', 'unlink', 'rename', 'mkdir', 'chmod', 'link', 'symlink']) {
    expect([call, warden(call)]).toEqual([call, 1]);
  }
});
