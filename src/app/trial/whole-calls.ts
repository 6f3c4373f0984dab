// Sends whole calls through every door, before any is open to others: without a token, with an invented one, and with one that is good
// for an agent to which nobody granted anything. Each must be denied by what denies real ones: the door, or the dispatcher with a
// record, which the trial's log keeps. For the self-test of the start.

import { ERRORS } from '#base/error-table.ts';
import { LIMITS } from '#base/limits.ts';
import type { Door } from '#domain/invocation.ts';
import type { InvocationPredicate } from '#domain/record.ts';
import type { Gateway } from '#gateway/server.ts';
import type { StdioDoor } from '#gateway/stdio-door.ts';
import type { TriedTokens } from '#identity/tokens.ts';
import { adminToolName } from '#operations/admin-tools.ts';
import { failed } from './failure.ts';
import { createTrialClient, type TrialClient } from './http-client.ts';
import { ADMIN_ROUTES, askRoute, type Call, type HttpDoor, httpDoors, type Shown } from './http-doors.ts';
import { type Came, shown } from './messages.ts';
import { callByLines, greetings } from './stdio-calls.ts';
import { inventedToken } from './stranger.ts';

export type TriedDoors = {
  readonly gateway: Pick<Gateway, 'dial' | 'attempt' | 'guarded'>;
  readonly stdio: Pick<StdioDoor, 'dial'>;
  /** Good ones of `NOBODY`; `below` leaves `TOOL_BELOW` and the door `mcp`. */
  readonly tokens: TriedTokens;
  /** What was denied, as it would be recorded. */
  readonly denials: () => readonly InvocationPredicate[];
  /** Which are called of each door. */
  readonly tools: readonly string[];
};

/** No tool has this name, and no plugin can: what an agent may not call is denied all the same. */
export const TOOL_BELOW = 'nobody__tool';

/** What a token of the trial leaves that was exchanged for another one. */
export const SCOPES_BELOW = [`tools:${TOOL_BELOW}`, 'doors:mcp'] as const;

/** How a call is denied that no grant covers: by the policy, or by a freeze that a person left in force. */
const DENIED: readonly (string | undefined)[] = ['DENIED', 'FROZEN'];

type Trial = TriedDoors & { readonly client: TrialClient };

/** @throws `SELF_TEST_FAILED` with the first door that did not deny, what was sent and what came back */
export async function testWholeCalls(doors: TriedDoors): Promise<void> {
  const signal = AbortSignal.timeout(LIMITS.selfTestMsMax);
  const trial: Trial = { ...doors, client: createTrialClient(doors.gateway.dial, signal) };
  const http = httpDoors(trial.client);
  for (const door of http) await answering(door.name, () => tryHttpDoor(door, trial));
  await answering('stdio', () => tryStdio(trial, signal));
  await answering('the admin API', () => tryAdmin(trial));
  await answering('/oauth/token', () => tryExchange(trial));
  await answering('a token of a sub-agent', () => tryBelow(http, trial));
}

/** What ends without an answer is no denial either. */
async function answering(where: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'SELF_TEST_FAILED') throw thrown;
    throw failed(where, `gave no answer: ${thrown instanceof Error ? thrown.message : 'it failed'}`);
  }
}

/** Whom the door itself turns away. */
const STRANGERS: readonly { readonly with: string; readonly shown: () => Shown }[] = [
  { with: 'no token', shown: () => undefined },
  { with: 'an invented token', shown: inventedToken },
];

async function tryHttpDoor(door: HttpDoor, trial: Trial): Promise<void> {
  const { tools, tokens } = trial;
  for (const stranger of STRANGERS) {
    const came = await door.begin?.(stranger.shown());
    if (came !== undefined) turnedAway(door.name, `what begins a session, with ${stranger.with}`, came);
  }
  const refused = await door.converse(tokens.token, async (call) => {
    for (const stranger of STRANGERS) {
      const sent = `a call of ${tools[0]} with ${stranger.with}`;
      turnedAway(door.name, sent, await call(stranger.shown(), tools[0] ?? TOOL_BELOW));
    }
    for (const tool of tools) await deniedCall({ ...door, trial, tool }, () => call(tokens.token, tool));
  });
  if (refused !== undefined) throw failed(door.name, `refuses a good token: ${shown(refused)}`);
}

function turnedAway(where: string, sent: string, came: Came): void {
  if (came.status === ERRORS.UNAUTHENTICATED.http && came.code === 'UNAUTHENTICATED') return;
  throw failed(where, `answered ${shown(came)} to ${sent}`, sent);
}

type DeniedCall = {
  readonly name: string;
  readonly door: Door;
  readonly tool: string;
  readonly trial: Trial;
  readonly codes?: readonly (string | undefined)[];
};

/** Denied, and one record of it is in the trial's log by the time that the answer is there. */
async function deniedCall(
  { name, door, tool, trial, codes = DENIED }: DeniedCall,
  call: () => Promise<Came>,
): Promise<void> {
  const sent = `a call of ${tool} by an agent without grants`;
  const before = trial.denials().length;
  const came = await call();
  if (!codes.includes(came.code)) throw failed(name, `answered ${shown(came)} to ${sent}`, sent);
  const [denial, ...more] = trial.denials().slice(before);
  const isRecorded = denial?.phase === 'denied' && denial.door === door && denial.tool.name === tool;
  if (!isRecorded || more.length > 0) throw failed(name, `left no record of ${sent}`, sent);
}

async function tryStdio(trial: Trial, signal: AbortSignal): Promise<void> {
  for (const { sent, came } of await greetings(trial.stdio, signal)) {
    if (came.code === undefined) throw failed('stdio', `answered ${shown(came)} to ${sent}`, sent);
  }
  for (const era of ['session', 'stateless'] as const) {
    for (const tool of trial.tools) {
      const name = `stdio, ${era === 'session' ? 'in a session' : 'without one'},`;
      await deniedCall({ name, door: 'stdio', tool, trial }, () => callByLines(trial.stdio, { era, tool, signal }));
    }
  }
}

async function tryAdmin(trial: Trial): Promise<void> {
  const { client, tokens, gateway } = trial;
  for (const { tool: operation, ...route } of ADMIN_ROUTES) {
    const name = `${route.method} ${route.path}`;
    for (const stranger of STRANGERS) {
      turnedAway(name, `a request with ${stranger.with}`, await askRoute(client, route, stranger.shown()));
    }
    const tool = adminToolName({ name: operation });
    await deniedCall({ name, door: 'admin', tool, trial }, () => askRoute(client, route, tokens.token));
  }
  const refusals = [ERRORS.DENIED.http, ERRORS.FROZEN.http];
  for (const { method, path } of gateway.guarded()) {
    if (method !== 'GET' || AGENTS_OWN.test(path)) continue;
    const status = await gateway.attempt({ method, path, headers: { authorization: `Bearer ${tokens.token}` } });
    if (refusals.includes(status)) continue;
    const sent = 'a token of an agent without grants';
    throw failed(`${method} ${path}`, `answered ${status} to ${sent}`, sent);
  }
}

/** Doors of agents, which were tried by themselves. */
const AGENTS_OWN = /^\/(mcp|sse|messages\/?)$/;

async function tryExchange({ client, tokens }: Trial): Promise<void> {
  const name = 'POST /oauth/token';
  const body = { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', scope: SCOPES_BELOW[0] };
  const asked = { method: 'POST', path: '/oauth/token', body } as const;
  for (const stranger of STRANGERS) {
    turnedAway(name, `an exchange with ${stranger.with}`, await askRoute(client, asked, stranger.shown()));
  }
  const sent = 'an exchange by an agent that no policy names';
  const came = await askRoute(client, asked, tokens.token);
  if (came.code !== 'AGENT_UNKNOWN' && came.code !== 'FROZEN') {
    throw failed(name, `answered ${shown({ ...came, text: 'a token' })} to ${sent}`, sent);
  }
}

/** One that was exchanged leaves what its scopes do, by the doors that they name, and ends with the one above it. */
async function tryBelow(http: readonly HttpDoor[], trial: Trial): Promise<void> {
  const { tokens, tools } = trial;
  const beyond = tools.find((tool) => tool !== TOOL_BELOW) ?? TOOL_BELOW;
  for (const door of http) {
    const name = `${door.name} with a token of a sub-agent`;
    if (door.door !== 'mcp') {
      const came = await door.begin?.(tokens.below);
      if (came === undefined || came.code === 'INSUFFICIENT_SCOPE') continue;
      throw failed(name, `answered ${shown(came)}, though its scopes leave the door out`);
    }
    await door.converse(tokens.below, async (call) => {
      await deniedCall({ name, door: 'mcp', tool: TOOL_BELOW, trial }, () => call(tokens.below, TOOL_BELOW));
      const codes = ['INSUFFICIENT_SCOPE', 'FROZEN'];
      await deniedCall({ name, door: 'mcp', tool: beyond, trial, codes }, () => call(tokens.below, beyond));
    });
  }
  tokens.endFirst();
  const [door] = http;
  await door?.converse(tokens.below, async (call: Call) => {
    for (const [what, token] of [
      ['a token that has ended', tokens.token],
      ['a token whose first one has ended', tokens.below],
    ] as const) {
      turnedAway(door.name, `a call with ${what}`, await call(token, TOOL_BELOW));
    }
  });
}
