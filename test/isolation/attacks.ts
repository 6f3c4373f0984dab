// What a sandbox like this one must be tried with, and where each is tried. Data: a test holds that every item has an attack,
// that each attack is a test that is there, and that each has its control, or says why it can have none.

/** A test, by its file below test/ and its title, or the beginning of it. */
export type Tried = readonly [file: string, title: string];

export type Item = {
  readonly tier: 'isolate' | 'process';
  readonly item: string;
  readonly tried: readonly Tried[];
  /** Where the same works with no sandbox; a text: why nothing can show that. */
  readonly control: readonly Tried[] | string;
};

const ACTS: Tried = ['isolation/process-acts.test.ts', 'keeps its plugins from all but what is accepted'];
const FREE: Tried = ['isolation/process-acts.test.ts', 'would let them do each of these where nothing confined them'];
const HELD: Tried = ['isolation/process-bombs.test.ts', 'does not get it, and nothing of it is left'];
const LOOSE: Tried = ['isolation/process-bombs.test.ts', 'gets it where nothing is around it'];
const SPINS: Tried = ['isolation/spin.test.ts', 'is ended for its processor time, and only it'];
const DEEP = 'isolation/deep-recursion.test.ts';
const DEEPEST: readonly Tried[] = [
  [DEEP, 'is told so and goes on, on either thread, in a process that goes on'],
  [DEEP, 'at the very end of its stack, works or is refused, and its process goes on'],
];
const WORK = 'isolation/host-work.test.ts';
const NO_LAYER = 'a layer that is missing starts nothing: there is no attack to run without it';

const isolate = (item: string, tried: readonly Tried[], control: Item['control']): Item => ({
  ...{ tier: 'isolate', item, tried, control },
});
const program = (item: string, tried: readonly Tried[] = [ACTS], control: Item['control'] = [FREE]): Item => ({
  ...{ tier: 'process', item, tried, control },
});

const ISOLATES: readonly Item[] = [
  isolate(
    'constructor walks',
    [['isolation/escape.test.ts', 'no code from text']],
    [['isolation/escape.test.ts', 'without the prelude a bare context makes code from text']],
  ),
  isolate(
    'any reachable isolated-vm object',
    [['isolation/escape.test.ts', 'no isolated-vm object and nothing of Node']],
    [['isolation/escape.test.ts', 'the same walk finds a reference and a callback that were handed to a bare context']],
  ),
  isolate(
    'getters, proxies and toJSON in arguments, results and errors',
    [['isolation/tamper.test.ts', 'hostile values'], SPINS],
    [
      [
        'isolation/spin.test.ts',
        'without the wall what spins while an error is read is a thread that only SIGKILL ends',
      ],
    ],
  ),
  isolate(
    'memory without end: arrays, maps, strings, buffers, Intl objects',
    [['isolation/memory.test.ts', 'is ended, and only it']],
    [
      ['isolation/memory.test.ts', 'without the wall, array fills end the process they live in'],
      ['isolation/memory.test.ts', 'without the wall Intl objects take three times the limit'],
    ],
  ),
  isolate(
    'arithmetic and graphs that outrun a timeout',
    [SPINS, ['isolation/own-thread.test.ts', 'is ended for its processor time, and with it its process']],
    [
      [
        'isolation/spin.test.ts',
        'without the wall the timeout of 500 ms does not end BigInt arithmetic and shared graphs in time',
      ],
    ],
  ),
  isolate(
    'deep recursion in JavaScript, JSON, RegExp and the parser',
    [['isolation/spin.test.ts', 'fails the call and nothing else'], ...DEEPEST],
    [[DEEP, 'with a bound beyond the stack that there is, the same recursion ends the process']],
  ),
  isolate(
    'a flood of callbacks',
    [['isolation/host-calls.test.ts', 'ends at the limit']],
    [
      [
        'isolation/host-calls.test.ts',
        'in a bare isolate a flood of ignored callbacks fills the memory of the process',
      ],
    ],
  ),
  isolate(
    'work of the host, for the price of a host call',
    [
      [WORK, 'is ended for it, while those of another plugin go on'],
      [WORK, 'posted at once: none is begun once the time is used'],
    ],
    [[WORK, 'where nobody counts, the host does all that it is told']],
  ),
  isolate(
    'forged and repeated call ids, results after the deadline, two results',
    [
      ['sandbox/hostile-warden.test.ts', 'two results: the first counts, then the process is ended'],
      ['sandbox/hostile-warden.test.ts', 'silence ends at the deadline'],
      ['sandbox/hostile-warden.test.ts', 'a host call that it forges is refused without the capability'],
    ],
    [['sandbox/hostile-warden.test.ts', 'one result: the process serves the next call too']],
  ),
  isolate(
    'pollution of prototypes before and after load',
    [['isolation/tamper.test.ts', 'the trampoline still carries the truth']],
    [['isolation/tamper.test.ts', 'in a bare context the same changes the result']],
  ),
  isolate(
    'import(), WebAssembly, Atomics.wait, no clock and no chance',
    [
      ['isolation/escape.test.ts', 'import() is refused, whatever it names'],
      ['isolation/audit/isolates.ts', 'WebAssembly outside of the heap'],
      ['isolation/escape.test.ts', 'is refused with its remedy'],
    ],
    [['isolation/escape.test.ts', 'without the prelude a bare context has both']],
  ),
  isolate(
    'host paths in errors',
    [['isolation/tamper.test.ts', 'no path of the host in what is']],
    [['isolation/tamper.test.ts', 'in a bare context it is called with the guest as the engine']],
  ),
  isolate(
    'names of capabilities and plugins that are forged, __proto__ keys',
    [
      ['isolation/host-calls.test.ts', 'a name or a capability that is not there reaches no handler'],
      ['isolation/tamper.test.ts', 'keys named __proto__ and constructor are data'],
    ],
    [['broker/broker.test.ts', 'now is answered with whole milliseconds']],
  ),
  isolate(
    'residue left for the next call',
    [
      ['isolation/leftover.test.ts', 'stay on the global object alone, and with their own call'],
      ['isolation/shared-reach.test.ts', 'finds nothing of the one before'],
    ],
    [
      ['isolation/leftover.test.ts', 'in one bare context are found again'],
      ['isolation/shared-reach.test.ts', 'is open in a bare context'],
    ],
  ),
  isolate(
    'output that is giant, no UTF-8, or injects frames',
    [
      ['isolation/memory.test.ts', 'a result'],
      ['sandbox/hostile-warden.test.ts', 'a warden that lies'],
      ['sandbox/frame.test.ts', 'a frame that drips is held in about its own size'],
    ],
    [['isolation/memory.test.ts', 'without the wall 256 MB arrive in the embedding process']],
  ),
  isolate(
    'arbitrary code in the warden itself',
    [
      ['isolation/warden-wall.test.ts', 'no attack works by $kernel of Landlock'],
      ['sandbox/renounce.test.ts', 'none of the attacks works'],
    ],
    [
      ['isolation/warden-wall.test.ts', 'each of them works where no wall is'],
      ['sandbox/renounce.test.ts', 'where nothing was given up, each of them works'],
    ],
  ),
  isolate(
    'crashes, timeouts and memory again and again, with nothing left and others undisturbed',
    [
      ['sandbox/leaks.test.ts', 'after crashes, timeouts and memory the host has its descriptors and processes back'],
      ['e2e/hostile-plugins.test.ts', 'ends with its code and a record, while another plugin goes on'],
    ],
    'it is about what the host has left, which nobody but the host holds',
  ),
];

const PROGRAMS: readonly Item[] = [
  program('secrets by path'),
  program('/proc of others'),
  program('secrets in the environment'),
  program(
    'inherited descriptors',
    [
      ACTS,
      ['sandbox/launcher/confined.test.ts', 'that the host leaves open are closed, and there for who is not confined'],
    ],
    [FREE],
  ),
  program('writes outside'),
  program(
    "writes to the plugin's own code after approval",
    [ACTS, ['sandbox/copies.test.ts', 'never runs: not in the warden that is there']],
    [FREE, ['sandbox/copies.test.ts', 'runs where nobody hashes it again: the negative control']],
  ),
  program('writes to .git/hooks'),
  program('swaps by symbolic link, hard link, rename and ..'),
  program(
    'the host as confused deputy',
    [
      ['sandbox/process/remove-tree.test.ts', 'what links lead to stays'],
      ['registry/plugin-tree.test.ts', 'nothing from elsewhere is ever read'],
      ['broker/broker.test.ts', 'gets no other answer than a refusal, whatever it is'],
      ['broker/files-links.test.ts', 'is followed by no call, at the end of a path or on the way'],
      ['broker/files-links.test.ts', 'is neither read nor written: the other name may lie outside'],
      ['broker/files-race.test.ts', 'no read is led outside, however often the folder is swapped meanwhile'],
      ['broker/files-race.test.ts', 'no write, move or removal is led outside either'],
      ['broker/files-paths.test.ts', 'has no spelling by which a call gets out of the workspace'],
    ],
    [
      ['broker/files-links.test.ts', 'leads the naive way to what lies outside'],
      ['broker/files-race.test.ts', 'a way that looks first and opens then is led outside'],
      ['broker/files-paths.test.ts', 'gets out of a workspace by a share of its spellings where a path is only joined'],
    ],
  ),
  program('LD_PRELOAD, NODE_OPTIONS, PYTHONSTARTUP, BASH_ENV'),
  program('every family of sockets'),
  program(
    'MPTCP and Fast Open',
    [ACTS, ['sandbox/launcher/network.test.ts', 'connects to the ports that it was given']],
    [FREE],
  ),
  program('DNS'),
  program('unix sockets and abstract names'),
  program('ptrace, process_vm and pidfd'),
  program('signals'),
  program(
    'double fork and setsid',
    [ACTS, HELD, ['isolation/process-tree.test.ts', 'that leaves a daemon behind is answered']],
    [FREE, LOOSE, ['isolation/process-tree.test.ts', 'the daemon outlives the program and the end of its group']],
  ),
  program(
    'outliving the deadline',
    [HELD, ['isolation/process-tree.test.ts', 'that ignores signals does not outlive its deadline']],
    [LOOSE, ['isolation/process-tree.test.ts', 'the stubborn program lives on']],
  ),
  ...['fork', 'thread', 'descriptor', 'memory', 'disk', 'inode'].map((kind) =>
    program(`${kind} bombs`, [HELD], [LOOSE]),
  ),
  program('processor time', [HELD, ['isolation/process-hoard.test.ts', 'is stopped at its processor time']], [LOOSE]),
  program('namespaces and mounts'),
  program('nested sandboxes'),
  program(
    'programs that run as their owner',
    [ACTS, ['sandbox/launcher/confined.test.ts', 'gains nothing from a program that runs as its owner']],
    [['sandbox/launcher/confined.test.ts', 'a program that runs as its owner does so where nothing confines it']],
  ),
  program('x32 and int 0x80', [ACTS, ['sandbox/launcher/filter.test.ts', 'answers every number there is']], [FREE]),
  program('io_uring and clone3'),
  program('second filters'),
  program(
    'terminal escape sequences in stderr',
    [['isolation/process-escapes.test.ts', 'nothing is left that a terminal acts on']],
    'the same test shows that the program printed them',
  ),
  program(
    'protocol: a line of a gigabyte, no line feed',
    [
      ['isolation/process-protocol.test.ts', 'ends the program at its first bytes, and the server does not grow'],
      ['isolation/process-protocol.test.ts', 'is waited for no longer than the deadline'],
    ],
    [['isolation/process-protocol.test.ts', 'comes whole to a reader without bounds']],
  ),
  program(
    'protocol: deep JSON, forged ids, unsolicited requests',
    [
      ['isolation/process-protocol.test.ts', 'ends the program'],
      ['isolation/process-protocol.test.ts', 'is refused before any handler sees it'],
      ['sandbox/process/json-protocol.test.ts', 'a program that abuses its host calls is ended'],
    ],
    [['isolation/process-protocol.test.ts', 'is taken by a reader without bounds']],
  ),
  program(
    'a tool list that changes after approval',
    [['registry/plugin-copies.test.ts', 'holds what was hashed though the plugin is changed between hash and copy']],
    'the tools of a plugin are those of the manifest that was hashed; no server of tools is run by this version',
  ),
  program(
    'a layer that is missing',
    [
      ['isolation/warden-wall-missing.test.ts', 'runs no plugin, and names'],
      [
        'sandbox/process/process-runtime.test.ts',
        'is refused, and nothing is run, where a property of the floor is missing',
      ],
    ],
    NO_LAYER,
  ),
  program(
    'a layer that was modified',
    [
      ['isolation/warden-wall-missing.test.ts', 'that %s starts nothing'],
      ['sandbox/launcher/launcher-file.test.ts', 'a launcher is refused when'],
    ],
    [['isolation/warden-wall-missing.test.ts', 'that is a copy of ours runs plugins: the control']],
  ),
  program(
    'a layer that fails',
    [['sandbox/launcher/steps.test.ts', 'the launcher ends with 125 and names the step when the kernel refuses']],
    [['sandbox/launcher/steps.test.ts', 'it may do all that is asked: then it runs the program']],
  ),
];

export const ITEMS: readonly Item[] = [...ISOLATES, ...PROGRAMS];
