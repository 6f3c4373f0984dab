// Grants that ask a person before each call: what they say, and whether one asks less than another. Pure.

import { canonicalJson } from '#base/canonical-json.ts';
import { sha256 } from '#base/digest.ts';
import { parseDurationMs } from '#base/duration.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { ApproverTerms } from '#domain/decision.ts';
import type { RuleApproval } from './rules.ts';

/** What is wrong with a key of `approval`. */
export type ApprovalFault = {
  readonly key: 'ttl' | 'wait' | 'trustClient';
  readonly message: string;
  readonly remedy: string;
};

/**
 * Reads `approval` of a grant; both fit the schema.
 *
 * @param grant the whole grant as it is written: a request for approval is bound to its digest
 */
export function readApproval(
  { ttl, wait, trustClient, by, people, why }: JsonObject,
  grant: JsonObject,
): { readonly approval: RuleApproval; readonly faults: readonly ApprovalFault[] } {
  const ttlMs = durationOf(ttl) ?? 0;
  const waitMs = durationOf(wait);
  const faults: ApprovalFault[] = [];
  const ruleText = canonicalJson(grant);
  const approvers = approversOf(by, people);
  if (ttlMs < LIMITS.approvalTtlMsMin || ttlMs > LIMITS.approvalTtlMsMax) {
    const message = 'an approval lives for 10 seconds at least and 7 days at most';
    faults.push({ key: 'ttl', message, remedy: 'write a time between, such as 15m' });
  }
  if (waitMs !== undefined && waitMs > LIMITS.approvalWaitMsMax) {
    const message = `a call waits for ${LIMITS.approvalWaitMsMax / 60_000} minutes at most`;
    faults.push({ key: 'wait', message, remedy: 'write a shorter time: the request stays for as long as ttl says' });
  }
  if (approvers !== undefined && trustClient === true) {
    const message = "a client's answer never counts where people have to approve";
    faults.push({ key: 'trustClient', message, remedy: 'leave out trustClient, or by and people' });
  }
  return {
    approval: {
      ttlMs,
      ...(approvers === undefined ? {} : { approvers }),
      trustsClient: trustClient === true,
      ...(waitMs === undefined ? {} : { waitMs }),
      ruleDigest: sha256(ruleText),
      ...(ruleText.length > LIMITS.approvalRuleTextLengthMax ? {} : { ruleText }),
      ...(typeof why === 'string' ? { why } : {}),
    },
    faults,
  };
}

function approversOf(by: Json | undefined, people: Json | undefined): ApproverTerms | undefined {
  if (by === undefined && people === undefined) return undefined;
  return {
    by: Array.isArray(by) ? by.map(String) : ['role:approver'],
    needed: typeof people === 'number' ? people : 1,
  };
}

function durationOf(written: Json | undefined): number | undefined {
  if (typeof written !== 'string') return undefined;
  return written === '0s' ? 0 : parseDurationMs(written);
}

/**
 * Whether a call that `after` lets through asks for no less than one that `before` lets through; undefined: nobody is asked.
 * How long a call waits gives nothing.
 */
export function asksAsMuch(before: RuleApproval | undefined, after: RuleApproval | undefined): boolean {
  if (before === undefined) return true;
  if (after === undefined) return false;
  return (
    after.ttlMs <= before.ttlMs &&
    (before.trustsClient || !after.trustsClient) &&
    needsAsMany(before.approvers, after.approvers)
  );
}

/** Nobody may approve under `after` who may not under `before`, and no fewer have to; undefined: anybody who may approve at all. */
function needsAsMany(before: ApproverTerms | undefined, after: ApproverTerms | undefined): boolean {
  if (before === undefined) return true;
  if (after === undefined || after.needed < before.needed) return false;
  return after.by.every(
    (one) => before.by.includes(one) || (one === 'role:admin' && before.by.includes('role:approver')),
  );
}

/** What the terms of a rule mean, for comparisons; null: nobody is asked. */
export function meaningOfApproval(approval: RuleApproval | undefined): Json {
  if (approval === undefined) return null;
  const { ttlMs, trustsClient, approvers } = approval;
  return [ttlMs, trustsClient, approvers === undefined ? null : [approvers.needed, [...approvers.by].sort()]];
}
