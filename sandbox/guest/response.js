// What `host.fetch` gives a tool: status, URL, headers, and the body as text, JSON or bytes. Keeps private copies of all it uses.
// Gives host-api.js what it decodes answers with.
// biome-ignore lint/correctness/noUnusedVariables: sandbox/warden runs the text of this file
function makeResponses() {
  const { apply } = Reflect;
  const { freeze } = Object;
  const { parse } = JSON;
  const { fromCharCode } = String;
  const NativeUint8Array = Uint8Array;
  const uncurry = Function.prototype.bind.bind(Function.prototype.call);
  const codeAt = uncurry(String.prototype.charCodeAt);
  const copyOf = uncurry(Uint8Array.prototype.slice);
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const sixBits = new NativeUint8Array(128);
  for (let at = 0; at < ALPHABET.length; at += 1) sixBits[codeAt(ALPHABET, at)] = at;

  /** Of what the host encoded: with padding, without anything else. */
  const bytesOfBase64 = (text) => {
    let length = (text.length / 4) * 3;
    if (text[text.length - 1] === '=') length -= text[text.length - 2] === '=' ? 2 : 1;
    const bytes = new NativeUint8Array(length);
    for (let at = 0, to = 0; at < text.length; at += 4) {
      let group = 0;
      for (let offset = 0; offset < 4; offset += 1) group = group * 64 + sixBits[codeAt(text, at + offset)];
      for (let shift = 16; shift >= 0 && to < length; shift -= 8, to += 1) bytes[to] = (group >> shift) & 255;
    }
    return bytes;
  };

  const REPLACEMENT = 0xfffd;
  const isTail = (byte) => (byte & 0xc0) === 0x80;

  /** The code point at `at`, and how many bytes it takes. What is none is replaced, as the Encoding standard does it. */
  const pointAt = (bytes, at) => {
    const first = bytes[at];
    if (first < 0x80) return { point: first, taken: 1 };
    const more =
      first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 0;
    if (more === 0) return { point: REPLACEMENT, taken: 1 };
    let point = first & (0x3f >> more);
    for (let tail = 1; tail <= more; tail += 1) {
      const byte = bytes[at + tail];
      const least = tail > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
      const most = tail > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
      if (byte === undefined || byte < least || byte > most || !isTail(byte))
        return { point: REPLACEMENT, taken: tail };
      point = (point << 6) | (byte & 0x3f);
    }
    return { point, taken: more + 1 };
  };

  /** Without the mark of byte order at its start. */
  const textOfBytes = (bytes) => {
    let text = '';
    let units = [];
    let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    while (at < bytes.length) {
      const { point, taken } = pointAt(bytes, at);
      at += taken;
      if (point > 0xffff) {
        units[units.length] = 0xd800 + ((point - 0x10000) >> 10);
        units[units.length] = 0xdc00 + ((point - 0x10000) & 0x3ff);
      } else units[units.length] = point;
      if (units.length < 4096 && at < bytes.length) continue;
      text += apply(fromCharCode, undefined, units);
      units = [];
    }
    return text;
  };

  /** Of a text without halves of pairs: the host gives none. */
  const bytesOfText = (text) => {
    const bytes = new NativeUint8Array(text.length * 3);
    let to = 0;
    for (let at = 0; at < text.length; at += 1) {
      const unit = codeAt(text, at);
      const isPair = unit >= 0xd800 && unit < 0xdc00;
      const point = isPair ? 0x10000 + ((unit - 0xd800) << 10) + (codeAt(text, at + 1) - 0xdc00) : unit;
      if (isPair) at += 1;
      const more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
      bytes[to] = more === 0 ? point : ((0xff00 >> (more + 1)) & 0xff) | (point >> (6 * more));
      for (let tail = more - 1; tail >= 0; tail -= 1) bytes[to + more - tail] = 0x80 | ((point >> (6 * tail)) & 0x3f);
      to += more + 1;
    }
    return copyOf(bytes, 0, to);
  };

  const responseOf = ({ status, url, headers, body }) => {
    const isText = typeof body.text === 'string';
    const bytesOf = () => (isText ? bytesOfText(body.text) : bytesOfBase64(body.base64));
    let decoded;
    const textOf = () => {
      if (!isText) decoded ??= textOfBytes(bytesOfBase64(body.base64));
      else decoded ??= codeAt(body.text, 0) === 0xfeff ? textOfBytes(bytesOfText(body.text)) : body.text;
      return decoded;
    };
    return freeze({
      status,
      ok: status >= 200 && status <= 299,
      url,
      headers: freeze(headers),
      text: freeze(async () => textOf()),
      json: freeze(async () => parse(textOf())),
      bytes: freeze(async () => bytesOf()),
    });
  };

  return { responseOf, bytesOfBase64 };
}
