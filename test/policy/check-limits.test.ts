import { describe, expect, test } from 'vitest';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { NOW_MS } from './policies.ts';

const checkPolicyText = createPolicyChecker();
const TOOLS = [{ name: 'devops__deploy', inputSchema: { type: 'object' } }];

const check = (text: string) =>
  checkPolicyText(text, TOOLS, NOW_MS).map(
    ({ severity, line, column, message, remedy }) => `${line}:${column} ${severity}: ${message} (${remedy})`,
  );

const grant = (...lines: string[]) =>
  `version: 1\nagents:\n  athena:\n    grants:\n      - ${lines.join('\n        ')}\n`;

describe('an error in hours or limits names line, column and what would do', () => {
  test.each<[string, string, string]>([
    [
      'an unknown day of the week',
      grant('tools: ["a__b"]', 'hours: { days: [mon, thurs], timezone: UTC }'),
      '6:30 error: there is no "thurs" here (choose one of: mon, tue, wed, thu, fri, sat, sun)',
    ],
    [
      'a misspelt day of the week',
      grant('tools: ["a__b"]', 'hours: { days: [mo, tue], timezone: UTC }'),
      '6:25 error: there is no "mo" here (did you mean "mon"?)',
    ],
    [
      'a misspelt time zone',
      grant('tools: ["a__b"]', 'hours: { from: "08:00", timezone: Europe/Lisboa }'),
      '6:43 error: there is no time zone "Europe/Lisboa" (did you mean "Europe/Lisbon"?)',
    ],
    [
      'an abbreviation of a time zone',
      grant('tools: ["a__b"]', 'hours: { from: "08:00", timezone: EST }'),
      '6:43 error: there is no time zone "EST" (write UTC, or a place of the IANA database, such as Europe/Lisbon)',
    ],
    [
      'hours that end when they begin',
      grant('tools: ["a__b"]', 'hours: { from: "08:00", to: "08:00", timezone: UTC }'),
      '6:37 error: hours from 08:00 to 08:00 hold at no time, or at all of them',
    ],
    [
      'a local time that is none',
      grant('tools: ["a__b"]', 'hours: { from: "8am", timezone: UTC }'),
      '6:24 error: this is not allowed here (expected: From when on: a local time, 00:00 to 23:59.',
    ],
    [
      'calls that are counted in no window',
      grant('tools: ["a__b"]', 'limits: { calls: 10 }'),
      '6:17 error: calls are counted in a window of time, and there is none (add per, such as per: 1h or per: 1d)',
    ],
    [
      'a window in which nothing is counted',
      grant('tools: ["a__b"]', 'limits: { concurrent: 1, per: 1h }'),
      '6:39 error: nothing is counted in this window (add calls or bytes, or remove per)',
    ],
    [
      'a window that is too short',
      grant('tools: ["a__b"]', 'limits: { calls: 10, per: 999ms }'),
      '6:35 error: a window is 1s to 31d long (write such a time, as 1m, 1h or 1d)',
    ],
    [
      'a window that is too long',
      'version: 1\ndefaults: { loop: { repeats: 20, per: 32d } }\n',
      '2:39 error: a window is 1s to 31d long',
    ],
    [
      'an id that a budget and a grant have',
      `${grant('tools: ["a__b"]', 'id: x')}budgets:\n  - { id: x, calls: 1, per: 1h }\n`,
      '6:13 error: the id "x" is used twice, first at /budgets/0/id (choose another id: records name a rule by it)',
    ],
  ])('%s', (_what, text, expected) => {
    const found = check(text);
    expect(found[0]).toContain(expected);
    expect(found.every((finding) => finding.includes(' error: '))).toBe(true);
  });
});

test.each<[string, string, string]>([
  [
    'a grant behind one that is open whenever it is',
    `${grant('tools: ["devops__*"]', 'hours: { days: [mon, tue], timezone: UTC }')}      - { tools: ["devops__deploy"], hours: { days: [tue], timezone: UTC } }\n`,
    '7:9 warning: this grant is never reached: /agents/athena/grants/0 has always decided before it',
  ],
  [
    'a budget whose tools are none of today',
    `${grant('tools: ["devops__deploy"]')}budgets:\n  - { tools: ["devops__*", "lmm__*"], calls: 5, per: 1d }\n`,
    '7:28 warning: no tool of today is matched by "lmm__*" (smcp tools lists the names; plugins come and go)',
  ],
])('a warning is given of %s', (_what, text, expected) => {
  expect(check(text).at(-1)).toContain(expected);
});

test('and none of one whose hours another only overlaps', () => {
  const [one, other] = ['{ days: [mon, tue], timezone: UTC }', '{ days: [tue, wed], timezone: UTC }'];
  const text = `${grant('tools: ["devops__*"]', `hours: ${one}`)}      - { tools: ["devops__deploy"], hours: ${other} }\n`;
  expect(check(text)).toEqual([]);
});
