import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { createOffThread, type OffThread } from '#base/off-thread.ts';
import { unifiedDiff } from '#base/text-diff.ts';
import { checkAgentChange } from '#policy/agent-change.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { createPolicyParser } from '#policy/document.ts';
import { createPolicyJudge, createPolicyThread, type PolicyJudge } from '#policy/policy-thread.ts';
import { createThreadWork } from '#policy/thread-work.ts';
import { callThatGetsMore } from './gets-more.ts';
import { NOW_MS, policyOf } from './policies.ts';
import { policyPair } from './policy-pairs.ts';
import { codeOf, policy } from './service-world.ts';

const opened: OffThread[] = [];
afterAll(async () => {
  await Promise.all(opened.map((thread) => thread.close()));
});
const open = (thread = createPolicyThread()) => {
  opened.push(thread);
  return thread;
};
const TOOLS = [
  {
    name: 'demo_math__add',
    inputSchema: { type: 'object', properties: { a: { type: 'number' } } },
    ...{ labels: ['private'], sinks: ['mailbox'] },
  },
];
const clock = { nowMs: () => NOW_MS, monotonicMs: () => NOW_MS };
const judgeWith = (thread: OffThread) => createPolicyJudge({ thread, catalog: () => TOOLS, clock });
const ours = judgeWith(open());

const labels = { from: 'one', to: 'other' };
/** Valid, and hard: every rule has a condition of its own. */
const LARGE = (() => {
  const rules = Array.from({ length: 600 }, (_, n) => `      - { tools: ["*__a${n}*"], when: "args.a != ${n}" }\n`);
  const agent = (n: number) => `  agent${n}:\n    grants:\n${rules.join('').replaceAll('args.a', `args.a${n}`)}`;
  return `version: 1\nagents:\n${Array.from({ length: 10 }, (_, n) => agent(n)).join('')}`;
})();
/** A mebibyte that is not valid and takes long to read; and a part of one that takes more memory than it should. */
const HOSTILE = '#\n'.repeat(LIMITS.policyBytesMax / 2);
const GREEDY = `[${'1,'.repeat(120_000)}]`;

/** How often the event loop comes round while something is under way. */
async function turnsDuring(doing: () => Promise<unknown>): Promise<number> {
  const counted = { turns: 0, isOver: false };
  const count = () => {
    if (counted.isOver) return;
    counted.turns += 1;
    setImmediate(count);
  };
  setImmediate(count);
  await doing().catch(() => undefined);
  counted.isOver = true;
  return counted.turns;
}

test('the thread knows what tools of today carry and where they send: it warns of other labels only', async () => {
  const text = 'version: 1\ndeny: [{ tools: ["demo_math__add"], after: [private, privat], sink: mailbox }]\n';
  const found = await ours.check(text);
  expect(found.map(({ message }) => message)).toEqual([
    'nothing carries the label privat: no tool of today, and no rule under labels',
  ]);
});

describe('while a long text is looked at', () => {
  test('other work of the host goes on', async () => {
    const thread = open();
    const judge = judgeWith(thread);
    expect(
      await turnsDuring(() => judge.compare({ inForce: policy('a__b'), text: HOSTILE, name: 'it', labels })),
    ).toBeGreaterThan(10);
    expect(await turnsDuring(() => judge.judge({ text: HOSTILE, name: 'it' }))).toBeGreaterThan(10);
  });

  test('and none would where the host looked at it', async () => {
    const work = createThreadWork();
    const compare = async () => work({ kind: 'compare', inForce: policy('a__b'), text: HOSTILE, name: 'it', labels });
    expect(await turnsDuring(compare)).toBe(0);
  });

  test('also while what was found good is made ready, in small steps', async () => {
    const judgement = await ours.judge({ text: LARGE, name: 'it' });
    expect(judgement.conditions).toHaveLength(6_000);
    expect(await turnsDuring(() => ours.admit(judgement))).toBeGreaterThan(5);
    expect(await turnsDuring(async () => createPolicyParser()(LARGE))).toBe(0);
  });
});

const thrownBy = async (doing: () => unknown) => {
  try {
    await doing();
    return undefined;
  } catch (thrown) {
    return thrown instanceof SmcpError ? thrown.toWire() : thrown;
  }
};

describe('the thread says what the host would say', () => {
  test('of any two policies: difference, widenings, refusals, warnings and decisions', async () => {
    const checker = createPolicyChecker();
    await fc.assert(
      fc.asyncProperty(policyPair, async ({ before, after }) => {
        const [inForce, text] = [before, after].map((document) => JSON.stringify(document, undefined, 2)) as [
          string,
          string,
        ];
        const [old, next] = [policyOf(before), policyOf(after)];
        const compared = await ours.compare({ inForce, text, name: 'it', labels });
        expect(compared).toMatchObject({ text: unifiedDiff(inForce, text, labels), widenings: wideningsOf(old, next) });
        const judgement = await ours.judge({ text, name: 'it', changesFrom: inForce });
        expect(judgement.warnings).toEqual(checker(text, TOOLS, NOW_MS));
        expect(judgement.refusal).toEqual(await thrownBy(() => checkAgentChange(old, next)));
        expect(await thrownBy(() => ours.admit(judgement))).toEqual(judgement.refusal);
        const { compiled } = await ours.admit(await ours.judge({ text, name: 'it' }));
        expect(callThatGetsMore(compiled.policy, next)).toBeUndefined();
        expect(callThatGetsMore(next, compiled.policy)).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['an unknown key', 'version: 1\nagent: {}\n'],
    ['no YAML', 'version: ]'],
    ['half a character', 'version: 1 # \ud800'],
    ['a bomb of aliases', `a: &a [1,1]\n${'b: [*a,*a]\n'.repeat(40)}`],
    ['a deep text', `a: ${'['.repeat(100)}${']'.repeat(100)}\n`],
    ['an unknown role', 'version: 1\nagents: { athena: { roles: [reader] } }\n'],
    ['a condition that does not compile', 'version: 1\ndeny: [{ tools: ["*"], when: "args." }]\n'],
    ['more than a policy may have', '#'.repeat(LIMITS.policyBytesMax + 1)],
  ])('of %s', async (_, text) => {
    const answer = createThreadWork()({ kind: 'judge', text, name: 'it', tools: TOOLS, nowMs: NOW_MS });
    const refused = answer.kind === 'refused' ? answer.error : undefined;
    expect(refused).toMatchObject({ code: 'POLICY_INVALID' });
    expect(await thrownBy(() => ours.judge({ text, name: 'it' }))).toEqual(refused);
    expect(await thrownBy(() => ours.compare({ inForce: policy('a__b'), text, name: 'it', labels }))).toEqual(refused);
  });

  test('of a name that is a part of every object', async () => {
    const text = 'version: 1\nagents: { "__proto__": { grants: [{ tools: ["*"] }] } }\n';
    const { good } = await ours.judge({ text, name: 'it' }).then(
      () => ({ good: true }),
      () => ({ good: false }),
    );
    expect(good).toBe(createPolicyParser()(text).compiled !== undefined);
    expect(Object.keys({})).toEqual([]);
  });
});

describe('where the thread can not do it', () => {
  const limited = (options: { readonly runMsMax?: number; readonly heapMiBMax?: number; readonly entry?: URL }) =>
    judgeWith(
      open(
        createOffThread({
          entry: new URL('../../src/policy/thread-main.js', import.meta.url),
          ...{ runMsMax: 60_000, heapMiBMax: 256, waitingMax: 1, idleMs: 60_000 },
          ...options,
        }),
      ),
    );
  const both = async (judge: PolicyJudge, text: string) => [
    await thrownBy(() => judge.judge({ text, name: 'it' })),
    await thrownBy(() => judge.compare({ inForce: policy('a__b'), text, name: 'it', labels })),
  ];
  const told = (message: string) => {
    const details = expect.objectContaining({ remedy: expect.any(String) });
    return Array(2).fill({ code: 'POLICY_UNCHECKED', message: expect.stringContaining(message), details });
  };

  test('in time, the text is not good', async () => {
    expect(await both(limited({ runMsMax: 1 }), policy('a__b'))).toEqual(told('took more than'));
  });

  test('in its memory, the text is not good, and the next one is looked at', async () => {
    const judge = limited({ heapMiBMax: 48 });
    expect(await both(judge, GREEDY)).toEqual(told('MiB'));
    expect(await judge.judge({ text: policy('a__b'), name: 'it' })).toMatchObject({ conditions: [] });
  });

  test('at all, the text is not good', async () => {
    const entry = new URL('./nowhere.js', import.meta.url);
    expect(await both(limited({ entry }), policy('a__b'))).toEqual(told('did not start, or ended'));
  });

  test('because too many compare, changes are still looked at', async () => {
    const judge = limited({});
    const compare = () => judge.compare({ inForce: policy('a__b'), text: policy('a__c'), name: 'it', labels });
    const codes = [compare(), compare(), compare()].map(codeOf);
    expect(await judge.judge({ text: policy('a__b'), name: 'it' })).toMatchObject({ conditions: [] });
    expect((await Promise.all(codes)).filter((code) => code === 'QUEUE_FULL')).toHaveLength(1);
  });
});
