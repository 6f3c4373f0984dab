// Runs a Python program warm or fresh and gives the bytes that it printed, as the host captured them.

import { LIMITS } from '#base/limits.ts';
import { captureOutput } from '#sandbox/host/process/captured-output.ts';
import { startFresh, startWarm } from '#sandbox/host/process/child-start.ts';
import { createChildrenRoom } from '#sandbox/host/process/children-room.ts';
import { groundOf } from '#sandbox/host/process/ground.ts';
import { agent, type TestProcesses } from './harness.ts';

export type RawEnd = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Latin-1, so that every byte shows. */
  readonly stdout: string;
  readonly stderr: string;
};

/** One run of a program. `isWarm`: from an interpreter that waited. */
export async function runRaw(
  sandbox: TestProcesses,
  files: { readonly [path: string]: string },
  words: readonly string[],
  isWarm = true,
): Promise<RawEnd> {
  const { parts } = sandbox;
  const plugin = sandbox.plugin(files);
  const ground = groundOf(plugin, { hasUsers: parts.users !== undefined });
  const room = createChildrenRoom(parts.users);
  const children = { ...parts, room };
  const staged = await children.stage.plugin(plugin);
  const output = captureOutput({ stdoutBytesMax: LIMITS.outputBytesMax, onFlood: () => {} });
  const place = await room.take(() => undefined);
  const cpuMsMax = 9_000;
  const told = (end: { exitCode: number | null; signal: string | null }): RawEnd => ({
    exitCode: end.exitCode,
    signal: end.signal,
    stdout: output.stdout.bytes().toString('latin1'),
    stderr: output.stderr.bytes().toString('latin1').replaceAll(staged.folder, 'CODE'),
  });
  if (!isWarm) {
    const fresh = startFresh(children, place, { ground, staged, words, cpuMsMax, output });
    const end = await fresh.run.ended;
    await fresh.gone;
    return told(end);
  }
  const warm = startWarm(children, place, { plugin, ground, staged, agent: agent('ana'), key: '' });
  if (!(await warm.server.ready)) throw new Error(`it does not start\n${sandbox.said.join('\n')}`);
  const end = await warm.server.run({ args: words, cpuMsMax, exposed: {}, output }).ended;
  warm.server.kill();
  await warm.server.ended;
  await warm.work.remove();
  place[Symbol.dispose]();
  return told(end);
}
