// The policy of a new home: one agent that may use the demo plugins, and words on how to go on.

import { invariant } from '#base/invariant.ts';
import { parseAgentName } from '#domain/agent.ts';

/** The agent of the first policy. */
export function demoAgent() {
  const name = parseAgentName('demo');
  invariant(name !== undefined, 'demo is a name');
  return name;
}

export const FIRST_POLICY = `# Who may call what. What no grant allows is denied, and a deny always wins.
# An edit that is saved counts at once; one that is not valid changes nothing, and smcp status says so.
# Try it first: smcp policy check FILE, smcp policy diff FILE      Ask what it means: smcp can AGENT TOOL
# Take it back: smcp policy history, smcp policy rollback VERSION   Every key: schemas/policy.v1.json
version: 1
agents:
  demo:
    grants:
      - id: demo-plugins
        tools: ["demo_math__*", "demo_text__*"]
`;
