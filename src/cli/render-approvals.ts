// Requests for approval as text for a person. **Trust:** as in render.ts; `shown` was made visible by the server, and is again here.

import type { JsonObject } from '#base/json.ts';
import { visibleJson, visibleLines } from '#base/visible.ts';
import { list, object, str } from './render.ts';

/** Each with its whole arguments, and how to decide about those that wait. */
export function requestsText(requests: readonly JsonObject[]): string {
  if (requests.length === 0) return 'no call waits to be approved\n';
  return requests.map(requestText).join('\n');
}

/** All that a person decides about. */
export function requestText(request: JsonObject): string {
  const { id, state, agent, tool, plugin, effect, chain, rule, ruleWhy } = request;
  const via = Array.isArray(chain) && chain.length > 0 ? `, called by ${chain.map(str).join(' > ')}` : '';
  const lines = [
    `${str(id)}  ${str(state)}  ${str(agent)}  ${str(tool)}${via}\n`,
    `  plugin    ${plugin === null ? 'the server itself' : str(plugin)}, ${str(effect)}\n`,
    `  could use ${capabilitiesText(object(request['capabilities']))}${inWorkspace(request)}\n`,
    `  rule      ${str(rule)}${ruleWhy === null || ruleWhy === undefined ? '' : `: ${str(ruleWhy)}`}\n`,
    ...circumstances(request),
    `  asked     ${str(request['createdAt'])}, until ${str(request['expiresAt'])}\n`,
    ...decisionText(request),
    `  digest    ${str(request['digest'])}\n`,
    ...argumentsText(request),
  ];
  if (state !== 'pending') return lines.join('');
  return `${lines.join('')}  smcp approvals approve ${str(id)}    smcp approvals deny ${str(id)} --why …\n`;
}

/** What its agent had seen, who it acts for, whose approval counts no more, and the rule whole. */
function circumstances({ seen, onBehalfOf, lost, ruleText }: JsonObject): readonly string[] {
  const labels = list(seen).map(({ label, tool }) => (tool === '' ? str(label) : `${str(label)} (${str(tool)})`));
  const actors = texts(object(onBehalfOf)['actors']).map((name) => (name === '' ? '(without a name)' : str(name)));
  return [
    ...(labels.length === 0 ? [] : [`  has seen  ${labels.join(', ')}\n`]),
    ...(actors.length === 0
      ? []
      : [
          `  sub-agent ${actors.join(' > ')}, for the token ${texts(object(onBehalfOf)['tokens']).map(str).join(' > ')}\n`,
        ]),
    ...list(lost).map(({ by, why }) => `  no more   ${str(by)}: ${str(why)}\n`),
    ...(typeof ruleText === 'string' ? ['  the rule that asks\n', indented(`${ruleText}\n`)] : []),
  ];
}

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

function argumentsText({ id, shown, argsLeftOutBytes: bytes }: JsonObject): readonly string[] {
  if (typeof bytes === 'number')
    return [`  arguments ${bytes} bytes, not shown here: smcp approvals show ${str(id)}\n`];
  return typeof shown === 'string' ? [`  arguments ${sizeOf(shown)}\n`, indented(shown)] : [];
}

/** Also above what is shown: below it a screen has scrolled. */
export function sizeOf(shown: string): string {
  const lines = shown.split('\n').length;
  return `${lines} ${lines === 1 ? 'line' : 'lines'}, ${shown.length} characters`;
}

function decisionText({ by, why, decidedAt, invocation }: JsonObject): readonly string[] {
  if (by === null) return [];
  const said = why === null ? '' : `: ${str(why)}`;
  const used = invocation === null ? [] : [`  used by   ${str(invocation)}\n`];
  return [`  decided   ${str(decidedAt)} by ${str(by)}${said}\n`, ...used];
}

function capabilitiesText(capabilities: JsonObject): string {
  return Object.keys(capabilities).length === 0 ? 'nothing' : visibleJson(capabilities);
}

const inWorkspace = ({ workspace }: JsonObject): string =>
  typeof workspace === 'string' ? `, files of the workspace ${str(workspace)}` : '';

const indented = (text: string): string => visibleLines(text).replace(/^(?=.)/gm, '    ');
