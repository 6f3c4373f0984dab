// What arbitrary code in a warden, native code too, tries against the wall: a script for Node as text. It prints as JSON what it
// tried and what worked. None of the attacks does harm where it works, which it does where no wall is.

/** What the script is told. Every path may be read and written by all users, so that nothing but the wall is in the way. */
export type AttackWorld = {
  /** Numbers of system calls, by name. */
  readonly numbers: { readonly [name: string]: number };
  readonly addon: string;
  /** A folder with `secret`, `open`, `program` and a listening `socket` in it. */
  readonly folder: string;
  readonly port: number;
  /** The server. */
  readonly host: number;
  /** The warden of another plugin. */
  readonly other: number;
  /** Where in their memory something is to be read. */
  readonly hostAddress: number;
  readonly otherAddress: number;
};

/** Attacks that only root can do where no wall is. */
export const ONLY_ROOT = [
  'become root',
  'another group',
  'mount',
  'change the root',
  'a packet socket',
  'read the memory of the server',
  'read the memory of another plugin',
  'trace the server',
];

export const attackScript = (world: AttackWorld): string => `
const world = ${JSON.stringify(world)};
const fs = require('node:fs'); const net = require('node:net'); const { spawnSync } = require('node:child_process');
const addon = { exports: {} };
process.dlopen(addon, world.addon);
const { numbers, folder, host, other, port } = world;
const own = process.pid;
const sys = (name, ...args) => numbers[name] === undefined ? -38 : addon.exports(numbers[name], ...args);
const text = (value) => Buffer.from(value + '\\0');
const AT = -100;
const secret = folder + '/secret'; const open = folder + '/open'; const program = folder + '/program';
const ENOEXEC = -8;
const tried = []; const worked = []; const failed = {};
const attempt = async (name, act) => {
  tried.push(name);
  try {
    const found = await act();
    if (found === true || (typeof found === 'number' && found >= 0)) worked.push(name);
    else failed[name] = found === false ? 'nothing' : found;
  } catch (error) { failed[name] = error.code ?? String(error); }
};
const fresh = (name) => text(folder + '/made-' + own + '-' + name);
const address = (family, bytes) => { const a = Buffer.alloc(bytes); a.writeUInt16LE(family, 0); return a; };
const inet = address(2, 16); inet.writeUInt16BE(port, 2); inet.set([127, 0, 0, 1], 4);
const unix = Buffer.concat([address(1, 2), text(folder + '/socket')]);
const reach = (connect) => new Promise((yes, no) => connect().on('connect', () => yes(true)).on('error', no));
/** The file is looked at, and is none that can be executed. */
const reached = (answer) => answer === ENOEXEC || answer;

(async () => {
  // Files
  await attempt('read a file', () => fs.readFileSync(secret, 'utf8') === 'the secret');
  await attempt('read a file, natively', () => sys('openat', AT, text(secret), 0));
  await attempt('read /etc/passwd', () => fs.readFileSync('/etc/passwd').length > 0);
  await attempt('list the root folder', () => fs.readdirSync('/').length > 0);
  await attempt('list the folder', () => fs.readdirSync(folder).length > 0);
  await attempt('watch a folder', () => sys('inotify_add_watch', sys('inotify_init1', 0), text(folder), 0x100));
  await attempt('make a file', () => sys('openat', AT, fresh('file'), 0o101, 0o600));
  await attempt('append to a file', () => sys('openat', AT, text(open), 0o2001));
  await attempt('truncate a file', () => sys('truncate', text(open), 1));
  await attempt('truncate a file by opening it to read', () => sys('openat', AT, text(open), 0o1000));
  await attempt('open with access mode 3', () => sys('openat', AT, text(open), 3));
  await attempt('touch a file', () => sys('utimensat', AT, text(open), 0, 0));
  await attempt('make a folder', () => sys('mkdirat', AT, fresh('folder'), 0o700));
  await attempt('make a pipe with a name', () => sys('mknodat', AT, fresh('pipe'), 0o10600, 0));
  await attempt('make a link', () => sys('symlinkat', text('/etc'), AT, fresh('link')));
  await attempt('give a file another name', () => sys('linkat', AT, text(open), AT, fresh('name'), 0));
  await attempt('move a file', () => sys('renameat2', AT, text(folder + '/moved-' + (process.argv[2] ?? '')), AT, fresh('moved'), 0));
  await attempt('remove a file', () => sys('unlinkat', AT, text(folder + '/removed-' + (process.argv[2] ?? '')), 0));
  await attempt('mount', () => { const done = sys('mount', text('none'), text(folder), text('tmpfs'), 0, 0); return done < 0 ? done : sys('umount2', text(folder), 2); });
  await attempt('change the root', () => sys('chroot', text('/')));
  // Network
  for (const [name, domain, type, protocol] of [
    ['a TCP socket', 2, 1, 0], ['a UDP socket', 2, 2, 0], ['a TCP socket of IPv6', 10, 1, 0], ['a netlink socket', 16, 3, 0],
    ['a packet socket', 17, 3, 0], ['a local socket', 1, 1, 0], ['a local socket for datagrams', 1, 2, 0],
  ]) await attempt(name, () => sys('socket', domain, type, protocol));
  await attempt('a pair of sockets', () => sys('socketpair', 1, 1, 0, Buffer.alloc(8)));
  await attempt('connect to the machine', () => reach(() => net.connect(port, '127.0.0.1')));
  await attempt('connect to the machine, natively', () => sys('connect', sys('socket', 2, 1, 0), inet, 16));
  await attempt('connect to a socket with a name', () => reach(() => net.connect(folder + '/socket')));
  await attempt('connect to a socket with a name, natively', () => sys('connect', sys('socket', 1, 1, 0), unix, unix.length));
  await attempt('listen', () => reach(() => { const s = net.createServer(); s.listen(0, '127.0.0.1', () => s.emit('connect')); s.unref(); return s; }));
  // Programs and processes
  await attempt('run a program', () => { const { status, error } = spawnSync('/bin/true'); return status === 0 || error.code; });
  await attempt('execute', () => reached(sys('execve', text(program), 0, 0)));
  await attempt('execute, relative to a folder', () => reached(sys('execveat', AT, text(program), 0, 0, 0)));
  await attempt('make a process', () => addon.exports(-1, 17));
  await attempt('memory that is written and executed', () => sys('mmap', 0, 4096, 7, 0x22, -1, 0));
  await attempt('a file without a name', () => sys('memfd_create', text('x'), 0));
  // Others
  await attempt('see the server', () => sys('kill', host, 0));
  await attempt('signal the server', () => sys('kill', host, 23));
  await attempt('signal a thread of the server', () => sys('tgkill', host, host, 23));
  await attempt('queue a signal to the server', () => { const info = Buffer.alloc(128); info.writeInt32LE(23, 0); info.writeInt32LE(-2, 8); return sys('rt_tgsigqueueinfo', host, host, 23, info); });
  await attempt('see another plugin', () => sys('kill', other, 0));
  await attempt('signal another plugin', () => sys('kill', other, 23));
  await attempt('a handle of the server', () => sys('pidfd_open', host, 0));
  await attempt('let the kernel signal the server', () => { const pair = Buffer.alloc(8); return sys('pipe2', pair, 0) < 0 ? -1 : sys('fcntl', pair.readInt32LE(0), 8, host); });
  await attempt('trace the server', () => sys('ptrace', 0x4206, host, 0, 0));
  const place = sys('mmap', 0, 4096, 3, 0x22, -1, 0);
  const part = (address) => { const one = Buffer.alloc(16); one.writeBigUInt64LE(BigInt(address), 0); one.writeBigUInt64LE(8n, 8); return one; };
  const peek = (pid, address) => sys('process_vm_readv', pid, part(place), 1, part(address), 1, 0);
  await attempt('read the memory of the server', () => peek(host, world.hostAddress));
  await attempt('read the memory of another plugin', () => peek(other, world.otherAddress));
  await attempt('open the memory of the server', () => sys('openat', AT, text('/proc/' + host + '/mem'), 0));
  await attempt('read limits of the server', () => sys('prlimit64', host, 7, 0, Buffer.alloc(16)));
  await attempt('the environment of the server', () => fs.readFileSync('/proc/' + host + '/environ', 'latin1').includes('SMCP_SECRET'));
  await attempt('the command line of the server', () => fs.readFileSync('/proc/' + host + '/cmdline').length > 0);
  await attempt('the state of the server', () => fs.readFileSync('/proc/' + host + '/status').length > 0);
  await attempt('the folder of the server', () => fs.readlinkSync('/proc/' + host + '/cwd').length > 0);
  await attempt('the descriptors of the server', () => fs.readdirSync('/proc/' + host + '/fd').length > 0);
  await attempt('the state of another plugin', () => fs.readFileSync('/proc/' + other + '/status').length > 0);
  await attempt('a list of processes', () => fs.readdirSync('/proc').length > 0);
  await attempt('inherit a secret', () => process.env.SMCP_SECRET !== undefined);
  // Power
  await attempt('become root', () => sys('setresuid', 0, 0, 0));
  await attempt('another group', () => sys('setgroups', 1, Buffer.from([0, 0, 0, 0])));
  await attempt('a filter that answers for the kernel', () => sys('seccomp', 3, 0, Buffer.alloc(8)));
  await attempt('be dumped', () => sys('prctl', 4, 1, 0, 0, 0));
  await attempt('more descriptors', () => { const more = Buffer.alloc(16); more.writeBigUInt64LE(512n, 0); more.writeBigUInt64LE(512n, 8); return sys('prlimit64', 0, 7, more, 0); });
  process.stdout.write(JSON.stringify({ tried, worked, failed }), () => process.kill(own, 'SIGKILL'));
})();
`;
