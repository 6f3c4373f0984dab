// Talks to the admin API of a running server: of the home, with its admin token, or of SMCP_URL with SMCP_TOKEN.
// **Trust:** the home's token goes to the address in home/server.json only, and only while a live server holds the home:
// it wrote that file, and what a crash left behind is not believed.

import { readFileSync } from 'node:fs';
import { readBody } from '#base/bounded-body.ts';
import { ERRORS } from '#base/error-table.ts';
import { type ErrorCode, SmcpError, systemErrorCode } from '#base/errors.ts';
import { exactValue } from '#base/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Home } from '#config/home.ts';
import type { Terminal } from './command.ts';

export type Server = { readonly url: string; readonly token: string };

/** Where the server of this command line is. @throws `SERVER_UNAVAILABLE` when none of this home runs · `USAGE` */
export async function findServer(home: Home, { env }: Terminal): Promise<Server> {
  const url = env['SMCP_URL'];
  const token = env['SMCP_TOKEN'];
  if (url !== undefined) {
    if (token === undefined) {
      throw new SmcpError('USAGE', 'SMCP_URL is set without SMCP_TOKEN', {
        details: { remedy: "set both; the home's own admin token is never sent to another address" },
      });
    }
    return { url: url.replace(/\/$/, ''), token };
  }
  const { isHomeLocked } = await import('#store/lock-home.ts');
  if (!isHomeLocked(home.directory)) throw notRunning(home.directory, undefined);
  try {
    const server: unknown = JSON.parse(readFileSync(home.server, 'utf8'));
    const address = isJsonObject(server) ? server['url'] : undefined;
    if (typeof address !== 'string') throw new Error('no url');
    return { url: address, token: token ?? readFileSync(home.adminToken, 'utf8').trim() };
  } catch (cause) {
    if (systemErrorCode(cause) === 'EACCES') {
      throw new SmcpError('HOME_INVALID', `${home.directory} can't be read: it belongs to another user`, {
        cause,
        details: { remedy: "run as the server's user, or set SMCP_URL and SMCP_TOKEN" },
      });
    }
    if (systemErrorCode(cause) === 'ENOENT') throw notYetServing(home.directory, cause);
    throw notRunning(home.directory, cause);
  }
}

/** It has the home, and says nowhere where it answers: it does so last when it starts, and takes it back first. */
function notYetServing(directory: string, cause: unknown): SmcpError {
  return new SmcpError('SERVER_UNAVAILABLE', `the server of ${directory} is starting or stopping`, {
    cause,
    details: { remedy: 'try again in some seconds; its log says what it waits for, such as programs that are asked' },
  });
}

/** No server answers there. */
export function notRunning(where: string, cause: unknown): SmcpError {
  return new SmcpError('SERVER_UNAVAILABLE', `no server runs on ${where}`, {
    cause,
    details: { remedy: 'start one with: smcp serve (or give its --home, or SMCP_URL and SMCP_TOKEN)' },
  });
}

/** What answers there is no server of ours. */
export function notOurs(what: string): SmcpError {
  return new SmcpError('SERVER_UNAVAILABLE', what, { details: { remedy: 'is it an SMCP server, of this version?' } });
}

/** One request. Bodies are JSON, answers JSON or, for `bytes`, as they are. */
async function request(server: Server, method: string, path: string, body?: Json): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${server.token}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  try {
    return await fetch(`${server.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw notRunning(server.url, cause);
  }
}

/** @throws the server's own error, by its code. */
export async function requestJson(server: Server, method: string, path: string, body?: Json): Promise<Json> {
  const response = await request(server, method, path, body);
  const answer = exactOrNothing(await response.text().catch(() => ''));
  if (!response.ok) throw errorOf(response.status, answer);
  // What is shown of arguments keeps its digits; all else is plain JSON.
  return answer as Json;
}

/**
 * Undefined when there is nothing at the path.
 *
 * @throws `SERVER_UNAVAILABLE` when the answer is over `bytesMax`; no more than that is read.
 */
export async function requestBytes(server: Server, path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  const response = await request(server, 'GET', path);
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  const bytes = await readAtMost(response, server, Math.max(bytesMax, response.ok ? 0 : LIMITS.noteBytesMax));
  if (!response.ok) throw errorOf(response.status, parsedOrNothing(bytes));
  return bytes;
}

async function readAtMost(response: Response, server: Server, bytesMax: number): Promise<Uint8Array> {
  const bytes = await readBody(response, bytesMax).catch((cause: unknown) => {
    throw notRunning(server.url, cause);
  });
  if (bytes !== undefined) return bytes;
  throw notOurs(`the server answered with more than ${bytesMax} bytes`);
}

function exactOrNothing(text: string): unknown {
  try {
    return exactValue(text);
  } catch {
    return undefined;
  }
}

function parsedOrNothing(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function errorOf(status: number, answer: unknown): SmcpError {
  const error = isJsonObject(answer) && isJsonObject(answer['error']) ? errorFrom(answer['error']) : undefined;
  return error ?? notOurs(`the server answered with HTTP status ${status}`);
}

/** `{code, message, details}` of a server as an error; undefined when it is no code of ours. */
export function errorFrom({ code, message, details }: JsonObject): SmcpError | undefined {
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) return undefined;
  return new SmcpError(code as ErrorCode, String(message), {
    details: isJsonObject(details) ? (details as JsonObject) : {},
  });
}
