// What a person is shown beside the arguments: the rule whole and why it asks, what the agent had seen, for whom it acts, and whose
// approval counts no more. What is shown is in the statement that is signed.

import { describe, expect, test } from 'vitest';
import { noticeOf } from '#app/notices/approvals.ts';
import { canonicalJson } from '#base/canonical-json.ts';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import type { ApprovalQuestion, ApprovalRequest } from '#domain/approval-ports.ts';
import { requestView } from '#operations/request-views.ts';
import { admin, bea, codeOf, createWorld, question, TTL_MS } from './world.ts';

const TEXT = canonicalJson({ approval: { ttl: '15m', why: 'it is seen' }, id: 'deploys', tools: ['devops__deploy'] });
const RULE = { name: 'deploys', digest: sha256(TEXT), text: TEXT, why: 'it is seen' };
const SEEN = [
  { label: 'private', tool: 'notes__read' },
  { label: 'untrusted', tool: 'http_fetch__get' },
];
const ON_BEHALF = { tokens: ['0123456789abcdef'], actors: ['researcher'] };
const asks = (more: Partial<ApprovalQuestion> = {}) =>
  question({ rule: RULE, seen: SEEN, onBehalfOf: ON_BEHALF, ...more });

const statementOf = ({ statement }: ApprovalRequest) =>
  (JSON.parse(statement) as { readonly value: Record<string, unknown> }).value;

describe('a request for approval', () => {
  test('has in its statement, whose digest is signed, all that is shown', () => {
    const request = createWorld().approvals.request(asks());
    expect(statementOf(request)).toMatchObject({ rule: RULE, seen: SEEN, onBehalfOf: ON_BEHALF });
    expect(request.digest).toBe(sha256(request.statement));
    expect(requestView(request, '{}')).toMatchObject({
      ...{ rule: 'deploys', ruleWhy: 'it is seen', seen: SEEN, onBehalfOf: ON_BEHALF, lost: [] },
      ruleText: JSON.stringify(JSON.parse(TEXT), null, 2),
    });
  });

  test('of an agent that has seen nothing, by its own token and a rule that is too long, shows none of these', () => {
    const request = createWorld().approvals.request(question());
    expect(Object.keys(statementOf(request))).not.toEqual(expect.arrayContaining(['seen']));
    expect(requestView(request, '{}')).toMatchObject({ ruleText: null, ruleWhy: null, seen: [], onBehalfOf: null });
  });

  test('is one and the same whatever the agent has seen since: rules are asked about that again at its turn', async () => {
    const { approvals, approve } = createWorld();
    const request = approvals.request(question());
    expect(approvals.request(question({ seen: SEEN })).id).toBe(request.id);
    await approve(request);
    expect(approvals.request(question({ seen: SEEN })).state).toBe('approved');
  });

  test('is another one of another sub-agent, and the same one of the same with a renewed token', () => {
    const { approvals } = createWorld();
    const { id } = approvals.request(asks());
    const renewed = { ...ON_BEHALF, tokens: ['fedcba9876543210'] };
    expect(approvals.request(asks({ onBehalfOf: renewed })).id).toBe(id);
    expect(approvals.request(asks({ onBehalfOf: { ...ON_BEHALF, actors: ['writer'] } })).id).not.toBe(id);
    expect(approvals.request(question({ rule: RULE, seen: SEEN })).id).not.toBe(id);
  });

  test('that was denied is denied to each sub-agent, by whatever name, and to the agent: nobody is worn down by renaming', async () => {
    const { approvals, restart, time } = createWorld();
    const { id } = approvals.request(asks());
    await approvals.deny(id, { by: admin });
    const others = [ON_BEHALF, { tokens: ['a', 'b'], actors: ['x', 'y'] }, undefined];
    for (const world of [approvals, restart()]) {
      for (const onBehalfOf of others) {
        const again = question({ rule: RULE, ...(onBehalfOf === undefined ? {} : { onBehalfOf }) });
        expect(await codeOf(() => world.request(again))).toBe('APPROVAL_DENIED');
      }
    }
    expect(approvals.list()).toHaveLength(1);
    // The control: another call is asked about, and this one is after a while.
    expect(approvals.request(asks({ args: { environment: 'other' } })).state).toBe('pending');
    time.pass(LIMITS.approvalDenialMs);
    expect(approvals.request(asks({ onBehalfOf: { tokens: ['a'], actors: ['x'] } })).state).toBe('pending');
  });

  test('that an earlier release made, without any of it, is bound and shown as it was', () => {
    const bound = { ...question(), rule: sha256('rule') } as unknown as Record<string, unknown>;
    const { agent, tool, capabilities, chain, rule } = bound;
    const args = sha256(canonicalJson({ environment: 'staging', replicas: 3 }));
    const before = sha256(canonicalJson({ agent, tool, args, capabilities, chain, rule } as never));
    expect(createWorld().approvals.request(question()).binding).toBe(before);
  });

  test('shows whose approval counts no more, until somebody else has approved, and after', async () => {
    const { approvals, approve, state } = createWorld();
    const { id } = approvals.request(asks());
    await approve(approvals.get(id), { kind: 'agent', name: bea });
    state.frozen.add('bea');
    const lost = [{ by: 'bea', why: 'bea is frozen' }];
    expect(requestView(approvals.get(id), '{}')).toMatchObject({ state: 'pending', by: null, lost });
    await approve(approvals.get(id));
    expect(requestView(approvals.get(id), '{}')).toMatchObject({ state: 'approved', by: 'admin', lost });
  });
});

describe('a notice of a request', () => {
  test('tells why the rule asks, what it says, what was seen and which sub-agent asks', () => {
    const { approvals } = createWorld();
    const request = approvals.request(asks({ terms: { ttlMs: TTL_MS, trustsClient: false } }));
    const { lines = [], body } = noticeOf(request, '{}') ?? {};
    for (const line of ['why it asks: it is seen', 'has seen: private, untrusted', 'sub-agent: researcher']) {
      expect(lines).toContain(line);
    }
    expect(lines.find((line) => line.startsWith('it says: '))).toContain('"tools":["devops__deploy"]');
    expect(body).toMatchObject({ request: { seen: SEEN, onBehalfOf: ON_BEHALF, ruleWhy: 'it is seen' } });
  });

  test('leaves a rule out that takes more than a line, and names the first labels of many', () => {
    const text = canonicalJson({ tools: Array.from({ length: 20 }, (_, n) => `devops__deploy_${n}`) });
    const seen = Array.from({ length: 40 }, (_, n) => ({ label: `l${n}`, tool: 'x__y' }));
    const request = createWorld().approvals.request(asks({ rule: { name: 'r', digest: sha256(text), text }, seen }));
    const lines = noticeOf(request, '{}')?.lines ?? [];
    expect(lines.filter((line) => line.startsWith('it says: '))).toEqual([]);
    expect(lines.find((line) => line.startsWith('has seen: '))).toMatch(/l0, l1, .*l11, and 28 more$/);
  });
});

describe('a request whose approval counts no more', () => {
  test('is told of once more when a call comes for it, once, and by nobody looking at it', async () => {
    const { approvals, approve, state } = createWorld();
    const told: string[] = [];
    const request = approvals.request(question());
    await approve(request, { kind: 'agent', name: bea });
    approvals.onChange((changed) => void told.push(...(noticeOf(changed, '{}')?.lines ?? ['nothing'])));
    state.frozen.add('bea');
    approvals.list();
    expect(told).toEqual([]);
    approvals.request(question());
    approvals.request(question(), request.id);
    expect(told.filter((line) => line === 'counts no more: bea: bea is frozen')).toHaveLength(1);
    state.frozen.clear();
    expect(approvals.request(question()).state).toBe('approved');
  });

  test('the control: one whose giver stays is told of no more', async () => {
    const { approvals, approve } = createWorld();
    await approve(approvals.request(question()), { kind: 'agent', name: bea });
    let count = 0;
    approvals.onChange(() => {
      count += 1;
    });
    approvals.request(question());
    expect(count).toBe(0);
  });
});
