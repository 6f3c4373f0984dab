// A text becomes a policy that may be applied, or an error that says where it is wrong. Pure.

import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { addEmptyEntry } from '#base/yaml.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import type { ParsedPolicy, PolicyParser } from './document.ts';
import type { CheckedPolicy } from './in-force.ts';

/**
 * A file is looked at more often than it changes: what came of the last text is used again as long as it is in memory. It is
 * not held there, since the places of everything in a text take forty times its size.
 */
export function createRememberingParser(parse: PolicyParser): PolicyParser {
  let last: { readonly text: string; readonly parsed: WeakRef<ParsedPolicy> } | undefined;
  return (text) => {
    const known = last?.text === text ? last.parsed.deref() : undefined;
    if (known !== undefined) return known;
    const parsed = parse(text);
    last = { text, parsed: new WeakRef(parsed) };
    return parsed;
  };
}

/**
 * @param name what the text is, for the error: a path, or words.
 * @throws `POLICY_INVALID` with `details.findings`
 */
export function checkText(parse: PolicyParser, text: string, name: string): CheckedPolicy {
  // It would be another text once it is in a file.
  if (!text.isWellFormed()) {
    throw new SmcpError('POLICY_INVALID', `${name} holds half a character (a lone surrogate)`, {
      details: { remedy: 'save it as UTF-8', findings: [] },
    });
  }
  const { compiled, findings, place } = parse(text);
  if (compiled === undefined) throw invalid(name, findings);
  return { text, digest: sha256(text), compiled, place };
}

/**
 * As `checkText`, for a text that came with a command. A byte-order mark is no part of it: it would not be read back from a file.
 *
 * @throws `POLICY_INVALID` with `details.findings`
 */
export function checkGiven(parse: PolicyParser, text: string): CheckedPolicy {
  return checkText(parse, text.replace(/^\uFEFF+/, ''), 'the policy given');
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
): CheckedPolicy {
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
