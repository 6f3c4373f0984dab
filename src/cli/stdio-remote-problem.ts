// What the HTTP transport throws for a request, as the client should hear it: the server's own answer, an error of ours
// by the status, or that no server is there. **Trust:** status and text are the server's.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { errorFrom, notRunning } from './admin-client.ts';

export type RemoteProblem = {
  readonly error: SmcpError;
  /** Nothing that this token asks can succeed. */
  readonly isFatal: boolean;
  /** Nothing was done, and a new session may do it. */
  readonly isSessionLost: boolean;
  /** The JSON-RPC error that the server answered with. */
  readonly answer?: JsonObject;
};

export function remoteProblem(thrown: unknown, url: string): RemoteProblem {
  const { status, data } = (thrown ?? {}) as { status?: unknown; data?: { text?: unknown } };
  if (typeof status !== 'number') {
    const error = thrown instanceof TypeError ? notRunning(url, thrown) : unexpected('no message of MCP', thrown);
    return { error, isFatal: false, isSessionLost: false };
  }
  const body = typeof data?.text === 'string' ? parsed(data.text) : undefined;
  const said = isJsonObject(body?.['error']) ? body['error'] : undefined;
  const own = said === undefined ? undefined : errorFrom(isJsonObject(said['data']) ? said['data'] : said);
  const isSessionLost = status === 404 && (own?.code === 'SESSION_UNKNOWN' || body?.['jsonrpc'] === undefined);
  const isAnswer = body?.['jsonrpc'] === '2.0' && said !== undefined && !isSessionLost;
  return {
    error: asTokenError(status) ?? own ?? unexpected(`HTTP status ${status}`, thrown),
    isFatal: status === 401 || status === 403,
    isSessionLost,
    ...(isAnswer && body !== undefined ? { answer: body } : {}),
  };
}

function asTokenError(status: number): SmcpError | undefined {
  if (status === 401) {
    return new SmcpError('UNAUTHENTICATED', 'SMCP_TOKEN is unknown, expired or revoked', {
      details: { remedy: 'get a new one with: smcp agent token NAME' },
    });
  }
  if (status === 403) {
    const names = 'set server.names in its config.yaml where it is asked for by another name';
    return new SmcpError('FORBIDDEN', 'the server takes no calls with SMCP_TOKEN at SMCP_URL', {
      details: { remedy: `use an agent's token (smcp agent token NAME); ${names}` },
    });
  }
  return undefined;
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function unexpected(what: string, cause: unknown): SmcpError {
  return new SmcpError('SERVER_UNAVAILABLE', `the server answered with ${what}`, {
    cause,
    details: { remedy: 'SMCP_URL is the address of an SMCP server, for example http://127.0.0.1:8000' },
  });
}
