// Results of operations as text for a person. **Trust:** tool and plugin texts in them are other people's: control
// characters are made visible, so that nothing can rewrite the terminal.

import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { visible, visibleLines } from '#base/visible.ts';

type Render = (answer: JsonObject & JsonObject[]) => string;

const str = (value: unknown): string => visible(typeof value === 'string' ? value : JSON.stringify(value));

const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

/** Rows with their columns aligned; `empty` when there are none. */
export function table(rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return `${empty}\n`;
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

const RENDERERS: { readonly [operation: string]: Render } = {
  status: (s) =>
    table(
      [
        ['version', str(s['version'])],
        ['ready', s['ready'] === true ? 'yes' : 'no'],
        ['started', str(s['startedAt'])],
        [
          'policy',
          `version ${str((s['policy'] as JsonObject)['version'])}, ${str((s['policy'] as JsonObject)['file'])}`,
        ],
        [
          'plugins',
          `${str((s['plugins'] as JsonObject)['ready'])} ready, ${str((s['plugins'] as JsonObject)['refused'])} refused`,
        ],
        ['calls', str(s['calls'])],
        ...list(s['lanes']).map((lane) => [
          `lane ${str(lane['name'])}`,
          `${str(lane['running'])} running, ${str(lane['waiting'])} waiting`,
        ]),
        ['log', `${str((s['log'] as JsonObject)['entries'])} records`],
        ...list(s['layers']).map((layer) => [str(layer['name']), layer['inForce'] === true ? 'in force' : 'MISSING']),
      ],
      '',
    ),
  agent_add: (a) =>
    `added ${str(a['name'])}; it has no grants yet: edit policy.yaml, then smcp agent token ${str(a['name'])}\n`,
  agent_list: (a) =>
    table(
      a.flatMap((agent) => {
        const name = str(agent['name']) + (agent['inPolicy'] === true ? '' : ' (not in the policy)');
        const tokens = list(agent['tokens']).map((token) => [
          name,
          str(token['id']),
          str(token['state']),
          `created ${str(token['createdAt'])}`,
          token['expiresAt'] === null ? 'does not expire' : `expires ${str(token['expiresAt'])}`,
        ]);
        return tokens.length > 0 ? tokens : [[name, 'no token', '', '', '']];
      }),
      'no agents',
    ),
  agent_token: (t) =>
    `${str(t['token'])}\n\nThis is the only time it is shown. Agent ${str(t['agent'])}, id ${str(t['id'])}, ${
      t['expiresAt'] === null ? `good until: smcp agent revoke ${str(t['id'])}` : `expires ${str(t['expiresAt'])}`
    }\n`,
  agent_revoke: (t) => `revoked ${str(t['id'])}\n`,
  policy_show: (p) =>
    `# version ${str(p['version'])}, ${str(p['digest'])}, ${str(p['file'])}\n${visibleLines(String(p['text']).trimEnd())}`,
  can: (c) =>
    `${str(c['decision'])} (${str(c['rule'])}): ${visibleLines(String(c['reason']))}${c['remedy'] === null ? '' : visibleLines(String(c['remedy']))}`,
  plugin_list: (p) =>
    table(
      p.map((plugin) => [
        str(plugin['name']),
        str(plugin['version']),
        str(plugin['state']),
        str(plugin['runtime']),
        (plugin['tools'] as string[]).map(str).join(' '),
      ]),
      'no plugins',
    ) +
    p
      .flatMap((plugin) => list(plugin['problems']))
      .map(problemText)
      .join(''),
  log_tail: (records) => table(records.map(recordLine), 'the log is empty'),
};

/** A problem of a plugin: code, place, what; then the remedy. */
export function problemText(problem: JsonObject): string {
  const place = `${str(problem['file'])}${str(problem['pointer'])}`;
  const where = place === '' ? '' : `${place}: `;
  return `${str(problem['code'])}: ${where}${str(problem['message'])}\n  ${str(problem['remedy'])}\n`;
}

/** The text of an answer; indented JSON where nothing better is known. */
export function renderOperation(operation: string, answer: Json): string {
  const render = RENDERERS[operation];
  return render === undefined
    ? `${JSON.stringify(answer, undefined, 2)}\n`
    : render(answer as JsonObject & JsonObject[]);
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
  return `${str(predicate['agent'])} ${str((predicate['tool'] as JsonObject)['name'])}${result}`;
}

/** `name=value` for each plain fact. */
function factsText(predicate: JsonObject): string {
  return Object.entries(predicate)
    .filter(([name, value]) => name !== 'time' && typeof value !== 'object')
    .map(([name, value]) => `${name}=${str(value).replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, '$1…')}`)
    .join(' ');
}

/** `1 tool`, `2 tools`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
