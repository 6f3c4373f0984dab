// The files of the console, a fixed list, and the headers that they are served with. They hold no data: anybody may read them.

import { readFileSync } from 'node:fs';
import type { HttpAnswer, HttpRoute } from '#domain/door-ports.ts';
import type { ConsoleSite } from '#domain/people-ports.ts';
import { isAt } from './guard.ts';

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
} as const;

type FileType = keyof typeof TYPES;

/** Where each file is served. */
const FILES: readonly { readonly path: string; readonly file: string; readonly type: FileType }[] = [
  { path: '/console/', file: 'sign-in.html', type: 'html' },
  { path: '/console/enroll', file: 'enroll.html', type: 'html' },
  { path: '/console/approvals', file: 'approvals.html', type: 'html' },
  { path: '/console/console.css', file: 'console.css', type: 'css' },
  ...['main', 'api', 'dom', 'passkey', 'sign-in', 'enroll', 'approvals', 'request', 'act'].map((name) => ({
    ...{ path: `/console/${name}.js`, file: `${name}.js` },
    type: 'js' as const,
  })),
];

/**
 * Nothing runs but these files, nothing is loaded from elsewhere, no page of any site may frame them, and text never becomes markup.
 * What a page asks for beside its own origin is refused by the browser.
 */
export const CONSOLE_HEADERS: { readonly [name: string]: string } = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()',
};

/** Read once. */
export function pageRoutes(site: () => ConsoleSite): readonly HttpRoute[] {
  const folder = new URL('./page/', import.meta.url);
  return [
    ...FILES.map(({ path, file, type }): HttpRoute => {
      const body = readFileSync(new URL(file, folder));
      const answer: HttpAnswer = { status: 200, body, contentType: TYPES[type], headers: CONSOLE_HEADERS };
      const handle: HttpRoute['handle'] = ({ headers }) =>
        type !== 'html' || isAt(headers.host, site().origin) ? answer : elsewhere(site());
      return { method: 'GET', path, access: 'anyone', handle };
    }),
    {
      method: 'GET',
      path: '/console',
      access: 'anyone',
      handle: () => ({ status: 308, body: '', headers: { ...CONSOLE_HEADERS, location: '/console/' } }),
    },
  ];
}

/** An address, or another name: the page says where the console is. The origin is the operator's own text, of a bounded form. */
function elsewhere({ origin }: ConsoleSite): HttpAnswer {
  const body = [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    '<title>SMCP console</title><h1>The console is elsewhere</h1>',
    `<p>Passkeys work under one name only. Open <a href="${origin}/console/">${origin}/console/</a>.</p>`,
    '<p>For another name, or a forwarded port, write <code>console: {origin: …}</code> in config.yaml.</p></html>',
  ].join('\n');
  return { status: 421, body, contentType: TYPES.html, headers: CONSOLE_HEADERS };
}
