// What of a run is kept beside arguments and result, so that it can be run again.

import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { type ExactJsonObject, exactValue } from '#base/exact-json.ts';
import { LIMITS } from '#base/limits.ts';
import { keptTranscript } from '#dispatch/kept-transcript.ts';
import type { SandboxProfile } from '#domain/sandbox-ports.ts';
import type { ExactTranscript } from '#domain/transcript.ts';

const isolate: SandboxProfile = { tier: 'isolate', digest: sha256('p'), layers: [], engine: 'v8 1' };
const program: SandboxProfile = { tier: 'process', digest: sha256('p'), layers: [] };
const asked: ExactTranscript = { events: [{ kind: 'asked', call: 1, name: 'now', text: 'null' }] };

function kept(argsJson: string, told: ExactTranscript | undefined = { events: [] }, profile = isolate) {
  return keptTranscript(
    profile,
    { transcript: () => told },
    { args: exactValue(argsJson) as ExactJsonObject, argsJson },
  ).transcript;
}

describe('what is kept of a run', () => {
  test('is nothing where nothing was asked and the canonical arguments say all', () => {
    expect(kept('{"a":{"b":1.5,"c":[]},"d":"ž"}')).toBeUndefined();
  });

  test('is what was asked, with the engine that ran it', () => {
    expect(kept('{"a":1}', asked)).toEqual({ format: 1, engine: 'v8 1', ...asked });
  });

  test.each(['{"b":1,"a":2}', '{"a":-0}', '{"a":[{"z":1,"y":1}]}', '{"a":-0.0}', String.raw`{"a":"\ud800"}`])(
    'has the arguments as text where their canonical form would not give them back: %s',
    (argsJson) => {
      expect(kept(argsJson)).toEqual({ format: 1, engine: 'v8 1', events: [], args: argsJson });
    },
  );

  test('has no arguments that are too large to be kept anywhere', () => {
    const argsJson = `{"b":"${'x'.repeat(LIMITS.disclosureBytesMax)}","a":1}`;
    expect(kept(argsJson)).toBeUndefined();
  });

  test('says so where there was more than is kept', () => {
    const run = { transcript: () => undefined };
    expect(keptTranscript(isolate, run, { args: {}, argsJson: '{}' })).toEqual({
      transcript: { format: 1, engine: 'v8 1', events: [], isCut: true },
    });
  });

  test('is nothing of a program, which has more that it may ask', () => {
    expect(kept('{"b":1,"a":2}', asked, program)).toBeUndefined();
  });
});
