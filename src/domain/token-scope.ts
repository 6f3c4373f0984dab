// Scopes of a token: they take from what the policy gives, and give nothing. Pure. **Trust:** texts are a person's, an issuer's, or an
// agent's that narrows its own token.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';
import { DOORS, type Door } from './invocation.ts';
import { compileToolMatch } from './tool-pattern.ts';

/**
 * One scope as it is written: `tools:PATTERN`, a pattern as in the policy, or `doors:DOOR`. Of one list those of a kind add up; a kind of
 * which the list has none takes nothing away.
 */
export type ScopeList = readonly string[];

/** What all lists of a token, its own and those of the tokens above it, leave. Every list must allow. */
export type TokenScopes = {
  /** As they are written, those of the root first; `[]`: nothing is taken away. */
  readonly lists: readonly ScopeList[];
  readonly allowsTool: (toolName: string) => boolean;
  readonly allowsDoor: (door: Door) => boolean;
};

const TOOLS = /^tools:([A-Za-z0-9_*-]+)$/;
const DOOR = /^doors:([a-z]+)$/;

/** What a scope looks like, for people. */
export const SCOPE_FORMS = `tools:PATTERN, such as tools:demo_text__*, or doors:DOOR with one of ${DOORS.join(', ')}`;

/** Of which kind a scope is; undefined for what is none. */
export function scopeKind(text: string): 'tools' | 'doors' | undefined {
  if (text.length > LIMITS.tokenScopeLengthMax) return undefined;
  if (TOOLS.test(text)) return 'tools';
  const door = DOOR.exec(text)?.[1];
  return DOORS.some((name) => name === door) ? 'doors' : undefined;
}

/** Whether somebody meant a scope of ours with it, rightly written or not. An issuer's tokens have others, too. */
export function isMeantAsScope(text: string): boolean {
  return /^(tools?|doors?)\b/i.test(text);
}

/** @throws `USAGE` for what is no scope, twice the same, or more than `LIMITS.tokenScopesMax` */
export function checkScopes(scopes: ScopeList): void {
  if (scopes.length > LIMITS.tokenScopesMax) {
    throw new SmcpError('USAGE', `a token has at most ${LIMITS.tokenScopesMax} scopes`, {
      details: { remedy: 'write fewer, wider ones; * stands for any run of characters' },
    });
  }
  for (const [index, scope] of scopes.entries()) {
    const shown = visibleText(scope, LIMITS.tokenScopeLengthMax);
    if (scopeKind(scope) === undefined) {
      throw new SmcpError('USAGE', `${JSON.stringify(shown)} is no scope`, {
        details: { remedy: `write ${SCOPE_FORMS}` },
      });
    }
    if (scopes.indexOf(scope) !== index) {
      throw new SmcpError('USAGE', `the scope ${shown} is given twice`, { details: { remedy: 'give it once' } });
    }
  }
}

/** Undefined when the lists are no lists of scopes: whoever reads them gives nothing then. */
export function compileScopes(lists: readonly ScopeList[]): TokenScopes | undefined {
  if (lists.some((list) => list.length > LIMITS.tokenScopesMax || list.some((text) => scopeKind(text) === undefined))) {
    return undefined;
  }
  const compiled = lists.map((list) => ({
    tools: list.filter((text) => scopeKind(text) === 'tools').map((text) => compileToolMatch(textAfter(text))),
    doors: list.filter((text) => scopeKind(text) === 'doors').map(textAfter),
  }));
  return {
    lists,
    allowsTool: (name) => compiled.every(({ tools }) => tools.length === 0 || tools.some((matches) => matches(name))),
    allowsDoor: (door) => compiled.every(({ doors }) => doors.length === 0 || doors.includes(door)),
  };
}

/** What stands behind the colon. */
function textAfter(scope: string): string {
  return scope.slice(scope.indexOf(':') + 1);
}
