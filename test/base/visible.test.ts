import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { visible, visibleJson, visibleText, withoutEscapes } from '#base/visible.ts';

describe('foreign text made visible', () => {
  test('shows escape sequences, line breaks and direction marks instead of obeying them', () => {
    expect(visible('a\u001b[2Jb\nc\u202Ed\u0085\u2028')).toBe('a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{85}\\u{2028}');
  });

  test('leaves ordinary text of any script alone', () => {
    expect(visible('Olá, 世界 😀 "x" \\n')).toBe('Olá, 世界 😀 "x" \\n');
  });

  test('cuts and says how much, also between the halves of a character', () => {
    expect(visibleText('abcdef', 4)).toBe('abcd… (2 more)');
    expect(visibleText('abc😀', 4)).toBe('abc\\u{d83d}… (1 more)');
    expect(visibleText('abcd', 4)).toBe('abcd');
  });

  test('never lets a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visibleText(text, 20)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });
});

test('escape sequences are taken out whole: colours, movements, titles, links', () => {
  const text =
    '\u001b[1;31mred\u001b[0m \u001b[2J\u001b]0;title\u0007a\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\';
  expect(withoutEscapes(text)).toBe('red alink');
  // What is no whole sequence stays, and `visible` shows it.
  expect(withoutEscapes('\u001b[1;31')).toBe('\u001b[1;31');
});

describe('JSON for a terminal', () => {
  test('has no character that a terminal obeys, and means the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const json = visibleJson([value as Json, text, '\u009b31m', '\u202e', '\u{e0001}']);
        expect(json).not.toMatch(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u);
        expect(JSON.stringify(JSON.parse(json))).toBe(
          JSON.stringify([value, text, '\u009b31m', '\u202e', '\u{e0001}']),
        );
      }),
    );
  });
});

describe('what is drawn as nothing', () => {
  // None of them is a control or format character: letters, marks, a symbol, spaces, and what Unicode has not assigned.
  const DRAWN_AS_NOTHING = [
    ...['\u3164', '\u115f', '\u1160', '\uffa0', '\u034f', '\ufe0f', '\u{e0100}', '\u17b4', '\u180b', '\u{e0fff}'],
    ...['\u2800', '\u00a0', '\u2003', '\u3000', '\u202f', '\uffff'],
  ];

  test.each(DRAWN_AS_NOTHING)('is shown: %j', (character) => {
    expect(visible(`a${character}b`)).toBe(`a\\u{${character.codePointAt(0)?.toString(16)}}b`);
    const json = visibleJson({ to: `bank${character}` });
    expect(json).not.toContain(character);
    expect(JSON.parse(json)).toEqual({ to: `bank${character}` });
  });

  test('is no letter that is seen: composed and decomposed ones, other scripts, emoji and plain spaces stay', () => {
    const text = 'e\u0301 é ñ Ångström Москва עברית हिन्दी ไทย 東京 ½ 😀 a  b';
    expect(visible(text)).toBe(text);
  });
});
