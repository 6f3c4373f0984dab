// What an agent may make of the policy: only less for everybody, and no words of its own for others. Pure.

import { SmcpError } from '#base/errors.ts';
import { wideningsOf } from './attenuation.ts';
import { arePeopleSame } from './people.ts';
import type { DenyRule, GrantRule, Policy } from './rules.ts';

/**
 * Refuses a change that is not an agent's to make.
 *
 * **Trust:** `after` is the agent's own text.
 * @throws `POLICY_WIDENS` with `details.widenings` when somebody could do more · `PERSON_NEEDED` when it names other people, or
 * gives them other roles, when an agent is given a role, and when a rule has an `id`, a `why` or a role that none had before, or asks
 * with a `why` that was said of other tools: agents, and those who approve, take them for a person's words.
 */
export function checkAgentChange(before: Policy, after: Policy): void {
  if (!arePeopleSame(before, after)) {
    throw new SmcpError('PERSON_NEEDED', 'the policy would name other people, or have other acts confirmed', {
      details: { remedy: 'leave people and require as they are, or have a person apply it: smcp policy apply FILE' },
    });
  }
  const widenings = wideningsOf(before, after);
  const first = widenings[0];
  if (first !== undefined) {
    const more = widenings.length > 1 ? ` (and ${widenings.length - 1} more)` : '';
    throw new SmcpError('POLICY_WIDENS', `the policy would give more: ${first}${more}`, {
      details: {
        widenings,
        remedy: 'an agent may only take rights away; have a person apply it: smcp policy apply FILE',
      },
    });
  }
  for (const [name, { roles = [] }] of after.agents) {
    const given = roles.find((role) => !before.agents.get(name)?.roles?.includes(role));
    if (given === undefined) continue;
    throw new SmcpError('PERSON_NEEDED', `agent ${name} is given the role ${given}, and so whatever is added to it`, {
      details: { remedy: 'write the rules out, or have a person apply it: smcp policy apply FILE' },
    });
  }
  const known = new Set([...wordsOf(before)].map(({ words }) => words));
  for (const { words, what, pointer } of wordsOf(after)) {
    if (known.has(words)) continue;
    throw new SmcpError(
      'PERSON_NEEDED',
      `the rule at ${pointer} has ${what} that none had before: agents are told it`,
      {
        details: { remedy: `leave ${what} out, or have a person apply it: smcp policy apply FILE` },
      },
    );
  }
  checkReasons(before, after);
}

/**
 * Who approves reads why a rule asks, and takes it for what a person said of these very tools: an agent leaves it where it is.
 *
 * @throws `PERSON_NEEDED`
 */
function checkReasons(before: Policy, after: Policy): void {
  const known = new Set([...reasonsOf(before)].map(({ key }) => key));
  for (const { key, pointer, tool } of reasonsOf(after)) {
    if (known.has(key)) continue;
    const message = `the rule at ${pointer} asks for ${JSON.stringify(tool)} with a why that was said of other tools`;
    throw new SmcpError('PERSON_NEEDED', message, {
      details: { remedy: 'leave approval.why out, or have a person apply it: smcp policy apply FILE' },
    });
  }
}

function* reasonsOf(
  policy: Policy,
): Generator<{ readonly key: string; readonly pointer: string; readonly tool: string }> {
  for (const { tools, approval, pointer } of rulesOf(policy)) {
    if (approval?.why === undefined) continue;
    for (const { source: tool } of tools) yield { key: JSON.stringify([approval.why, tool]), pointer, tool };
  }
}

/**
 * Refuses a text with aliases, whatever it says today: when a person later changes what an anchor stands on, each alias would
 * change with it, and the agent would have made a rule of its own out of somebody else's.
 *
 * @throws `PERSON_NEEDED`
 */
export function checkAgentText({ hasAliases }: { readonly hasAliases: boolean }): void {
  if (!hasAliases) return;
  throw new SmcpError('PERSON_NEEDED', 'the policy has aliases: what is changed in one place later changes another', {
    details: { remedy: 'write out what they stand for, or have a person apply it: smcp policy apply FILE' },
  });
}

type Words = { readonly words: string; readonly what: 'a role' | 'an id' | 'a why'; readonly pointer: string };

/** Those that some agent can meet, or could once one is out of shadow; lists that are shared once. */
function rulesOf({ agents }: Policy): readonly (GrantRule & DenyRule)[] {
  const lists = new Set<readonly (GrantRule & DenyRule)[]>();
  for (const rules of agents.values()) {
    const { denies, grants } = rules.written ?? rules;
    for (const list of [...denies, ...grants]) lists.add(list);
  }
  return [...lists].flat();
}

/** What denials repeat of the rules. */
function* wordsOf(policy: Policy): Generator<Words> {
  for (const { name, pointer, why, approval } of rulesOf(policy)) {
    const role = /^\/roles\/([^/]+)\//.exec(pointer)?.[1];
    if (role !== undefined) yield { words: role, what: 'a role', pointer };
    if (name !== pointer) yield { words: name, what: 'an id', pointer };
    if (why !== undefined) yield { words: why, what: 'a why', pointer };
    if (approval?.why !== undefined) yield { words: approval.why, what: 'a why', pointer };
  }
  const limits = new Set([...policy.agents.values()].flatMap((rules) => rules.limits));
  for (const { rule, pointer } of [...limits].flat()) {
    if (rule !== pointer) yield { words: rule, what: 'an id', pointer };
  }
}
