// What people are told of a request for approval.

import { describe, expect, test } from 'vitest';
import { noticeOf } from '#app/notices/approvals.ts';
import { recordsDropped } from '#app/notices/open.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { admin, createWorld, question } from '#test/approvals/world.ts';

describe('a notice that nobody could be given', () => {
  test('stands in the log, or, where that is broken, in what the server says', async () => {
    const { log, drafts, state, time } = createWorld();
    const said: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void said.push(message) };
    const record = recordsDropped({ log, clock: time.clock, logger });
    const fail = () => record({ type: 'webhook', name: 'webhook-2' }, { subject: 'approval a asked' });
    fail();
    await expect
      .poll(() => drafts)
      .toMatchObject([
        {
          kind: 'admin',
          predicate: {
            operation: 'notify_webhook',
            subject: 'webhook-2: approval a asked',
            by: 'smcp',
            failed: 'NOTIFY_FAILED',
          },
        },
      ]);
    state.isDiskFull = true;
    fail();
    await expect.poll(() => said).toEqual(['that nobody was told was not recorded']);
  });
});

describe('a notice of a request', () => {
  test('has all that is to be decided, with what is invisible written out, and who decided', async () => {
    const { approvals } = createWorld();
    const request = approvals.request(question({ args: { to: 'a\u202eb' } }));
    expect(noticeOf(request, approvals.argsJson(request.id))).toEqual({
      kind: 'approval',
      title: 'SMCP: athena asks for devops__deploy',
      lines: ['plugin: devops 1.0.0, effect: write, rule: deploys', 'until: 2026-11-22T10:15:00.000Z'],
      details: '{\n  "to": "a\\u202eb"\n}\n\ncould use: {"store":{"bytesMax":1024}}',
      look: `smcp approvals show ${request.id}`,
      subject: `approval ${request.id} asked`,
      staleMs: request.expiresMs,
      body: {
        kind: 'approval',
        event: 'asked',
        look: `smcp approvals show ${request.id}`,
        request: expect.objectContaining({
          ...{ id: request.id, digest: request.digest, agent: 'athena', tool: 'devops__deploy', rule: 'deploys' },
          args: { to: 'a\u202eb' },
          shown: '{\n  "to": "a\\u202eb"\n}',
        }),
      },
    });
    const denied = await approvals.deny(request.id, { by: admin, why: 'no' });
    expect(noticeOf(denied, undefined)).toMatchObject({
      subject: `approval ${request.id} denied`,
      body: { event: 'denied', request: { by: 'admin', why: 'no' } },
    });
  });

  test('leaves arguments out whole where they do not fit: what is cut could hide what matters', () => {
    const { approvals } = createWorld();
    const text = 'x'.repeat(LIMITS.notifyArgumentBytesMax);
    const request = approvals.request(question({ args: { text } }));
    const notice = noticeOf(request, approvals.argsJson(request.id));
    expect(JSON.stringify(notice)).not.toContain('xxx');
    expect(notice?.body).toMatchObject({ argsOmittedBytes: text.length + 11 });
    expect(notice?.body['request']).not.toHaveProperty('args');
  });

  test('has what the call could use, and the tools that call it, whole: who decides must have seen it', () => {
    const { approvals } = createWorld();
    const hosts = Array.from({ length: 40 }, (_, n) => ({ host: `h${n}.example.org` }));
    const capabilities = { net: hosts } as unknown as ReturnType<typeof question>['capabilities'];
    const chain = Array.from({ length: 5 }, (_, n) => `p${n}__${'x'.repeat(60)}`);
    const request = approvals.request(question({ capabilities, chain }));
    const { details = '' } = noticeOf(request, '{}') ?? {};
    expect(details).toContain(JSON.stringify(capabilities));
    expect(details).toContain(`called by: ${chain.join(' > ')}`);
  });

  test('has the address of the console where the configuration has one by https', () => {
    const { approvals } = createWorld();
    const request = approvals.request(question());
    const linkOf = (origin?: string) => noticeOf(request, '{}', origin)?.link;
    expect(linkOf('https://smcp.example.org')).toBe(`https://smcp.example.org/console/approvals#${request.id}`);
    expect([linkOf('http://localhost:8000'), linkOf()]).toEqual([undefined, undefined]);
  });

  test('is told once where several people have to approve: not again when the first one has', () => {
    const { approvals } = createWorld();
    const request = approvals.request(question());
    const record = { index: 0, leaf: 'leaf' };
    const decision = { by: admin, atMs: 0, record };
    expect(noticeOf({ ...request, approvals: [decision] }, '{}')).toBeUndefined();
    expect(noticeOf(request, '{}')).toBeDefined();
  });

  test('is none for a call that has begun: its own record tells', async () => {
    const { approvals, approve } = createWorld();
    const request = approvals.request(question());
    await approve(request);
    approvals.use(request.id, 'call');
    expect(noticeOf(approvals.get(request.id), undefined)).toBeUndefined();
  });
});
