// What it costs to decide on a call and to give it its turn, each part by itself over its real module.

import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import type { JsonObject } from '#base/json.ts';
import { createForeignSchemaCompiler } from '#base/schema.ts';
import type { PartCost } from '#bench/report.ts';
import { additionOf, TOOL_NAME } from '#bench/tool-call.ts';
import { Lane } from '#dispatch/lane.ts';
import { parseAgentName } from '#domain/agent.ts';
import { decide, mayCall } from '#policy/decide.ts';
import { createPolicyParser } from '#policy/document.ts';
import { measure, measureEach } from './measure.ts';

const TIMES = 2_000;
const POLICY = `version: 1\nagents:\n  bench-1:\n    grants:\n      - tools: ["${TOOL_NAME}"]\n`;

/** `tool`: as plugin.json has it. */
export async function decisionParts(tool: {
  readonly input: JsonObject;
  readonly output: JsonObject;
}): Promise<readonly PartCost[]> {
  const { compiled } = createPolicyParser()(POLICY);
  const agent = parseAgentName('bench-1');
  if (compiled === undefined || agent === undefined) throw new Error('the policy of the bench is one');
  const { policy } = compiled;
  const { args } = additionOf(1);
  const question = { agent, tool: { name: TOOL_NAME, inputSchema: tool.input }, args, nowMs: Date.now() };
  const ref = { version: 1, digest: sha256(POLICY) };
  const decideUs = measure(TIMES, () => decide(policy, ref, question));
  const mayCallUs = measure(TIMES, () => mayCall(policy, agent, TOOL_NAME, question));
  const checkArgs = createForeignSchemaCompiler()(tool.input);
  const checkResult = createForeignSchemaCompiler()(tool.output);
  const result = { ok: true, ...args, result: 2 };
  const lane = new Lane(systemClock);
  const { signal } = new AbortController();
  const turn = async () => (await lane.enter({ agent, effect: 'pure', bytes: 100, signal })).release();
  return [
    { name: 'decide: may it be called, and twice in full', us: mayCallUs + 2 * decideUs, isWaiting: false },
    {
      name: 'schemas of arguments and result',
      us: measure(TIMES, () => [checkArgs(args), checkResult(result)]),
      isWaiting: false,
    },
    { name: 'lane: a turn', us: await measureEach(TIMES, turn), isWaiting: false },
  ];
}
