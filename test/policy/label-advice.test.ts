import { describe, expect, test } from 'vitest';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { createPolicyJudge, createPolicyThread } from '#policy/policy-thread.ts';
import { NOW_MS } from './policies.ts';

const checkPolicyText = createPolicyChecker();

const TOOLS = [
  { name: 'notes__read', inputSchema: { type: 'object' }, labels: ['private'] },
  { name: 'mail__send', inputSchema: { type: 'object' }, sinks: ['mailbox'] },
] as const;

const check = (text: string) =>
  checkPolicyText(text, TOOLS, NOW_MS).map(
    ({ severity, line, column, message, remedy }) => `${line}:${column} ${severity}: ${message} (${remedy})`,
  );

const grant = (line: string) =>
  `version: 1\nagents:\n  a:\n    grants:\n      - tools: ["mail__send"]\n        ${line}\n`;
const deny = (line: string) => `version: 1\ndeny:\n  - tools: ["mail__send"]\n    ${line}\n`;

describe('a rule about a label that nothing carries never holds anybody back, so a warning names it', () => {
  test.each<[string, string, string]>([
    [
      'forbidden by a grant',
      grant('session: { forbid: [privat] }'),
      '6:28 warning: nothing carries the label privat: no tool of today, and no rule under labels (did you mean private?)',
    ],
    [
      'required by a grant',
      grant('session: { require: [checked] }'),
      '6:29 warning: nothing carries the label checked: no tool of today, and no rule under labels (known are private, untrusted)',
    ],
    [
      'after which a deny denies',
      deny('after: [private, untrustd]'),
      '4:12 warning: nothing carries the label untrustd: no tool of today, and no rule under labels (did you mean untrusted?)',
    ],
    [
      'that a condition looks for',
      grant(`when: '!("privat" in labels)'`),
      '6:18 warning: nothing carries the label privat: no tool of today, and no rule under labels (did you mean private?)',
    ],
    [
      'of a sink that nothing sends to',
      deny('sink: mailbx'),
      '4:11 warning: nothing sends to mailbx: no tool of today, and no rule under labels (did you mean mailbox?)',
    ],
  ])('%s', (_what, text, expected) => {
    expect(check(text)).toEqual([expected]);
  });

  test.each<[string, string]>([
    ['what a manifest declares', `${deny('after: [private]')}    sink: mailbox\n`],
    ['what follows from capabilities of any tool', `${deny('after: [untrusted]')}    sink: external\n`],
    [
      'what the policy says that tools carry and send to',
      `${deny('after: [medical]')}    sink: fax\nlabels:\n  - { tools: ["notes__read"], carries: [medical], sink: fax }\n`,
    ],
    ['a condition on a label that is carried', grant(`when: '!("private" in labels)'`)],
    ['a list that is not of labels', grant(`when: '"privat" in ["privat"]'`)],
  ])('and is silent about %s', (_what, text) => {
    expect(check(text)).toEqual([]);
  });
});

test('the thread that checks policies for a server knows the labels of its tools, too', async () => {
  const thread = createPolicyThread();
  try {
    const judge = createPolicyJudge({
      thread,
      catalog: () => TOOLS,
      clock: { nowMs: () => NOW_MS, monotonicMs: () => NOW_MS },
    });
    const text = `${deny('after: [private, privat]')}    sink: mailbox\n`;
    const said = await judge.check(text);
    expect(said.map(({ message }) => message)).toEqual([expect.stringContaining('the label privat:')]);
    expect(said).toEqual(checkPolicyText(text, TOOLS, NOW_MS));
  } finally {
    await thread.close();
  }
});

test('what the policy says of tools that are not there is told', () => {
  const text = 'version: 1\nlabels:\n  - { tools: ["nots__*"], carries: [private] }\n';
  expect(check(text)).toEqual([expect.stringContaining('no tool of today is matched by "nots__*"')]);
});
