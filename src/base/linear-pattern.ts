// Regular expressions that run in time linear in the text, whoever wrote them. The only importer of re2js.

import { RE2JS } from 're2js';

export type LinearPattern = {
  /** Whether the pattern is found anywhere in `text`. */
  readonly test: (text: string) => boolean;
  /** Roughly how much work one character of text can be. */
  readonly size: number;
};

/** `ecmascript` as in JSON Schema's `pattern` · `re2` as in CEL's `matches`. */
export type PatternSyntax = 'ecmascript' | 're2';

/**
 * Compiles a pattern. Look-around and back-references are in neither syntax: no linear-time engine takes them.
 *
 * @throws the engine's error for what is no pattern; its message is for people.
 */
export function compileLinearPattern(source: string, syntax: PatternSyntax): LinearPattern {
  const compiled = RE2JS.compile(syntax === 're2' ? source : RE2JS.translateRegExp(source));
  return { test: (text) => compiled.test(text), size: compiled.programSize() };
}
