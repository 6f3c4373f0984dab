import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import type { InvocationPredicate } from '#domain/record.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { DAY_MS, openReviewWorld, TOOLS } from './review-world.ts';

const athena = 'athena' as AgentName;
const ALL = { agent: athena, sinceMs: 0 };
const POLICY = `
version: 1
roles:
  helper:
    grants:
      - { id: wide, tools: ["demo_*"] }
agents:
  athena:
    roles: [helper]
    grants:
      - { id: small, tools: ["demo_math__*"], when: args.n < 10 }
    deny:
      - { id: no-deletes, tools: ["files__*"] }
  boreas:
    grants: [{ tools: ["*"] }]
`;

const line = (kind: string, target: string) => ({ kind, target, count: 1, bytes: 2, transcript: 'sha256:00' });
const used = (
  granted: NonNullable<InvocationPredicate['capabilities']>['granted'],
  ...lines: readonly ReturnType<typeof line>[]
): Partial<InvocationPredicate> => ({ capabilities: { granted, used: lines } });

const check = createPolicyChecker();
const errorsIn = (text: string) => check(text, TOOLS).filter(({ severity }) => severity === 'error');

describe('the smallest grants that an agent was found to need', () => {
  test('name tools exactly, keep conditions, and come in the order of the grants that decided', async () => {
    const { review, call } = await openReviewWorld(POLICY);
    await call({ tool: 'demo_text__echo', parts: used({}) });
    await call({ tool: 'demo_math__add', args: { n: 11 }, parts: used({}) });
    await call({ tool: 'demo_math__add', args: { n: 1 }, parts: used({}) });
    await call({ tool: 'demo_math__add', args: { n: 2 }, parts: used({}) });
    await call({ agent: 'boreas', tool: 'smcp__status' });
    const { grants, notSuggested, text, span, unknown } = await review.suggest(ALL);
    expect(grants.map(({ tools, grant, because, calls }) => [tools, grant, because, calls])).toEqual([
      [['demo_math__add'], { when: 'args.n < 10', capabilities: [] }, 'allowed', 2],
      [['demo_math__add', 'demo_text__echo'], { capabilities: [] }, 'allowed', 2],
    ]);
    expect([notSuggested, unknown, span.decisions]).toEqual([[], 0, 4]);
    expect(text).toBe(
      [
        'version: 1',
        'agents:',
        '  "athena":',
        '    grants:',
        '      # allowed 2 calls, the last 2026-11-22T10:00:00.000Z',
        '      - tools: ["demo_math__add"]',
        '        when: "args.n < 10"',
        '        capabilities: []',
        '      # allowed 2 calls, the last 2026-11-22T10:00:00.000Z',
        '      - tools: ["demo_math__add","demo_text__echo"]',
        '        capabilities: []',
        '',
      ].join('\n'),
    );
    expect(errorsIn(text)).toEqual([]);
  });

  test('give of the capabilities what was used', async () => {
    const { review, call } = await openReviewWorld(POLICY);
    const granted = {
      net: [
        { host: 'api.example.com', ports: [443, 8443], methods: ['GET'], paths: ['/*'] },
        { host: 'other.example.com', ports: [443], methods: ['GET'], paths: ['/*'] },
      ],
      secrets: [
        { name: 'KEY', hosts: ['api.example.com', 'other.example.com'], header: 'X-Key', prefix: 'Bearer ' },
        { name: 'OTHER', hosts: ['other.example.com'], header: 'X-Key' },
      ],
      clock: true,
      random: true,
    } as const;
    await call({ tool: 'demo_text__echo', parts: used(granted, line('net', 'api.example.com:443')) });
    await call({ tool: 'demo_text__echo', parts: used(granted, line('clock', 'now')) });
    const { grants, text } = await review.suggest(ALL);
    expect(grants.map(({ grant }) => grant)).toEqual([
      {
        capabilities: {
          net: [{ host: 'api.example.com', ports: [443], methods: ['GET'], paths: ['/*'] }],
          secrets: [{ name: 'KEY', hosts: ['api.example.com'], header: 'X-Key' }],
          clock: true,
        },
      },
    ]);
    expect(errorsIn(text)).toEqual([]);
  });

  test('give what was granted where the record does not say what was used', async () => {
    const { review, call } = await openReviewWorld(POLICY);
    const granted = { clock: true, store: { bytesMax: 10 } } as const;
    await call({ tool: 'demo_text__echo', parts: { capabilities: { granted } } });
    await call({ tool: 'demo_math__add', args: { n: 1 }, parts: used(granted, line('summary', '70 lines')) });
    expect((await review.suggest(ALL)).grants.map(({ grant }) => grant['capabilities'])).toEqual([granted, granted]);
  });

  test('name what was denied for want of a grant apart, with no more than is known', async () => {
    const { review, call } = await openReviewWorld('version: 1\nagents: { athena: {} }\n');
    await call({ tool: 'demo_text__echo' });
    await call({ tool: 'demo_text__echo' });
    await call({ tool: 'files__delete' });
    const { grants, text } = await review.suggest(ALL);
    expect(grants.map(({ tools, grant, because, calls }) => [tools, grant, because, calls])).toEqual([
      [['demo_text__echo'], { capabilities: [] }, 'denied', 2],
      // What it asks for was approved; what it would have used nobody knows.
      [['files__delete'], {}, 'denied', 1],
    ]);
    expect(text).toContain('# DENIED, and needed only if you want it to be allowed: 2 calls');
    expect(errorsIn(text)).toEqual([]);
  });

  test('are those since the time that was asked for', async () => {
    const { review, call, state } = await openReviewWorld(POLICY);
    await call({ tool: 'demo_text__echo' });
    state.nowMs += 10 * DAY_MS;
    expect((await review.suggest({ agent: athena, sinceMs: state.nowMs - DAY_MS })).grants).toEqual([]);
    expect((await review.suggest(ALL)).grants).toHaveLength(1);
  });
});

describe('what is not suggested', () => {
  const refusedOf = async ({ review }: Awaited<ReturnType<typeof openReviewWorld>>) =>
    (await review.suggest(ALL)).notSuggested.map(({ tool, rule, reason }) => [tool, rule, reason]);

  test('is what a rule denies', async () => {
    const world = await openReviewWorld(POLICY);
    await world.call({ tool: 'files__delete' });
    expect(await refusedOf(world)).toEqual([['files__delete', 'no-deletes', 'a rule denies it']]);
  });

  test('is what a grant covers under a condition that was not met', async () => {
    const world = await openReviewWorld(POLICY.replace('roles: [helper]', ''));
    await world.call({ tool: 'demo_math__add', args: { n: 11 } });
    expect(await refusedOf(world)).toEqual([
      ['demo_math__add', 'small', 'the grant that covers it has a condition or times that were not met'],
    ]);
  });

  test('is what a grant gave that has expired since', async () => {
    const world = await openReviewWorld(
      'version: 1\nagents:\n  athena:\n    grants: [{ id: it, tools: ["demo_*"], expires: 2026-11-23T00:00:00Z }]\n',
    );
    await world.call({ tool: 'demo_text__echo' });
    world.state.nowMs += 2 * DAY_MS;
    expect(await refusedOf(world)).toEqual([['demo_text__echo', 'it', 'the grant that gave it has expired']]);
  });

  test('is what administers the server, what is left to people, and names that no tool has', async () => {
    const world = await openReviewWorld('version: 1\nagents: { athena: {} }\n');
    await world.call({ tool: 'smcp__status' });
    await world.call({ tool: 'smcp__unfreeze' });
    await world.call({ tool: 'evil\u202e\n- tools: ["*"]' });
    expect(await refusedOf(world)).toEqual([
      ['evil\u202e\n- tools: ["*"]', undefined, 'no tool has this name today'],
      ['smcp__status', undefined, 'it administers the server: grant it by hand if you mean it'],
      ['smcp__unfreeze', undefined, 'no grant gives it: only a person may do it'],
    ]);
    const { text, grants } = await world.review.suggest(ALL);
    expect(grants).toEqual([]);
    // A name that an agent made up stays one line of a comment.
    expect(text).toContain('\n# evil\\u{202e}\\u{a}- tools: ["*"], 1 call: no tool has this name today\n');
    expect(errorsIn(text)).toEqual([]);
  });

  test('is what a person was to approve and did not; what was approved is, and asks again', async () => {
    const world = await openReviewWorld(
      'version: 1\nagents:\n  athena:\n    grants: [{ id: it, tools: ["demo_*"], approval: { ttl: 15m } }]\n',
    );
    await world.call({ tool: 'demo_math__add' });
    expect(await refusedOf(world)).toEqual([
      ['demo_math__add', 'it', 'a person was to be asked, and had not approved it'],
    ]);
    await world.call({ tool: 'demo_text__echo', phase: 'outcome', isApproved: true });
    expect((await world.review.suggest(ALL)).grants).toMatchObject([
      { tools: ['demo_text__echo'], grant: { approval: { ttl: '15m' } }, because: 'allowed' },
    ]);
  });

  test('is what can not be told: arguments that are not kept, under rules that were changed', async () => {
    const world = await openReviewWorld(POLICY);
    await world.call({ tool: 'demo_math__add', withoutArgs: true, args: { n: 1 } });
    // The policy that decided is in force: its record tells the rule.
    expect(await world.review.suggest(ALL)).toMatchObject({ unknown: 0, grants: [{ grant: { when: 'args.n < 10' } }] });
    await world.apply(`${POLICY}# changed\n`);
    expect(await world.review.suggest(ALL)).toMatchObject({ unknown: 1, grants: [], notSuggested: [] });
  });
});
