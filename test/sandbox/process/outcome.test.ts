// What a run that was stopped comes to: told of a manifest only where the plugin has one.

import { expect, test } from 'vitest';
import type { ErrorCode } from '#base/errors.ts';
import { cliOutcome } from '#sandbox/host/process/outcome.ts';
import { plainCli, TEST_LIMITS } from './harness.ts';

const none = new Uint8Array();

function errorOf(code: ErrorCode, isDiscovered: boolean) {
  const outcome = cliOutcome(plainCli, {
    end: { exitCode: null, signal: 'SIGKILL', stdout: none, stderr: none, isStdoutCut: false, isStderrCut: false },
    stopped: { code, message: 'stopped' },
    usage: { cpuMs: 0, wallMs: 0, heapBytesPeak: 0 },
    plugin: isDiscovered ? { name: 'mail', isDiscovered } : { name: 'mail' },
    limits: TEST_LIMITS,
    hasBegun: true,
    isEffectUnderWay: false,
  });
  return outcome.kind === 'failed' ? outcome.error : undefined;
}

test.each<[ErrorCode, string, RegExp]>([
  ['TIMEOUT', "raise the tool's `timeoutMs` in plugin.json", /^raise MCP_PLUGIN_TIMEOUT, .*smcp plugin adopt mail/],
  ['MEMORY_EXCEEDED', 'raise `runtime.memoryMiB` in plugin.json', /smcp plugin adopt mail/],
])('%s says what to do about it, with a manifest and without', (code, withManifest, without) => {
  expect(errorOf(code, false)?.details?.['remedy']).toContain(withManifest);
  const remedy = errorOf(code, true)?.details?.['remedy'];
  expect(remedy).toMatch(without);
  expect(remedy).not.toContain('in plugin.json');
});

test('what is the same for both is said in the same words', () => {
  expect(errorOf('CPU_EXCEEDED', true)).toEqual(errorOf('CPU_EXCEEDED', false));
});
