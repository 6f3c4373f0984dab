import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { compileOwnSchema } from '#base/schema.ts';
import { CAPABILITY_KINDS } from '#domain/capability.ts';
import schema from '#schemas/plugin-manifest.v1.json' with { type: 'json' };
import reasons from './refused-because.json' with { type: 'json' };

const check = compileOwnSchema(schema as JsonObject);
const folder = (name: string) => join(import.meta.dirname, name);
const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('the schema of plugin.json', () => {
  test.each(readdirSync(folder('accepted')))('accepts %s', (name) => {
    expect(check(read(join(folder('accepted'), name)))).toEqual([]);
  });

  test.each(Object.entries(reasons))('refuses %s, and says where and why', (name, { pointer, says }) => {
    expect(check(read(join(folder('refused'), name)))).toContainEqual(
      expect.objectContaining({ pointer, message: expect.stringContaining(says) }),
    );
  });

  test('has a reason for each refused example, and an example for each reason', () => {
    expect(readdirSync(folder('refused')).sort()).toEqual(Object.keys(reasons).sort());
  });

  test('accepts the manifests of the bundled plugins', () => {
    const plugins = join(import.meta.dirname, '../../../plugins');
    for (const name of ['demo_math', 'demo_text']) {
      expect(check(read(join(plugins, name, 'plugin.json')))).toEqual([]);
    }
  });

  test('describes every key that an author can write', () => {
    type Schema = {
      readonly description?: string;
      readonly $ref?: string;
      readonly properties?: { readonly [key: string]: Schema };
      readonly items?: Schema;
    };
    const { objectSchema: _foreign, ...ours } = schema.$defs;
    const undescribed: string[] = [];
    const visit = ({ properties = {}, items }: Schema, path: string): void => {
      for (const [key, value] of Object.entries(properties)) {
        const isTold = value.description !== undefined || value.$ref !== undefined;
        // The constant of a branch repeats the key described above it.
        if (!isTold && key !== 'kind') undescribed.push(`${path}/${key}`);
        visit(value, `${path}/${key}`);
      }
      if (items !== undefined) visit(items, path);
    };
    visit(schema as unknown as Schema, '');
    for (const [name, definition] of Object.entries(ours)) visit(definition as unknown as Schema, name);
    expect(undescribed).toEqual([]);
  });
});

test('the numbers of the schema are those of limits.ts', () => {
  const { $defs: defs, properties } = schema;
  const isolate = defs.isolate.properties;
  const tool = defs.tool.properties;
  const asked = defs.capabilities.properties;
  const nameLengthMax = LIMITS.toolNameLengthMax - '__'.length - 1;
  const figures: readonly (readonly [number, number])[] = [
    [properties.name.maxLength, nameLengthMax],
    [tool.name.maxLength, nameLengthMax],
    [asked.tools.items.maxLength, LIMITS.toolNameLengthMax],
    [properties.version.maxLength, LIMITS.versionLengthMax],
    [properties.description.maxLength, LIMITS.descriptionLengthMax],
    [tool.description.maxLength, LIMITS.descriptionLengthMax],
    [tool.title.maxLength, LIMITS.titleLengthMax],
    [properties.tools.maxItems, LIMITS.toolsPerPluginMax],
    [isolate.entry.maxLength, LIMITS.pluginPathBytesMax],
    [isolate.cpuMs.maximum, LIMITS.cpuMsMax],
    [isolate.cpuMs.default, LIMITS.cpuMsDefault],
    [isolate.outputBytes.maximum, LIMITS.outputBytesMax],
    [isolate.outputBytes.default, LIMITS.outputBytesDefault],
    [isolate.hostCalls.maximum, LIMITS.hostCallsMax],
    [isolate.hostCalls.default, LIMITS.hostCallsDefault],
    [defs.memoryMiB.minimum, LIMITS.memoryMiBMin],
    [defs.memoryMiB.maximum, LIMITS.memoryMiBMax],
    [defs.memoryMiB.default, LIMITS.memoryMiBDefault],
    [defs.process.properties.processesMax.maximum, LIMITS.processesPerChildMax],
    [tool.timeoutMs.maximum, LIMITS.timeoutMsMax],
    [tool.timeoutMs.default, LIMITS.timeoutMsDefault],
    [tool.retry.properties.attempts.maximum, LIMITS.retryAttemptsMax],
    [asked.store.properties.bytesMax.maximum, LIMITS.pluginStoreBytesMax],
    ...[asked.net, asked.files, asked.secrets, asked.run, asked.tools].map(
      ({ maxItems }) => [maxItems, LIMITS.capabilityEntriesMax] as const,
    ),
  ];
  expect(figures.map(([figure]) => figure)).toEqual(figures.map(([, limit]) => limit));
});

test('the kinds of capability are those of the product', () => {
  expect(Object.keys(schema.$defs.capabilities.properties)).toEqual([...CAPABILITY_KINDS]);
  expect(schema.$defs.tool.properties.capabilities.items.enum).toEqual([...CAPABILITY_KINDS]);
});
