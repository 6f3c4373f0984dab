// The page that a link to enrol opens. The link's secret is in the fragment, which browsers send to nobody; it leaves the address at once.

import { ask } from './api.js';
import { act, tell } from './dom.js';
import { makePasskey } from './passkey.js';

export function startEnrolment() {
  const pressed = document.getElementById('enroll');
  const invite = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);

  if (invite === '') {
    pressed.disabled = true;
    tell('This page is opened by the link that smcp person invite shows.', true);
  }

  pressed.addEventListener('click', () =>
    act(pressed, async () => {
      tell('Waiting for your device…');
      const options = await ask('POST', 'enrolment/begin', { invite });
      const passkey = await makePasskey(options);
      const { person, role } = await ask('POST', 'enrolment', { invite, passkey });
      tell(`Enrolled: ${person}, ${role}.`);
      pressed.hidden = true;
      document.getElementById('next').hidden = false;
    }),
  );
}
