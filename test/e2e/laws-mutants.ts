// One weakened check each, of those that keep agents from making more of their admin tools than they were given. The law must find every one:
// it is the control of `admin-laws.test.ts`. A check that is made in two places is weakened in both.

import type { Mutant } from './mutants.ts';

export type WeakCheck = {
  readonly title: string;
  readonly mutants: readonly Mutant[];
  /** What somebody could then do. */
  readonly finds: RegExp;
};

const one = (title: string, finds: RegExp, ...mutants: readonly Mutant[]): WeakCheck => ({ title, finds, mutants });

/** Which call shows it first depends on what else the policy says. */
const WIDER = /was (denied|asked about)|had |carried/;

const ATTENUATION = 'src/policy/attenuation.ts';
const APPROVAL = 'src/policy/approval.ts';
const SERVICE = 'src/policy/policy-service.ts';

/** Of a change of the policy, kind by kind. */
const ATTENUATIONS: readonly WeakCheck[] = [
  one('changes of agents are not compared', WIDER, {
    file: 'src/policy/agent-change.ts',
    from: 'const widenings = wideningsOf(before, after);',
    to: 'const widenings: readonly string[] = [];',
  }),
  one('denies may go', WIDER, {
    file: ATTENUATION,
    from: 'if (!isKept) lost.push(',
    to: 'if ((isKept as unknown) === 0) lost.push(',
  }),
  one('conditions are not compared', WIDER, {
    file: ATTENUATION,
    from: '(rule.when === undefined || others.some(',
    to: '(rule !== undefined || others.some(',
  }),
  one('hours are not compared', WIDER, {
    file: ATTENUATION,
    from: 'others.some(({ hours }) => coversHours(rule.hours, hours));',
    to: 'others.some(({ hours }) => coversHours(rule.hours, hours) || true);',
  }),
  one('expiries are not compared', WIDER, {
    file: ATTENUATION,
    from: 'expiryOf(rule) >= untilMs;',
    to: 'expiryOf(rule) >= untilMs || true;',
  }),
  one('approvals may be left out', /was asked about/, {
    file: APPROVAL,
    from: 'if (after === undefined) return false;\n  return (',
    to: 'if (after === undefined) return true;\n  return (',
  }),
  one('fewer people have to approve', /was asked about/, {
    file: APPROVAL,
    from: 'after === undefined || after.needed < before.needed',
    to: 'after === undefined',
  }),
  one('capabilities may be left out, which gives all', /had fewer capabilities/, {
    file: 'src/policy/narrower-capabilities.ts',
    from: 'if (inner === undefined) return false;',
    to: 'if (inner === undefined) return true;',
  }),
  one('limits may go', /had the limit/, {
    file: 'src/policy/narrower-limits.ts',
    from: 'if (before.length === 0) return [];',
    to: 'if (before.length >= 0) return [];',
  }),
  one('the loop breaker may go', /had the limit/, {
    file: ATTENUATION,
    from: 'if (stopsAsMuch(after, before)) return [];',
    to: 'if (stopsAsMuch(after, before) || true) return [];',
  }),
  one('labels of tools may go', /carried/, {
    file: 'src/policy/narrower-labels.ts',
    from: '    ...lost.map(',
    to: '    ...lost.slice(lost.length).map(',
  }),
  one('session rules may go', WIDER, {
    file: 'src/policy/narrower-labels.ts',
    from: 'mine.every((name) => theirs.has(name));',
    to: 'mine.every((name) => theirs.has(name) || true);',
  }),
  one('workspaces may be exchanged', /had other files/, {
    file: ATTENUATION,
    from: '    ...workspaceWidenings(before, after),\n',
    to: '',
  }),
  one('timeouts may grow', /had a shorter timeout/, {
    file: ATTENUATION,
    from: '    ...timeoutWidenings(before, after),\n',
    to: '',
  }),
  one('rules in shadow are not compared', /once rules in shadow decide/, {
    file: ATTENUATION,
    from: 'if (sentences.length > 0 ||',
    to: 'if (sentences.length >= 0 ||',
  }),
  one(
    'people may be named and promoted',
    /may approve more/,
    { file: ATTENUATION, from: '    ...peopleWidenings(before, after),\n', to: '' },
    { file: 'src/policy/agent-change.ts', from: 'if (!arePeopleSame(before, after))', to: 'if (before === after)' },
  ),
];

/** Of who acts, and by which token. */
const ACTORS: readonly WeakCheck[] = [
  one('agents author policies as people do', WIDER, {
    file: 'src/operations/operation.ts',
    from: "mayWiden: kind === 'person',",
    to: 'mayWiden: kind !== undefined,',
  }),
  one('what is left to people is done for agents', /value: /, {
    file: 'src/operations/runner.ts',
    from: 'if (operation.isForPeople !== true ||',
    to: 'if (operation !== undefined ||',
  }),
  one(
    'agents decide about calls of their own',
    /approved its own call/,
    {
      file: 'src/approvals/approvers.ts',
      from: "if (by.kind === 'agent' && by.name === request.agent) throw ownCall();",
      to: '',
    },
    {
      file: 'src/approvals/givers.ts',
      from: "if (name === agent) return 'no agent",
      to: "if (name === '') return 'no agent",
    },
    {
      file: 'src/approvals/givers.ts',
      from: 'return mayApproveOthers(agent) ?',
      to: 'return mayApproveOthers(agent) && name !== agent ?',
    },
  ),
  one('agents configure what gives more', /workspaces\.|logging\.level|policy\.apply/, {
    file: 'src/config/settings.ts',
    from: 'if (!author.mayWiden && wider !== undefined)',
    to: 'if (author === undefined && wider !== undefined)',
  }),
  one('tokens leave every tool and door', /its token leaves it out/, {
    file: 'src/dispatch/may-act.ts',
    from: 'if (scopes === undefined || (scopes',
    to: 'if (scopes !== null || (scopes',
  }),
  one(
    'grants are not asked for',
    /it was denied before/,
    {
      file: SERVICE,
      from: '    mayCall: (agent, toolName, nowMs) =>\n',
      to: "    mayCall: (agent, toolName, nowMs) =>\n      toolName.startsWith('smcp__') ||\n",
    },
    {
      file: SERVICE,
      from: '    decide: (query) => {\n      const { policy, ref } = current();\n',
      to: `    decide: (query) => {
      const { policy, ref } = current();
      if (query.tool.name.startsWith('smcp__')) return { kind: 'allow', rule: 'r', reason: '', policy: ref } as never;\n`,
    },
  ),
];

export const WEAK_CHECKS: readonly WeakCheck[] = [...ATTENUATIONS, ...ACTORS];
