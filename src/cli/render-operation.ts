// Results of operations as text for a person. **Trust:** as in render.ts.

import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { visible, visibleLines } from '#base/visible.ts';
import { list, object, plural, problemText, str, table } from './render.ts';
import { agentsText, issuedText, signedTokensText } from './render-agents.ts';
import { requestsText, requestText } from './render-approvals.ts';
import { clearedText, placesText, seenText } from './render-labels.ts';
import { noticesText, notifyRows, testText } from './render-notices.ts';
import { invitedText, peopleText, revokedText } from './render-people.ts';
import { REVIEW_RENDERERS } from './render-review.ts';

type Render = (answer: JsonObject & JsonObject[]) => string;

const RENDERERS: { readonly [operation: string]: Render } = {
  status: (s) =>
    table(
      [
        ['version', str(s['version'])],
        ['ready', s['ready'] === true ? 'yes' : 'no'],
        ['started', str(s['startedAt'])],
        ['policy', `version ${str(object(s['policy'])['version'])}, ${str(object(s['policy'])['file'])}`],
        ...fileStateRows(object(object(s['policy'])['fileState'])),
        ['plugins', pluginsText(object(s['plugins']))],
        ['calls', `${str(s['callsUnderWay'])} under way, ${str(s['calls'])} since the start`],
        ...list(s['lanes']).map((lane) => [`lane ${str(lane['name'])}`, laneText(lane)]),
        ...(s['approvalsPending'] === 0 ? [] : [['TO APPROVE', `${str(s['approvalsPending'])}: smcp approvals`]]),
        ...notifyRows(list(s['notify'])),
        ...list(s['freezes']).map((freeze) => ['FROZEN', freezeText(freeze)]),
        ['log', `${str(object(s['log'])['entries'])} records`],
        ...list(s['layers']).map((layer) => [str(layer['name']), layer['inForce'] === true ? 'in force' : 'MISSING']),
      ],
      '',
    ),
  agent_add: (a) =>
    `added ${str(a['name'])}; it has no grants yet: edit policy.yaml, then smcp agent token ${str(a['name'])}\n`,
  agent_list: agentsText,
  agent_token: issuedText,
  agent_revoke: (t) => `revoked ${str(t['id'])}\n${endingText(t)}`,
  token_revoke: (t) => `revoked ${signedTokensText(t)}\n${endingText(t)}`,
  token_revocations: (all) =>
    table(
      list(all).map((t) => [signedTokensText(t), `until ${str(t['until'])}`]),
      'no signed token was revoked by its claims in the last day',
    ),
  policy_show: (p) =>
    `# version ${str(p['version'])}, ${str(p['digest'])}, ${str(p['file'])}\n${visibleLines(String(p['text']).trimEnd())}`,
  can: (c) =>
    `${str(c['decision'])} (${str(c['rule'])}): ${visibleLines(String(c['reason']))}${c['remedy'] === null ? '' : visibleLines(String(c['remedy']))}${shadowLines(c['shadow'])}`,
  policy_diff: (d) => {
    const widenings = (d['widenings'] as string[]).map((sentence) => `wider: ${visible(sentence)}\n`);
    if (d['text'] === '') return 'no difference\n';
    return visibleLines(String(d['text']).trimEnd()) + (widenings.join('') || 'nobody could do more under it\n');
  },
  policy_apply: appliedText,
  policy_rollback: appliedText,
  policy_history: (versions) =>
    table(
      versions.map((version) => [
        str(version['version']),
        str(version['appliedAt']),
        `by ${str(version['by'])}`,
        str(version['digest']).slice(0, 'sha256:'.length + 12),
        version['isInForce'] === true ? 'in force' : '',
      ]),
      'no version was applied yet',
    ),
  freeze: (f) => `frozen: ${freezeText(f)}\n${endingText(f)}`,
  unfreeze: (u) => {
    const lifted = list(u['lifted']).map((freeze) => `lifted: ${freezeText(freeze)}\n`);
    const left = list(u['freezes']).map((freeze) => `still frozen: ${freezeText(freeze)}\n`);
    return (lifted.join('') || 'that was not frozen\n') + left.join('');
  },
  queue: (q) =>
    table(
      list(q['lanes']).map((lane) => [`lane ${str(lane['name'])}`, laneText(lane)]),
      '',
    ) +
    table(
      list(q['calls']).map((call) => [
        str(call['invocation']),
        str(call['state']),
        str(call['agent']),
        str(call['tool']),
        str(call['lane']),
        `since ${str(call['startedAt'] ?? call['receivedAt'])}`,
      ]),
      'no call waits or runs',
    ),
  queue_cancel: (c) => `cancelled ${str(c['invocation'])}: ${str(c['agent'])} ${str(c['tool'])}\n`,
  queue_flush: (f) => `ended ${plural(Number(f['ended']), 'waiting call')}\n`,
  queue_pause: (l) => `lane ${str(l['lane'])} is paused; go on with: smcp queue resume\n`,
  queue_resume: (l) => `lane ${str(l['lane'])} goes on\n`,
  approvals: requestsText,
  approvals_show: requestText,
  approvals_deny: (r) => `denied: ${str(r['id'])}\n`,
  person_invite: invitedText,
  person_list: peopleText,
  person_revoke: revokedText,
  labels_list: seenText,
  labels_places: placesText,
  labels_clear: clearedText,
  notify_list: noticesText,
  notify_test: testText,
  plugin_list: pluginsTable,
  plugin_reload: pluginsTable,
  plugin_approve: (p) => pluginsTable([p]),
  plugin_enable: (p) => pluginsTable([p]),
  plugin_disable: (p) => pluginsTable([p]) + endingText(p),
  secret_set: (s) => `${str(s['name'])} is set\n`,
  secret_rm: (s) => `${str(s['name'])} is removed\n`,
  secret_list: secretsTable,
  config_show: settingsText,
  config_set: (s) => `${str(s['key'])} is ${str(JSON.stringify(s['value']))}, and stays so after a restart\n`,
  log_checkpoint: (c) => visibleLines(`${String(c['checkpoint'] ?? 'the log is empty')}\n${String(c['vkey'])}`),
  log_replay: replayText,
  ...REVIEW_RENDERERS,
  log_tail: (records) => table(records.map(recordLine), 'the log is empty'),
};

/** The text of an answer; indented JSON where nothing better is known. */
export function renderOperation(operation: string, answer: Json): string {
  const render = RENDERERS[operation];
  return render === undefined
    ? visibleLines(JSON.stringify(answer, undefined, 2))
    : render(answer as JsonObject & JsonObject[]);
}

function freezeText(freeze: JsonObject): string {
  const { scope, name, by, since } = freeze;
  const what = scope === 'all' ? 'everything' : scope === 'writes' ? 'writes' : `${str(scope)} ${str(name)}`;
  return `${what}, by ${str(by)} since ${str(since)}`;
}

/** What was told to end and has not yet. */
function endingText({ ending }: JsonObject): string {
  const lines = list(ending).map(
    (call) => `still ending: ${str(call['invocation'])} ${str(call['agent'])} ${str(call['tool'])}\n`,
  );
  return lines.join('');
}

function laneText(lane: JsonObject): string {
  const paused = lane['isPaused'] === true ? ', PAUSED' : '';
  return `${str(lane['running'])} running, ${str(lane['waiting'])} waiting${paused}`;
}

function pluginsText({ ready, refused, quarantined, disabled }: JsonObject): string {
  const waiting = quarantined === 0 ? '' : ', see smcp plugin list';
  return `${str(ready)} ready, ${str(refused)} refused, ${str(quarantined)} quarantined, ${str(disabled)} disabled${waiting}`;
}

function fileStateRows({ kind, message }: JsonObject): readonly (readonly string[])[] {
  if (kind === 'staged') return [['', 'the file holds another policy, which waits for: smcp policy apply']];
  return kind === 'refused' ? [['', `what the file holds is NOT APPLIED: ${str(message)}`]] : [];
}

function appliedText(applied: JsonObject): string {
  return `version ${str(applied['version'])} is in force (${str(applied['digest'])})\n`;
}

function pluginsTable(plugins: readonly JsonObject[]): string {
  const rows = plugins.map((plugin) => [
    str(plugin['name']),
    str(plugin['version']),
    str(plugin['state']),
    str(plugin['runtime']),
    (plugin['tools'] as string[]).map(str).join(' '),
  ]);
  const below = plugins.flatMap((plugin) => [
    ...list(plugin['problems']).map((problem) => `${str(plugin['name'])}: ${problemText(problem)}`),
    ...list(plugin['secrets'])
      .filter(({ isExposed }) => isExposed === true)
      .map(
        ({ name }) => `note: ${str(plugin['name'])}: its program gets to see the value of the secret ${str(name)}\n`,
      ),
    ...list(plugin['notes']).map(({ tool, note }) => `note: ${str(tool)}: ${str(note)}\n`),
  ]);
  return table(rows, 'no plugins') + below.join('');
}

function secretsTable(secrets: readonly JsonObject[]): string {
  const rows = secrets.map(({ name, source, setAt, askedBy }) => [
    str(name),
    source === 'none' ? 'NOT SET' : str(source),
    setAt === null ? '' : `set ${str(setAt)}`,
    list(askedBy).map(askingText).join(', ') || 'no plugin asks for it',
  ]);
  return table(rows, 'no secrets');
}

function settingsText({ file, problem, settings }: JsonObject): string {
  const rows = list(settings).map(({ key, value, changes, nextStart }) => [
    str(key),
    str(JSON.stringify(value)),
    changes === 'at run time' ? `smcp config set ${str(key)} …` : 'counts from a start on',
    nextStart === undefined ? '' : `next start: ${str(JSON.stringify(nextStart))}`,
  ]);
  const broken = problem === null ? '' : `NOT USABLE at the next start: ${str(problem)}\n`;
  return `${str(file)}\n${broken}${table(rows, '')}`;
}

function askingText({ plugin, hosts, isExposed }: JsonObject): string {
  const places = [...(hosts as string[]), ...(isExposed === true ? ['ITS PROGRAM SEES IT'] : [])];
  return `${str(plugin)} (${places.map(str).join(' ')})`;
}

function replayText({ outcome, reason, tool, index, hostCalls, engine, difference }: JsonObject): string {
  const { recorded, now } = object(engine);
  const head = `${str(outcome)}: ${visible(String(reason))}\n${str(tool)}, record ${str(index)}, ${plural(Number(hostCalls), 'host call')} from the transcript\n`;
  const engines =
    recorded === now ? '' : `then: ${str(recorded ?? 'not recorded')}\nnow:  ${str(now ?? 'nothing ran')}\n`;
  if (!isJsonObject(difference)) return head + engines;
  return `${head}${engines}recorded: ${askedText(difference['recorded'])}\nasked:    ${askedText(difference['asked'])}\n`;
}

function askedText(asked: Json | undefined): string {
  if (!isJsonObject(asked)) return 'nothing';
  return `${str(asked['name'])} ${visible(String(asked['params']))}`;
}

/** One record in a line: index, time, kind, what it says. Digests are cut to their first 12 digits. */
function recordLine(entry: JsonObject): readonly string[] {
  const statement = entry['record'] as JsonObject;
  const predicate = (isJsonObject(statement['predicate']) ? statement['predicate'] : {}) as JsonObject;
  const { time } = predicate;
  const when = isJsonObject(time) ? (time['ended'] ?? time['received']) : time;
  const kind = str(statement['predicateType']).replace(/^urn:smcp:|:v1$/g, '');
  const isCall = kind === 'invocation';
  return [
    str(entry['index']),
    str(when ?? ''),
    isCall ? str(predicate['phase']) : kind,
    isCall ? callText(predicate) : factsText(predicate),
  ];
}

/** `agent tool → class`. */
function callText(predicate: JsonObject): string {
  const result = isJsonObject(predicate['result']) ? ` → ${str(predicate['result']['class'])}` : '';
  const shadow = list(object(predicate['policy'])['shadow']).map(
    ({ rule, decision }) => ` (in shadow: ${str(decision)} by ${str(rule)})`,
  );
  return `${str(predicate['agent'])} ${str((predicate['tool'] as JsonObject)['name'])}${result}${shadow.join('')}`;
}

/** What rules in shadow would have decided; '' where none would have. */
function shadowLines(shadow: unknown): string {
  const lines = list(shadow).map(({ rule, decision }) => `in shadow: ${str(rule)} would say ${str(decision)}\n`);
  return lines.join('');
}

/** `name=value` for each plain fact. */
function factsText(predicate: JsonObject): string {
  return Object.entries(predicate)
    .filter(([name, value]) => name !== 'time' && typeof value !== 'object')
    .map(([name, value]) => `${name}=${str(value).replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, '$1…')}`)
    .join(' ');
}
