// What a policy is expected to decide: from the text beside it to a list, or to what is wrong with it, with line and column. Pure.

import { isWritableTime } from '#base/clock.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { compileOwnSchema, type Validator } from '#base/schema.ts';
import { type Position, parseYaml } from '#base/yaml.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import type { DecisionKind } from '#domain/policy-review.ts';
import { explainShape } from '#policy/explain.ts';
import schema from '#schemas/policy-test.v1.json' with { type: 'json' };

const SCHEMA: JsonObject = schema;

export type Expectation = Position & {
  readonly agent: string;
  readonly tool: string;
  readonly args: JsonObject;
  /** Absent: now. */
  readonly atMs?: number;
  readonly session?: string;
  /** What was seen before; `[]`: nothing. */
  readonly labels: readonly string[];
  readonly expect: DecisionKind;
  /** Absent: any rule. */
  readonly rule?: string;
  readonly why?: string;
};

/** `expectations` is `[]` where there are findings, which are errors. */
export type ParsedExpectations = {
  readonly expectations: readonly Expectation[];
  readonly findings: readonly PolicyFinding[];
};

/** Compiles the schema once for any number of texts, whose length the caller has bounded. */
export function createExpectationParser(): (text: string) => ParsedExpectations {
  const validate = compileOwnSchema(SCHEMA);
  return (text) => parse(text, validate);
}

function parse(text: string, validate: Validator): ParsedExpectations {
  const outcome = parseYaml(text);
  if (outcome.kind === 'problems') {
    return refused(outcome.problems.map((problem) => ({ severity: 'error', pointer: '', ...problem })));
  }
  const { value, locate } = outcome.document;
  const shape = explainShape(value, SCHEMA, validate);
  if (shape.length > 0 || !Array.isArray(value)) {
    return refused(shape.map(({ of, within, ...finding }) => ({ ...finding, ...locate(finding.pointer, of, within) })));
  }
  const wrongTimes = value.flatMap((one: Json, at): readonly PolicyFinding[] => {
    const written = isJsonObject(one) ? one['at'] : undefined;
    if (typeof written !== 'string' || isWritableTime(timeOf(written))) return [];
    const pointer = `/${at}/at`;
    return [{ severity: 'error', pointer, ...locate(pointer), message: 'there is no such time' }];
  });
  if (wrongTimes.length > 0) return refused(wrongTimes);
  const expectations = value.map((one: Json, at) => ({ ...locate(`/${at}`), ...readExpectation(one as JsonObject) }));
  return { expectations, findings: [] };
}

function refused(findings: readonly PolicyFinding[]): ParsedExpectations {
  return { expectations: [], findings: findings.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

function readExpectation(written: JsonObject): Omit<Expectation, keyof Position> {
  const { agent, tool, args, at, session, labels, expect, rule, why } = written;
  return {
    ...{ agent: String(agent), tool: String(tool), args: isJsonObject(args) ? args : {} },
    labels: Array.isArray(labels) ? labels.map(String) : [],
    expect: expect as DecisionKind,
    ...(typeof at === 'string' ? { atMs: timeOf(at) } : {}),
    ...(typeof session === 'string' ? { session } : {}),
    ...(typeof rule === 'string' ? { rule } : {}),
    ...(typeof why === 'string' ? { why } : {}),
  };
}

const timeOf = (written: string): number => Date.parse(written.toUpperCase());
