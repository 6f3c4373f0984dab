// What is asked about the policy before it is changed, as text for a person. **Trust:** as in render.ts.

import type { JsonObject } from '#base/json.ts';
import { visibleLines } from '#base/visible.ts';
import { list, object, plural, str, table } from './render.ts';
import { countingText, limitOfChange, limitsText } from './render-simulation.ts';

type Renderers = { readonly [operation: string]: (answer: JsonObject & JsonObject[]) => string };

export const REVIEW_RENDERERS: Renderers = {
  policy_simulate: (s) => {
    const changes = list(s['changes']).map((one) => [
      ...[str(one['time']), str(one['invocation']), str(one['agent']), str(one['tool'])],
      ...changeText(one),
      one['inForce'] === object(one['wouldBe'])['decision'] ? 'as the policy in force says' : limitOfChange(one),
    ]);
    const groups = list(s['groups']).map((one) => [
      ...[`${str(one['count'])} ×`, str(one['agent']), str(one['tool'])],
      ...changeText(one),
      str(object(one['wouldBe'])['reason']),
    ]);
    const left = Number(s['changed']) - changes.length;
    const more = left > 0 ? `and ${plural(left, 'change')} before; see --count\n` : '';
    const unknown = Number(s['withoutArguments']) + Number(s['withoutTool']);
    const why = `${str(s['withoutArguments'])} whose arguments are not kept, ${str(s['withoutTool'])} of tools that are gone`;
    return [
      table(changes, 'no decision would change'),
      more,
      groups.length > 0 ? `\n${table(groups, '')}\n` : '',
      `${str(s['changed'])} would change, ${str(s['same'])} stay the same (${str(s['byAnotherRule'])} by another rule), ${spanText(object(s['log']))}`,
      limitsText(list(s['limits'])),
      countingText(object(s['counting'])),
      ...list(s['lacking']).map(lackingText),
      ...list(s['shadows']).map(shadowText),
      unknown > 0 ? `${unknown} can't be said: ${why}\n` : '',
    ].join('');
  },
  policy_suggest: (s) => {
    const unknown = s['unknown'] === 0 ? '' : `# ${str(s['unknown'])} calls can't be told to need anything\n`;
    return `# from ${spanText(object(s['log']))}${unknown}${visibleLines(String(s['text']).trimEnd())}`;
  },
  policy_who_can: (w) => {
    const agents = list(w['agents']);
    const { allow, ask, deny } = object(w['counts']);
    const left = Number(allow) + Number(ask) + Number(deny) - agents.length;
    const known = w['isKnown'] === true ? '' : `no tool is called ${str(w['tool'])} today\n`;
    const rows = agents.map((one) => [
      str(one['agent']),
      str(one['decision']),
      str(one['rule']),
      list(one['conditions']).map(conditionText).join('; ') || str(one['reason']),
    ]);
    const more = left > 0 ? `and ${plural(left, 'agent')} more; see --count\n` : '';
    return `${known}${table(rows, 'the policy has no agents')}${more}`;
  },
  policy_unused: (u) => {
    const unused = list(u['unused']);
    const rows = unused.map((rule) => [
      str(rule['effect']),
      str(rule['rule']),
      (rule['tools'] as string[]).map(str).join(' '),
      `in force since ${str(rule['since'])}${rule['isShadow'] === true ? ', in shadow' : ''}`,
    ]);
    const unknown =
      u['byUnknownRules'] === 0 ? '' : `${str(u['byUnknownRules'])} decisions can't be told of any rule in force\n`;
    const shadows = list(u['shadows']).map(
      (rule) => `in shadow: ${str(rule['rule'])} would have decided ${plural(Number(rule['calls']), 'call')}\n`,
    );
    return `${table(rows, 'every rule decided something')}${shadows.join('')}${unused.length} of ${plural(Number(u['rules']), 'rule')} decided nothing in ${spanText(object(u['log']))}${unknown}`;
  },
};

/** How far back the log was read, and a line feed. */
export function spanText(span: JsonObject): string {
  const unreadable =
    span['unreadable'] === 0 ? '' : `; ${str(span['unreadable'])} records CAN NOT BE READ, see smcp log verify`;
  const early = span['isComplete'] === true ? '' : '; the log was NOT READ as far back as was asked for';
  return `${plural(Number(span['decisions']), 'decision')} since ${str(span['from'])}${early}${unreadable}\n`;
}

function lackingText({ agent, tool, rule, lacks, calls, invocation }: JsonObject): string {
  const number = plural(Number(calls), 'call');
  return `allowed with less than was used: ${number} of ${str(agent)} ${str(tool)} by ${str(rule)}, without ${(lacks as string[]).map(str).join(', ')}, such as ${str(invocation)}\n`;
}

function shadowText({ rule, decision, calls, changes }: JsonObject): string {
  const number = plural(Number(calls), 'call');
  return `in shadow: ${str(rule)} would have said ${str(decision)} of ${number}, ${str(changes)} of them decided otherwise\n`;
}

/** What was, and what would be. */
function changeText({ was, wouldBe }: JsonObject): readonly string[] {
  const [before, after] = [object(was), object(wouldBe)];
  return [`${str(before['decision'])} (${str(before['rule'])})`, `→ ${str(after['decision'])} (${str(after['rule'])})`];
}

function conditionText({ rule, effect, when }: JsonObject): string {
  return when === null ? `${str(effect)} by ${str(rule)}` : `${str(effect)} by ${str(rule)} when ${str(when)}`;
}
