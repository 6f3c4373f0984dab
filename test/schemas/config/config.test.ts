import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject } from '#base/json.ts';
import { parseConfig } from '#config/config.ts';
import because from './refused-because.json' with { type: 'json' };

const folder = (name: string) => join(import.meta.dirname, name);
const files = (name: string) => readdirSync(folder(name)).map((file) => [file, join(folder(name), file)] as const);
const reasons: { readonly [file: string]: string } = because;

/** `line:column message` of the first finding; undefined when the text is taken. */
function firstFinding(text: string): string | undefined {
  try {
    parseConfig(text, 'config.yaml');
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof SmcpError) || thrown.code !== 'CONFIG_INVALID') throw thrown;
    const [first] = thrown.details['findings'] as unknown[];
    return isJsonObject(first) ? `${first['line']}:${first['column']} ${first['message']}` : 'no finding';
  }
}

describe('the schema of the configuration', () => {
  test.each(files('accepted'))('takes %s', (_name, path) => {
    expect(firstFinding(readFileSync(path, 'utf8'))).toBeUndefined();
  });

  test.each(files('refused'))('refuses %s, with line, column and reason', (name, path) => {
    expect(firstFinding(readFileSync(path, 'utf8'))).toContain(reasons[name] ?? 'a reason in refused-because.json');
  });
});
