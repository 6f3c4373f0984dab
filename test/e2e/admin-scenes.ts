// For each operation what must be there before it succeeds, its input, and how the server is put back: the same for every form of it.

import { type AdminWorld, askFor, NARROWER, POLICY } from './admin-world.ts';
import { connectStreamable } from './clients.ts';

export type Input = { readonly [name: string]: string | number | boolean | object };

export type Scene = {
  /** Makes what it needs. @returns its input */
  readonly prepare: (world: AdminWorld) => Promise<Input>;
  readonly restore?: (world: AdminWorld) => Promise<unknown>;
};

const given = (input: Input = {}): Scene => ({ prepare: async () => input });

const admin = (world: AdminWorld, operation: string, input: Input = {}) =>
  world
    .admin()
    .call(operation, { ...input })
    .then(({ data }) => data);

const back = (world: AdminWorld) => admin(world, 'policy_apply', { text: POLICY });

/** A call that waits, since the lane is paused; flushed when the scene is over. */
async function waiting(world: AdminWorld): Promise<string> {
  await admin(world, 'queue_pause');
  const client = await connectStreamable(world.server().url, world.tokens['demo'] ?? '');
  void client.call('demo_text__echo', { message: 'waits' }).finally(() => client.close());
  for (;;) {
    const { calls } = (await admin(world, 'queue')) as { calls: readonly { invocation: string }[] };
    const [first] = calls;
    if (first !== undefined) return first.invocation;
  }
}

async function goOn(world: AdminWorld): Promise<void> {
  await admin(world, 'queue_flush');
  await admin(world, 'queue_resume');
}

let asked = 0;
async function request(world: AdminWorld): Promise<{ readonly id: string; readonly digest: string }> {
  asked += 1;
  const { id } = await askFor(world.server().url, world.tokens['careful'] ?? '', `number ${asked}`);
  return { id, digest: ((await admin(world, 'approvals_show', { id })) as { digest: string }).digest };
}

const forget = async (world: AdminWorld) => {
  const all = (await admin(world, 'approvals')) as readonly { id: string; state: string }[];
  for (const { id, state } of all) if (state === 'pending') await admin(world, 'approvals_deny', { id });
};

const unfreeze = (world: AdminWorld) => admin(world, 'unfreeze');

/** Does something in the scene of an operation, and puts the server back. */
export async function inScene<T>(world: AdminWorld, name: string, act: (input: Input) => Promise<T>): Promise<T> {
  const scene = SCENES[name];
  if (scene === undefined) throw new Error(`${name} has no scene`);
  const input = await scene.prepare(world);
  try {
    return await act(input);
  } finally {
    await scene.restore?.(world);
  }
}

export const SCENES: { readonly [operation: string]: Scene } = {
  status: given(),
  freeze: { prepare: async () => ({ agent: 'demo' }), restore: unfreeze },
  unfreeze: {
    prepare: async (world) => {
      await admin(world, 'freeze', { agent: 'demo' });
      return { agent: 'demo' };
    },
    restore: unfreeze,
  },
  notify_list: given(),
  notify_test: given(),
  queue: given(),
  queue_cancel: { prepare: async (world) => ({ id: await waiting(world) }), restore: goOn },
  queue_flush: {
    prepare: async (world) => {
      await waiting(world);
      return { agent: 'demo' };
    },
    restore: goOn,
  },
  queue_pause: { ...given({ lane: 'main' }), restore: goOn },
  queue_resume: { ...given({ lane: 'main' }), restore: goOn },
  labels_list: given(),
  labels_places: given(),
  labels_clear: given({ agent: 'demo', why: 'its context was thrown away' }),
  approvals: {
    prepare: async (world) => {
      await forget(world);
      await request(world);
      return { agent: 'careful' };
    },
    restore: forget,
  },
  approvals_show: { prepare: async (world) => ({ id: (await request(world)).id }), restore: forget },
  approvals_approve: { prepare: (world) => request(world), restore: forget },
  approvals_deny: { prepare: async (world) => ({ id: (await request(world)).id, why: 'not today' }), restore: forget },
  person_invite: { ...given({ name: 'cleo' }), restore: (w) => admin(w, 'person_revoke', { name: 'cleo' }) },
  person_list: given(),
  person_revoke: given({ name: 'cleo' }),
  agent_add: { ...given({ name: 'zoe' }), restore: back },
  agent_list: given(),
  agent_token: given({ name: 'demo', expires: '30d', scope: ['tools:demo_text__*', 'doors:mcp'] }),
  agent_revoke: {
    prepare: async (world) => {
      const { id } = (await admin(world, 'agent_token', { name: 'demo', expires: '1h' })) as { id: string };
      return { id };
    },
  },
  token_revoke: given({ issuer: 'https://auth.example.com', subject: 'lost-laptop' }),
  token_revocations: given(),
  policy_show: given({ version: 1 }),
  policy_check: given({ text: NARROWER }),
  policy_diff: given({ text: NARROWER }),
  policy_apply: { ...given({ text: NARROWER }), restore: back },
  policy_history: given({ count: 1 }),
  policy_rollback: {
    prepare: async (world) => {
      const { version } = (await admin(world, 'policy_apply', { text: NARROWER })) as { version: number };
      await back(world);
      return { version };
    },
    restore: back,
  },
  can: given({ agent: 'demo', tool: 'demo_text__echo', args: { message: 'x' } }),
  policy_simulate: given({ text: NARROWER, last: 1 }),
  policy_suggest: given({ agent: 'star', since: '1h' }),
  policy_who_can: given({ tool: 'demo_text__echo', count: 1 }),
  policy_unused: given({ since: '7d' }),
  plugin_list: given(),
  plugin_review: given({ name: 'extra' }),
  plugin_approve: {
    prepare: async (world) => {
      const { digest } = (await admin(world, 'plugin_review', { name: 'extra' })) as { digest: string };
      return { name: 'extra', digest };
    },
  },
  plugin_enable: given({ name: 'demo_math' }),
  plugin_disable: { ...given({ name: 'demo_math' }), restore: (w) => admin(w, 'plugin_enable', { name: 'demo_math' }) },
  plugin_reload: given(),
  secret_set: given({ name: 'TOKEN', value: 'a value that is long enough' }),
  secret_list: given(),
  secret_rm: {
    prepare: async (world) => {
      await admin(world, 'secret_set', { name: 'TOKEN', value: 'a value that is long enough' });
      return { name: 'TOKEN' };
    },
  },
  config_show: given(),
  config_set: {
    ...given({ key: 'logging.level', value: 'debug' }),
    restore: (world) => admin(world, 'config_set', { key: 'logging.level', value: 'info' }),
  },
  log_show: given({ id: '0' }),
  log_tail: given({ count: 1, from: 0 }),
  log_prove: given({ id: '0' }),
  log_disclose: { prepare: async (world) => ({ ...world.inputOf('log_replay') }) },
  log_checkpoint: given(),
  log_keys: given(),
  log_replay: { prepare: async (world) => ({ ...world.inputOf('log_replay') }) },
};
