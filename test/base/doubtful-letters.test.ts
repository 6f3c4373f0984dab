// Text of others that a person decides by: letters that pass for others are shown by their numbers, and people's languages are left alone.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { doubtfulIn } from '#base/doubtful-letters.ts';
import { LIMITS } from '#base/limits.ts';
import { visible, visibleJson } from '#base/visible.ts';

const letters = fc.constantFrom(
  'a',
  '\u0430',
  '\u03b1',
  '\u0301',
  '\uff41',
  '\u{1d41a}',
  '1',
  '\u0661',
  '\n',
  '"',
  '_',
);

describe('is shown by its number', () => {
  test.each<[string, string, string]>([
    ['a Cyrillic letter among Latin ones', '\u0430dmin', '\\u{430}dmin'],
    ['a Greek one', 'r\u03bfot', 'r\\u{3bf}ot'],
    ['an Armenian one', 'b\u0561nk', 'b\\u{561}nk'],
    ['one of a script without a name here', 'a\u13a0b', 'a\\u{13a0}b'],
    ['every letter beside Latin ones, however few these are', '\u043f\u0440p', '\\u{43f}\\u{440}p'],
    ['one in an address', 'https://ex\u0430mple.com/', 'https://ex\\u{430}mple.com/'],
    ['one in an identifier', 'user_\u0441\u043e\u0440', 'user_\\u{441}\\u{43e}\\u{440}'],
    ['letters of two scripts, neither Latin', '\u0430\u03b1', '\\u{430}\\u{3b1}'],
    ['a word of another script that could all be Latin', 'to \u0430\u0441\u0435', 'to \\u{430}\\u{441}\\u{435}'],
    ['a Greek word that could be', '\u03a1\u0391\u03a5', '\\u{3a1}\\u{391}\\u{3a5}'],
    ['a letter of full width', '\uff41dmin', '\\u{ff41}dmin'],
    ['a letter of mathematics', '\u{1d41a}dmin', '\\u{1d41a}dmin'],
    ['the sign of Kelvin', '\u212aey', '\\u{212a}ey'],
    ['a digit of another script among plain ones', '1\u0660\u0660', '1\\u{660}\\u{660}'],
    ['a mark over itself', 'e\u0301\u0301', 'e\u0301\\u{301}'],
    ['a mark over a digit', '1\u0336', '1\\u{336}'],
    ['a mark over nothing', ' \u0338', ' \\u{338}'],
    ['a mark over more than are read', 'a\u0301\u0302\u0303\u0304\u0306', 'a\u0301\u0302\u0303\u0304\\u{306}'],
  ])('%s', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });
});

describe('is left as it is', () => {
  test.each<[string, string]>([
    ['Greek', 'Η επιχείρηση ανοίγει στις 9:00, ο φύλακας είναι εδώ.'],
    ['Russian', 'А у нас сор в избе: уха, рак и оса.'],
    ['Russian beside Latin words', 'Подключите USB-кабель к iPhone.'],
    ['Ukrainian', 'Їжак і ґава, об’єкт'],
    ['Portuguese', 'A 1.ª ação é à tarde, o 2.º não'],
    ['Vietnamese, composed or not', 'Tiếng Việt Tie\u0302\u0301ng Vie\u0323\u0302t'],
    ['German and Turkish', 'Größe, İstanbul, ısı'],
    ['Japanese with Latin words', '5分でiPhoneを使う、データ'],
    ['Chinese', '世界 API接口'],
    ['Korean', '서버를 restart한다'],
    ['Hebrew with points', 'שָׁלוֹם'],
    ['Arabic with points', 'مُحَمَّد'],
    ['Hindi', 'नमस्ते दुनिया'],
    ['Thai', 'สวัสดีที่นี่'],
    ['Armenian', 'Բարեւ աշխարհ'],
    ['Georgian', 'გამარჯობა'],
    ['units', '5 µm, 3 m², 20 °C'],
    ['symbols of mathematics', 'α + β ≤ 2π'],
    ['an emoji', '😀 ok'],
  ])('%s', (_, text) => {
    expect(visible(text)).toBe(text);
  });
});

test('one language’s letters that could be Latin are left alone where others of it stand beside them', () => {
  expect(visible('\u0430\u0441\u0435')).toBe('\\u{430}\\u{441}\\u{435}');
  expect(visible('\u0430\u0441\u0435 \u0438')).toBe('\u0430\u0441\u0435 \u0438');
  // A word of two scripts speaks for none.
  expect(visible('\u0430\u0441\u0435 \u0438p')).toBe('\\u{430}\\u{441}\\u{435} \\u{438}p');
});

describe('in JSON', () => {
  test('the letters of escape sequences belong to no word', () => {
    expect(visibleJson({ text: 'один\nдва\tтри' })).toBe('{"text":"один\\nдва\\tтри"}');
    expect(visibleJson({ user: '\u0430dmin' })).toBe('{"user":"\\u0430dmin"}');
  });

  test('what is shown means what was asked, whatever its letters are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: letters })), (value) => {
        expect(JSON.parse(visibleJson(value))).toEqual(value);
      }),
    );
  });
});

test('text of plain letters is never doubted, and what is shown of any text is not doubted again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), fc.string({ unit: letters }), (plain, any) => {
      expect(doubtfulIn(plain)).toEqual([]);
      expect(visible(visible(any))).toBe(visible(any));
    }),
  );
  expect(LIMITS.combiningMarksShownMax).toBe(4);
});
