// One request, whole: what is asked, and the two answers. What is signed is the digest of what is shown.

import { ask } from './api.js';
import { act, button, element, tell } from './dom.js';
import { fromHex, sign } from './passkey.js';

const DIGEST = 'sha256:';

/** `me`: who is signed in. `onChange`: after a decision. */
export function requestView(request, me, onChange) {
  return [
    element('p', {}, element('a', { class: 'back', href: '#' }, 'All requests')),
    facts(request),
    element('h2', { id: 'arguments' }, 'Arguments'),
    request.shown === null
      ? element('p', { class: 'quiet' }, 'Not kept any more: the request is over.')
      : element('pre', { tabindex: '0', 'aria-labelledby': 'arguments' }, request.shown),
    ...(request.ruleText === null
      ? []
      : [
          element('h2', { id: 'rule' }, 'The rule that asks'),
          element('pre', { tabindex: '0', 'aria-labelledby': 'rule' }, request.ruleText),
        ]),
    ...(request.state === 'pending' ? answers(request, me, onChange) : []),
  ];
}

function facts(request) {
  const { approvers, chain, capabilities, seen, onBehalfOf, lost } = request;
  const rows = [
    ['State', request.state],
    ['Agent', request.agent],
    ['Sub-agent', onBehalfOf === null ? '' : onBehalfOf.actors.map((name) => name || '(without a name)').join(' > ')],
    ['For the token', onBehalfOf === null ? '' : onBehalfOf.tokens.join(' > ')],
    ['Has seen', seen.map(({ label, tool }) => (tool === '' ? label : `${label} (${tool})`)).join(', ')],
    ['Tool', request.tool],
    ['Called by', chain.join(' > ')],
    ['Plugin', request.plugin ?? 'the server itself'],
    ['Effect', request.effect],
    ['Could use', Object.keys(capabilities).length === 0 ? 'nothing' : JSON.stringify(capabilities)],
    ['Workspace', request.workspace ?? ''],
    ['Rule', request.rule],
    ['Why it asks', request.ruleWhy ?? ''],
    ['Approvers', approvers === null ? '' : `${approvers.needed} of ${approvers.by.join(', ')}`],
    ['Approved by', approvers === null ? '' : approvers.approved.join(', ')],
    ['Counts no more', lost.map(({ by, why }) => `${by}: ${why}`).join('; ')],
    ['Asked', new Date(request.createdAt).toLocaleString()],
    ['Until', new Date(request.expiresAt).toLocaleString()],
    ['Decided by', request.by ?? ''],
    ['Why', request.why ?? ''],
    ['Digest', request.digest],
  ];
  return element(
    'dl',
    {},
    ...rows
      .filter(([, text]) => text !== '')
      .flatMap(([name, text]) => [element('dt', {}, name), element('dd', {}, element('bdi', {}, text))]),
  );
}

function answers({ id, digest }, me, onChange) {
  if (me.role === 'viewer') return [element('p', { class: 'quiet' }, 'You may look; approvers decide.')];
  const why = element('textarea', { id: 'why', rows: '2', maxlength: '256' });
  const approve = button('Approve with passkey', 'primary', () =>
    act(approve, async () => {
      tell('Waiting for your passkey…');
      const challenge = fromHex(digest.slice(DIGEST.length));
      const assertion = await sign({ challenge, rpId: location.hostname, passkeys: me.passkeys });
      const { state } = await ask('POST', `approvals/${encodeURIComponent(id)}/approve`, { assertion });
      tell(
        state === 'pending' ? 'Approved by you. Somebody else has to approve too.' : 'Approved: the call may begin.',
      );
      await onChange();
    }),
  );
  const deny = button('Deny', 'danger', () =>
    act(deny, async () => {
      await ask('POST', `approvals/${encodeURIComponent(id)}/deny`, { why: why.value });
      tell('Denied.');
      await onChange();
    }),
  );
  return [
    element(
      'div',
      { class: 'actions' },
      approve,
      element('label', { for: 'why' }, 'Why not? The agent is told.'),
      why,
      deny,
    ),
  ];
}
