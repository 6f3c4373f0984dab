// Turns a profile into what the launcher reads, and refuses one that this kernel can't hold. The layout is `struct head` of
// sandbox/launcher/specification.h. Trusts the kernel's offers; checks the profile, whose texts may come from a plugin.

import { randomUUID } from 'node:crypto';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { buildFilter, type FilterOptions } from '#sandbox/host/seccomp/filter.ts';
import { fillBlanks, INSTRUCTION_BYTES, type Program } from '#sandbox/host/seccomp/rule.ts';
import { floorOf, LANDLOCK_ABI } from './floor.ts';
import type { KernelOffers, LaunchLimits, LaunchProfile } from './launch-profile.ts';
import { filterOptionsOf } from './profile-filter.ts';

const MAGIC = 'smcplau1';
const HEAD_BYTES = 8 + 14 * 4 + 8 * 8;
const STAY_AS_USER = 0xffff_ffff;
const LEAVE_LIMIT = 0xffff_ffff_ffff_ffffn;
const FLAG_REAPS_ORPHANS = 1;
const PORT_MAX = 65_535;
/** The kernel's own user ids end below; the last one stands for none. */
const UID_MAX = 0xffff_fffe;

/**
 * What the launcher reads for this profile. `filterOf` may keep what it made: a filter depends on its options alone.
 *
 * @throws `SANDBOX_UNAVAILABLE` when a property of the floor has no layer on this kernel; `INTERNAL` for a profile that says
 *   what no launcher could do
 */
export function profileBytes(
  profile: LaunchProfile,
  kernel: KernelOffers,
  filterOf: (options: FilterOptions) => Program = buildFilter,
): Buffer {
  requireFloor(profile, kernel);
  const strings = stringsOf(profile);
  checkProfile(profile, strings);
  const filter = filterOf(filterOptionsOf(profile, kernel));
  const places = filter.blanks.flatMap(({ blank, place }) => (blank === 'own-pid' ? [place] : []));
  const numbers = [...places, ...(profile.connectPorts ?? [])];
  const text = `${strings.join('\0')}\0`;
  const filterAt = HEAD_BYTES + 4 * numbers.length;
  const textAt = filterAt + filter.bytes.length;
  const length = textAt + Buffer.byteLength(text);
  if (length > LIMITS.launchBytesMax) throw refused('is larger than what the launcher takes');
  // All of it is written below.
  const bytes = Buffer.allocUnsafe(length);
  const token = drawToken();
  writeHead(bytes, { profile, kernel, filter, token, places: places.length });
  for (const [place, number] of numbers.entries()) bytes.writeUInt32LE(number, HEAD_BYTES + 4 * place);
  const halves = { 'token-low': token.readUInt32LE(0), 'token-high': token.readUInt32LE(4) };
  fillBlanks(filter, halves).copy(bytes, filterAt);
  bytes.write(text, textAt, 'utf8');
  return bytes;
}

/** 64 random bits: a UUID has 122, of numbers drawn ahead, which `randomBytes` would draw each time. */
function drawToken(): Buffer {
  const uuid = randomUUID();
  return Buffer.from(`${uuid.slice(0, 8)}${uuid.slice(-8)}`, 'hex');
}

type Head = {
  readonly profile: LaunchProfile;
  readonly kernel: KernelOffers;
  readonly filter: Program;
  readonly token: Buffer;
  readonly places: number;
};

function writeHead(head: Buffer, { profile, kernel, filter, token, places }: Head): void {
  const abi = Math.min(kernel.landlockAbi, LANDLOCK_ABI.known);
  head.write(MAGIC, 0, 'latin1');
  const words = [
    head.length,
    // The filter was made for this ABI: with an older one it would leave a hole, with a newer one nothing changes.
    abi,
    abi,
    process.pid,
    profile.uid ?? STAY_AS_USER,
    profile.reapsOrphans === true ? FLAG_REAPS_ORPHANS : 0,
    profile.keptDescriptors.reduce((mask, descriptor) => mask | (1 << descriptor), 0) >>> 0,
    profile.paths.length,
    profile.connectPorts?.length ?? 0,
    profile.command.length,
    Object.keys(profile.env).length,
    filter.bytes.length / INSTRUCTION_BYTES,
    places,
    0,
  ];
  let at = MAGIC.length;
  for (const word of words) at = head.writeUInt32LE(word, at);
  for (const limit of limitsOf(profile.limits)) at = head.writeBigUInt64LE(limit, at);
  token.copy(head, at);
}

/** In the order of the launcher's LIMITS. */
function limitsOf(limits: LaunchLimits): readonly bigint[] {
  const { dataBytes, addressSpaceBytes, fileBytes, descriptors, processes, cpuSeconds, stackBytes } = limits;
  const all = [dataBytes, addressSpaceBytes, fileBytes, descriptors, processes, cpuSeconds, stackBytes];
  return all.map((limit) => {
    if (limit === undefined) return LEAVE_LIMIT;
    if (!Number.isSafeInteger(limit) || limit < 0) throw refused(`has the limit ${limit}`);
    return BigInt(limit);
  });
}

function stringsOf({ paths, cwd, command, env }: LaunchProfile): readonly string[] {
  const marked = paths.map(({ path, access }) => `${access === 'read' ? 'r' : 'w'}${path}`);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [...marked, cwd, command[0], ...command, ...variables];
}

function refused(what: string): SmcpError {
  return new SmcpError('INTERNAL', `a launch profile ${what}`);
}

/** NUL would end a string early, and what follows it would be read as the next one. */
function checkProfile(profile: LaunchProfile, strings: readonly string[]): void {
  const { paths, cwd, command, env, keptDescriptors, connectPorts = [], uid, network } = profile;
  if (strings.some((text) => text.includes('\0'))) throw refused('has a NUL in a text');
  if (![cwd, command[0], ...paths.map(({ path }) => path)].every((path) => path.startsWith('/'))) {
    throw refused('has a path that is not absolute');
  }
  if (Object.keys(env).some((name) => name === '' || name.includes('=')))
    throw refused('has a variable without a name');
  if (paths.length > LIMITS.launchPathsMax || strings.length > LIMITS.launchStringsMax) throw refused('is too long');
  // One place beyond them is the specification's own.
  const isDescriptor = (one: number) => Number.isInteger(one) && one >= 0 && one < LIMITS.launchDescriptorsMax - 1;
  if (!keptDescriptors.every(isDescriptor)) throw refused('keeps a descriptor that can not be kept');
  if (connectPorts.length > LIMITS.launchPortsMax) throw refused('has too many ports');
  if (!connectPorts.every((port) => Number.isInteger(port) && port > 0 && port <= PORT_MAX))
    throw refused('has no port');
  if (connectPorts.length > 0 && network !== 'inet') throw refused('has ports without a network');
  if (uid !== undefined && !(Number.isInteger(uid) && uid > 0 && uid <= UID_MAX)) throw refused('has no user');
}

/** Fails closed: what has no layer does not run. */
function requireFloor(profile: LaunchProfile, kernel: KernelOffers): void {
  const unavailable = (layer: string, what: string, remedy: string) =>
    new SmcpError('SANDBOX_UNAVAILABLE', `the sandbox can not keep ${layer}: ${what}`, { details: { layer, remedy } });
  if (profile.uid !== undefined && !kernel.canChangeUser) {
    const remedy =
      'run the host as root with CAP_SETUID, CAP_SETGID and CAP_KILL, or give plugins no user of their own';
    throw unavailable('users', 'the host may not change users', remedy);
  }
  for (const { property, standing, by, remedy } of floorOf(kernel, { isRoot: profile.uid !== undefined })) {
    if (standing === 'missing')
      throw unavailable(property, by, remedy ?? '`smcp doctor` says what this machine offers');
  }
  if (profile.network === 'inet' && kernel.landlockAbi < LANDLOCK_ABI.tcp) {
    throw unavailable('network', `Landlock has no TCP in ABI ${kernel.landlockAbi}`, 'use Linux 6.7 or later');
  }
}
