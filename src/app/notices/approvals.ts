// What people are told of requests for approval, and how much of it one agent can cause.
// **Trust:** arguments are an agent's: a channel shows them whole, with nothing invisible in them, or not at all.

import { isJsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visible, visibleJson } from '#base/visible.ts';
import type { ApprovalRequest, Approvals } from '#domain/approval-ports.ts';
import type { Notice, NoticeBound, NoticeTeller } from '#domain/notify-ports.ts';
import { requestView } from '#operations/request-views.ts';
import { firstLines, shown as visibly } from './texts.ts';

const EVENTS: { readonly [state in ApprovalRequest['state']]: string | undefined } = {
  pending: 'asked',
  approved: 'approved',
  denied: 'denied',
  expired: 'expired',
  used: undefined,
};

/** Tells of each request that is made or decided, as long as it is called for. */
export function tellOfApprovals(
  approvals: Pick<Approvals, 'onChange' | 'argsJson'>,
  { tell }: NoticeTeller,
  consoleOrigin?: string,
): void {
  /** Requests that were told with others in one: what becomes of them is not told either. */
  const withheld = new Set<string>();
  approvals.onChange((request) => {
    const { id, agent, state } = request;
    const notice = noticeOf(request, approvals.argsJson(id), consoleOrigin);
    if (state === 'pending') {
      if (notice !== undefined && !tell(notice, boundOf(agent))) withheld.add(id);
      return;
    }
    if (notice !== undefined && !withheld.has(id)) tell(notice);
    if (state !== 'approved') withheld.delete(id);
  });
}

/**
 * What a channel tells of a request; undefined for what nobody has to know. Arguments that don't fit are left out whole.
 *
 * @param consoleOrigin where people find the console, as the configuration says it
 */
export function noticeOf(
  request: ApprovalRequest,
  argsJson: string | undefined,
  consoleOrigin?: string,
): Notice | undefined {
  const event = EVENTS[request.state];
  // One of several people has approved: it is asked about already. Whose approval counts no more has to be made up for.
  const { approvals = [], lost = [] } = request;
  const isUnderWay = request.state === 'pending' && approvals.length > 0 && lost.length === 0;
  if (event === undefined || isUnderWay) return undefined;
  const { id, expiresMs } = request;
  const argsBytes = argsJson === undefined ? 0 : Buffer.byteLength(argsJson);
  const fits = argsJson !== undefined && argsBytes <= LIMITS.notifyArgumentBytesMax;
  const { args, shown, ...view } = requestView(request, fits ? argsJson : undefined);
  const isAsked = event === 'asked';
  return {
    kind: 'approval',
    subject: `approval ${id} ${event}`,
    title: titleOf(request, event),
    lines: isAsked ? linesOf(view) : decidedLines(view),
    ...(isAsked && fits && typeof shown === 'string' ? { details: detailsOf(shown, view) } : {}),
    ...(isAsked ? { look: `smcp approvals show ${id}`, staleMs: expiresMs } : {}),
    ...(isAsked && consoleOrigin?.startsWith('https:') ? { link: `${consoleOrigin}/console/approvals#${id}` } : {}),
    body: {
      kind: 'approval',
      event,
      request: fits ? { ...view, args: args ?? null, shown: shown ?? null } : view,
      ...(argsJson === undefined || fits ? {} : { argsOmittedBytes: argsBytes }),
      ...(isAsked ? { look: `smcp approvals show ${id}` } : {}),
    },
  };
}

type View = Omit<ReturnType<typeof requestView>, 'args' | 'shown'>;

function titleOf({ agent, tool }: ApprovalRequest, event: string): string {
  const call = `${visibly(tool)} of ${visibly(agent)}`;
  return event === 'asked' ? `SMCP: ${visibly(agent)} asks for ${visibly(tool)}` : `SMCP: ${event}: ${call}`;
}

/** Names that are bounded where they come from. */
function linesOf({ plugin, effect, rule, ruleWhy, workspace, approvers, expiresAt, ...view }: View): readonly string[] {
  return [
    `plugin: ${visibly(String(plugin ?? 'the server itself'))}, effect: ${String(effect)}, rule: ${visibly(String(rule))}`,
    ...(typeof ruleWhy === 'string' ? [`why it asks: ${visibly(ruleWhy)}`] : []),
    ...ruleLine(view),
    ...askerLines(view),
    ...lostLines(view),
    ...(workspace === null ? [] : [`files of: ${visibly(String(workspace))}`]),
    ...(isJsonObject(approvers) ? [`to be approved with a passkey by: ${visibly(String(approvers['by']))}`] : []),
    `until: ${String(expiresAt)}`,
  ];
}

/** A rule of a line; a longer one is looked up. */
function ruleLine({ ruleText }: View): readonly string[] {
  if (typeof ruleText !== 'string') return [];
  const line = JSON.stringify(JSON.parse(ruleText));
  return line.length > LIMITS.notifyTextLengthMax ? [] : [`it says: ${visibly(line)}`];
}

/** What the agent had seen, the first of it, and which sub-agent asks. */
function askerLines({ seen, onBehalfOf }: View): readonly string[] {
  const labels = (Array.isArray(seen) ? seen.filter(isJsonObject) : []).map(({ label }) => String(label));
  const told = labels.slice(0, LIMITS.notifyLabelsMax).map(visibly).join(', ');
  const more = labels.length > LIMITS.notifyLabelsMax ? `, and ${labels.length - LIMITS.notifyLabelsMax} more` : '';
  const actors = isJsonObject(onBehalfOf) && Array.isArray(onBehalfOf['actors']) ? onBehalfOf['actors'] : [];
  return [
    ...(labels.length === 0 ? [] : [`has seen: ${told}${more}`]),
    ...(actors.length === 0
      ? []
      : [`sub-agent: ${visibly(actors.map((name) => name || '(without a name)').join(' > '))}`]),
  ];
}

/** Whose approval counts no more: the call waits again. */
function lostLines({ lost }: View): readonly string[] {
  const found = Array.isArray(lost) ? lost.filter(isJsonObject) : [];
  return firstLines(found.map(({ by, why }) => `counts no more: ${visibly(String(by))}: ${visibly(String(why))}`));
}

/** All that could be long and says what will run: never cut, as who decides must have seen it. */
function detailsOf(shown: string, { capabilities, chain }: View): string {
  const uses = visibleJson(capabilities ?? {});
  return [
    shown,
    ...(uses === '{}' ? [] : [`could use: ${uses}`]),
    ...(Array.isArray(chain) && chain.length > 0 ? [`called by: ${visible(chain.join(' > '))}`] : []),
  ].join('\n\n');
}

function decidedLines({ by, why }: View): readonly string[] {
  if (by === null) return ['Nobody decided in time.'];
  return [`by: ${visibly(String(by))}`, ...(why === null ? [] : [`why: ${visibly(String(why))}`])];
}

function boundOf(agent: string): NoticeBound {
  return {
    key: `approval ${agent}`,
    countMax: LIMITS.notifyPerAgentMax,
    more: (count) => {
      const title = `SMCP: ${visibly(agent)} asked for ${count} more calls`;
      const lines = ['They are not told one by one.'];
      const look = 'smcp approvals';
      return {
        ...{ kind: 'approval', subject: `${count} more requests of ${agent}`, title, lines, look },
        body: { kind: 'approval', event: 'more', agent, count, title, lines, look },
      };
    },
  };
}
