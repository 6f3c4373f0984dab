// The network, programs and other tools of a made-up world, in place of the server's effects: what the broker has read and allowed is
// answered from what the author wrote. Nothing leaves the process.

import { ERRORS } from '#base/error-table.ts';
import { type ErrorCode, SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { compileStarPattern } from '#base/star-pattern.ts';
import type { Effects } from '#broker/broker.ts';
import type { ToolAnswer } from '#domain/invocation.ts';
import type { ProgramOutcome } from '#domain/sandbox-ports.ts';
import type { ProgramRun, RunAnswer, ToolReply, World, WorldError } from './world.ts';
import { createWorldNet } from './world-net.ts';

/** All but files and store. */
export function createWorldEffects(world: World): Pick<Effects, 'net' | 'run' | 'tools'> {
  return {
    net: createWorldNet(world, errorOf),
    run: { run: async (asked) => runOutcome(world, asked) },
    tools: { callTool: async ({ tool, args }) => toolAnswer(world, tool, args) },
  };
}

function runOutcome({ run = [] }: World, { program, args, stdin }: ProgramRun): ProgramOutcome {
  const asked = { program, args, stdin };
  const fits = (answer: RunAnswer) =>
    answer.program === program &&
    (answer.args === undefined ||
      (answer.args.length === args.length &&
        answer.args.every((pattern, at) => compileStarPattern(pattern)(args[at] ?? ''))));
  const answer = typeof run === 'function' ? run(asked) : run.find(fits);
  if (answer === undefined) {
    const message = `the world has no answer to ${[program, ...args].join(' ')}`;
    throw new SmcpError('CAPABILITY_UNAVAILABLE', message, { details: { remedy: 'add one to `run` of the world' } });
  }
  const { exitCode = 0, stdout = '', stderr = '' } = answer;
  return { exitCode, signal: null, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), isCut: false };
}

function toolAnswer({ tools = [] }: World, name: string, args: Json): ToolAnswer {
  const answer: Omit<ToolReply, 'tool'> | undefined =
    typeof tools === 'function' ? tools(name, args) : tools.find(({ tool }) => tool === name);
  if (answer === undefined) {
    const message = `the world has no tool ${name}`;
    throw new SmcpError('CAPABILITY_UNAVAILABLE', message, { details: { remedy: 'add one to `tools` of the world' } });
  }
  if (answer.error !== undefined) return { kind: 'error', error: errorOf(answer.error).toWire() };
  return { kind: 'value', value: answer.value ?? null };
}

/** A code that the product doesn't have could never reach a plugin. */
function errorOf({ code, message }: WorldError): SmcpError {
  if (Object.hasOwn(ERRORS, code)) return new SmcpError(code as ErrorCode, message);
  return new SmcpError('USAGE', `the world answers with the code ${JSON.stringify(code)}, which does not exist`);
}
