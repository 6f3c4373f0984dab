// The doors of HTTP as a client uses them to make one call. For the self-test of the start.

import type { Door } from '#domain/invocation.ts';
import { ADMIN_PREFIX } from '#operations/operation.ts';
import type { Answered, Asking, TrialClient } from './http-client.ts';
import {
  type Came,
  callOf,
  cameOf,
  INITIALIZE,
  INITIALIZED,
  STATELESS,
  statelessCallOf,
  WITH_SESSIONS,
} from './messages.ts';

/** The text of a token; undefined: none is shown. */
export type Shown = string | undefined;

/** Sends one call in a conversation that is open, with whatever token. */
export type Call = (shown: Shown, tool: string) => Promise<Came>;

export type HttpDoor = {
  /** For people. */
  readonly name: string;
  /** As records name it. */
  readonly door: Door;
  /** What a conversation begins with, tried alone; absent: nothing. */
  readonly begin?: (shown: Shown) => Promise<Came>;
  /** Begins one with a good token, and ends it after `use`. The status that refused it, where none began. */
  readonly converse: (token: string, use: (call: Call) => Promise<void>) => Promise<Came | undefined>;
};

const ACCEPT = { accept: 'application/json, text/event-stream' };
const bearer = (shown: Shown) => (shown === undefined ? {} : { authorization: `Bearer ${shown}` });

export function httpDoors(client: TrialClient): readonly HttpDoor[] {
  return [
    statelessDoor(client, { name: `/mcp of ${STATELESS}`, isPlain: true }),
    statelessDoor(client, { name: `/mcp of ${STATELESS}, with progress`, isPlain: false }),
    sessionDoor(client),
    sseDoor(client),
  ];
}

function statelessDoor(client: TrialClient, { name, isPlain }: { name: string; isPlain: boolean }): HttpDoor {
  const call: Call = async (shown, tool) => {
    const headers = { 'mcp-protocol-version': STATELESS, 'mcp-method': 'tools/call', 'mcp-name': tool };
    const body = statelessCallOf(tool, isPlain);
    return cameOf(
      await client.ask({ method: 'POST', path: '/mcp', headers: { ...ACCEPT, ...headers, ...bearer(shown) }, body }),
    );
  };
  return {
    ...{ name, door: 'mcp' },
    converse: async (_token, use) => {
      await use(call);
      return undefined;
    },
  };
}

function sessionDoor(client: TrialClient): HttpDoor {
  const begin = (shown: Shown): Promise<Answered> =>
    client.ask({ method: 'POST', path: '/mcp', headers: { ...ACCEPT, ...bearer(shown) }, body: INITIALIZE });
  return {
    ...{ name: `/mcp in a session of ${WITH_SESSIONS}`, door: 'mcp' },
    begin: async (shown) => cameOf(await begin(shown)),
    converse: async (token, use) => {
      const opened = await begin(token);
      const id = opened.headers['mcp-session-id'];
      if (typeof id !== 'string') return cameOf(opened);
      const ask = (shown: Shown, asked: Pick<Asking, 'method' | 'body'>) => {
        const headers = { 'mcp-session-id': id, 'mcp-protocol-version': WITH_SESSIONS, ...ACCEPT, ...bearer(shown) };
        return client.ask({ path: '/mcp', headers, ...asked });
      };
      await ask(token, { method: 'POST', body: INITIALIZED });
      await use(async (shown, tool) => cameOf(await ask(shown, { method: 'POST', body: callOf(tool) })));
      await ask(token, { method: 'DELETE' });
      return undefined;
    },
  };
}

function sseDoor(client: TrialClient): HttpDoor {
  const begin = (shown: Shown) => client.open({ method: 'GET', path: '/sse', headers: bearer(shown) });
  return {
    ...{ name: '/sse', door: 'sse' },
    begin: async (shown) => {
      const opened = await begin(shown);
      if (opened.kind === 'answer') return cameOf(opened.answer);
      using stream = opened;
      return { status: 200, code: undefined, text: await stream.next() };
    },
    converse: async (token, use) => {
      const opened = await begin(token);
      if (opened.kind === 'answer') return cameOf(opened.answer);
      using stream = opened;
      const path = await stream.next();
      const post = (shown: Shown, body: object) => client.ask({ method: 'POST', path, headers: bearer(shown), body });
      await post(token, INITIALIZE);
      await stream.next();
      await post(token, INITIALIZED);
      await use(async (shown, tool) => {
        const taken = await post(shown, callOf(tool));
        return taken.status === 202 ? cameOf({ status: 200, text: await stream.next() }) : cameOf(taken);
      });
      return undefined;
    },
  };
}

/** Two routes of administration, one that tells and one that changes: the tool that each is for an agent. */
export const ADMIN_ROUTES = [
  { method: 'GET', path: `${ADMIN_PREFIX}/policy`, tool: 'policy_show' },
  { method: 'POST', path: `${ADMIN_PREFIX}/policy`, tool: 'policy_apply' },
] as const;

/** Asks for a route that takes JSON, with nothing in it. */
export async function askRoute(client: TrialClient, asked: Asking, shown: Shown): Promise<Came> {
  const body = asked.method === 'POST' ? { body: {} } : {};
  return cameOf(await client.ask({ ...body, ...asked, headers: bearer(shown) }));
}
