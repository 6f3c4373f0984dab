// A text as it reads once escapes are undone, each byte with the place that it came from: so a secret is found however its
// letters are spelled. Pure, in linear time. **Trust:** the text is anybody's.

/** `starts` and `ends`: of byte n in what is looked at; absent: it stands at n. */
export type View = {
  readonly bytes: Uint8Array;
  readonly starts?: Uint32Array;
  readonly ends?: Uint32Array;
};

/** One unit of a text: what it means, and how many bytes it takes. Undefined: it means itself. */
type Unit = { readonly means: readonly number[]; readonly length: number };
type Reader = (bytes: Uint8Array, at: number) => Unit | undefined;

/** `mark`: what each unit begins with. `erases`: what may stand before it, and goes with it. */
type Stage = { readonly mark: number; readonly read: Reader; readonly erases?: number };

const PERCENT = 0x25;
const BACKSLASH = 0x5c;
const AMPERSAND = 0x26;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const REPLACEMENT = 0xfffd;

/** Percent-encoding, of any bytes and in both cases. **Source:** RFC 3986 §2.1. */
const percent: Stage = {
  mark: PERCENT,
  read: (bytes, at) => {
    const value = hexAt(bytes, at + 1, 2);
    return value === undefined ? undefined : { means: [value], length: 3 };
  },
};

const SHORT_ESCAPES: { readonly [letter: string]: number } = {
  ...{ n: 0x0a, r: 0x0d, t: 0x09, b: 0x08, f: 0x0c, v: 0x0b },
  ...{ '"': 0x22, "'": 0x27, '/': 0x2f, '\\': BACKSLASH },
};

/** Escapes of JSON, and those that languages and our own log add: `\x41`, `\u{41}`. **Source:** RFC 8259 §7. */
const backslash: Stage = {
  mark: BACKSLASH,
  read: (bytes, at) => {
    const letter = String.fromCharCode(bytes[at + 1] ?? 0);
    const short = SHORT_ESCAPES[letter];
    if (short !== undefined) return { means: [short], length: 2 };
    if (letter === 'x') {
      const value = hexAt(bytes, at + 2, 2);
      return value === undefined ? undefined : { means: utf8(value), length: 4 };
    }
    if (letter !== 'u') return undefined;
    return bytes[at + 2] === 0x7b ? braced(bytes, at) : fourDigits(bytes, at);
  },
};

/** Named and numbered references of HTML and XML. **Source:** HTML Living Standard §13.2.5.73 and §13.5. */
const html: Stage = {
  mark: AMPERSAND,
  read: (bytes, at) => {
    const end = bytes.subarray(at, at + REFERENCE_BYTES_MAX).indexOf(0x3b);
    if (end < 0) return undefined;
    const name = Buffer.from(bytes.subarray(at + 1, at + end)).toString('latin1');
    const [, hex, decimal] =
      /^#(?:[xX]([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name.replace(/^(#[xX]?)0+(?=.)/, '$1')) ?? [];
    const code = NAMED[name] ?? (hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
    return Number.isNaN(code) ? undefined : { means: utf8(code), length: end + 1 };
  },
};

const NAMED: { readonly [name: string]: number } = {
  amp: 0x26,
  lt: 0x3c,
  gt: 0x3e,
  quot: 0x22,
  apos: 0x27,
  nbsp: 0x20,
  // Of ASCII, which some services spell by their names.
  ...{ Tab: 0x09, NewLine: 0x0a, excl: 0x21, num: 0x23, dollar: 0x24, percnt: 0x25, lpar: 0x28, rpar: 0x29, ast: 0x2a },
  ...{ midast: 0x2a, plus: 0x2b, comma: 0x2c, period: 0x2e, sol: 0x2f, colon: 0x3a, semi: 0x3b, equals: 0x3d },
  ...{ quest: 0x3f, commat: 0x40, lsqb: 0x5b, lbrack: 0x5b, bsol: BACKSLASH, rsqb: 0x5d, rbrack: 0x5d, Hat: 0x5e },
  ...{ lowbar: 0x5f, UnderBar: 0x5f, grave: 0x60, lcub: 0x7b, lbrace: 0x7b, verbar: 0x7c, vert: 0x7c, rcub: 0x7d },
  rbrace: 0x7d,
};
/** With some zeros before the number. */
const REFERENCE_BYTES_MAX = 16;

/** Nothing: as in base64 that is cut into lines. */
const lines: Stage = { mark: LINE_FEED, read: () => ({ means: [], length: 1 }), erases: CARRIAGE_RETURN };

/** Which escapes are looked for within which, from the outside in. What is not escaped so is looked at by the others. */
type Nested = readonly (readonly [Stage, Nested])[];
const NESTED: Nested = [
  [lines, []],
  [
    percent,
    [
      [percent, []],
      [backslash, []],
      [lines, []],
    ],
  ],
  [
    backslash,
    [
      [backslash, []],
      [percent, []],
      [html, []],
      [lines, []],
    ],
  ],
  [
    html,
    [
      [percent, []],
      [backslash, []],
    ],
  ],
];

/** The text itself, and every other way to read it that differs from it. */
export function* viewsOf(bytes: Uint8Array): Generator<View> {
  const plain: View = { bytes };
  yield plain;
  yield* below(plain, NESTED);
}

function* below(view: View, nested: Nested): Generator<View> {
  for (const [stage, inner] of nested) {
    const first = view.bytes.indexOf(stage.mark);
    if (first < 0) continue;
    const next = undone(view, stage, first);
    yield next;
    yield* below(next, inner);
  }
}

/** @param first where the first mark stands */
function undone(view: View, { mark, read, erases }: Stage, first: number): View {
  const { bytes } = view;
  let next = first;
  // No unit means more bytes than it takes.
  const out = new Uint8Array(bytes.length);
  const starts = new Uint32Array(bytes.length);
  const ends = new Uint32Array(bytes.length);
  let length = 0;
  const put = (byte: number, at: number, taken: number) => {
    out[length] = byte;
    starts[length] = view.starts?.[at] ?? at;
    ends[length] = view.ends?.[at + taken - 1] ?? at + taken;
    length += 1;
  };
  for (let at = 0; at < bytes.length; ) {
    // Up to the next escape all is as it is.
    for (const end = next < 0 ? bytes.length : next; at < end; at += 1) put(bytes[at] ?? 0, at, 1);
    if (at === bytes.length) break;
    const unit = read(bytes, at);
    if (unit === undefined) put(bytes[at] ?? 0, at, 1);
    else if (bytes[at - 1] === erases && length > 0 && unit.means.length === 0) length -= 1;
    else for (const byte of unit.means) put(byte, at, unit.length);
    at += unit?.length ?? 1;
    next = bytes.indexOf(mark, at);
  }
  return { bytes: out.subarray(0, length), starts: starts.subarray(0, length), ends: ends.subarray(0, length) };
}

/** Half a pair is no character, and in no secret. */
function fourDigits(bytes: Uint8Array, at: number): Unit | undefined {
  const unit = hexAt(bytes, at + 2, 4);
  if (unit === undefined) return undefined;
  const isHigh = unit >= 0xd800 && unit < 0xdc00;
  const low = isHigh && bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75 ? hexAt(bytes, at + 8, 4) : undefined;
  if (low === undefined || low < 0xdc00 || low > 0xdfff) return { means: utf8(unit), length: 6 };
  return { means: utf8(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)), length: 12 };
}

function braced(bytes: Uint8Array, at: number): Unit | undefined {
  const end = bytes.subarray(at, at + REFERENCE_BYTES_MAX).indexOf(0x7d);
  const value = end < 0 ? undefined : hexAt(bytes, at + 3, end - 3);
  return value === undefined ? undefined : { means: utf8(value), length: end + 1 };
}

function hexAt(bytes: Uint8Array, from: number, count: number): number | undefined {
  if (count < 1 || count > 8 || from + count > bytes.length) return undefined;
  let value = 0;
  for (let at = from; at < from + count; at += 1) {
    const byte = bytes[at] ?? 0;
    const digit =
      byte >= 0x30 && byte <= 0x39
        ? byte - 0x30
        : (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66
          ? (byte | 0x20) - 0x57
          : -1;
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}

function utf8(code: number): readonly number[] {
  if (code < 0x80) return [code];
  const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return [...Buffer.from(String.fromCodePoint(isCharacter ? code : REPLACEMENT))];
}
