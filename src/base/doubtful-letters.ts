// Letters that look like others, found by what stands beside them: words of several scripts, words of one script that could all be
// Latin, marks that are piled up. Pure. Called by visible.ts. Knows a few letters by name only, no table of all that look alike.
// **Source:** Unicode TR39 §5.1 and §5.2 (restriction levels), §5.3 (mixed numbers), §5.4 (nonspacing marks).

import { LIMITS } from './limits.ts';

/** What can hold a doubtful letter: other text is not looked at. */
const NOT_ASCII = /[^\p{ASCII}]/u;

/** An escape sequence of JSON, whose letter belongs to no word; else a word. */
const WORDS = /\\(?:u[\da-f]{4}|[bfnrt])|[\p{L}\p{M}\p{N}\p{Pc}]+/gu;

/** Scripts that are told apart; letters of any other one are one more. */
const SCRIPTS: readonly (readonly [name: string, letters: RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Han', /\p{Script=Han}/u],
  ['Hiragana', /\p{Script=Hiragana}/u],
  ['Katakana', /\p{Script=Katakana}/u],
  ['Hangul', /\p{Script=Hangul}/u],
  ['Bopomofo', /\p{Script=Bopomofo}/u],
  ['Arabic', /\p{Script=Arabic}/u],
  ['Hebrew', /\p{Script=Hebrew}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Devanagari', /\p{Script=Devanagari}/u],
  ['Thai', /\p{Script=Thai}/u],
];

/** Letters, digits and marks of every script. */
const OF_ANY_SCRIPT = /[\p{Script=Common}\p{Script=Inherited}]/u;

/** Scripts that people write in one word. **Source:** TR39 §5.2, "highly restrictive". */
const TOGETHER: readonly ReadonlySet<string>[] = [
  new Set(['Latin', 'Han', 'Hiragana', 'Katakana']),
  new Set(['Latin', 'Han', 'Bopomofo']),
  new Set(['Latin', 'Han', 'Hangul']),
];

/** Words of one script, without marks and other forms of letters of ASCII: the usual case. */
const ONE_SCRIPT =
  /^(?:[A-Za-z\u00c0-\u017e\u0180-\u024f]+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc]+|\p{Script=Hangul}+)$/u;

/** Letters that are drawn as Latin ones are. */
const LIKE_LATIN: { readonly [script: string]: RegExp } = {
  Cyrillic: /[асеорхуіјѕһԁԛԝӏАВСЕНІЈКМОРЅТХУӀԚԜ]/u,
  Greek: /[οανρυικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]/u,
};

const IN_WORDS = '[\\p{L}\\p{M}\\p{N}\\p{Pc}]';

/** A word of the one script alone, with a letter that is drawn as no Latin one. */
function ownWord(script: 'Cyrillic' | 'Greek'): RegExp {
  const [letter, alike] = [`\\p{Script=${script}}`, LIKE_LATIN[script]?.source];
  return new RegExp(`(?<!${IN_WORDS})(?=${letter}+(?!${IN_WORDS}))${alike}*(?!${alike})${letter}`, 'u');
}
const OWN_WORDS: readonly (readonly [script: string, word: RegExp])[] = [
  ['Cyrillic', ownWord('Cyrillic')],
  ['Greek', ownWord('Greek')],
];
/** Words of one of them. */
const OF_ONE: { readonly [script: string]: RegExp } = {
  Cyrillic: /^\p{Script=Cyrillic}+$/u,
  Greek: /^\p{Script=Greek}+$/u,
};

/** Of the ordinal numbers of some languages, and no other letter. */
const ORDINALS = /[ªº]/u;

/** Where those characters begin that are shown by their numbers, in UTF-16 units, ascending. Empty: all can be read as they are. */
export function doubtfulIn(text: string): readonly number[] {
  const found: number[] = [];
  if (!NOT_ASCII.test(text)) return found;
  const plain = scriptsWithWordsOfTheirOwn(text);
  // A text may have a million characters, and has few different ones.
  const known = new Map<string, Facts>();
  const factsOf = (character: string): Facts => {
    const facts = known.get(character) ?? read(character);
    known.set(character, facts);
    return facts;
  };
  for (const { 0: word, index } of text.matchAll(WORDS)) {
    if (!NOT_ASCII.test(word) || isPlain(word, plain)) continue;
    for (const at of doubtfulInWord(lettersOf(word, factsOf), plain)) found.push(index + at);
  }
  return found;
}

/** What a character is by itself. */
type Facts = {
  /** Undefined: of any. */
  readonly script: string | undefined;
  readonly isMark: boolean;
  /** Marks may stand over it. */
  readonly isLetter: boolean;
  readonly isDigit: boolean;
  readonly isAscii: boolean;
  readonly isLikeAscii: boolean;
  readonly isLikeLatin: boolean;
};

function read(character: string): Facts {
  const isAscii = !NOT_ASCII.test(character);
  const isOfAny = OF_ANY_SCRIPT.test(character) || /[0-9_]/.test(character);
  const script = isOfAny ? undefined : (SCRIPTS.find(([, letters]) => letters.test(character))?.[0] ?? 'another');
  return {
    ...{ script, isAscii },
    isMark: /[\p{Mn}\p{Me}]/u.test(character),
    isLetter: /[\p{L}\p{Mc}]/u.test(character),
    isDigit: /\p{Nd}/u.test(character),
    isLikeAscii: !isAscii && isFormOfAscii(character),
    isLikeLatin: script === undefined || LIKE_LATIN[script]?.test(character) === true,
  };
}

/** A letter or digit of full width, bold of mathematics, the sign of Kelvin. */
const isFormOfAscii = (character: string): boolean =>
  /[\p{L}\p{Nd}]/u.test(character) && !ORDINALS.test(character) && /^\p{ASCII}$/u.test(character.normalize('NFKC'));

/** A text with words that only one script can write is of that script: its short words need not be doubted. */
function scriptsWithWordsOfTheirOwn(text: string): ReadonlySet<string> {
  return new Set(OWN_WORDS.flatMap(([script, word]) => (word.test(text) ? [script] : [])));
}

const isPlain = (word: string, plain: ReadonlySet<string>): boolean =>
  ONE_SCRIPT.test(word) || Object.keys(OF_ONE).some((script) => plain.has(script) && OF_ONE[script]?.test(word));

type Letter = {
  readonly at: number;
  readonly facts: Facts;
  /** A mark over too many others, over itself, or over no letter. */
  readonly isPiled: boolean;
};

function doubtfulInWord(letters: readonly Letter[], plain: ReadonlySet<string>): readonly number[] {
  const scripts = new Set<string>();
  for (const { facts } of letters) if (facts.script !== undefined) scripts.add(facts.script);
  const isMixed = scripts.size > 1 && !TOGETHER.some((together) => scripts.isSubsetOf(together));
  const [only = ''] = scripts;
  const mayLookLatin = scripts.size === 1 && LIKE_LATIN[only] !== undefined && !plain.has(only);
  const looksLatin = mayLookLatin && letters.every(({ facts }) => facts.isLikeLatin);
  const hasPlainDigits = letters.some(({ facts }) => facts.isDigit && facts.isAscii);
  const isDoubtful = ({ facts: { script, isDigit, isAscii, isLikeAscii }, isPiled }: Letter): boolean => {
    if (isPiled || isLikeAscii || (hasPlainDigits && isDigit && !isAscii)) return true;
    if (script === undefined) return false;
    // Beside Latin letters all others; where there are none, all.
    return looksLatin || (isMixed && (script !== 'Latin' || !scripts.has('Latin')));
  };
  const found: number[] = [];
  let isLast = false;
  for (const letter of letters) {
    // A mark goes with the letter that it stands over.
    isLast = isDoubtful(letter) || (isLast && letter.facts.isMark);
    if (isLast) found.push(letter.at);
  }
  return found;
}

function lettersOf(word: string, factsOf: (character: string) => Facts): readonly Letter[] {
  const letters: Letter[] = [];
  let at = 0;
  let marks: string[] = [];
  let isOverLetter = false;
  for (const character of word) {
    const facts = factsOf(character);
    const isPiled =
      facts.isMark && (!isOverLetter || marks.includes(character) || marks.length >= LIMITS.combiningMarksShownMax);
    if (!facts.isMark) {
      marks = [];
      isOverLetter = facts.isLetter;
    } else if (marks.length < LIMITS.combiningMarksShownMax) marks.push(character);
    letters.push({ at, facts, isPiled });
    at += character.length;
  }
  return letters;
}
