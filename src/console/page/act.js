// One act of administration that waits for an admin's passkey, whole, and the two answers.

import { ask } from './api.js';
import { button, element, act as run, tell } from './dom.js';
import { fromHex, sign } from './passkey.js';

const DIGEST = 'sha256:';

/** `me`: who is signed in. `onChange`: after a decision. */
export function actView(act, me, onChange) {
  const rows = [
    ['Act', act.operation],
    ['On', act.subject],
    ['Asked by', act.by],
    ['Until', new Date(act.expiresAt).toLocaleString()],
    ['Digest', act.digest],
  ];
  return [
    element('p', {}, element('a', { class: 'back', href: '#' }, 'All requests')),
    element(
      'dl',
      {},
      ...rows.flatMap(([name, text]) => [element('dt', {}, name), element('dd', {}, element('bdi', {}, text))]),
    ),
    element('h2', { id: 'what' }, 'What it comes to'),
    element('pre', { tabindex: '0', 'aria-labelledby': 'what' }, act.shown),
    ...answers(act, me, onChange),
  ];
}

function answers({ id, digest }, me, onChange) {
  if (me.role !== 'admin') return [element('p', { class: 'quiet' }, 'You may look; admins sign.')];
  const confirm = button('Sign with passkey', 'primary', () =>
    run(confirm, async () => {
      tell('Waiting for your passkey…');
      const challenge = fromHex(digest.slice(DIGEST.length));
      const assertion = await sign({ challenge, rpId: location.hostname, passkeys: me.passkeys });
      await ask('POST', `acts/${encodeURIComponent(id)}/confirm`, { assertion });
      await onChange('Signed, and done.');
    }),
  );
  const drop = button('Drop', 'danger', () =>
    run(drop, async () => {
      await ask('POST', `acts/${encodeURIComponent(id)}/drop`, {});
      await onChange('Dropped.');
    }),
  );
  return [element('div', { class: 'actions' }, confirm, drop)];
}
