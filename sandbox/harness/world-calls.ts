// The network, programs and other tools of a made-up world: host calls that are read and refused by the broker itself, and
// answered from what the author wrote. Nothing leaves the process. **Trust:** params are a plugin's.

import { ERRORS } from '#base/error-table.ts';
import { type ErrorCode, SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { compileStarPattern } from '#base/star-pattern.ts';
import type { CallHandlers } from '#broker/call-handler.ts';
import { createNetCalls } from '#broker/net-calls.ts';
import { createRunCalls } from '#broker/run-calls.ts';
import { createToolsCalls } from '#broker/tools-calls.ts';
import type { ToolAnswer } from '#domain/invocation.ts';
import type { ProgramOutcome } from '#domain/sandbox-ports.ts';
import type { ProgramRun, RunAnswer, ToolReply, World, WorldError } from './world.ts';
import { createWorldNet } from './world-net.ts';

/** The calls `fetch`, `run` and `tools.call`: the broker's own, with effects that are the world's. */
export function createWorldCalls(world: World): CallHandlers {
  return {
    ...createNetCalls(createWorldNet(world, errorOf)),
    ...createRunCalls({ run: async (asked) => runOutcome(world, asked) }),
    ...createToolsCalls({ callTool: async ({ tool, args }) => toolAnswer(world, tool, args) }),
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
