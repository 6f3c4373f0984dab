// The list of calls that wait, and one of them whole. Which one is in the fragment: /console/approvals#ID.

import { actView } from './act.js';
import { ask, forgetSession } from './api.js';
import { act, describe, element, tell } from './dom.js';
import { requestView } from './request.js';

const POLL_MS = 3_000;
/** Before the id of an act, in the fragment. */
const ACT = 'act-';
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

function actCard({ id, operation, subject, by, expiresAt }) {
  return element(
    'li',
    {},
    element(
      'a',
      { href: `#${ACT}${id}` },
      element('strong', {}, operation),
      element('br'),
      `${subject} · asked by ${by} · until ${new Date(expiresAt).toLocaleString()}`,
    ),
  );
}

async function showList() {
  const requests = await ask('GET', 'approvals');
  const acts = await ask('GET', 'acts');
  const waiting = requests.filter(({ state }) => state === 'pending').reverse();
  const others = requests.filter(({ state }) => state !== 'pending').reverse();
  const data = JSON.stringify([requests, acts]);
  // What is there stays there while nothing has changed: a reader keeps their place.
  if (document.getElementById('view').dataset.shown === data) return;
  show(
    { heading: 'Approvals', data },
    waiting.length === 0
      ? element('p', {}, 'No call waits to be approved.')
      : element('ul', { class: 'cards' }, ...waiting.map(card)),
    ...(acts.length === 0
      ? []
      : [element('h2', {}, 'To be signed by an admin'), element('ul', { class: 'cards' }, ...acts.map(actCard))]),
    ...(others.length === 0
      ? []
      : [element('h2', {}, 'Decided'), element('ul', { class: 'cards' }, ...others.map(card))]),
  );
}

async function showRequest(id, me) {
  const request = await ask('GET', `approvals/${encodeURIComponent(id)}`);
  show({ heading: `${request.agent} asks for ${request.tool}` }, ...requestView(request, me, refresh));
}

async function showAct(id, me) {
  const act = await ask('GET', `acts/${encodeURIComponent(id)}`);
  const onChange = async (text) => {
    location.hash = '';
    await refresh();
    tell(text);
  };
  show({ heading: `${act.by} asks for ${act.operation}` }, ...actView(act, me, onChange));
}

/** Shows what the address names. Without a session: to the sign-in, which comes back here. */
async function refresh() {
  try {
    const me = await ask('GET', 'me');
    document.getElementById('who').textContent = `${me.person}, ${me.role}`;
    const id = location.hash.slice(1);
    if (id === '') await showList();
    else if (id.startsWith(ACT)) await showAct(id.slice(ACT.length), me);
    else await showRequest(id, me);
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
      show({ heading: 'Signed out' });
      location.replace('/console/');
    }),
  );
  // A page that the browser kept, and shows again by Back: whoever is there may not be who was.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload();
  });
  addEventListener('hashchange', async () => {
    if (location.hash !== '') tell('');
    document.getElementById('view').dataset.shown = '';
    await refresh();
    document.getElementById('title').focus();
  });
  setInterval(() => {
    if (location.hash === '' && document.visibilityState === 'visible') refresh();
  }, POLL_MS);
  refresh();
}
