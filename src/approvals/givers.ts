// Whether who gave an approval might give it now: one rule for all kinds of givers, asked when they give it and again whenever somebody
// looks at it, last when the call's turn comes. No I/O. **Trust:** who they are, and what they signed, was settled by the door.

import type { AgentName, HeldToken, Principal } from '#domain/agent.ts';
import type { ApprovalRequest, Approver, ChannelApprover, PersonApprover } from '#domain/approval-ports.ts';
import { freezeQueryOf } from '#domain/freeze.ts';
import { hasRole, isApprover, type PersonName, type PersonRole } from '#domain/person.ts';
import type { ApproverPolicy } from '#domain/policy-ports.ts';
import type { FreezeDecider } from '#domain/ports.ts';
import { type AdminTool, askedTool } from '#domain/tool.ts';

/** The role that a person has now; undefined when they are in the policy no more, or this passkey is theirs no more. */
export type RoleOf = (name: PersonName, credential: string) => PersonRole | undefined;

export type GiverPorts = {
  readonly roleOf: RoleOf;
  readonly policy: ApproverPolicy;
  readonly freezes: FreezeDecider;
  readonly clock: { readonly nowMs: () => number };
  /** The tool by which agents approve. */
  readonly approveTool: AdminTool;
  /** Whether a token that was shown still stands for whom it stood. */
  readonly stillHolds: (principal: Principal) => boolean;
  /** Why who has this account may not decide; undefined: they may. */
  readonly channelProblem: (by: ChannelApprover) => string | undefined;
};

export type Givers = {
  /** Why this giver might not approve the request now, as a clause (`bea is frozen`); undefined: they might. */
  readonly problem: (by: Approver, request: AskedFor) => string | undefined;
};

/** What counts of a request for who may approve it. */
export type AskedFor = Pick<ApprovalRequest, 'id' | 'digest' | 'agent' | 'approvers' | 'trustsClient'>;

const TOKEN_ENDED = 'the token by which it was given was revoked or has expired';

export function createGivers(ports: GiverPorts): Givers {
  const { roleOf, policy, freezes, clock, approveTool, stillHolds, channelProblem } = ports;

  /** Ever: then no agent approves its own calls, so that no two, and no ring, do it in turn. */
  const mayApproveOthers = (agent: AgentName) => policy.mightCall(agent, approveTool.name, clock.nowMs());

  const holds = (agent: AgentName, token: HeldToken | undefined): boolean => {
    if (token === undefined) return true;
    const { id: tokenId, signed } = token;
    return stillHolds({ kind: 'agent', agent, tokenId, ...(signed === undefined ? {} : { signed }) });
  };

  const agentProblem = (
    { name, token }: Extract<Approver, { readonly kind: 'agent' }>,
    { id, digest, agent }: AskedFor,
  ): string | undefined => {
    if (name === agent) return 'no agent decides about a call of its own';
    if (!holds(name, token)) return TOKEN_ENDED;
    if (freezes.stops(freezeQueryOf(name, approveTool)) !== undefined) return `${name} is frozen`;
    // What its own call took from limits, and what it had seen, was asked when it made it.
    const decision = policy.decide({
      ...{ agent: name, tool: askedTool(approveTool), args: { id, digest }, nowMs: clock.nowMs() },
      ...({ stage: 'under-way', ignoresLabels: true } as const),
    });
    if (decision.kind === 'deny') return `the policy lets ${name} approve it no more`;
    return mayApproveOthers(agent) ? `${agent} may approve calls itself: only people approve its own` : undefined;
  };

  const personProblem = ({ name, assertion }: PersonApprover, { approvers }: AskedFor): string | undefined => {
    const role = roleOf(name, assertion?.credential ?? '');
    if (role === undefined) return `${name} has no access any more, or their passkey was revoked`;
    const may = approvers === undefined ? hasRole(role, 'approver') : isApprover(approvers.by, { name, role });
    return may ? undefined : `${name} is ${role}, and no more among those who may approve it`;
  };

  return {
    problem: (by, request) => {
      if (by.kind === 'person') return personProblem(by, request);
      if (request.approvers !== undefined) return `only people approve it: ${request.approvers.by.join(', ')}`;
      switch (by.kind) {
        case 'admin':
          return stillHolds({ kind: 'admin', tokenId: by.token ?? '' })
            ? undefined
            : 'the home has another token by now';
        case 'agent':
          return agentProblem(by, request);
        case 'client':
          if (by.name !== request.agent || !request.trustsClient) return "the agent's own client is not trusted to";
          return holds(by.name, by.token) ? undefined : TOKEN_ENDED;
        case 'channel':
          return channelProblem(by);
      }
    },
  };
}
