// One fault for each check that stands between a stranger and a door, or between an agent and what nobody granted it: the line that is
// changed, and what the self-test of the start must say of it.

import type { Mutant } from './mutants.ts';

export type Fault = Mutant & {
  readonly title: string;
  /** Which door, and what it did. */
  readonly says: readonly string[];
};

const ALLOWED = "{ kind: 'allow', rule: 'r', reason: '', policy: ref } as never";

/** Everywhere the same: whichever door comes first shows it. */
const SHARED: readonly Fault[] = [
  {
    title: 'any token of the right length is the admin token',
    file: 'src/identity/tokens.ts',
    from: 'if (isAdmin) return admin;',
    to: 'if (isAdmin || token.length === 65) return admin;',
    says: ['POST /mcp', 'an invented token'],
  },
  {
    title: 'the policy allows agents that it does not name',
    file: 'src/policy/decide.ts',
    from: 'if (rules === undefined) return denyUnknownAgent(query, ref);',
    to: `if (rules === undefined) return ${ALLOWED};`,
    says: ['/mcp of 2026-07-28 answered', 'by an agent without grants'],
  },
  {
    title: 'the dispatcher does not ask which tools an agent may call',
    file: 'src/dispatch/admission.ts',
    from: 'if (!policy.mayCall(request.agent, request.tool, receivedMs))',
    to: 'if (false as boolean)',
    says: ['/mcp of 2026-07-28 answered', 'by an agent without grants'],
  },
  {
    title: 'denials leave no record',
    file: 'src/dispatch/closer.ts',
    from: '      const { strayArgs } = admission.request;\n',
    to: `      if (phase === 'denied') return { invocation: admission.invocation, answer };
      const { strayArgs } = admission.request;\n`,
    says: ['/mcp of 2026-07-28 left no record of a call'],
  },
];

/** A door that takes its caller for another agent, who has grants. */
const ANOTHER = "'demo' as never";

const DOORS: readonly Fault[] = [
  {
    title: '/mcp of 2026-07-28 takes its callers for somebody else',
    file: 'src/gateway/stateless.ts',
    from: '    agent: caller.agent,',
    to: `    agent: ${ANOTHER},`,
    says: ['/mcp of 2026-07-28 answered 200 LOG_UNAVAILABLE'],
  },
  {
    title: '/mcp in a session takes its callers for somebody else',
    file: 'src/gateway/mcp-sessions.ts',
    from: '      agent,\n      token: callTokenOf(caller),',
    to: `      agent: ${ANOTHER},\n      token: callTokenOf(caller),`,
    says: ['/mcp in a session of 2025-11-25 answered 200 LOG_UNAVAILABLE'],
  },
  {
    title: '/sse takes its callers for somebody else',
    file: 'src/gateway/sse.ts',
    from: '      agent,\n      token: callTokenOf(caller),',
    to: `      agent: ${ANOTHER},\n      token: callTokenOf(caller),`,
    says: ['/sse answered 200 LOG_UNAVAILABLE'],
  },
  {
    title: 'stdio takes its callers for somebody else',
    file: 'src/gateway/stdio-door.ts',
    from: "          agent,\n          door: 'stdio',",
    to: `          agent: ${ANOTHER},\n          door: 'stdio',`,
    says: ['stdio, in a session, answered LOG_UNAVAILABLE'],
  },
  {
    title: 'stdio welcomes whoever names an agent',
    file: 'src/gateway/stdio-hello.ts',
    from: 'if (agent !== undefined && agents.includes(agent)) return agent;',
    to: "if (typeof name === 'string') return name as never;",
    says: ['stdio answered', 'an agent that no policy names'],
  },
  {
    title: 'the admin API takes agents for its administrator',
    file: 'src/admin/routes.ts',
    from: 'switch (principal?.kind)',
    to: "switch (principal === undefined ? undefined : ('admin' as string))",
    says: ['GET /admin/v1/policy answered 200'],
  },
  {
    title: 'what is for administrators is for agents, too',
    file: 'src/gateway/http-routes.ts',
    from: "if (route.access === 'admin') requireAdmin(",
    to: "if (route.access === ('nobody' as string)) requireAdmin(",
    says: ['GET /openapi.json answered 200', 'an agent without grants'],
  },
  {
    title: 'tokens are exchanged for agents that the policy does not name',
    file: 'src/identity/token-route.ts',
    from: 'if (!agents().includes(agent))',
    to: 'if (agents().length < 0)',
    says: ['POST /oauth/token answered', 'an agent that no policy names'],
  },
];

/** Of tokens that were exchanged. */
const BELOW: readonly Fault[] = [
  {
    title: "a sub-agent's token leaves every tool",
    file: 'src/domain/token-scope.ts',
    from: 'compiled.every(({ tools }) => tools.length === 0 ||',
    to: 'compiled.every(({ tools }) => tools.length >= 0 ||',
    says: ['with a token of a sub-agent answered 200 DENIED'],
  },
  {
    title: "a sub-agent's token opens every door",
    file: 'src/domain/token-scope.ts',
    from: 'compiled.every(({ doors }) => doors.length === 0 ||',
    to: 'compiled.every(({ doors }) => doors.length >= 0 ||',
    says: ['/sse with a token of a sub-agent answered 200', 'leave the door out'],
  },
  {
    title: "a sub-agent's token goes on when the one above it has ended",
    file: 'src/identity/tokens.ts',
    from: 'return above === undefined ? isSignedId(id)',
    to: 'return above === undefined ? true',
    says: ['/mcp of 2026-07-28 answered 200', 'a token whose first one has ended'],
  },
];

/** A route that was put there without its guard. */
const UNGUARDED: readonly Fault[] = [
  {
    title: '/mcp asks for no token',
    file: 'src/gateway/agent-routes.ts',
    from: "app.post('/mcp', { onRequest, preHandler }",
    to: "app.post('/mcp', { config: { access: 'anyone' }, preHandler }",
    says: ['POST /mcp asks for no token'],
  },
  {
    title: '/sse asks for no token',
    file: 'src/gateway/agent-routes.ts',
    from: "app.get('/sse', { onRequest }",
    to: "app.get('/sse', { config: { access: 'anyone' } }",
    says: ['GET /sse asks for no token'],
  },
  {
    title: 'the admin API asks for no token',
    file: 'src/admin/routes.ts',
    from: "access: 'principal'",
    to: "access: 'anyone'",
    says: ['/admin/v1/', 'asks for no token'],
  },
];

export const FAULTS: readonly Fault[] = [...SHARED, ...DOORS, ...BELOW, ...UNGUARDED];
