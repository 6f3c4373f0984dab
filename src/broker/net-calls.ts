// The host call of the capability `net`: an HTTP request to a place that the call was given. Called by the broker only. Each hop of a
// redirection is decided about from the beginning, and is a use of its own in the record.

import { asSmcpError, SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { RawAnswer } from '#effects/net/exchange.ts';
import { fetchFailed } from '#effects/net/failures.ts';
import type { NetEffect } from '#effects/net/net-effect.ts';
import type { CallContext, CallHandlers, FurtherUses } from './call-handler.ts';
import { hiddenAnswer, shownAnswer } from './net-answer.ts';
import { checkRequest } from './net-decide.ts';
import { locationOf, redirected } from './net-redirect.ts';
import { asRead, type FetchRequest, isHeader, readFetch } from './net-request.ts';
import { invalid } from './params.ts';

export function createNetCalls(net: NetEffect): CallHandlers {
  const check = (request: FetchRequest, { capabilities }: CallContext) =>
    checkRequest(request, { entries: capabilities.net ?? [], isListed: net.isListed });
  return {
    fetch: (params, context) => {
      const first = readFetch(params);
      check(first, context);
      const perform = async (signal: AbortSignal, uses: FurtherUses): Promise<Json> => {
        const hop = (request: FetchRequest) => send(net, request, context, signal);
        try {
          return await follow(first, { hop, check: (request) => check(request, context), uses, context });
        } catch (thrown) {
          throw masked(asSmcpError(thrown), context);
        }
      };
      return { target: placeOf(first), perform };
    },
  };
}

const placeOf = ({ target: { host, port } }: FetchRequest): string => `${host}:${port}`;

/** An answer without secrets, and the place that it leads to, which the guest is not shown as it is. */
type Hop = { readonly answer: RawAnswer; readonly location: string | undefined };

type Following = {
  readonly hop: (request: FetchRequest) => Promise<Hop>;
  readonly check: (request: FetchRequest) => void;
  readonly uses: FurtherUses;
  readonly context: CallContext;
};

async function follow(first: FetchRequest, { hop, check, uses, context }: Following): Promise<Json> {
  let request = first;
  let { answer, location } = await hop(first);
  for (let count = 0; location !== undefined && first.redirect !== 'manual'; count += 1) {
    if (first.redirect === 'error') throw fetchFailed('redirect', 'the server sent a redirection');
    if (count === LIMITS.netRedirectsMax) {
      throw fetchFailed('redirect', `the server sent more than ${LIMITS.netRedirectsMax} redirections`);
    }
    checkTaken(location, context);
    request = redirected(request, answer.status, location);
    check(request);
    ({ answer, location } = await counted(request, uses, () => hop(request)));
  }
  const { url } = request.target;
  return shownAnswer(answer, context.secrets?.mask()?.text(url) ?? url);
}

/**
 * A server that got a secret leads nobody to it, not even on the same host: how long such a place is would tell how long the value is.
 *
 * @throws `FETCH_FAILED` (`redirect`)
 */
function checkTaken(location: string, { secrets }: CallContext): void {
  if ((secrets?.mask()?.text(location) ?? location) === location) return;
  throw fetchFailed('redirect', 'the server sent a redirection with a secret in it');
}

/** The record has the place and how it ended, and nothing of what was said there: the guest sees only the last answer. */
async function counted({ method, ...request }: FetchRequest, uses: FurtherUses, hop: () => Promise<Hop>): Promise<Hop> {
  const use = uses.begin(placeOf({ method, ...request }), { method });
  try {
    const took = await hop();
    use.end({ status: took.answer.status });
    return took;
  } catch (thrown) {
    use.end({ code: asSmcpError(thrown).code });
    throw thrown;
  }
}

/** Secrets of this host are put over what the plugin wrote; those of another one never come here. */
async function send(
  net: NetEffect,
  { target, method, headers, body }: FetchRequest,
  { agent, secrets }: CallContext,
  signal: AbortSignal,
): Promise<Hop> {
  const injected = (await secrets?.headersFor(target.host)) ?? {};
  if (Object.keys(injected).length > 0) checkBeside(target, headers);
  for (const [name, value] of Object.entries(injected)) {
    if (!isHeader(name, value, true)) {
      throw invalid(
        'fetch: a secret can’t be put into the header that the manifest names',
        'name another header, and set the secret to visible ASCII',
      );
    }
  }
  // Of two names that a server reads as one, the operator's is sent alone.
  const taken = new Set(Object.keys(injected).map(asRead));
  const written = Object.fromEntries(Object.entries(headers).filter(([name]) => !taken.has(asRead(name))));
  const mask = secrets?.mask();
  const answer = await net.request({
    ...{ agent, target, method, headers: { ...written, ...injected }, body, signal },
    roomBytes: mask === undefined ? 0 : LIMITS.netSecretsRoomBytes,
  });
  return { answer: hiddenAnswer(answer, mask), location: locationOf(answer) };
}

/** What a plugin may write where a secret goes in beside it. @throws `REQUEST_INVALID` */
function checkBeside({ url }: FetchRequest['target'], headers: FetchRequest['headers']): void {
  if (headers['range'] !== undefined) {
    throw invalid(
      'fetch: no range is asked of a host that gets a secret',
      'leave out the header `range`: half a secret in an answer could not be masked',
    );
  }
  const bytes = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, url.length);
  if (bytes <= LIMITS.netHeadBesideSecretBytesMax) return;
  throw invalid(
    `fetch: URL and headers to a host that gets a secret have at most ${LIMITS.netHeadBesideSecretBytesMax} bytes`,
    'send what is long as the body: a head that is nearly full would tell how long the secret is',
  );
}

/** A server may lead to a URL that holds what it was sent. */
function masked(error: SmcpError, { secrets }: CallContext): SmcpError {
  const mask = secrets?.mask();
  if (mask === undefined) return error;
  const details = mask.json(error.details);
  return new SmcpError(error.code, mask.text(error.message), {
    details: isJsonObject(details) ? details : {},
    cause: error,
  });
}
