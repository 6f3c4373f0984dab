// A broker's session that was given `net`, before an effect that only notes requests and answers them from a list: for tests of what is
// asked, decided and answered. Beside it a small model of secrets.

import { systemClock } from '#base/clock.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import type { NetEntry } from '#domain/capability.ts';
import type { GivenSecrets } from '#domain/secret-ports.ts';
import type { RawAnswer } from '#effects/net/exchange.ts';
import type { NetEffect, NetRequest } from '#effects/net/net-effect.ts';

type Answer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};

export type Respond = (request: NetRequest) => Answer | Error;

const rawOf = ({ status = 200, headers = {}, body = '' }: Answer): RawAnswer => ({
  status,
  headers: Object.entries(headers),
  body: Buffer.from(body),
});

export type NetSessionOptions = {
  readonly respond?: Respond;
  readonly secrets?: GivenSecrets;
  readonly listed?: readonly string[];
  readonly hostCallsMax?: number;
};

export function openNet(
  net: readonly NetEntry[],
  { respond = () => ({}), secrets, listed = [], hostCallsMax = LIMITS.hostCallsMax }: NetSessionOptions = {},
) {
  const requests: NetRequest[] = [];
  const effect = {
    isListed: (host) => listed.includes(host),
    request: async (request) => {
      requests.push(request);
      const answer = respond(request);
      if (answer instanceof Error) throw answer;
      return rawOf(answer);
    },
  } satisfies NetEffect;
  const session = createBroker({ clock: systemClock, logger: silentLogger, effects: { net: effect } }).open({
    ...{ plugin: 'p', tool: 'p__t', agent: 'a' as never, invocation: 'i' },
    ...{ capabilities: { net }, hostCallsMax },
    ...(secrets === undefined ? {} : { secrets }),
  });
  const signal = new AbortController().signal;
  const call = async (params: Json): Promise<Json> => session.handle({ name: 'fetch', params }, signal);
  const get = (url: string, more: JsonObject = {}) => call({ url, ...more });
  const asked = () => requests.map(({ method, target }) => `${method} ${target.url}`);
  return { call, get, requests, asked, session };
}

const MARK = '[secret]';

/** Values by host and header; read when a host is first asked for, and masked from then on, plain and in base64. */
export function secretsOf(table: Readonly<Record<string, Readonly<Record<string, string>>>>): GivenSecrets {
  let isRead = false;
  const values = Object.values(table).flatMap((headers) => Object.values(headers));
  const text = (from: string): string =>
    values.reduce((at, value) => at.replaceAll(value, MARK).replaceAll(btoa(value), MARK), from);
  const json = (value: Json): Json => JSON.parse(text(JSON.stringify(value))) as Json;
  const bytes = (from: Uint8Array) => Buffer.from(text(Buffer.from(from).toString('latin1')), 'latin1');
  return {
    headersFor: async (host) => {
      isRead = true;
      return table[host] ?? {};
    },
    mask: () => (isRead ? { text, bytes, json } : undefined),
  };
}
