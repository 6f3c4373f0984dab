// The network, programs and other tools of a made-up world: host calls that are read and refused by the broker's rules, and
// answered from what the author wrote. Nothing leaves the process. **Trust:** params are a plugin's.

import { ERRORS } from '#base/error-table.ts';
import { type ErrorCode, SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { compileStarPattern } from '#base/star-pattern.ts';
import type { CallHandlers } from '#broker/call-handler.ts';
import { fieldsOf, invalid } from '#broker/params.ts';
import { checkGiven } from './given.ts';
import type { HttpAnswer, HttpRequest, ProgramRun, RunAnswer, ToolReply, World, WorldError } from './world.ts';

/** The calls `fetch`, `run` and `tools.call`. */
export function createWorldCalls(world: World): CallHandlers {
  return {
    fetch: (params, context) => {
      const { url, method, headers, body } = fieldsOf('fetch', params, FETCH_KEYS);
      const { net } = checkGiven({ name: 'fetch', params, kind: 'net' }, context);
      const [entry] = net ?? [];
      const request: HttpRequest = {
        url: new URL(String(url)).href,
        method: typeof method === 'string' ? method.toUpperCase() : 'GET',
        headers: headersOf(headers),
        body: bodyOf(body),
      };
      const target = `${entry?.host}:${entry?.ports?.[0]}`;
      const perform = async () => {
        // As the broker does it: into requests to their hosts, over what the plugin wrote there.
        const secrets = await context.secrets?.headersFor(entry?.host ?? '');
        return httpAnswer(world, { ...request, headers: { ...request.headers, ...secrets } });
      };
      return { target, perform };
    },
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

const FETCH_KEYS = ['url', 'method', 'headers', 'body', 'redirect'];

const isTexts = (value: Json): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

function headersOf(headers: Json | undefined): HttpRequest['headers'] {
  if (headers === undefined) return {};
  const isHeaders = isJsonObject(headers) && Object.values(headers).every((value) => typeof value === 'string');
  if (!isHeaders) throw invalid('fetch: headers is an object of texts');
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function bodyOf(body: Json | undefined): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (isJsonObject(body) && typeof body['text'] === 'string') return Buffer.from(body['text']);
  if (isJsonObject(body) && typeof body['base64'] === 'string') return Buffer.from(body['base64'], 'base64');
  throw invalid('fetch: body is {text} or {base64}');
}

function httpAnswer({ http = [] }: World, request: HttpRequest): Json {
  const fits = ({ url, method }: HttpAnswer) =>
    compileStarPattern(url)(request.url) && (method ?? request.method).toUpperCase() === request.method;
  const answer = typeof http === 'function' ? http(request) : http.find(fits);
  if (answer === undefined) {
    const message = `the world has no answer to ${request.method} ${request.url}`;
    throw new SmcpError('CAPABILITY_UNAVAILABLE', message, { details: { remedy: 'add one to `http` of the world' } });
  }
  if (answer.error !== undefined) throw errorOf(answer.error);
  const { status = 200, headers = {}, text, json, base64 } = answer;
  const isJson = json !== undefined;
  const shown = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    ...{ status, url: request.url },
    headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...shown },
    body: base64 === undefined ? { text: isJson ? JSON.stringify(json) : (text ?? '') } : { base64 },
  };
}

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
