// The table of bad input: each has a defined result that is recorded, and none of them opens anything. What another file tests on
// the part itself is named, and found there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { type LawsWorld, openLawsWorld } from './laws-world.ts';

/** athena may echo; makes slugs once somebody has approved it; and nothing else. */
const POLICY = `version: 1
agents:
  athena:
    grants:
      - { tools: ["demo_text__echo"], when: "args.message != 'secret'" }
      - { tools: ["demo_text__slugify"], approval: { ttl: 10s, wait: 0s } }
      - { tools: ["demo_text__word_count"], approval: { ttl: 1h, wait: 0s } }
`;

let world: LawsWorld;

beforeAll(async () => {
  world = await openLawsWorld();
  expect(await world.act('policy_apply', { text: POLICY })).toBe('value');
  // It lives for ten seconds at least: long over when its test comes.
  expect(await late()).toBe('APPROVAL_PENDING');
});

beforeEach(async () => {
  if (world.services.policy.show().text !== POLICY) {
    expect(await world.act('policy_apply', { text: POLICY })).toBe('value');
  }
});

afterAll(() => world.close());

const echo = (message = 'a') => world.call('athena', 'demo_text__echo', { message });
const late = () => world.call('athena', 'demo_text__slugify', { title: 'late' });
const calculate = () => world.call('athena', 'demo_math__calculate', { operation: 'add', a: 1, b: 1 });

/** What the newest record says, of a call or an act. */
function newest(): JsonObject {
  const { log } = world.services;
  const { payload } = JSON.parse(log.record(log.size() - 1)?.envelope ?? '') as { payload: string };
  const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as { predicate: JsonObject };
  return predicate;
}

const findings = async (text: string) =>
  (await world.services.policy.check(text)).map(({ severity, line, message }) => `${line} ${severity}: ${message}`);

/** As before it: what was allowed is, and nothing more. */
async function nothingIsOpened(): Promise<void> {
  expect(await echo()).toBe('value');
  expect(await echo('secret')).toBe('DENIED');
  expect(await calculate()).toBe('DENIED');
}

describe('a policy that is wrong is refused whole, and that is recorded', () => {
  test.each([
    ['a typo', POLICY.replace('grants:', 'grant:'), '4 error: unknown key "grant"'],
    [
      'a circle of roles',
      'version: 1\nroles:\n  a: { roles: [b], grants: [{ tools: ["*"] }] }\n  b: { roles: [a] }\n',
      '3 error: a role has no roles of its own',
    ],
    ['a condition that is none', POLICY.replace('args.message !=', 'args.message !=='), '5 error: '],
    ['a list with itself in it', `${POLICY}deny: &x [*x]\n`, 'error: '],
  ])('%s', async (_what, text, finding) => {
    const before = world.services.policy.current();
    expect((await findings(text)).join('\n')).toContain(finding);
    expect(await world.act('policy_apply', { text })).toBe('POLICY_INVALID');
    expect(newest()).toMatchObject({ operation: 'policy_apply', by: 'admin', failed: 'POLICY_INVALID' });
    expect(world.services.policy.current()).toEqual(before);
    await nothingIsOpened();
  });
});

describe('a policy that says what cannot be is applied, told, and gives nothing', () => {
  test.each([
    [
      'a grant that is never reached',
      `${POLICY}      - { id: all, tools: ["demo_math__*"] }\n      - { id: one, tools: ["demo_math__calculate"] }\n`,
      '9 warning: this grant is never reached: all has always decided before it',
    ],
    [
      'a deny over the whole of a grant',
      `${POLICY}      - { id: sums, tools: ["demo_math__calculate"] }\n    deny:\n      - { id: none, tools: ["demo_math__*"] }\n`,
      '8 warning: this grant is never reached: none has always denied before it',
    ],
  ])('%s', async (what, text, warning) => {
    expect(await findings(text)).toContain(warning);
    expect(await world.act('policy_apply', { text })).toBe('value');
    // The deny wins; of two grants the first decides.
    expect(await calculate()).toBe(what.startsWith('a deny') ? 'DENIED' : 'value');
    expect(newest()).toMatchObject({ policy: { rule: what.startsWith('a deny') ? 'none' : 'all' } });
  });
});

test('a policy with 10,000 agents is applied, and each has what it says and nothing more', async () => {
  const others = Array.from({ length: 10_000 }, (_, n) => `  a${n}: { grants: [{ tools: ["demo_text__*"] }] }\n`);
  expect(await world.act('policy_apply', { text: POLICY + others.join('') })).toBe('value');
  expect(await world.call('a9999', 'demo_text__echo', { message: 'a' })).toBe('value');
  expect(await world.call('a9999', 'demo_math__calculate', {})).toBe('DENIED');
  expect(await world.call('a10000', 'demo_text__echo', { message: 'a' })).toBe('DENIED');
  await nothingIsOpened();
});

test('a condition that takes too long gives nothing: the call is denied, with the reason in its record', async () => {
  const always = (length: number) => {
    const numbers = `[${Array.from({ length }, (_, n) => n).join(',')}]`;
    return `${numbers}.all(x, ${numbers}.all(y, x + y >= 0))`;
  };
  const slow = always(300);
  const under = (when: string) =>
    world.act('policy_apply', { text: POLICY.replace(/when: "[^"]*"/, `when: "${when}"`) });
  expect(await under(always(10))).toBe('value');
  expect(await echo()).toBe('value');
  expect(await under(slow)).toBe('value');
  expect(await echo()).toBe('DENIED');
  expect(newest()).toMatchObject({ phase: 'denied', agent: 'athena', policy: { decision: 'deny' } });
  // A deny with the same condition denies, rather than be passed over.
  const denies = `${POLICY}    deny: [{ tools: ["*"], when: "${slow}" }]\n`;
  expect(await world.act('policy_apply', { text: denies })).toBe('value');
  expect(await echo()).toBe('DENIED');
});

describe('two people who decide at once', () => {
  test.each([
    ['approve and deny', ['approvals_approve', 'approvals_deny']],
    ['deny and approve', ['approvals_deny', 'approvals_approve']],
    ['approve twice', ['approvals_approve', 'approvals_approve']],
  ])('%s: the first decides, the other is told, and the log has one decision', async (what, operations) => {
    const call = () => world.call('athena', 'demo_text__word_count', { text: what });
    expect(await call()).toBe('APPROVAL_PENDING');
    const { id, digest } = world.services.approvals.list().findLast(({ state }) => state === 'pending') ?? {};
    const inputs = operations.map((name) => (name === 'approvals_deny' ? { id } : { id, digest }) as JsonObject);
    const outcomes = await Promise.all(operations.map((name, at) => world.act(name, inputs[at] ?? {}, `person ${at}`)));
    expect(outcomes.toSorted()).toEqual(['APPROVAL_DECIDED', 'value']);
    const isApproved = operations[outcomes.indexOf('value')] === 'approvals_approve';
    expect(await call()).toBe(isApproved ? 'value' : 'APPROVAL_DENIED');
    // One approval is for one call.
    expect(await call()).toBe(isApproved ? 'APPROVAL_PENDING' : 'APPROVAL_DENIED');
  });
});

test('an approval that comes after the request has expired lets nothing through, and that is recorded', async () => {
  const [{ id = '', digest = '' } = {}] = world.services.approvals.list();
  while (world.services.approvals.get(id).state === 'pending') await sleep(50);
  expect(await world.act('approvals_approve', { id, digest })).toBe('APPROVAL_EXPIRED');
  expect(await late()).toBe('APPROVAL_PENDING');
  expect(newest()).toMatchObject({ phase: 'denied', agent: 'athena' });
});

describe('what is tested where it happens', () => {
  const file = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

  test.each([
    ['a clock that jumps back', 'policy/policy-manual.test.ts', 'a clock that is set back opens nothing again'],
    ['a clock that jumps back, for limits', 'policy/counters.test.ts', 'a clock that is set back'],
    ['an approval after a restart', 'e2e/approvals.test.ts', 'the same call uses the approval after a restart'],
    ['one that ran out while the server was down', 'approvals/approvals.test.ts', 'what ran out meanwhile has expired'],
    ['a webhook that is down', 'e2e/webhook.test.ts', 'that is down stands in the status, keeps what it was not told'],
  ])('%s: %s', (_what, path, title) => {
    expect(file(path)).toContain(title);
  });
});
