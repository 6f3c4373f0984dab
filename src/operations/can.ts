// The question whether an agent may call a tool now: the policy, what is left to people, and what is frozen.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import type { AgentName } from '#domain/agent.ts';
import type { Decision, DecisionQuery } from '#domain/decision.ts';
import { describeFreeze, freezeQueryOf } from '#domain/freeze.ts';
import { isLabel, supposedSeen } from '#domain/labels.ts';
import type { Stop } from '#domain/policy-review.ts';
import { compileScopes } from '#domain/token-scope.ts';
import { askedTool, type Tool } from '#domain/tool.ts';
import { knownAgent } from './known.ts';
import { inputSchema, type Operation, type Services } from './operation.ts';

export const canOperations: readonly Operation[] = [
  {
    name: 'can',
    topic: 'policy',
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
        session: { type: 'string', description: 'The session, as its client names it.' },
        labels: {
          type: 'string',
          description:
            'Labels that it is supposed to have seen, with commas between them; absent: those that it has seen.',
        },
        token: {
          type: 'string',
          description: 'The id of a token of the agent, as `agent list` shows it: its scopes count, too.',
        },
      },
      ['agent', 'tool'],
    ),
    output: {
      type: 'object',
      properties: {
        decision: { enum: ['allow', 'ask', 'deny'] },
        rule: { type: 'string' },
        reason: { type: 'string' },
        remedy: { type: ['string', 'null'] },
        shadow: {
          type: 'array',
          description: 'What rules in shadow would have decided; absent: none would have.',
          items: {
            type: 'object',
            properties: { rule: { type: 'string' }, decision: { enum: ['allow', 'ask', 'deny'] } },
            required: ['rule', 'decision'],
          },
        },
      },
      required: ['decision', 'rule', 'reason', 'remedy'],
    },
    saysNo: (answer) => isJsonObject(answer) && answer['decision'] !== 'allow',
    run: (services, input) => {
      const agent = knownAgent(services, input['agent']);
      const name = String(input['tool']);
      const tool = services.tools.tool(name);
      const args = input['args'] ?? {};
      if (!isJsonObject(args)) throw new SmcpError('USAGE', 'args must be a JSON object');
      const stop =
        stoppedBy(services, agent, { name, tool }) ?? beyondScopes(services, agent, { name, id: input['token'] });
      if (stop !== undefined) return stop;
      const decision = services.policy.decide({
        agent,
        tool: tool === undefined ? { name } : askedTool(tool),
        args,
        nowMs: services.clock.nowMs(),
        ...sessionAsked(services, agent, input),
      });
      return (decision.kind === 'deny' ? undefined : leftToPeople(tool)) ?? decisionView(decision, tool !== undefined);
    },
  },
];

/** The session, and what was seen before the call. @throws `USAGE` */
function sessionAsked(
  { labels: book }: Services,
  agent: AgentName,
  { session, labels }: JsonObject,
): Pick<DecisionQuery, 'session' | 'labels'> {
  const named = typeof session === 'string' && session !== '' ? { session } : {};
  if (typeof labels !== 'string') return { ...named, labels: book.seen({ agent, ...named }) };
  const supposed = supposedSeen(agent, labels === '' ? [] : labels.split(',').map((label) => label.trim()));
  if (!supposed.every(({ label }) => isLabel(label))) {
    throw new SmcpError('USAGE', 'labels are names with commas between them', {
      details: { remedy: 'write them as private,untrusted' },
    });
  }
  return { ...named, labels: { agent: supposed, session: supposed } };
}

function decisionView(decision: Decision, isKnown: boolean): JsonObject {
  return {
    decision: decision.kind,
    rule: decision.rule,
    reason: isKnown ? decision.reason : `${decision.reason} (no tool has this name today)`,
    remedy: decision.kind === 'allow' ? null : decision.remedy,
    ...(decision.shadow === undefined ? {} : { shadow: decision.shadow.map((one) => ({ ...one })) }),
  };
}

/** What no policy gives: undefined where neither a freeze nor what is left to people stops the agent. As `can` says it. */
export function stopOf(services: Services, agent: AgentName, asked: AskedTool): Stop | undefined {
  const stop = stoppedBy(services, agent, asked) ?? leftToPeople(asked.tool);
  return stop === undefined ? undefined : { rule: String(stop['rule']), reason: String(stop['reason']) };
}

type AskedTool = { readonly name: string; readonly tool: Tool | undefined };

/** As a call is asked: a freeze of the agent comes before the policy, one of a tool where the agent may see that tool. */
function stoppedBy(
  { freezes, policy, clock }: Services,
  agent: AgentName,
  { name, tool }: AskedTool,
): JsonObject | undefined {
  let freeze = freezes.stops({ agent });
  if (freeze === undefined && tool !== undefined && policy.mayCall(agent, name, clock.nowMs())) {
    freeze = freezes.stops(freezeQueryOf(agent, tool));
  }
  return freeze === undefined ? undefined : { decision: 'deny', rule: 'frozen', ...describeFreeze(freeze) };
}

/**
 * What the scopes of a token leave out; undefined where none is asked about.
 *
 * @throws `TOKEN_UNKNOWN` for one that is not the agent's
 */
function beyondScopes(
  { tokens }: Services,
  agent: AgentName,
  { name, id }: { readonly name: string; readonly id: Json | undefined },
): JsonObject | undefined {
  if (id === undefined) return undefined;
  const row = tokens.list().find((one) => one.id === id && one.agent === agent);
  if (row === undefined) {
    throw new SmcpError('TOKEN_UNKNOWN', `${agent} has no token of this id`, {
      details: { remedy: 'smcp agent list gives the ids' },
    });
  }
  const { rights } = row;
  const scopes = rights === undefined || rights === 'broken' ? undefined : compileScopes(rights.scopes);
  if (rights === undefined || scopes?.allowsTool(name) === true) return undefined;
  return {
    decision: 'deny',
    rule: 'token-scope',
    reason: `the scopes of the token leave out ${name}`,
    remedy: `a person issues one whose scopes have it: smcp agent token ${agent} --scope …`,
  };
}

/** What no grant gives. */
function leftToPeople(tool: Tool | undefined): JsonObject | undefined {
  if (tool?.kind !== 'admin' || !tool.isForPeople) return undefined;
  return {
    decision: 'deny',
    rule: 'person-needed',
    reason: 'only a person may do this; no grant gives it to an agent',
    remedy: `a person does it with: smcp ${tool.operation.replaceAll('_', ' ')}`,
  };
}
