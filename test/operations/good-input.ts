// Input of operations in the world of world.ts.

import { sha256 } from '#base/digest.ts';

/** Arguments with which each operation that needs some succeeds in this world (`queue_cancel` needs a call besides). */
export const GOOD_INPUT: { readonly [name: string]: { readonly [key: string]: string | number } } = {
  agent_add: { name: 'zoe' },
  agent_token: { name: 'ana', expires: '30d' },
  agent_revoke: { id: 'id1' },
  token_revoke: { subject: 'u1' },
  can: { agent: 'ana', tool: 'paint__wall' },
  labels_clear: { agent: 'ana', why: 'its context is new' },
  log_show: { id: '0' },
  log_prove: { id: '0' },
  log_disclose: { id: '0' },
  log_replay: { id: '1' },
  config_set: { key: 'logging.level', value: 'debug' },
  policy_rollback: { version: 1 },
  policy_show: { version: 1 },
  policy_simulate: { text: 'b' },
  policy_suggest: { agent: 'ana' },
  policy_who_can: { tool: 'paint__wall' },
  plugin_review: { name: 'paint' },
  plugin_approve: { name: 'paint', digest: sha256('code') },
  plugin_enable: { name: 'paint' },
  plugin_disable: { name: 'paint' },
  person_invite: { name: 'cleo' },
  person_revoke: { name: 'cleo' },
  secret_set: { name: 'PAINT_KEY', value: 'a value that is long enough' },
  secret_rm: { name: 'PAINT_KEY' },
};
