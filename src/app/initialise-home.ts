// Makes what a home needs and does not have yet: policy, admin token, keys. Called by init, and by every start.

import { existsSync } from 'node:fs';
import { createFile } from '#base/durable-file.ts';
import type { Home } from '#config/home.ts';
import { loadOrCreateAdminToken } from '#identity/admin-token.ts';
import { type LogSigners, openFileSigners } from '#provenance/signer.ts';
import { FIRST_POLICY } from './first-policy.ts';

export type InitialisedHome = {
  readonly adminToken: string;
  readonly signers: LogSigners;
  /** Names of what was made; `[]` when all of it was there. */
  readonly made: readonly string[];
};

/**
 * Call it with the home's lock held.
 *
 * @param hasLog whether the log has records: then its keys must be there, and are never made anew.
 * @param makesPolicy whether a missing policy is made: only where a person asked, or for a home that was never served. A policy
 * that vanished is no reason to grant what the first one grants.
 * **Durability:** what it made is on disk when it returns.
 * @throws `HOME_UNSAFE` · `HOME_INVALID`
 */
export function initialiseHome(
  home: Home,
  options: { readonly hasLog: boolean; readonly makesPolicy: boolean },
): InitialisedHome {
  const missing = ['policy', 'adminToken', 'keys'] as const;
  const wasThere = missing.filter((name) => existsSync(home[name]));
  const needsPolicy = options.makesPolicy && !wasThere.includes('policy');
  if (needsPolicy) createFile(home.policy, FIRST_POLICY, 0o600);
  const adminToken = loadOrCreateAdminToken(home.adminToken);
  const signers = openFileSigners(home.keys, { create: !options.hasLog });
  const made = missing.filter((name) => !wasThere.includes(name) && (name !== 'policy' || needsPolicy));
  return { adminToken, signers, made };
}
