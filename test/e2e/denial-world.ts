// A whole server for the table of denials: two agents, one with tools of plugins, one with the server's own, tokens of every kind, and the
// newest record of a call.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { App } from '#app.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import {
  DENY_RULE,
  type Denial,
  type DenialWorld,
  expectedOf,
  LIMIT_RULE,
  observe,
  type TokenKind,
} from '#test/gateway/denials.ts';
import { type GeneratedClient, generateClient } from './admin-client.ts';
import { exchanged } from './exchange-world.ts';
import { adminTokenOf, startInProcess } from './in-process.ts';
import { temporaryFolder } from './server.ts';

/** `athena` uses plugins, `hera` the server's own tools. */
export type Who = 'athena' | 'hera';

/** A token below one that has ended since: the shorter that lives the better, but it must still be good when it is exchanged. */
async function belowOneThatEnds(
  issue: (ms: number) => Promise<{ readonly token: string }>,
  below: (above: string) => Promise<string>,
): Promise<string> {
  for (let livesMs = 300; ; livesMs *= 2) {
    const { token } = await issue(livesMs);
    const found = await below(token).catch(() => undefined);
    if (found === undefined) continue;
    await new Promise((resolve) => setTimeout(resolve, livesMs + 100));
    return found;
  }
}

/** An hour of the day that is not now. */
function closedHours(): string {
  const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
  return `{ from: "${at(6)}", to: "${at(7)}", timezone: UTC }`;
}

const agentOf = (name: Who, tools: DenialWorld['tools'], granted: readonly string[]) => `
  ${name}:
    grants:
      - tools: ${JSON.stringify(granted)}
      - tools: ["${tools.asking}"]
        approval: { ttl: 1h, wait: 0s }
      - tools: ["${tools.conditional}"]
        when: agent == "zeus"
      - tools: ["${tools.closed}"]
        hours: ${closedHours()}
    roles: [limited]`;

export const TOOLS: { readonly [who in Who]: DenialWorld['tools'] } = {
  athena: {
    granted: 'demo_text__echo',
    ungranted: 'demo_math__calculate',
    invented: 'nobody__tool',
    missing: 'gone__tool',
    forbidden: 'demo_text__slugify',
    asking: 'demo_math__coin_flip',
    limited: 'demo_math__format_bytes',
    conditional: 'notes__list',
    closed: 'demo_text__hash_preview',
    unscoped: 'demo_text__word_count',
  },
  hera: {
    granted: 'smcp__can',
    ungranted: 'smcp__policy_apply',
    invented: 'smcp__nothing',
    missing: 'smcp__gone',
    forbidden: 'smcp__queue_flush',
    asking: 'smcp__plugin_list',
    limited: 'smcp__approvals',
    conditional: 'smcp__policy_show',
    closed: 'smcp__status',
    unscoped: 'smcp__log_tail',
  },
};

const ARGS: { readonly [who in Who]: DenialWorld['args'] } = {
  athena: { good: { message: 'a' }, other: { message: 'b' }, bad: { message: 7 } },
  hera: {
    good: { agent: 'athena', tool: 'a' },
    other: { agent: 'athena', tool: 'b' },
    bad: { agent: 7, tool: 'a' },
  },
};

const OWN: { readonly [who in Who]: NonNullable<DenialWorld['own']> } = {
  athena: { limited: { value: 1 }, closed: { text: 'a' } },
  hera: {},
};

const both = (role: 'limited' | 'forbidden') => JSON.stringify([TOOLS.athena[role], TOOLS.hera[role]]);

export const policyText = () => `version: 1
deny:
  - id: ${DENY_RULE}
    tools: ${both('forbidden')}
roles:
  limited:
    grants:
      - id: ${LIMIT_RULE}
        tools: ${both('limited')}
        limits: { bytes: 1, per: 1h }
agents:${agentOf('athena', TOOLS.athena, [
  TOOLS.athena.granted,
  TOOLS.athena.missing,
  TOOLS.athena.forbidden,
  String(TOOLS.athena.unscoped),
])}${agentOf('hera', TOOLS.hera, [
  TOOLS.hera.granted,
  TOOLS.hera.missing,
  TOOLS.hera.forbidden,
  String(TOOLS.hera.unscoped),
])}
`;

/** All tools that a test speaks of, but the one that the scopes leave out. */
export const scopesOf = (who: Who): readonly string[] =>
  Object.entries(TOOLS[who]).flatMap(([role, name]) => (role === 'unscoped' ? [] : [`tools:${name}`]));

type Shown = { readonly index: number; readonly record: { readonly predicate: { readonly phase?: string } } };

export type DenialServer = Awaited<ReturnType<typeof openDenialServer>>;

export type DenialFace = ReturnType<typeof denialFaceOf>;

/** How the table is run against a server, whatever it runs in: what is asked of it, and what its log says. */
export function denialFaceOf(admin: GeneratedClient) {
  const newestOfCalls = async () => {
    const records = (await admin.call('log_tail', { count: 5 })).data as readonly Shown[];
    return records.findLast(({ record }) => record.predicate.phase !== undefined);
  };

  const worldOf = (who: Who, connect: DenialWorld['connect']): DenialWorld => ({
    connect,
    freeze: async () => void (await admin.call('freeze', { agent: who })),
    tools: TOOLS[who],
    args: ARGS[who],
    own: OWN[who],
  });

  return {
    worldOf,
    thaw: () => admin.call('unfreeze'),
    /** Makes the denied call; what its client sees, and what the log says of it. */
    check: async (who: Who, world: DenialWorld, { door, denial, more = {} }: Checked): Promise<void> => {
      const before = await newestOfCalls();
      expect(await observe(world, denial)).toEqual(expectedOf(denial));
      const newest = await newestOfCalls();
      if (!denial.isRecorded) return expect(newest?.index).toBe(before?.index);
      expect(newest?.index).toBeGreaterThan(before?.index ?? -1);
      expect(newest?.record.predicate).toMatchObject({
        phase: 'denied',
        agent: who,
        door,
        tool: { name: world.tools[denial.call.tool] },
        result: { isError: true, class: denial.expected.code },
        ...more,
      });
    },
  };
}

export type ServerOptions = {
  /** Of config.yaml; absent: none. */
  readonly config?: string;
  /** Absent: a free one. */
  readonly port?: number;
};

export async function openDenialServer({ config, port }: ServerOptions = {}) {
  const folder = temporaryFolder();
  const home = homeAt(join(folder.path, 'home'));
  prepareHome(home);
  writeFileSync(home.policy, policyText(), { mode: 0o600 });
  if (config !== undefined) writeFileSync(home.config, config, { mode: 0o600 });
  const app: App = await startInProcess(home, productPluginsDirectory(), port);
  const adminToken = adminTokenOf(home);
  const admin: GeneratedClient = await generateClient(app.url, adminToken);

  const issue = async (who: Who, options: { readonly expires: string; readonly scope?: readonly string[] }) =>
    (await admin.call('agent_token', { name: who, ...options })).data as {
      readonly id: string;
      readonly token: string;
    };

  /** A token of each kind, the good one with scopes. */
  const tokensOf = async (who: Who): Promise<{ readonly [kind in TokenKind]: string | undefined }> => {
    const revoked = await issue(who, { expires: '1h' });
    await admin.call('agent_revoke', { id: revoked.id });
    return {
      good: (await issue(who, { expires: '1h', scope: scopesOf(who) })).token,
      stray: (await issue(who, { expires: '1h', scope: ['doors:stdio'] })).token,
      none: undefined,
      revoked: revoked.token,
      expired: (await issue(who, { expires: '1ms' })).token,
      unknown: 'nobody',
      admin: adminToken,
    };
  };

  /** The same of a sub-agent: each is below a token of the agent, which is the one that was revoked or expired. */
  const tokensBelow = async (who: Who): Promise<{ readonly [kind in TokenKind]: string | undefined }> => {
    const below = async (above: string, scopes: readonly string[] = []) =>
      (await exchanged(app.url, above, { scope: scopes.join(' '), actor: 'helper' })).token;
    const above = (await issue(who, { expires: '1h' })).token;
    const revoked = await issue(who, { expires: '1h' });
    const ofRevoked = await below(revoked.token);
    await admin.call('agent_revoke', { id: revoked.id });
    const expired = await belowOneThatEnds((ms) => issue(who, { expires: `${ms}ms` }), below);
    return {
      good: await below(above, scopesOf(who)),
      stray: await below(above, ['doors:stdio']),
      none: undefined,
      revoked: ofRevoked,
      expired,
      unknown: `${(await below(above)).slice(0, -1)}~`,
      admin: adminToken,
    };
  };

  return {
    app,
    home,
    admin,
    issue,
    tokensOf,
    tokensBelow,
    ...denialFaceOf(admin),
    close: async () => {
      await app.close();
      folder.remove();
    },
  };
}

/** `more`: what else the record must say. */
type Checked = { readonly door: string; readonly denial: Denial; readonly more?: object };

/** The control: a call that nothing denies. */
export const ALLOWED: Denial = {
  title: 'a granted call',
  token: 'good',
  call: { tool: 'granted' },
  expected: { where: 'result', code: 'DENIED' },
  isRecorded: true,
};
