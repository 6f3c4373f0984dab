// The way to a warden and back with the real plugin, one call after the other. Most of it is the warden's work, not the host's.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PartCost } from '#bench/report.ts';
import { additionOf } from '#bench/tool-call.ts';
import { createTestSandbox } from '#test/sandbox/harness.ts';
import { measureEach } from './measure.ts';

const TIMES = 400;
const DEMO = fileURLToPath(new URL('../../plugins/demo_math', import.meta.url));

export async function wardenPart(): Promise<PartCost> {
  const sandbox = createTestSandbox();
  try {
    const modules = readdirSync(DEMO).filter((name) => name.endsWith('.js'));
    const plugin = sandbox.plugin(
      Object.fromEntries(modules.map((name) => [name, readFileSync(join(DEMO, name), 'utf8')])),
    );
    const { args } = additionOf(1);
    const us = await measureEach(TIMES, () => sandbox.value(plugin, 'calculate', { args }));
    return { name: 'warden: there and back', us, isWaiting: true };
  } finally {
    await sandbox.close();
  }
}
