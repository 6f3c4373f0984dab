// The tools of demo_text. Runs in an isolate and asks for nothing. The host has checked the arguments against plugin.json.

import { sha256Hex } from './sha256.js';
import { utf8Bytes } from './utf8.js';
import { trimWhiteSpace, wordsOf } from './white-space.js';

const PREVIEW_LENGTH = 16;

export const tools = {
  /** @param {{ message: string, prefix?: string }} args */
  echo: async ({ message, prefix = '' }) => {
    const label = trimWhiteSpace(prefix);
    return { ok: true, output: label === '' ? message : `${label}: ${message}` };
  },

  /** @param {{ text: string }} args */
  word_count: async ({ text }) => ({ ok: true, words: wordsOf(text).length, characters: codePointCount(text) }),

  /** @param {{ title: string }} args */
  slugify: async ({ title }) => {
    const parts = title.toLowerCase().match(/[a-z0-9]+/g) ?? ['untitled'];
    return { ok: true, slug: parts.join('-') };
  },

  /** @param {{ text: string }} args */
  hash_preview: async ({ text }) => ({
    ok: true,
    sha256_preview: sha256Hex(utf8Bytes(text)).slice(0, PREVIEW_LENGTH),
    algorithm: 'sha256',
  }),
};

/** @param {string} text */
function codePointCount(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
