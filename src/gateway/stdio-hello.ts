// The first line of a connection to the home's socket, and its answer (domain/stdio.ts). Used by stdio-door.ts.
// **Trust:** the line is from a process of the home's owner, or root's; what it says is checked all the same.

import type { Socket } from 'node:net';
import { SmcpError } from '#base/errors.ts';
import { roundedJson } from '#base/exact-json.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import { visibleText } from '#base/visible.ts';
import { type AgentName, parseAgentName } from '#domain/agent.ts';
import { STDIO_PROTOCOL, type StdioRefusal, type StdioWelcome } from '#domain/stdio.ts';
import { parseJsonBody } from './json-body.ts';

/**
 * The agent that a first line names.
 *
 * @param agents those of the policy in force.
 * @throws `REQUEST_INVALID` for another protocol · `USAGE` without an agent · `AGENT_UNKNOWN`
 */
export function agentOfHello(line: Buffer, agents: readonly AgentName[]): AgentName {
  const said = line.length > LIMITS.stdioHelloBytesMax ? undefined : parseJsonBody(line);
  const hello = said === undefined ? undefined : roundedJson(said);
  if (!isJsonObject(hello) || hello['smcp'] !== STDIO_PROTOCOL) {
    throw new SmcpError('REQUEST_INVALID', 'this is the socket of another version of smcp', {
      details: { remedy: 'run smcp stdio of the version that serves the home, or start its server anew' },
    });
  }
  return knownAgent(hello['agent'], agents);
}

function knownAgent(name: Json | undefined, agents: readonly AgentName[]): AgentName {
  if (name === undefined) {
    const remedy = agents.length === 0 ? 'smcp agent add NAME' : `add --agent ${agents.join(' or --agent ')}`;
    throw new SmcpError('USAGE', 'which agent?', { details: { agents, remedy } });
  }
  const agent = parseAgentName(name);
  if (agent !== undefined && agents.includes(agent)) return agent;
  const text = visibleText(typeof name === 'string' ? name : JSON.stringify(name), LIMITS.stdioHelloBytesMax);
  const near = nearest(text, agents);
  const there = agents.length === 0 ? 'it names none' : `it names ${agents.join(', ')}`;
  throw new SmcpError('AGENT_UNKNOWN', `the policy names no agent ${text}`, {
    details: {
      agents,
      remedy: near === undefined ? `${there}; smcp agent add ${agent ?? 'NAME'}` : `did you mean --agent ${near}`,
    },
  });
}

/** Answers the first line of an agent that is served from now on. */
export function welcome(socket: Socket, said: Omit<StdioWelcome, 'smcp'>): void {
  socket.write(`${JSON.stringify({ smcp: STDIO_PROTOCOL, ...said } satisfies StdioWelcome)}\n`);
}

/** Answers the first line with an error, and ends the connection. */
export function turnAway(socket: Socket, { code, message, details }: SmcpError): void {
  const refusal: StdioRefusal = { smcp: STDIO_PROTOCOL, error: { code, message, details } };
  socket.end(`${JSON.stringify(refusal)}\n`, () => socket.destroy());
}
