// Operations on tokens that issuers signed: taken back by their claims, whether they were ever shown here or not.

import { type Clock, rfc3339 } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { SignedRevocation, SignedRevocationWish } from '#domain/token-ports.ts';
import { inputSchema, type Operation, type Services } from './operation.ts';
import { stopSchema, stopView } from './views.ts';

const text = { type: 'string', minLength: 1, maxLength: LIMITS.signedRevocationTextLengthMax };

const revocationSchema: JsonObject = {
  type: 'object',
  properties: {
    issuer: { type: 'string' },
    jti: { type: 'string', description: 'The one token of this name.' },
    subject: { type: 'string', description: 'Tokens of this sub. Neither this nor jti: all of the issuer.' },
    before: { type: 'string', description: 'Tokens that were issued before it; not with jti.' },
    made: { type: 'string' },
    until: { type: 'string', description: 'Then all of these tokens have ended by themselves, and it is forgotten.' },
  },
  required: ['issuer', 'made', 'until'],
};

export const signedTokenOperations: readonly Operation[] = [
  {
    name: 'token_revoke',
    topic: 'agents',
    summary:
      "Revokes tokens of an issuer by their claims, also such as were never shown here: one by its jti, a subject's, or all that were issued before a time. What was exchanged for them ends, too.",
    command: ['token', 'revoke'],
    positional: [],
    method: 'POST',
    path: '/tokens/revocations',
    effect: 'write',
    isStop: true,
    input: inputSchema({
      issuer: {
        ...text,
        maxLength: 2_048,
        description: 'The name of the issuer, as config.yaml has it; may be left out where there is one.',
      },
      jti: { ...text, description: 'The name of one token.' },
      subject: { ...text, description: 'The sub of tokens.' },
      before: {
        type: 'string',
        maxLength: 64,
        description: 'Only tokens that were issued before this time (RFC 3339, or now); with subject, now by default.',
      },
    }),
    output: stopSchema(revocationSchema),
    subject: (input) =>
      ['issuer', 'jti', 'subject', 'before']
        .flatMap((name) => (input[name] === undefined ? [] : [`${name} ${String(input[name])}`]))
        .join(' '),
    check: (services, input) => {
      wishOf(services, input);
    },
    run: async (services, input) => {
      const { signedTokens, enforce } = services;
      let made: SignedRevocation;
      try {
        made = signedTokens.revocations.revoke(wishOf(services, input));
      } catch (thrown) {
        await enforce();
        throw thrown;
      }
      return stopView(revocationView(made), await enforce());
    },
  },
  {
    name: 'token_revocations',
    topic: 'agents',
    summary: 'Lists which tokens of issuers were revoked by their claims, while any of them could still be good.',
    command: ['token', 'revocations'],
    positional: [],
    method: 'GET',
    path: '/tokens/revocations',
    effect: 'read',
    input: inputSchema({}),
    output: { type: 'array', items: revocationSchema },
    run: ({ signedTokens }) => signedTokens.revocations.list().map(revocationView),
  },
];

/** @throws `USAGE` where it is not clear which tokens are meant */
function wishOf({ signedTokens, clock }: Services, input: JsonObject): SignedRevocationWish {
  const { jti, subject, before } = input;
  const issuer = issuerOf(signedTokens.issuers, input['issuer']);
  if (jti !== undefined && (subject !== undefined || before !== undefined)) {
    throw usage('a jti names one token by itself', 'leave out subject and before, or jti');
  }
  if (jti === undefined && subject === undefined && before === undefined) {
    throw usage(
      'it is not said which tokens',
      'give jti, or subject, or before: all of the issuer, such as --before now',
    );
  }
  const beforeMs = timeOf(before, clock);
  return {
    ...{ issuer, beforeMs },
    ...(typeof jti === 'string' ? { jti } : {}),
    ...(typeof subject === 'string' ? { subject } : {}),
  };
}

function issuerOf(issuers: readonly string[], named: unknown): string {
  const [only, more] = issuers;
  if (only === undefined) throw usage('no issuer is configured', 'tokens of this server: smcp agent revoke ID');
  if (named === undefined && more === undefined) return only;
  if (typeof named === 'string' && issuers.includes(named)) return named;
  const what = named === undefined ? 'there are several issuers' : 'there is no issuer of this name, letter by letter';
  throw usage(what, `name one of ${issuers.join(', ')}`);
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Now, or a time that has been: of one that is to come nobody could say what it will be about. */
function timeOf(before: unknown, clock: Clock): number {
  const nowMs = clock.nowMs();
  if (before === undefined || before === 'now') return nowMs;
  const timeMs = typeof before === 'string' && RFC3339.test(before) ? Date.parse(before) : Number.NaN;
  if (Number.isNaN(timeMs)) throw usage('before is no time', 'write it as 2026-11-30T12:00:00Z, or now');
  if (timeMs > nowMs) throw usage('before is later than now', 'revoke what was issued until now: --before now');
  return timeMs;
}

function revocationView({ issuer, jti, subject, beforeMs, madeMs, endMs }: SignedRevocation): JsonObject {
  return {
    issuer,
    ...(jti === undefined ? { before: rfc3339(beforeMs) } : { jti }),
    ...(subject === undefined ? {} : { subject }),
    made: rfc3339(madeMs),
    until: rfc3339(endMs),
  };
}

function usage(message: string, remedy: string): SmcpError {
  return new SmcpError('USAGE', message, { details: { remedy } });
}
