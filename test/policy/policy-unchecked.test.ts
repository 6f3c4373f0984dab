import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPolicyThread } from '#policy/policy-thread.ts';
import { codeOf, person, policy, until, world } from './service-world.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smcp-policy-'));
  file = join(directory, 'policy.yaml');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const ADMIN = person('admin');
const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });

/** A real thread that answers only once the gate is open, or fails while `fails` is true. */
function gated() {
  const thread = createPolicyThread();
  const state = { fails: false, asked: 0, gate: Promise.resolve() };
  const run: typeof thread.run = async (task, options) => {
    state.asked += 1;
    await state.gate;
    return state.fails ? { kind: 'failed', why: 'time', cause: new Error('late') } : thread.run(task, options);
  };
  return { state, thread: { run }, close: () => thread.close() };
}

test('a server does not start with a policy that could not be checked', async () => {
  write(policy('a__b'));
  const { state, thread, close } = gated();
  state.fails = true;
  const around = world(file, thread);
  const error = await around.open().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'POLICY_UNCHECKED', details: { remedy: expect.any(String) } });
  expect([around.versions.length, around.drafts.length]).toEqual([0, 0]);
  await around.close();
  await close();
});

test('what could not be checked changes nothing, is not looked at again and again, and can be applied later', async () => {
  write(policy('a__b'));
  const { state, thread, close } = gated();
  const around = world(file, thread);
  const service = await around.open();
  state.fails = true;
  for (const change of [service.apply(policy('a__c'), ADMIN), service.addAgent('new' as never, ADMIN)]) {
    expect(await codeOf(change)).toBe('POLICY_UNCHECKED');
  }
  expect(await codeOf(service.diff(policy('a__c')))).toBe('POLICY_UNCHECKED');
  expect([service.show().text, readFileSync(file, 'utf8')]).toEqual([policy('a__b'), policy('a__b')]);
  write(policy('a__d'));
  await until(() => service.show().fileState.kind === 'refused');
  const { asked } = state;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect([state.asked, service.show().text]).toEqual([asked, policy('a__b')]);
  state.fails = false;
  expect((await service.apply(undefined, ADMIN)).version).toBe(2);
  expect(service.show()).toMatchObject({ text: policy('a__d'), fileState: { kind: 'in-force' } });
  await around.close();
  await close();
});

test('a text that is checked while the file is edited does not overwrite the edit', async () => {
  write(policy('a__b'));
  const { state, thread, close } = gated();
  const around = world(file, thread);
  const service = await around.open('manual');
  const { promise, resolve } = Promise.withResolvers<void>();
  state.gate = promise;
  const changes = [service.apply(policy('a__c'), ADMIN), service.addAgent('new' as never, ADMIN)].map(codeOf);
  await until(() => state.asked === 2);
  write(policy('a__x'));
  resolve();
  expect(await Promise.all(changes)).toEqual(['POLICY_CONFLICT', 'POLICY_CONFLICT']);
  expect([service.show().text, readFileSync(file, 'utf8')]).toEqual([policy('a__b'), policy('a__x')]);
  await around.close();
  await close();
});

test('a change that is being checked when the server stops is given up, and the policy and its file stay', async () => {
  write(policy('a__b'));
  const thread = createPolicyThread();
  const around = world(file, thread);
  const service = await around.open();
  const codes = [service.apply(`# ${'x'.repeat(900_000)}\n${policy('a__c')}`, ADMIN), service.diff(policy('a__c'))].map(
    codeOf,
  );
  await thread.close();
  await service.close();
  expect(await Promise.all(codes)).toEqual(['SHUTTING_DOWN', 'SHUTTING_DOWN']);
  expect([service.show().text, readFileSync(file, 'utf8')]).toEqual([policy('a__b'), policy('a__b')]);
  await around.close();
});
