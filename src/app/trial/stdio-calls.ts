// The door of the home's socket as `smcp stdio` and its client use it. For the self-test of the start.

import { STDIO_PROTOCOL } from '#domain/stdio.ts';
import type { StdioDoor } from '#gateway/stdio-door.ts';
import { createLineClient } from './line-client.ts';
import { type Came, callOf, cameOf, INITIALIZE, INITIALIZED, statelessCallOf } from './messages.ts';
import { NOBODY } from './stranger.ts';

type Door = Pick<StdioDoor, 'dial'>;

/** First lines that must let nobody in, and what each came to. */
export async function greetings(
  door: Door,
  signal: AbortSignal,
): Promise<readonly { readonly sent: string; readonly came: Came }[]> {
  const hellos = [
    { sent: 'a first line that names nobody', hello: { smcp: STDIO_PROTOCOL } },
    { sent: 'a first line of an agent that no policy names', hello: { smcp: STDIO_PROTOCOL, agent: NOBODY } },
    { sent: 'a call in place of the first line', hello: callOf('nobody__tool') },
  ];
  const came: { readonly sent: string; readonly came: Came }[] = [];
  for (const { sent, hello } of hellos) {
    using client = createLineClient(door.dial(), signal);
    client.send(hello);
    came.push({ sent, came: cameOf({ status: 0, text: await client.next() }) });
  }
  return came;
}

type LineCall = { readonly era: 'session' | 'stateless'; readonly tool: string; readonly signal: AbortSignal };

/** One call of an agent to which nobody granted anything, on a connection of its own. */
export async function callByLines(door: Door, { era, tool, signal }: LineCall): Promise<Came> {
  using client = createLineClient(door.dial(NOBODY), signal);
  client.send({ smcp: STDIO_PROTOCOL, agent: NOBODY });
  await client.next();
  if (era === 'session') {
    client.send(INITIALIZE);
    await client.next();
    client.send(INITIALIZED);
  }
  client.send(era === 'session' ? callOf(tool) : statelessCallOf(tool));
  return cameOf({ status: 0, text: await client.next() });
}
