import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { loadExamples } from '#admin/examples.ts';
import { openApiDocument } from '#admin/openapi.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { compileOwnSchema } from '#base/schema.ts';
import { type Operation, pathParameters } from '#operations/operation.ts';
import { OPERATIONS } from '#operations/table.ts';

type Entry = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: JsonObject;
  readonly responses: { readonly [status: string]: JsonObject };
};

const document = () =>
  JSON.parse(JSON.stringify(openApiDocument(OPERATIONS, { prefix: '/admin/v1', version: '1.0.0' }))) as JsonObject & {
    readonly paths: { readonly [path: string]: { readonly [method: string]: Entry } };
    readonly tags: readonly { readonly name: string }[];
    readonly components: { readonly schemas: { readonly [name: string]: JsonObject } };
  };

const entryOf = ({ path, method }: Operation): Entry | undefined =>
  document().paths[`/admin/v1${path.replace(/:([a-z]+)/g, '{$1}')}`]?.[method.toLowerCase()];

/** Every `$ref` in a document. */
function refsIn(value: Json): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, below]) => (key === '$ref' ? [String(below)] : refsIn(below as Json)));
}

describe('the OpenAPI document', () => {
  test('is valid for a validator that is not ours, which finds what is wrong', async () => {
    expect(await new Validator().validate(document())).toMatchObject({ valid: true });
    const broken = { ...document(), paths: { '/x': { get: { parameters: [{ name: 'a' }] } } } };
    expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
  });

  test('has every operation once, under its own name, which stays', () => {
    const entries = Object.values(document().paths).flatMap((methods) => Object.values(methods));
    expect(entries.map(({ operationId }) => operationId).toSorted()).toEqual(
      OPERATIONS.map(({ name }) => name).toSorted(),
    );
    // Clients are generated from these names: one that changes is a line under Behaviour in CHANGELOG.md.
    expect(OPERATIONS.map(({ name, method, path }) => `${name} ${method} ${path}`)).toMatchInlineSnapshot(`
      [
        "status GET /status",
        "freeze POST /freezes",
        "unfreeze DELETE /freezes",
        "queue GET /queue",
        "queue_cancel DELETE /queue/calls/:id",
        "queue_flush POST /queue/flush",
        "queue_pause POST /queue/pause",
        "queue_resume POST /queue/resume",
        "approvals GET /approvals",
        "approvals_show GET /approvals/:id",
        "approvals_approve POST /approvals/:id/approve",
        "approvals_deny POST /approvals/:id/deny",
        "person_invite POST /people/:name/invites",
        "person_list GET /people",
        "person_revoke DELETE /people/:name/passkeys",
        "labels_list GET /labels",
        "labels_places GET /labels/places",
        "labels_clear POST /labels/clear",
        "notify_list GET /notices",
        "notify_test POST /notices/test",
        "agent_add POST /agents",
        "agent_list GET /agents",
        "agent_token POST /agents/:name/tokens",
        "agent_revoke DELETE /tokens/:id",
        "token_revoke POST /tokens/revocations",
        "token_revocations GET /tokens/revocations",
        "policy_show GET /policy",
        "policy_diff POST /policy/diff",
        "policy_check POST /policy/check",
        "policy_apply POST /policy",
        "policy_history GET /policy/versions",
        "policy_rollback POST /policy/rollback",
        "can POST /can",
        "policy_simulate POST /policy/simulate",
        "policy_suggest GET /policy/suggestion",
        "policy_who_can POST /policy/who-can",
        "policy_unused GET /policy/unused",
        "plugin_list GET /plugins",
        "plugin_review GET /plugins/:name/review",
        "plugin_approve POST /plugins/:name/approve",
        "plugin_enable POST /plugins/:name/enable",
        "plugin_disable POST /plugins/:name/disable",
        "plugin_reload POST /plugins/reload",
        "secret_set POST /secrets/:name",
        "secret_list GET /secrets",
        "secret_rm DELETE /secrets/:name",
        "config_show GET /config",
        "config_set POST /config/:key",
        "log_show GET /log/records/:id",
        "log_tail GET /log/records",
        "log_prove GET /log/proofs/:id",
        "log_disclose GET /log/disclosures/:id",
        "log_checkpoint GET /log/checkpoint",
        "log_keys GET /log/keys",
        "log_replay POST /log/replays/:id",
      ]
    `);
  });

  test.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
    'says of %s its parameters, body, answer and errors',
    (name, operation) => {
      const entry = entryOf(operation);
      expect(entry?.operationId).toBe(name);
      expect(document().tags.map((tag) => tag.name)).toContain(entry?.tags[0]);
      const inPath = entry?.parameters.filter((one) => one.in === 'path');
      expect(inPath?.map((one) => one.name)).toEqual(pathParameters(operation.path));
      expect(inPath?.every(({ required }) => required)).toBe(true);
      const isPost = operation.method === 'POST';
      expect(entry?.parameters.some((one) => one.in === 'query') && isPost).toBe(false);
      expect(entry?.requestBody !== undefined && !isPost).toBe(false);
      expect(Object.keys(entry?.responses ?? {})).toEqual(['200', 'default']);
    },
  );

  test.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
    'has an example of %s that its schemas take',
    (name, operation) => {
      const example = loadExamples()[name];
      expect(compileOwnSchema(operation.input)(example?.input)).toEqual([]);
      expect(compileOwnSchema(operation.output)(example?.answer)).toEqual([]);
      const answered = entryOf(operation)?.responses['200'] as { content: { 'application/json': { example: Json } } };
      expect(answered.content['application/json'].example).toEqual(example?.answer);
    },
  );

  test('has no example of anything else', () => {
    expect(Object.keys(loadExamples()).toSorted()).toEqual(OPERATIONS.map(({ name }) => name).toSorted());
  });

  test('refers to nothing that is missing, and to every schema it has', () => {
    const whole = document();
    const refs = new Set(refsIn(whole));
    for (const ref of refs) {
      const found = ref
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (isJsonObject(at) ? at[key] : undefined), whole);
      expect([ref, found]).toEqual([ref, expect.any(Object)]);
    }
    for (const name of Object.keys(whole.components.schemas)) expect(refs).toContain(`#/components/schemas/${name}`);
  });

  test('has an error schema that real errors fit, and nothing else does', () => {
    const fits = compileOwnSchema(document().components.schemas['Error'] ?? {});
    expect(fits({ error: { code: 'DENIED', message: 'no', details: { rule: 'x' } } })).toEqual([]);
    expect(fits({ error: { code: 'NOT_A_CODE', message: 'no', details: {} } })).not.toEqual([]);
    expect(fits({ message: 'no' })).not.toEqual([]);
  });
});
