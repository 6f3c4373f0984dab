// The page on which a person signs in.

import { ask, keepSession } from './api.js';
import { act, tell } from './dom.js';
import { fromBase64url, sign } from './passkey.js';

export function startSignIn() {
  const pressed = document.getElementById('sign-in');

  pressed.addEventListener('click', () =>
    act(pressed, async () => {
      tell('Waiting for your passkey…');
      const { challenge, rpId } = await ask('POST', 'sign-in/begin', {});
      const assertion = await sign({ challenge: fromBase64url(challenge), rpId });
      const { page } = await ask('POST', 'sign-in', { assertion });
      keepSession(page);
      // A link to one request brings its id along.
      location.assign(`/console/approvals${location.hash}`);
    }),
  );
}
