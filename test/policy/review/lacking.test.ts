import { describe, expect, test } from 'vitest';
import type { InvocationPredicate } from '#domain/record.ts';
import { openReviewWorld } from './review-world.ts';

const ALL = { sinceMs: 0, decisionsMax: 1_000, countMax: 100 };
const POLICY = 'version: 1\nagents:\n  athena:\n    grants: [{ id: it, tools: ["demo_*"] }]\n';
const narrowed = (capabilities: string) => POLICY.replace('["demo_*"]', `["demo_*"], capabilities: ${capabilities}`);

const GRANTED = {
  net: [
    { host: 'api.example.com', ports: [443], methods: ['GET'], paths: ['/*'] },
    { host: 'other.example.com', ports: [443], methods: ['GET'], paths: ['/*'] },
  ],
  files: [{ path: 'workspace', access: 'write' }],
  store: { bytesMax: 100, access: 'write' },
  run: [{ program: 'git', args: ['status'] }],
  tools: ['demo_text__slugify'],
  clock: true,
} as const;
const line = (kind: string, target: string) => ({ kind, target, count: 1, bytes: 2, transcript: 'sha256:00' });
const USED: Partial<InvocationPredicate> = {
  capabilities: {
    granted: GRANTED,
    used: [
      line('net', 'api.example.com:443'),
      line('files', 'workspace'),
      line('store', 'store'),
      line('run', 'git'),
      line('tools', 'demo_text__slugify'),
    ],
  },
};

describe('a call that would be allowed with less than it used', () => {
  const all =
    '{ net: ["api.example.com:443"], files: ["workspace:write"], store: { bytesMax: 100 }, run: [git], tools: [demo_text__slugify] }';

  test.each([
    ['all of it', all, []],
    ['none', '[]', ['net', 'files', 'store', 'run', 'tools']],
    ['another host', all.replace('api.', 'other.'), ['net']],
    ['another port', all.replace('com:443', 'com:80'), ['net']],
    ['a folder to read', all.replace('workspace:write', 'workspace:read'), ['files']],
    ['a folder in it', all.replace('workspace:write', 'workspace/a:write'), ['files']],
    ['a smaller store', all.replace('100', '10'), ['store']],
    ['another program', all.replace('[git]', '[gh]'), ['run']],
    ['no tools', all.replace('[demo_text__slugify]', '[]'), ['tools']],
  ])('is told with what it would lack, under a grant of %s', async (_, capabilities, lacks) => {
    const { review, call } = await openReviewWorld(POLICY);
    const { invocation } = await call({ tool: 'demo_text__echo', parts: USED });
    const told = await review.simulate({ text: narrowed(capabilities), ...ALL });
    expect(told).toMatchObject({ same: 1, changed: 0 });
    expect(told.lacking).toEqual(
      lacks.length === 0 ? [] : [{ agent: 'athena', tool: 'demo_text__echo', rule: 'it', lacks, calls: 1, invocation }],
    );
  });

  test('is none where the grant narrows nothing, or the call used nothing', async () => {
    const { review, call } = await openReviewWorld(POLICY);
    await call({ tool: 'demo_text__echo', parts: USED });
    expect((await review.simulate({ text: POLICY, ...ALL })).lacking).toEqual([]);
    const other = await openReviewWorld(POLICY);
    await other.call({ tool: 'demo_text__echo', parts: { capabilities: { granted: GRANTED, used: [] } } });
    expect((await other.review.simulate({ text: narrowed('[]'), ...ALL })).lacking).toEqual([]);
  });

  test('lacks nothing under what is suggested', async () => {
    const { review, call } = await openReviewWorld(POLICY);
    await call({ tool: 'demo_text__echo', parts: USED });
    const agent = 'athena' as Parameters<typeof review.suggest>[0]['agent'];
    const { text } = await review.suggest({ agent, sinceMs: 0 });
    expect(await review.simulate({ text, ...ALL })).toMatchObject({ same: 1, changed: 0, lacking: [] });
  });
});
