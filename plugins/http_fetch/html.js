// The words of an HTML page, and its title. One walk from its start to its end, in time linear in its length, whatever is in it: this is
// for reading, and what it gives is text and never taken for HTML again.

import { decodeEntities } from './entities.js';

/** Elements of which nothing is to be read. Their content ends only at their own end tag. */
const HIDDEN = ['script', 'style', 'template', 'noscript', 'svg', 'iframe', 'object', 'textarea', 'select'];

/** Elements that stand on lines of their own. */
const BLOCKS = new Set(
  (
    'address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure footer form ' +
    'h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td tfoot th thead title tr ul'
  ).split(' '),
);

/**
 * @param {string} html
 * @returns {{ title: string, text: string }}
 */
export function readHtml(html) {
  /** @type {string[]} */
  const pieces = [];
  let title = '';
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open === -1) break;
    if (open > at) pieces.push(flowing(html.slice(at, open)));
    const tag = tagAt(html, open);
    if (tag === undefined) {
      pieces.push('<');
      at = open + 1;
      continue;
    }
    at = tag.end;
    if (BLOCKS.has(tag.name)) pieces.push(tag.name === 'li' && !tag.isEnd ? '\n- ' : '\n');
    if (tag.isEnd) continue;
    const isWhole = tag.name === 'svg' && html[at - 2] === '/';
    if (HIDDEN.includes(tag.name) && !isWhole) at = endOf(html, tag.name, at);
    if (tag.name === 'title') {
      const end = html.indexOf('<', at);
      const inner = html.slice(at, end === -1 ? html.length : end);
      if (title === '') title = flowing(inner).trim();
      at += inner.length;
    }
    if (tag.name === 'pre') {
      const end = endOf(html, 'pre', at);
      pieces.push(preformatted(html.slice(at, end)));
      at = end;
    }
  }
  pieces.push(flowing(html.slice(at)));
  return { title, text: tidy(pieces.join('')) };
}

/**
 * The tag, comment or declaration that begins at a `<`; undefined: it is a sign of the text.
 *
 * @param {string} html
 * @param {number} open
 */
function tagAt(html, open) {
  if (html.startsWith('<!--', open)) return { name: '', isEnd: false, end: after(html, '-->', open + 4) };
  const isEnd = html[open + 1] === '/';
  const first = html.charCodeAt(open + (isEnd ? 2 : 1));
  const isDeclaration = first === 0x21 || first === 0x3f;
  if (!isDeclaration && !((first > 0x40 && first < 0x5b) || (first > 0x60 && first < 0x7b))) return undefined;
  const head = /^[a-z][a-z0-9]*/i.exec(html.slice(open + (isEnd ? 2 : 1), open + 22));
  return { name: (head?.[0] ?? '').toLowerCase(), isEnd, end: endOfTag(html, open) };
}

/** Past the `>` that is in no quoted value. @param {string} html @param {number} open */
function endOfTag(html, open) {
  const sign = /[>"']/g;
  sign.lastIndex = open;
  for (let found = sign.exec(html); found !== null; found = sign.exec(html)) {
    if (found[0] === '>') return sign.lastIndex;
    // Elsewhere it is a sign like any other: <p title=it's>.
    if (html[found.index - 1] !== '=') continue;
    const close = html.indexOf(found[0], sign.lastIndex);
    // A quote that nothing ends belongs to no tag that would ever end.
    if (close === -1) return after(html, '>', sign.lastIndex);
    sign.lastIndex = close + 1;
  }
  return html.length;
}

/** Where the end tag of an element begins. @param {string} html @param {string} name @param {number} from */
function endOf(html, name, from) {
  const end = new RegExp(`</${name}(?=[\\s/>])`, 'gi');
  end.lastIndex = from;
  return end.exec(html)?.index ?? html.length;
}

/** @param {string} html @param {string} sign @param {number} from */
function after(html, sign, from) {
  const found = html.indexOf(sign, from);
  return found === -1 ? html.length : found + sign.length;
}

/** White space is one space. @param {string} text */
function flowing(text) {
  return decodeEntities(text.replace(/[ \t\r\n\f]+/g, ' '));
}

/** As it stands, without the tags in it. @param {string} html */
function preformatted(html) {
  return decodeEntities(html.replace(/<[^<>]*>/g, ''));
}

/** No spaces at the ends of lines, and at most one empty line. @param {string} text */
function tidy(text) {
  /** @type {string[]} */
  const lines = [];
  for (const line of text.split('\n')) {
    const plain = line.trimEnd();
    const shown = /^ ?\S/.test(plain) ? plain.trimStart() : plain;
    const isSecondEmpty = shown === '' && (lines.length === 0 || lines[lines.length - 1] === '');
    if (!isSecondEmpty) lines.push(shown);
  }
  return lines.join('\n').trimEnd();
}
