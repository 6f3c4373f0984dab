// A token authority over rows in memory and a clock that the test sets.

import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { parseAgentName, type SignedBy, type TokenRow } from '#domain/agent.ts';
import type { TokenStore } from '#domain/store-ports.ts';
import { createTokenAuthority } from '#identity/tokens.ts';

export const ADMIN = `smcp_${'0'.repeat(16)}_${'A'.repeat(43)}`;

export function agent(name: string) {
  const parsed = parseAgentName(name);
  if (parsed === undefined) throw new Error(`${name} is no name`);
  return parsed;
}

/** As a principal has it of a token that an issuer signed. */
export function signedBy(more: Partial<SignedBy> = {}): SignedBy {
  return {
    issuer: 'https://issuer.example',
    keyId: 'k',
    keyDigest: sha256('k'),
    issuedMs: 0,
    subject: sha256('u1'),
    ...more,
  };
}

export function memoryStore(rows = new Map<string, TokenRow>()) {
  const state = { fails: false };
  const check = () => {
    if (state.fails) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
  };
  const store = {
    put: (row) => {
      check();
      rows.set(row.id, row);
    },
    list: () => [...rows.values()],
    revoke: (id, revokedMs) => {
      check();
      const row = rows.get(id);
      if (row !== undefined) rows.set(id, { ...row, revokedMs });
      return row !== undefined;
    },
    prune: (deadBeforeMs) => {
      check();
      for (const { id, expiresMs, revokedMs } of rows.values()) {
        if (Math.min(expiresMs ?? Infinity, revokedMs ?? Infinity) < deadBeforeMs) rows.delete(id);
      }
    },
    remove: (ids) => {
      check();
      for (const id of ids) rows.delete(id);
    },
  } satisfies TokenStore;
  return { store, rows, state };
}

export function world() {
  const { store, rows, state } = memoryStore();
  const time = { nowMs: 1_000, steadyMs: 0 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.steadyMs };
  const open = () => createTokenAuthority({ store, clock, adminToken: ADMIN });
  return { open, authority: open(), rows, state, time };
}
