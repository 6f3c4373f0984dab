// A text becomes a policy that may be applied, or an error that says where it is wrong. Pure. Runs in the thread that checks.

import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { addEmptyEntry } from '#base/yaml-edit.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import type { CompiledPolicy } from './compile.ts';
import type { ParsedPolicy, PolicyParser } from './document.ts';

/** A text without errors, and what was made of it. */
export type GoodText = {
  readonly text: string;
  readonly value: JsonObject;
  readonly compiled: CompiledPolicy;
  readonly hasAliases: boolean;
  readonly place: ParsedPolicy['place'];
};

/**
 * @param name what the text is, for the error: a path, or words.
 * @throws `POLICY_INVALID` with `details.findings`
 */
export function checkText(parse: PolicyParser, text: string, name: string): GoodText {
  // It would be another text once it is in a file.
  if (!text.isWellFormed()) {
    throw new SmcpError('POLICY_INVALID', `${name} holds half a character (a lone surrogate)`, {
      details: { remedy: 'save it as UTF-8', findings: [] },
    });
  }
  const { value, compiled, hasAliases, findings, place } = parse(text);
  if (value === undefined || compiled === undefined) throw invalid(name, findings);
  return { text, value, compiled, hasAliases, place };
}

function invalid(name: string, findings: readonly PolicyFinding[]): SmcpError {
  const first = findings[0];
  const where = first === undefined ? '' : `:${first.line}:${first.column}: ${first.message}`;
  const remedy = first?.remedy ?? 'mend the file; smcp policy check tells all that is wrong';
  return new SmcpError('POLICY_INVALID', `${name}${where}`, {
    details: { remedy, findings: findings.map((finding) => ({ ...finding })) },
  });
}

/** The text with an agent that has no grant. @throws `AGENT_EXISTS` · `POLICY_INVALID` */
export function withAgent(
  parse: PolicyParser,
  text: string,
  { name, path }: { readonly name: AgentName; readonly path: string },
): GoodText {
  const before = checkText(parse, text, path);
  if (before.compiled.policy.agents.has(name)) {
    throw new SmcpError('AGENT_EXISTS', `the policy already has an agent ${name}`, {
      details: { remedy: `give it a token with: smcp agent token ${name}` },
    });
  }
  const edited = addEmptyEntry(text, 'agents', name);
  if (edited === undefined) {
    throw new SmcpError('POLICY_INVALID', `${path} is of a shape that can't be edited without changing more of it`, {
      details: { remedy: `add it by hand, under agents:\n  ${name}: {}`, findings: [] },
    });
  }
  return checkText(parse, edited, path);
}
