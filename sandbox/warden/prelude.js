// @ts-check
// The text of what runs in a context before a plugin's code. Read at the start of a warden, and by tests.

import { readFileSync } from 'node:fs';

/** The guest's own files (sandbox/guest) as one function of (post, boundsJson, mentions): what runs in a context before a plugin's code. */
export function readPrelude() {
  const refuse = readFileSync(new URL('../guest/refuse.js', import.meta.url), 'utf8');
  const hostApi = readFileSync(new URL('../guest/host-api.js', import.meta.url), 'utf8');
  const response = readFileSync(new URL('../guest/response.js', import.meta.url), 'utf8');
  const trampoline = readFileSync(new URL('../guest/trampoline.js', import.meta.url), 'utf8');
  const harden = readFileSync(new URL('../guest/harden.js', import.meta.url), 'utf8');
  return `(function (post, boundsJson, mentions) {
    'use strict';
    const bounds = JSON.parse(boundsJson);
    (${refuse})(mentions);
    return (${trampoline})((${hostApi})(post, bounds, (${response})()), bounds, ${harden});
  })`;
}
