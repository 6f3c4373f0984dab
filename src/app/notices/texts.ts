// What people are told, kind by kind. Pure. **Trust:** names of agents, tools and plugins, rules and sentences about a policy are
// others' words: each is made visible and cut before it stands in a line.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';
import { describeScope, type Freeze } from '#domain/freeze.ts';
import type { PluginReport } from '#domain/manifest.ts';
import type { Notice, NoticeBound } from '#domain/notify-ports.ts';
import type { Layer } from '#domain/record.ts';

/** A text of somebody else within a line. */
export const shown = (text: string): string => visibleText(text, LIMITS.notifyTextLengthMax);

/** The first lines, and how many there are more. */
export function firstLines(lines: readonly string[]): readonly string[] {
  const left = lines.length - LIMITS.notifyLinesMax;
  return left <= 0 ? lines : [...lines.slice(0, LIMITS.notifyLinesMax), `… and ${left} more`];
}

type Parts = Omit<Notice, 'body' | 'lines'> & { readonly lines: readonly string[]; readonly body: JsonObject };

/** With what people see in the body too. */
function noticeFrom({ kind, title, lines, look, body, ...rest }: Parts): Notice {
  const told = { title, lines: [...lines], ...(look === undefined ? {} : { look }) };
  return { kind, ...rest, ...told, body: { kind, ...body, ...told } };
}

export function quarantineNotice({ name, version, problems }: PluginReport): Notice {
  return noticeFrom({
    kind: 'quarantine',
    subject: `plugin ${name} waits`,
    title: `SMCP: plugin ${shown(name)} waits to be approved`,
    lines: firstLines(problems.map(({ message }) => shown(message))),
    look: `smcp plugin approve ${name}`,
    body: { event: 'waiting', plugin: name, version: version ?? null },
  });
}

export type Loop = {
  readonly agent: string;
  readonly tool: string;
  readonly invocation: string;
  readonly limit: number;
  readonly perMs?: number;
};

/** No arguments: they are the agent's, and `log show` has them. */
export function loopNotice({ agent, tool, invocation, limit, perMs }: Loop): Notice {
  const within = perMs === undefined ? '' : ` within ${perMs / 1000} s`;
  return noticeFrom({
    kind: 'loop',
    subject: `loop of ${agent} with ${shown(tool)}`,
    title: `SMCP: ${shown(agent)} repeats itself`,
    lines: [`${shown(agent)} made the same call of ${shown(tool)} more than ${limit} times${within}; it was stopped.`],
    look: `smcp log show ${invocation}`,
    body: { event: 'stopped', agent, tool: shown(tool), invocation, limit, perMs: perMs ?? null },
  });
}

export function loopBound({ agent, tool }: Loop): NoticeBound {
  return {
    key: `loop ${agent} ${tool}`,
    countMax: 1,
    more: (count) =>
      noticeFrom({
        kind: 'loop',
        subject: `loop of ${agent} with ${shown(tool)} goes on`,
        title: `SMCP: ${shown(agent)} still repeats itself`,
        lines: [`The same call of ${shown(tool)} was stopped ${count} more times.`],
        look: `smcp freeze --agent ${agent}`,
        body: { event: 'more', agent, tool: shown(tool), count },
      }),
  };
}

export type Widening = {
  readonly version: number;
  readonly digest: string;
  readonly fromVersion: number;
  readonly by: string;
  readonly widenings: readonly string[];
  /** Lines of the text that came and went. */
  readonly added: number;
  readonly removed: number;
};

export function wideningNotice({ widenings, ...change }: Widening): Notice {
  const { version, fromVersion, by, added, removed } = change;
  const sentences = firstLines(widenings.map(shown));
  return noticeFrom({
    kind: 'widening',
    subject: `policy ${version} widens`,
    title: `SMCP: policy ${version} allows more than before`,
    lines: [`Applied by ${shown(by)}; ${added} lines came, ${removed} went.`, ...sentences],
    look: 'smcp policy history',
    body: { event: 'applied', ...change, policy: version, widenings: [...sentences], fromVersion },
  });
}

/** A policy whose difference from the one before could not be found out: people look for themselves. */
export function unknownWideningNotice(version: number, fromVersion: number, by: string): Notice {
  return noticeFrom({
    kind: 'widening',
    subject: `policy ${version} may widen`,
    title: `SMCP: policy ${version} was not compared`,
    lines: [`Applied by ${shown(by)}. It could not be told whether it allows more than policy ${fromVersion}.`],
    look: 'smcp policy history',
    body: { event: 'uncompared', policy: version, fromVersion, by },
  });
}

export function layerNotice(lost: readonly Layer[]): Notice {
  return noticeFrom({
    kind: 'layer',
    subject: `layers lost: ${lost.map(({ name }) => name).join(', ')}`,
    title: 'SMCP: the sandbox has lost a layer',
    lines: firstLines(
      lost.map(({ name, detail, remedy }) => shown(`${name}: ${detail}${remedy === undefined ? '' : `; ${remedy}`}`)),
    ),
    look: 'smcp doctor',
    body: { event: 'lost', layers: lost.map(({ name }) => name) },
  });
}

/** @param what in a sentence of our own */
export function verificationNotice(what: string): Notice {
  return noticeFrom({
    kind: 'verification',
    subject: 'the log does not verify',
    title: 'SMCP: the log is not what was signed',
    lines: [shown(what), 'Keep the home as evidence before anything else is done.'],
    look: 'smcp log verify',
    body: { event: 'failed' },
  });
}

/** @param by who stopped it, or lifted the stop; undefined: not known */
export function freezeNotice({ scope }: Freeze, event: 'frozen' | 'lifted', at: { by: string; nowMs: number }): Notice {
  const what = shown(describeScope(scope));
  return noticeFrom({
    kind: 'freeze',
    subject: `${what} ${event}`,
    title: event === 'frozen' ? `SMCP: frozen: ${what}` : `SMCP: no longer frozen: ${what}`,
    lines: [`By ${shown(at.by)}, ${rfc3339(at.nowMs)}.`],
    look: 'smcp status',
    body: { event, scope: describeScope(scope), by: at.by, time: rfc3339(at.nowMs) },
  });
}
