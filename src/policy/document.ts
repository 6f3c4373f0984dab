// From the text of a policy to one that decides, or to what is wrong with it, with line and column. Pure.
// Trust: the text is anybody's who may write the file; its length was bounded by the caller.

import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { compileOwnSchema, type Validator } from '#base/schema.ts';
import { parseYaml } from '#base/yaml.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import schema from '#schemas/policy.v1.json' with { type: 'json' };
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import { explainShape, type Finding } from './explain.ts';

const SCHEMA: JsonObject = schema;

/** An edit of one agent's rules, by hand or by a command, must never be one of another's. */
const NO_TIES = {
  message: 'an alias may stand for a text only: whoever edits these rules would edit those of others',
  remedy: 'write them out, or put them into a role that both have',
};

export type ParsedPolicy = {
  /** The document as JSON. Absent, as `compiled`, when there are errors. */
  readonly value?: JsonObject;
  readonly compiled?: CompiledPolicy;
  readonly hasAliases: boolean;
  /** Errors only, in the order of the text. */
  readonly findings: readonly PolicyFinding[];
  /** Gives more findings their place. */
  readonly place: (findings: readonly Finding[]) => readonly PolicyFinding[];
};

export type PolicyParser = (text: string) => ParsedPolicy;

/** Compiles the schema once for any number of texts. */
export function createPolicyParser(): PolicyParser {
  const validate = compileOwnSchema(SCHEMA);
  return (text) => parsePolicy(text, validate);
}

function parsePolicy(text: string, validate: Validator): ParsedPolicy {
  if (Buffer.byteLength(text) > LIMITS.policyBytesMax) {
    return refuse({ line: 1, column: 1, message: `a policy has at most ${LIMITS.policyBytesMax} bytes` });
  }
  const outcome = parseYaml(text, { tiesNothing: NO_TIES });
  if (outcome.kind === 'problems') return refuse(...outcome.problems);
  const { value, hasAliases, locate } = outcome.document;
  const place = (findings: readonly Finding[]): readonly PolicyFinding[] =>
    findings
      .slice(0, LIMITS.policyFindingsMax)
      .map(({ severity, pointer, of, within, message, remedy }) => ({
        severity,
        ...locate(pointer, of, within),
        pointer,
        message,
        ...(remedy === undefined ? {} : { remedy }),
      }))
      .sort((a, b) => a.line - b.line || a.column - b.column);
  const shape = explainShape(value, SCHEMA, validate);
  if (shape.length > 0 || !isJsonObject(value)) return { findings: place(shape), hasAliases, place };
  const compiled = compilePolicy(value);
  if (compiled.findings.length > 0) return { findings: place(compiled.findings), hasAliases, place };
  return { value, compiled, hasAliases, findings: [], place };
}

type TextProblem = {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly remedy?: string;
};

function refuse(...problems: readonly TextProblem[]): ParsedPolicy {
  const findings = problems.map((problem) => ({ severity: 'error' as const, pointer: '', ...problem }));
  return { findings, hasAliases: false, place: () => [] };
}
