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
