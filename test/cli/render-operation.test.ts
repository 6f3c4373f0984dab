import { describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { renderOperation } from '#cli/render-operation.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';
import { createWorld, person, prepare } from '#test/operations/world.ts';

const ATTACK = '\u001b[2Jgone\u202e\u0007';

/** The answer with every text that somebody else could have written replaced. */
function poisoned(value: Json): Json {
  if (typeof value === 'string') return `${value}${ATTACK}`;
  if (Array.isArray(value)) return value.map(poisoned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, poisoned(below as Json)]));
}

describe('the text of an answer', () => {
  test.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
    'of %s is lines that no text in it can break or colour',
    async (name, operation) => {
      const world = createWorld();
      world.services.freezes.freeze({ kind: 'plugin', name: 'other' }, 'admin');
      const { input, ended } = await prepare(world, name);
      const answer = await createOperationRunner(world.services)(operation, input, person);
      await ended;
      const text = renderOperation(name, answer);
      expect(text).toMatch(/\n$/);
      expect(text).not.toMatch(/undefined|\[object/);
      expect(renderOperation(name, poisoned(answer))).not.toMatch(/\p{Cc}(?<!\n)|\p{Cf}/u);
    },
  );

  test.each([
    ['freeze', { scope: 'all', name: null, by: 'admin', since: 'T' }, 'frozen: everything, by admin since T\n'],
    ['freeze', { scope: 'agent', name: 'ana', by: 'bea', since: 'T' }, 'frozen: agent ana, by bea since T\n'],
    ['secret_list', [], 'no secrets\n'],
    [
      'secret_list',
      [
        { name: 'A', source: 'stored', setAt: 'T', askedBy: [] },
        {
          ...{ name: 'BB', source: 'none', setAt: null },
          askedBy: [{ plugin: 'p', hosts: ['h.example'], isExposed: true }],
        },
      ],
      'A   stored   set T  no plugin asks for it\nBB  NOT SET         p (h.example ITS PROGRAM SEES IT)\n',
    ],
    ['unfreeze', { lifted: [], freezes: [] }, 'that was not frozen\n'],
    [
      'unfreeze',
      {
        lifted: [{ scope: 'writes', name: null, by: 'a', since: 'T' }],
        freezes: [{ scope: 'plugin', name: 'p', by: 'a', since: 'T' }],
      },
      'lifted: writes, by a since T\nstill frozen: plugin p, by a since T\n',
    ],
    [
      'agent_token',
      { token: 'smcp_x', agent: 'ana', id: '01', expiresAt: null, scopes: ['tools:a__*', 'doors:mcp'] },
      'smcp_x\n\nThis is the only time it is shown. Agent ana, id 01, only tools:a__* doors:mcp, good until: smcp agent revoke 01\n',
    ],
    [
      'agent_list',
      [
        {
          ...{ name: 'ana', inPolicy: true },
          tokens: [
            { id: '01', state: 'valid', createdAt: 'T', expiresAt: null },
            {
              ...{ id: '02', state: 'valid', createdAt: 'T', expiresAt: 'U', onBehalfOf: ['01'], actor: 'researcher' },
              scopes: [['tools:a__*', 'doors:mcp'], ['tools:a__b']],
            },
          ],
        },
      ],
      'ana  01  valid  created T  does not expire\nana  02  valid  created T  expires U        only tools:a__* doors:mcp and only tools:a__b, below 01 as researcher\n',
    ],
    ['labels_list', [], 'no agent has seen anything that carries a label\n'],
    [
      'labels_list',
      [
        { agent: 'ana', session: null, label: 'private', tool: 'n__r', invocation: 'I', since: 'T', from: null },
        {
          agent: 'bea',
          session: 's',
          label: 'private',
          tool: 'n__r',
          invocation: 'J',
          since: 'T',
          from: 'workspace w: x',
        },
      ],
      'ana  all sessions  private  from n__r                   call I  since T\nbea  session s     private  from n__r (workspace w: x)  call J  since T\n',
    ],
    ['labels_places', [], 'no file and no value carries a label\n'],
    ['labels_clear', { cleared: 0, left: [], leftThere: [] }, 'nothing was cleared: there was no such label\n'],
    ['labels_clear', { cleared: 2, left: [], leftThere: [] }, 'cleared 2 labels\n'],
    [
      'labels_clear',
      {
        cleared: 1,
        left: [],
        leftThere: [
          {
            ...{ place: 'workspace demo: notes', label: 'private', tool: 'p__t', agent: 'demo' },
            ...{ invocation: 'i', since: '2026-11-30T12:00:00.000Z' },
          },
        ],
      },
      'cleared 1 label\nit still carries:\nworkspace demo: notes  private  by p__t of demo  call i  since 2026-11-30T12:00:00.000Z\n',
    ],
    ['person_list', [], 'the policy names no people: docs/people.md says how\n'],
    [
      'person_list',
      [
        {
          ...{ name: 'ana', role: 'approver', inviteExpiresAt: null, sessions: 1 },
          passkeys: [{ credential: 'c', site: 'localhost', enrolledAt: 'T', by: 'admin', record: 3 }],
        },
        { name: 'bea', role: null, passkeys: [], inviteExpiresAt: 'T', sessions: 0 },
      ],
      'ana  approver           signed in: 1 session\n     passkey c          for localhost         since T, link by admin\nbea  NOT IN THE POLICY  not signed in         a link waits until T\n',
    ],
    [
      'token_revoke',
      {
        issuer: 'https://a.example',
        subject: 'u\u001b1',
        before: '2026-11-30T12:00:00Z',
        made: 'm',
        until: 't',
        ending: [],
      },
      'revoked tokens of u\\u{1b}1 of https://a.example that were issued before 2026-11-30T12:00:00Z\n',
    ],
    [
      'token_revocations',
      [{ issuer: 'https://a.example', jti: 'j', made: 'm', until: 't' }],
      'the token j of https://a.example  until t\n',
    ],
    ['token_revocations', [], 'no signed token was revoked by its claims in the last day\n'],
    ['person_revoke', { name: 'ana', revoked: ['c'] }, 'ana: revoked c; sessions are ended\n'],
    ['person_revoke', { name: 'ana', revoked: [] }, 'ana: had no passkey; sessions are ended\n'],
    ['queue_flush', { ended: 1 }, 'ended 1 waiting call\n'],
    ['policy_diff', { text: '', widenings: [] }, 'no difference\n'],
    ['policy_diff', { text: '-a\n+b\n', widenings: [] }, '-a\n+b\nnobody could do more under it\n'],
    ['policy_diff', { text: '-a\n+b\n', widenings: ['ana: x'] }, '-a\n+b\nwider: ana: x\n'],
    ['log_keys', [], '[]\n'],
  ])('of %s reads as a sentence: %j', (name, answer, text) => {
    expect(renderOperation(name, answer)).toBe(text);
  });

  test('of status says what is stopped and why the file is not applied', () => {
    const status = {
      version: '1',
      ready: true,
      startedAt: 'T',
      policy: { version: 2, file: '/f', fileState: { kind: 'refused', message: 'line 3' } },
      plugins: { ready: 1, refused: 0, quarantined: 3, disabled: 2 },
      freezes: [{ scope: 'writes', name: null, by: 'bea', since: 'T' }],
      lanes: [{ name: 'main', running: 0, waiting: 3, isPaused: true }],
      calls: 9,
      callsUnderWay: 3,
      log: { entries: 4 },
      layers: [],
    };
    const text = renderOperation('status', status);
    expect(text).toMatch(/NOT APPLIED: line 3/);
    expect(text).toMatch(/FROZEN +writes, by bea since T/);
    expect(text).toMatch(/lane main +0 running, 3 waiting, PAUSED/);
    expect(text).toMatch(/plugins +1 ready, 0 refused, 3 quarantined, 2 disabled, see smcp plugin list/);
    const staged = { ...status, policy: { ...status.policy, fileState: { kind: 'staged', digest: 'd' } } };
    expect(renderOperation('status', staged)).toMatch(/waits for: smcp policy apply/);
  });
});
