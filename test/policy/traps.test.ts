// What gives nobody more today, and would with a person's next edit: an agent may not leave that behind. Each trap is also
// sprung, to show that it is one.

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { checkAgentChange } from '#policy/agent-change.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { decide } from '#policy/decide.ts';
import { policyOf, question } from './policies.ts';

const ECHO = { tools: ['a__echo'] };
const ALL = { tools: ['*'] };
const NEVER = { tools: ['z__*'] };
const policy = (rules: object, more: object = {}) => ({ version: 1, agents: { athena: rules }, ...more });

/** `next`: the person's edit, of either text. `tool`: whom it then lets call what. */
type Trap = {
  readonly what: string;
  readonly before: object;
  readonly after: object;
  readonly next: (policy: JsonObject) => object;
  readonly tool: string;
};

const athenaWith = (rules: object) => (before: JsonObject) => ({ ...before, agents: { athena: rules } });

const TRAPS: readonly Trap[] = [
  {
    what: 'a role that nobody has gives everything',
    before: policy({}, { roles: { reader: { grants: [ECHO] } } }),
    after: policy({}, { roles: { reader: { grants: [ALL] } } }),
    next: athenaWith({ roles: ['reader'] }),
    tool: 'z__drop',
  },
  {
    what: 'a role that nobody has denies nothing any more',
    before: policy({}, { roles: { careful: { deny: [NEVER] } } }),
    after: policy({}, { roles: { careful: {} } }),
    next: athenaWith({ roles: ['careful'], grants: [ALL] }),
    tool: 'z__drop',
  },
  {
    what: 'a deny for everyone is gone that no grant meets',
    before: policy({ grants: [ECHO] }, { deny: [NEVER] }),
    after: policy({ grants: [ECHO] }),
    next: athenaWith({ grants: [ALL] }),
    tool: 'z__drop',
  },
  {
    what: 'a deny for everyone is gone where there is no agent yet',
    before: { version: 1, deny: [NEVER] },
    after: { version: 1 },
    next: athenaWith({ grants: [ALL] }),
    tool: 'z__drop',
  },
  {
    what: 'a deny for everyone became one of a role, which the only agent has',
    before: policy({ roles: ['r'], grants: [ECHO] }, { roles: { r: {} }, deny: [NEVER] }),
    after: policy({ roles: ['r'], grants: [ECHO] }, { roles: { r: { deny: [NEVER] } } }),
    next: athenaWith({ grants: [ALL] }),
    tool: 'z__drop',
  },
  {
    what: 'a grant of everything stands behind a deny of everything',
    before: policy({ grants: [ECHO] }),
    after: policy({ grants: [ECHO, ALL], deny: [ALL] }),
    next: (now) => {
      // The person takes out the deny that went too far.
      const { athena } = now['agents'] as { readonly athena: JsonObject };
      return { ...now, agents: { athena: { ...athena, deny: [] } } };
    },
    tool: 'z__drop',
  },
];

const allows = (text: object, tool: string) => {
  const ref = { version: 1, digest: 'sha256:0' } as const;
  return decide(policyOf(text), ref, question(tool)).kind === 'allow';
};

describe('an agent may not leave behind a policy in which', () => {
  test.each(TRAPS.map((trap) => [trap.what, trap] as const))('%s', (_, { before, after, next, tool }) => {
    const [was, is] = [policyOf(before), policyOf(after)];
    expect(wideningsOf(was, is)).not.toEqual([]);
    expect(() => checkAgentChange(was, is)).toThrow(expect.objectContaining({ code: 'POLICY_WIDENS' }));
    // Today it gives nothing; with the person's edit it does, and the same edit of the policy before would not have.
    expect([allows(before, tool), allows(after, tool)]).toEqual([false, false]);
    const edit = (text: object) => next(text as JsonObject);
    expect([allows(edit(before), tool), allows(edit(after), tool)]).toEqual([false, true]);
  });

  test('somebody has a role that they had not, whatever it gives today', () => {
    const roles = { roles: { reader: { grants: [ECHO] } } };
    const before = policy({ grants: [ECHO] }, roles);
    const after = policy({ roles: ['reader'] }, roles);
    expect(wideningsOf(policyOf(before), policyOf(after))).toEqual([]);
    expect(() => checkAgentChange(policyOf(before), policyOf(after))).toThrow(
      expect.objectContaining({ code: 'PERSON_NEEDED', message: expect.stringContaining('the role reader') }),
    );
    // A person lets readers do more.
    const more = { roles: { reader: { grants: [ECHO, ALL] } } };
    expect([allows({ ...before, ...more }, 'z__drop'), allows({ ...after, ...more }, 'z__drop')]).toEqual([
      false,
      true,
    ]);
    // Who has it may keep it, or lose it.
    const less = { roles: { reader: {} } };
    for (const next of [{ ...after, ...less }, policy({ grants: [ECHO] }, roles)]) {
      expect(() => checkAgentChange(policyOf(after), policyOf(next))).not.toThrow();
    }
  });

  test('and may take out a role, an agent with its own rules, and a grant that is never reached', () => {
    const whole = policy(
      { grants: [ECHO, { ...ECHO, when: 'args.n == 1' }], deny: [NEVER] },
      { roles: { reader: { grants: [ECHO] } } },
    );
    const { roles: _, ...less } = whole as JsonObject;
    for (const after of [less, policy({ grants: [ECHO], deny: [NEVER] }), { version: 1 }]) {
      expect(wideningsOf(policyOf(whole), policyOf(after))).toEqual([]);
    }
  });
});
