// Names that operations are given: each is one that exists, or an error with the nearest that does.

import { SmcpError } from '#base/errors.ts';
import { nearest } from '#base/nearest.ts';
import { type AgentName, parseAgentName } from '#domain/agent.ts';
import type { Services } from './operation.ts';

/** @throws `USAGE` when it can't be a name. */
export function readAgentName(text: unknown): AgentName {
  const name = parseAgentName(text);
  if (name === undefined) {
    throw new SmcpError('USAGE', `${JSON.stringify(text)} can't be the name of an agent`, {
      details: {
        remedy:
          'use lower-case letters, digits, "_", "." and "-", beginning with a letter or digit, at most 64; `admin` and `smcp` are taken',
      },
    });
  }
  return name;
}

/** An agent of the policy. @throws `AGENT_UNKNOWN` with the names there are. */
export function knownAgent({ policy }: Pick<Services, 'policy'>, text: unknown): AgentName {
  const name = readAgentName(text);
  const agents = policy.agents();
  if (!agents.includes(name)) {
    const near = nearest(name, agents);
    const remedy = `add it with: smcp agent add ${name}`;
    throw new SmcpError('AGENT_UNKNOWN', `the policy names no agent ${name}`, {
      details: { agents, remedy: near === undefined ? remedy : `did you mean ${near}? Else ${remedy}` },
    });
  }
  return name;
}

/** A plugin that was found, whatever its state. @throws `PLUGIN_UNKNOWN` with the nearest name. */
export function knownPlugin({ catalog }: Pick<Services, 'catalog'>, text: unknown): string {
  const names = catalog.reports().map(({ name }) => name);
  const name = names.find((known) => known === text);
  if (name !== undefined) return name;
  const near = nearest(String(text), names);
  throw new SmcpError('PLUGIN_UNKNOWN', `no plugin is called ${JSON.stringify(text)}`, {
    details: { remedy: near === undefined ? 'see smcp plugin list' : `did you mean ${near}?` },
  });
}
