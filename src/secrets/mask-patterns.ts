// The forms of a secret's value that are looked for: what an encoding makes of it when it stands somewhere in a longer text. Pure.
// Escapes that can be spelled in many ways (percent, JSON, HTML) are undone by mask-views.ts instead.

/** Shorter ones would be found by chance. */
const PATTERN_BYTES_MIN = 8;
const BASE64_TEXT = /^[A-Za-z0-9+/_-]+={0,2}$/;
const HEX_TEXT = /^(?:[0-9a-fA-F]{2})+$/;
const LINE_BREAKS = /[\r\n]/g;

/** The schemes that a value may begin with where the manifest has no prefix. **Source:** RFC 9110 §11.4; what services use besides. */
const WITH_SCHEME = /^(?:bearer|basic|token|bot|apikey|api-key|key|dpop|oauth|negotiate) +(\S+)$/i;
/** **Source:** RFC 6265 §4.2.1. */
const COOKIES = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+=[^;]*(?:; *[!#$%&'*+\-.^_`|~0-9A-Za-z]+=[^;]*)*$/;
const USER_AND_PASSWORD = /^[^:\p{Cc}]*:([^\p{Cc}]+)$/u;

/** Each once, of at least 8 bytes. Letters of both cases, and both alphabets of base64, are one to whoever searches. */
export function patternsOf(value: string): readonly Uint8Array[] {
  const forms = [value, ...credentialsIn(value)].flatMap(formsOf);
  const unique = new Map(forms.map((form) => [Buffer.from(form).toString('latin1'), form]));
  return [...unique.values()].filter(({ length }) => length >= PATTERN_BYTES_MIN);
}

/** Those of the patterns whose neighbours, letters of base64 too, tell some bits of the value's ends. */
export function openPatternsOf(value: string): readonly Uint8Array[] {
  const cores = [value, ...credentialsIn(value)].flatMap((one) => base64Cores(Buffer.from(one)));
  return cores.filter(({ length }) => length >= PATTERN_BYTES_MIN);
}

/** What a service that reads the header takes out of it, and may say again alone: what follows a scheme, a password, a cookie's value. */
function credentialsIn(value: string): readonly string[] {
  const [, behindScheme] = WITH_SCHEME.exec(value) ?? [];
  if (behindScheme !== undefined) return [behindScheme, ...credentialsIn(behindScheme)];
  // Before cookies: base64 may end with what would be the name of one.
  if (BASE64_TEXT.test(value)) {
    const meant = Buffer.from(value, 'base64').toString();
    const [, password] = USER_AND_PASSWORD.exec(meant) ?? [];
    return password === undefined || meant.includes('\ufffd') ? [] : [password];
  }
  if (!COOKIES.test(value)) return [];
  return value.split(';').map((one) => one.slice(one.indexOf('=') + 1).replaceAll('"', ''));
}

function formsOf(value: string): readonly Uint8Array[] {
  const plain = Buffer.from(value);
  return [
    Buffer.from([...value].reverse().join('')),
    Buffer.from(plain.toString('hex')),
    ...base64Cores(plain),
    // Beyond ASCII the two cases of a letter are other bytes.
    Buffer.from(value.toUpperCase()),
    Buffer.from(value.toLowerCase()),
    ...[plain, Buffer.from(value, 'utf16le'), Buffer.from(value, 'utf16le').swap16()].flatMap((form) => [
      form,
      // What was taken for Latin-1 on its way.
      Buffer.from(form.toString('latin1')),
    ]),
    // As forms write a space.
    Buffer.from(value.replaceAll(' ', '+')),
    Buffer.from(value.replaceAll(LINE_BREAKS, '')),
    ...decoded(value),
  ];
}

/**
 * What is sure to stand in the base64 of a text that has these bytes in it, for each of the three places in which they may begin:
 * without the letters at both ends that bytes beside them have a part in.
 */
function base64Cores(bytes: Uint8Array): readonly Uint8Array[] {
  return [0, 1, 2].map((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    const from = Math.ceil((shift * 8) / 6);
    const to = Math.floor((shifted.length * 8) / 6);
    return Buffer.from(shifted.toString('base64').slice(from, to));
  });
}

/** A value that is base64 or hexadecimal itself says the same without it. */
function decoded(value: string): readonly Uint8Array[] {
  if (HEX_TEXT.test(value)) return [Buffer.from(value, 'hex')];
  return BASE64_TEXT.test(value) ? [Buffer.from(value, 'base64')] : [];
}
