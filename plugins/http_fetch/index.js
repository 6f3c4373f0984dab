// The tool of http_fetch. Runs in an isolate and asks for `net`: only to the hosts and paths of plugin.json. The host has checked the
// arguments against plugin.json, and decides about the request and each of its redirections.

import { readHtml } from './html.js';

/** @typedef {{ status: number, url: string, headers: Readonly<Record<string, string>>, text: () => Promise<string> }} Response */
/** @typedef {{ fetch: (url: string, options: { headers: Readonly<Record<string, string>> }) => Promise<Response> }} Host */

const DEFAULT_LENGTH = 20_000;
const TITLE_LENGTH_MAX = 300;

/** Media types that are text to a reader. */
const TEXT =
  /^(text\/[!-~]+|application\/([!-~]+\+)?(json|xml|yaml)|application\/(javascript|x-yaml|x-ndjson|toml|sql))$/;
const HTML = /^(text\/html|application\/xhtml\+xml)$/;

export const tools = {
  /** @param {{ url: string, from?: number, length?: number }} args @param {Host} host */
  get: async ({ url, from = 0, length = DEFAULT_LENGTH }, host) => {
    const response = await host.fetch(url, {
      headers: { accept: 'text/html, text/*, application/json;q=0.9, */*;q=0.1' },
    });
    const type = mediaType(response.headers['content-type']);
    if (!TEXT.test(type)) throw new Error(`the answer is no text, but ${type}`);
    const whole = await response.text();
    const { title, text } = HTML.test(type) ? readHtml(whole) : { title: '', text: whole };
    const start = startOf(text, from);
    const end = endOf(text, start + length);
    return {
      ...{ status: response.status, url: response.url, type },
      ...(title === '' ? {} : { title: title.slice(0, endOf(title, TITLE_LENGTH_MAX)) }),
      ...{ text: text.slice(start, end), lengthWhole: text.length, isCut: end < text.length },
    };
  },
};

/** @param {string | undefined} written */
function mediaType(written = 'text/plain') {
  const [type = ''] = written.split(';');
  return type.trim().toLowerCase().slice(0, 100) || 'text/plain';
}

/** No pair is cut in two: neither end would be text. @param {string} text @param {number} at */
function startOf(text, at) {
  return isWithinPair(text, at) ? at + 1 : Math.min(at, text.length);
}

/** @param {string} text @param {number} at */
function endOf(text, at) {
  return isWithinPair(text, at) ? at - 1 : Math.min(at, text.length);
}

/** @param {string} text @param {number} at */
function isWithinPair(text, at) {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}
