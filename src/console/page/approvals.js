// The list of calls that wait, and one of them whole. Which one is in the fragment: /console/approvals#ID.

import { ask, forgetSession } from './api.js';
import { act, describe, element, tell } from './dom.js';
import { requestView } from './request.js';

const POLL_MS = 3_000;
/** Puts a heading and what belongs to it in the place of what was there. `data`: what the list was made of, or ''. */
function show({ heading, data = '' }, ...children) {
  const view = document.getElementById('view');
  document.getElementById('title').textContent = heading;
  view.dataset.shown = data;
  view.replaceChildren(...children);
}

function card({ id, agent, tool, state, expiresAt, approvers }) {
  const who = approvers === null ? '' : ` · ${approvers.approved.length} of ${approvers.needed} approved`;
  return element(
    'li',
    {},
    element(
      'a',
      { href: `#${id}` },
      element('strong', {}, tool),
      element('br'),
      `${agent} · ${state}${who} · until ${new Date(expiresAt).toLocaleString()}`,
    ),
  );
}

async function showList() {
  const requests = await ask('GET', 'approvals');
  const waiting = requests.filter(({ state }) => state === 'pending').reverse();
  const others = requests.filter(({ state }) => state !== 'pending').reverse();
  const data = JSON.stringify(requests);
  // What is there stays there while nothing has changed: a reader keeps their place.
  if (document.getElementById('view').dataset.shown === data) return;
  show(
    { heading: 'Approvals', data },
    waiting.length === 0
      ? element('p', {}, 'No call waits to be approved.')
      : element('ul', { class: 'cards' }, ...waiting.map(card)),
    ...(others.length === 0
      ? []
      : [element('h2', {}, 'Decided'), element('ul', { class: 'cards' }, ...others.map(card))]),
  );
}

async function showRequest(id, me) {
  const request = await ask('GET', `approvals/${encodeURIComponent(id)}`);
  show({ heading: `${request.agent} asks for ${request.tool}` }, ...requestView(request, me, refresh));
}

/** Shows what the address names. Without a session: to the sign-in, which comes back here. */
async function refresh() {
  try {
    const me = await ask('GET', 'me');
    document.getElementById('who').textContent = `${me.person}, ${me.role}`;
    const id = location.hash.slice(1);
    await (id === '' ? showList() : showRequest(id, me));
  } catch (thrown) {
    if (thrown?.code === 'SIGN_IN_NEEDED') location.replace(`/console/${location.hash}`);
    else tell(describe(thrown), true);
  }
}

export function startApprovals() {
  const signOut = document.getElementById('sign-out');
  signOut.addEventListener('click', () =>
    act(signOut, async () => {
      await ask('POST', 'sign-out', {});
      forgetSession();
      location.assign('/console/');
    }),
  );
  addEventListener('hashchange', async () => {
    tell('');
    document.getElementById('view').dataset.shown = '';
    await refresh();
    document.getElementById('title').focus();
  });
  setInterval(() => {
    if (location.hash === '' && document.visibilityState === 'visible') refresh();
  }, POLL_MS);
  refresh();
}
