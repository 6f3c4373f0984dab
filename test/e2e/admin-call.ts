// The admin REST API as an agent uses it, with the face of a client: a call of `smcp__<operation>` becomes a request for its route.

import { ADMIN_PREFIX, fillPath } from '#operations/operation.ts';
import { OPERATIONS } from '#operations/table.ts';
import type { ConnectOptions, McpClient } from '#test/gateway/clients.ts';

/** What a route refuses before anything is called: as the SDKs show an HTTP status. */
class DoorRefusal extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/** Refuses as a door does where the token is not taken, else shows errors as results. */
export async function connectToAdminApi({ url, token }: ConnectOptions): Promise<McpClient> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  // Whether the door takes the token, by a route that no agent is granted: it says 401, or refuses the call.
  const greeting = await fetch(`${url}${ADMIN_PREFIX}/nothing-is-here`, { headers });
  if (greeting.status === 401) throw new DoorRefusal(401, await greeting.text());
  return {
    list: async () => ({ tools: [] }),
    call: async ({ name, arguments: args }) => {
      const operation = OPERATIONS.find((one) => `smcp__${one.name}` === name);
      if (operation === undefined) throw new Error(`no operation is called ${name}`);
      const path = fillPath(operation.path, (key) => encodeURIComponent(String(args?.[key])));
      const isPost = operation.method === 'POST';
      const answer = await fetch(`${url}${ADMIN_PREFIX}${path}`, {
        method: operation.method,
        headers: { ...headers, ...(isPost ? { 'content-type': 'application/json' } : {}) },
        ...(isPost ? { body: JSON.stringify(args) } : {}),
      });
      const body = (await answer.json()) as { error?: unknown };
      return answer.ok ? { structuredContent: body } : { isError: true, structuredContent: { error: body.error } };
    },
    instructions: () => undefined,
    name: () => undefined,
    close: async () => {},
  };
}
