// The network, programs and other tools of a made-up world: host calls that are read and refused by the broker's rules, and
// answered from what the author wrote. Nothing leaves the process. **Trust:** params are a plugin's.

import { ERRORS } from '#base/error-table.ts';
import { type ErrorCode, SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { compileStarPattern } from '#base/star-pattern.ts';
import type { CallHandler, CallHandlers } from '#broker/call-handler.ts';
import { createNetCalls } from '#broker/net-calls.ts';
import { fieldsOf, invalid } from '#broker/params.ts';
import { checkGiven } from './given.ts';
import type { ProgramRun, RunAnswer, ToolReply, World, WorldError } from './world.ts';
import { createWorldNet } from './world-net.ts';

/** The calls `fetch`, `run` and `tools.call`. */
export function createWorldCalls(world: World): CallHandlers {
  const { fetch = noFetch } = createNetCalls(createWorldNet(world, errorOf));
  return {
    fetch,
    run: (params, context) => {
      const { program, args = [], stdin = '' } = fieldsOf('run', params, ['program', 'args', 'stdin']);
      checkGiven({ name: 'run', params, kind: 'run' }, context);
      if (!isTexts(args) || typeof stdin !== 'string') throw invalid('run: args are texts, and so is stdin');
      const asked: ProgramRun = { program: String(program), args, stdin };
      return { target: asked.program, perform: () => runAnswer(world, asked) };
    },
    'tools.call': (params, context) => {
      const { tool, args = {} } = fieldsOf('tools.call', params, ['tool', 'args']);
      checkGiven({ name: 'tools.call', params, kind: 'tools' }, context);
      const name = String(tool);
      return { target: name, perform: () => toolAnswer(world, name, args) };
    },
  };
}

const isTexts = (value: Json): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const noFetch: CallHandler = () => {
  throw new SmcpError('CAPABILITY_UNAVAILABLE', 'this world has no network');
};

function runAnswer({ run = [] }: World, asked: ProgramRun): Json {
  const fits = ({ program, args }: RunAnswer) =>
    program === asked.program &&
    (args === undefined ||
      (args.length === asked.args.length &&
        args.every((pattern, at) => compileStarPattern(pattern)(asked.args[at] ?? ''))));
  const answer = typeof run === 'function' ? run(asked) : run.find(fits);
  if (answer === undefined) {
    const message = `the world has no answer to ${[asked.program, ...asked.args].join(' ')}`;
    throw new SmcpError('CAPABILITY_UNAVAILABLE', message, { details: { remedy: 'add one to `run` of the world' } });
  }
  const { exitCode = 0, stdout = '', stderr = '' } = answer;
  return { exitCode, stdout, stderr, isCut: false };
}

function toolAnswer({ tools = [] }: World, name: string, args: Json): Json {
  const answer: Omit<ToolReply, 'tool'> | undefined =
    typeof tools === 'function' ? tools(name, args) : tools.find(({ tool }) => tool === name);
  if (answer === undefined) {
    const message = `the world has no tool ${name}`;
    throw new SmcpError('CAPABILITY_UNAVAILABLE', message, { details: { remedy: 'add one to `tools` of the world' } });
  }
  if (answer.error !== undefined) throw errorOf(answer.error);
  return answer.value ?? null;
}

/** A code that the product doesn't have could never reach a plugin. */
function errorOf({ code, message }: WorldError): SmcpError {
  if (Object.hasOwn(ERRORS, code)) return new SmcpError(code as ErrorCode, message);
  return new SmcpError('USAGE', `the world answers with the code ${JSON.stringify(code)}, which does not exist`);
}
