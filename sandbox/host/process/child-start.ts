// Starts restricted children: a fresh program for one call, or an interpreter that waits. Each gets a place, a user where there
// are some, a work folder and a profile made for it; what it took is given back when all of it has been reaped.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { LaunchPorts } from '#sandbox/host/launcher/launch.ts';
import type { ProgramOutput } from './captured-output.ts';
import type { ChildrenRoom, Place } from './children-room.ts';
import type { CodeStage, StagedCode } from './code-stage.ts';
import { startForkServer } from './fork-server.ts';
import { commandOf } from './ground.ts';
import { tasksOfUser } from './process-group.ts';
import { type Ground, launchProfileOf, memoryMiBOf, processesOf } from './process-profile.ts';
import { keptDescriptorsOf, type ProgramRun, startProgram, type Wiring } from './program-run.ts';
import type { TreeGroup, TreeGroups } from './tree-groups.ts';
import type { Warm } from './warm-pool.ts';
import type { WorkFolder, WorkPlace } from './work-place.ts';

export type ChildPorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The launcher and what the kernel offers. @throws when the launcher is not what it should be */
  readonly launch: () => LaunchPorts;
  readonly room: ChildrenRoom;
  readonly workPlace: WorkPlace;
  readonly stage: CodeStage;
  /** Where the host may make groups of processes. */
  readonly groups?: TreeGroups | undefined;
};

/** A program for one call. */
export type FreshStart = Wiring & {
  readonly ground: Ground;
  /** Absent: a program of the machine, which gets no code of a plugin. */
  readonly staged?: StagedCode;
  /** After the words of the manifest's command. */
  readonly words: readonly string[];
  readonly cpuMsMax: number;
  /** Variables besides: secrets that it is to see. */
  readonly exposed?: { readonly [name: string]: string };
  readonly output: ProgramOutput;
};

export type Fresh = {
  readonly run: ProgramRun;
  readonly work: WorkFolder;
  /** Resolves when nothing is left of it. Never rejects. */
  readonly gone: Promise<void>;
};

const FORK_SERVER = 'fork_server.py';
const BYTES_PER_MIB = 1024 * 1024;
/** Itself, beside those of a call. */
const FORK_SERVER_PROCESSES = 1;
const STANDARD = [0, 1, 2];
const CHANNEL = 3;

/** @throws as the launcher does; then nothing was started and all was given back */
export function startFresh(ports: ChildPorts, place: Place, start: FreshStart): Fresh {
  const { ground, staged, words, cpuMsMax, exposed, output, ...wiring } = start;
  const { launch, logger } = ports;
  return withFolders(ports, place, { ground }, ({ work, group }) => {
    const profile = launchProfileOf(ground, {
      codeFolders: staged === undefined ? [] : [staged.folder],
      workFolder: work.path,
      uid: place.uid,
      tasksBefore: tasksBefore(place),
      command: [...commandOf(ground, staged), ...words],
      keptDescriptors: keptDescriptorsOf(wiring),
      cpuMsMax,
      ...(exposed === undefined ? {} : { exposed }),
    });
    const run = startProgram({ ...launch(), logger }, profile, { ...wiring, output, group });
    const gone = run.ended.then(
      () => giveBack(ports, place, work),
      () => giveBack(ports, place, work),
    );
    return { run, work, gone };
  });
}

/** An interpreter of this plugin that waits for calls of this agent. */
type WarmStart = {
  readonly ground: Ground;
  readonly plugin: Plugin;
  readonly staged: StagedCode;
  readonly agent: AgentName;
  readonly key: string;
};

/** @throws as the launcher does; then nothing was started and all was given back */
export function startWarm(ports: ChildPorts, place: Place, { ground, plugin, staged, agent, key }: WarmStart): Warm {
  const { launch, logger, clock, stage } = ports;
  const own = stage.own('python', new Map([[FORK_SERVER, { bytes: forkServerBytes(), isExecutable: false }]]));
  return withFolders(ports, place, { ground, servesCalls: true }, ({ work, group }) => {
    const [python, ...script] = commandOf(ground, staged);
    const profile = launchProfileOf(ground, {
      codeFolders: [staged.folder, own.folder],
      workFolder: work.path,
      uid: place.uid,
      tasksBefore: tasksBefore(place),
      command: [python, `${own.folder}/${FORK_SERVER}`, ...script],
      keptDescriptors: [...STANDARD, CHANNEL],
      // Each child lowers its own.
      cpuMsMax: LIMITS.cpuMsMax,
      moreProcesses: FORK_SERVER_PROCESSES,
    });
    const server = startForkServer({ ...launch(), logger, clock }, { ...profile, reapsOrphans: true }, group);
    return { key, plugin, agent, server, place, work };
  });
}

const forkServerBytes = (): Uint8Array =>
  readFileSync(fileURLToPath(new URL('../../guest/python/fork_server.py', import.meta.url)));

/** Without a user of its own a limit of processes counts those that the host's user has already. */
const tasksBefore = ({ uid }: Place): number => (uid === undefined ? tasksOfUser(process.getuid?.() ?? 0) : 0);

type Folders = { readonly work: WorkFolder; readonly group: TreeGroup | undefined };

/** What a tree is started with; removed again when it does not start. */
function withFolders<T>(
  { workPlace, groups, logger }: ChildPorts,
  place: Place,
  { ground: { runtime }, servesCalls = false }: { readonly ground: Ground; readonly servesCalls?: boolean },
  act: (folders: Folders) => T,
): T {
  const processes = processesOf(runtime) + (servesCalls ? FORK_SERVER_PROCESSES : 0);
  const bounds = { memoryBytes: memoryMiBOf(runtime) * BYTES_PER_MIB, processes };
  const work = workPlace.create(place.uid);
  let group: TreeGroup | undefined;
  try {
    group = groups?.create(bounds, { servesCalls });
    return act({ work, group });
  } catch (thrown) {
    const failed = (error: unknown) =>
      logger.error('what a program would use was not removed', { error: String(error) });
    void work.remove().catch(failed);
    void group?.remove().catch(failed);
    throw thrown;
  }
}

async function giveBack({ logger }: ChildPorts, place: Place, work: WorkFolder): Promise<void> {
  try {
    await work.remove();
    place[Symbol.dispose]();
  } catch (thrown) {
    // Its user is not given on while there are files of it.
    logger.error('a work folder could not be removed', { error: String(thrown) });
  }
}
