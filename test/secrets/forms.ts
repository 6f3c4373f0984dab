// What a service, a library or a plugin makes of a secret when it repeats it: the forms that the mask must find, and whether a text
// has a value in one of them.

export const hexOf = (value: string): string => Buffer.from(value).toString('hex');
export const base64Of = (value: string): string => Buffer.from(value).toString('base64');
const percentOf = (value: string, spell: (byte: number) => string): string =>
  [...Buffer.from(value)].map(spell).join('');
const allPercent = (byte: number): string => `%${byte.toString(16).padStart(2, '0')}`;
const escapedOf = (value: string): string =>
  Array.from({ length: value.length }, (_, at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

const NAMED: { readonly [character: string]: string } = {
  ...{ '&': '&amp;', '<': '&lt;', '"': '&quot;', _: '&lowbar;', '/': '&sol;', '+': '&plus;' },
};

/** How each form is made of a value: what stands in a text when a service, a library or a plugin echoes a secret so. */
export const FORMS: readonly (readonly [string, (value: string) => string])[] = [
  ['as it is', (value) => value],
  ['in upper case', (value) => value.toUpperCase()],
  ['in lower case', (value) => value.toLowerCase()],
  ['reversed', (value) => [...value].reverse().join('')],
  ['in hexadecimal', hexOf],
  ['in hexadecimal, upper case', (value) => hexOf(value).toUpperCase()],
  ['in base64', base64Of],
  ['in base64, without padding', (value) => base64Of(value).replace(/=+$/, '')],
  ['in base64 behind one byte', (value) => base64Of(`a${value}`)],
  ['in base64 behind two bytes', (value) => base64Of(`ab${value}`)],
  ['in base64 within a text', (value) => base64Of(`{"token":"${value}","n":1}`)],
  ['in base64url', (value) => Buffer.from(`id:${value}!`).toString('base64url')],
  ['in base64 of several lines', (value) => (base64Of(value).match(/.{1,10}/g) ?? []).join('\r\n')],
  ['percent-encoded', encodeURIComponent],
  ['percent-encoded, each byte', (value) => percentOf(value, allPercent)],
  ['percent-encoded, upper case', (value) => percentOf(value, (byte) => allPercent(byte).toUpperCase())],
  ['percent-encoded twice', (value) => encodeURIComponent(percentOf(value, allPercent))],
  ['as a form', (value) => new URLSearchParams({ v: value }).toString().slice(2)],
  ['escaped as JSON', (value) => JSON.stringify(value).slice(1, -1)],
  ['escaped as JSON, each unit', escapedOf],
  ['in JSON within JSON', (value) => JSON.stringify(JSON.stringify({ value }))],
  [
    'escaped as our own log does',
    (value) => [...value].map((one) => `\\u{${one.codePointAt(0)?.toString(16)}}`).join(''),
  ],
  ['as HTML', (value) => value.replace(/[&<>"]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '"': '&quot;' })[one] ?? one)],
  ['as HTML, each character', (value) => [...value].map((one) => `&#${one.codePointAt(0)};`).join('')],
  ['as HTML, in hexadecimal', (value) => [...value].map((one) => `&#x00${one.codePointAt(0)?.toString(16)};`).join('')],
  ['as HTML, by names', (value) => value.replace(/[&<"_/+-]/g, (one) => NAMED[one] ?? one)],
  ['in JSON within HTML', (value) => JSON.stringify({ value }).replaceAll('&', '&amp;').replaceAll('"', '&quot;')],
  ['as UTF-8 that was taken for Latin-1', (value) => Buffer.from(value).toString('latin1')],
  ['in UTF-16', (value) => Buffer.from(value, 'utf16le').toString('latin1')],
];

/** Whether the value stands in the text, in one of the forms. Written without anything of the product: it looks for what each form gives. */
export function reveals(text: string, value: string): boolean {
  return FORMS.some(
    ([, form]) => text.includes(form(value)) || text.includes(JSON.stringify(form(value)).slice(1, -1)),
  );
}
