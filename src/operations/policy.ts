// Operations on the policy: what is in force, what another text would change, applying it, going back.
// **Trust:** a text is its caller's; the policy's own port checks it, and whether its author may apply it.

import { rfc3339 } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { PolicyRef } from '#domain/decision.ts';
import type { PolicyVersionView } from '#domain/policy-ports.ts';
import { aboutPolicy } from './confirmed-acts.ts';
import { pathFor } from './host-paths.ts';
import { authorOf, type Caller, inputSchema, type Operation, type Services } from './operation.ts';
import { checkLength } from './policy-of-agent.ts';
import { fileStateSchema, fileStateView, policyRefSchema } from './views.ts';

const HISTORY_LENGTH = 100;

const text = { type: 'string' };

const textInput = inputSchema({
  text: { type: 'string', description: "The policy as YAML or JSON; absent: what the policy's file holds now." },
});

const findingSchema: JsonObject = {
  type: 'object',
  properties: {
    severity: { enum: ['error', 'warning'] },
    line: { type: 'integer' },
    column: { type: 'integer' },
    pointer: text,
    message: text,
    remedy: text,
  },
  required: ['severity', 'line', 'column', 'pointer', 'message'],
};

const versionProperty = { type: 'integer', minimum: 1, description: 'A version, as `policy history` lists it.' };

export const policyOperations: readonly Operation[] = [
  {
    name: 'policy_show',
    topic: 'policy',
    summary: 'Shows the policy in force, or an earlier version: its text, version and digest.',
    command: ['policy', 'show'],
    positional: [],
    method: 'GET',
    path: '/policy',
    effect: 'read',
    input: inputSchema({ version: versionProperty }),
    output: {
      type: 'object',
      properties: {
        version: { type: 'integer' },
        digest: text,
        file: text,
        isInForce: { type: 'boolean' },
        fileState: fileStateSchema,
        text,
      },
      required: ['version', 'digest', 'file', 'isInForce', 'fileState', 'text'],
    },
    run: ({ policy }, input, caller) => {
      const shown = policy.show();
      const { version } = input;
      const one = typeof version === 'number' ? policy.version(version) : undefined;
      const { policy: ref, file, fileState } = shown;
      return {
        version: one?.version ?? ref.version,
        digest: one?.digest ?? ref.digest,
        file: pathFor(caller, file),
        isInForce: one?.isInForce ?? true,
        fileState: fileStateView(fileState, file, caller),
        text: one?.text ?? shown.text,
      };
    },
  },
  {
    name: 'policy_diff',
    topic: 'policy',
    summary: 'Compares another text with the policy in force, and says who could do more under it.',
    command: ['policy', 'diff'],
    positional: ['text'],
    fileProperty: 'text',
    method: 'POST',
    path: '/policy/diff',
    effect: 'read',
    input: textInput,
    output: {
      type: 'object',
      properties: {
        from: policyRefSchema,
        to: { type: 'string', description: 'The digest of the other text.' },
        text: { type: 'string', description: 'A unified diff; empty when the texts are equal.' },
        widenings: { type: 'array', items: text, description: 'Empty when nobody could do more.' },
      },
      required: ['from', 'to', 'text', 'widenings'],
    },
    run: async ({ policy }, input, caller) => {
      const { from, to, text: lines, widenings } = await policy.diff(givenBy(caller, input));
      return { from: refView(from), to, text: lines, widenings };
    },
  },
  {
    name: 'policy_check',
    topic: 'policy',
    summary: 'Checks a policy: errors and warnings, each with line and column. Applies nothing.',
    detail:
      'With an error the text could not be applied; warnings say what is probably not meant, such as a grant that is never reached.',
    positional: [],
    method: 'POST',
    path: '/policy/check',
    effect: 'read',
    input: textInput,
    output: {
      type: 'object',
      properties: { ok: { type: 'boolean' }, findings: { type: 'array', items: findingSchema } },
      required: ['ok', 'findings'],
    },
    saysNo: (answer) => isJsonObject(answer) && answer['ok'] !== true,
    run: async ({ policy }, input, caller) => {
      const findings = await policy.check(givenBy(caller, input));
      return {
        ok: findings.every(({ severity }) => severity !== 'error'),
        findings: findings.map((one) => ({ ...one })),
      };
    },
  },
  {
    name: 'policy_apply',
    topic: 'policy',
    summary: "Puts a policy in force, whole or not at all, and into the policy's file.",
    detail:
      'An agent may only take rights away: a text under which anybody could do more is refused with POLICY_WIDENS. Calls that lose their grant are ended.',
    command: ['policy', 'apply'],
    positional: ['text'],
    fileProperty: 'text',
    method: 'POST',
    path: '/policy',
    effect: 'write',
    input: textInput,
    output: policyRefSchema,
    subject: (input) => {
      const given = textOf(input);
      return given === undefined ? 'the file' : sha256(given);
    },
    confirm: { kind: 'policy_widen', about: aboutPolicy(({ policy }, input) => policy.diff(textOf(input))) },
    run: (services, input, caller) =>
      change(services, () => services.policy.apply(givenBy(caller, input), authorOf(caller))),
  },
  {
    name: 'policy_history',
    topic: 'policy',
    summary: 'Lists the versions of the policy that were applied, the newest first.',
    command: ['policy', 'history'],
    positional: [],
    method: 'GET',
    path: '/policy/versions',
    effect: 'read',
    input: inputSchema({
      count: {
        type: 'integer',
        minimum: 1,
        maximum: LIMITS.logPageLengthMax,
        description: `How many; ${HISTORY_LENGTH} if absent.`,
      },
    }),
    output: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          version: { type: 'integer' },
          digest: text,
          appliedAt: text,
          by: text,
          isInForce: { type: 'boolean' },
        },
        required: ['version', 'digest', 'appliedAt', 'by', 'isInForce'],
      },
    },
    run: ({ policy }, { count }) =>
      policy
        .history()
        .slice(0, typeof count === 'number' ? count : HISTORY_LENGTH)
        .map(versionView),
  },
  {
    name: 'policy_rollback',
    topic: 'policy',
    summary: 'Puts the text of an earlier version in force again, as a new version.',
    detail: 'An agent may only go back to a version under which nobody can do more.',
    command: ['policy', 'rollback'],
    positional: ['version'],
    method: 'POST',
    path: '/policy/rollback',
    effect: 'write',
    input: inputSchema({ version: versionProperty }, ['version']),
    output: policyRefSchema,
    subject: (input) => `version ${String(input['version'])}`,
    check: ({ policy }, input) => void policy.version(Number(input['version'])),
    confirm: {
      kind: 'policy_widen',
      about: aboutPolicy(({ policy }, input) => policy.diff(policy.version(Number(input['version'])).text)),
    },
    run: (services, input, caller) => {
      const { version, text: kept } = services.policy.version(Number(input['version']));
      checkLength(caller, kept);
      return change(services, () => services.policy.rollback(version, authorOf(caller)));
    },
  },
];

/** Applies, then ends what lost its grant. */
async function change({ enforce }: Services, apply: () => Promise<PolicyRef>): Promise<JsonObject> {
  const applied = await apply();
  await enforce();
  return refView(applied);
}

function refView({ version, digest }: PolicyRef): JsonObject {
  return { version, digest };
}

function versionView({ version, digest, appliedMs, by, isInForce }: PolicyVersionView): JsonObject {
  return { version, digest, appliedAt: rfc3339(appliedMs), by, isInForce };
}

/** The text to work on; undefined for the file's. @throws `POLICY_INVALID` for one that is too long for an agent. */
function givenBy(caller: Caller, input: JsonObject): string | undefined {
  const given = textOf(input);
  if (given !== undefined) checkLength(caller, given);
  return given;
}

function textOf({ text: given }: JsonObject): string | undefined {
  return typeof given === 'string' ? given : undefined;
}
