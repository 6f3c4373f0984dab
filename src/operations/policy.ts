// Operations on the policy in force, and the question whether an agent may call a tool.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject } from '#base/json.ts';
import { knownAgent } from './agents.ts';
import { inputSchema, type Operation } from './operation.ts';

export const policyOperations: readonly Operation[] = [
  {
    name: 'policy_show',
    summary: 'Shows the policy in force: its text, version and digest.',
    command: ['policy', 'show'],
    positional: [],
    method: 'GET',
    path: '/policy',
    effect: 'read',
    input: inputSchema({}),
    output: {
      type: 'object',
      properties: {
        version: { type: 'integer' },
        digest: { type: 'string' },
        file: { type: 'string' },
        text: { type: 'string' },
      },
      required: ['version', 'digest', 'file', 'text'],
    },
    run: ({ policy }) => {
      const { text, policy: ref, file } = policy.show();
      return { version: ref.version, digest: ref.digest, file, text };
    },
  },
  {
    name: 'can',
    summary: 'Says whether an agent may call a tool now, which rule decides, and what would change it.',
    command: ['can'],
    positional: ['agent', 'tool'],
    method: 'POST',
    path: '/can',
    effect: 'read',
    input: inputSchema(
      {
        agent: { type: 'string', description: 'The name of the agent.' },
        tool: { type: 'string', description: 'The full name of the tool, such as demo_math__calculate.' },
        args: { type: 'object', description: 'The arguments, for rules that look at them.' },
      },
      ['agent', 'tool'],
    ),
    output: {
      type: 'object',
      properties: {
        decision: { enum: ['allow', 'deny'] },
        rule: { type: 'string' },
        reason: { type: 'string' },
        remedy: { type: ['string', 'null'] },
      },
      required: ['decision', 'rule', 'reason', 'remedy'],
    },
    saysNo: (answer) => isJsonObject(answer) && answer['decision'] !== 'allow',
    run: (services, input) => {
      const agent = knownAgent(services, input['agent']);
      const toolName = String(input['tool']);
      const tool = services.catalog.tool(toolName);
      const args = input['args'] ?? {};
      if (!isJsonObject(args)) throw new SmcpError('USAGE', 'args must be a JSON object');
      const decision = services.policy.decide({
        agent,
        tool: { name: toolName, ...(tool === undefined ? {} : { inputSchema: tool.inputSchema }) },
        args,
        nowMs: services.clock.nowMs(),
      });
      const reason = tool === undefined ? `${decision.reason} (no tool has this name today)` : decision.reason;
      return {
        decision: decision.kind,
        rule: decision.rule,
        reason,
        remedy: decision.kind === 'deny' ? decision.remedy : null,
      };
    },
  },
];
