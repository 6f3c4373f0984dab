import { describe, expect, test } from 'vitest';
import { createLogger } from '#app/logger.ts';
import { createMaskedLogger } from '#app/masked-logger.ts';
import { createKnownValues } from '#secrets/known-values.ts';

const VALUE = 'ghp_0aZ9bY8cX7dW6eV5';

/** The server's own logger, pino and all, and the lines that it wrote. */
function open() {
  const lines: string[] = [];
  const logger = createMaskedLogger(createLogger('debug', (line) => void lines.push(line)));
  return { logger, lines };
}

describe('a line of the server', () => {
  test('has no value that the server knows: in its message, in a field, in a list, encoded', () => {
    const { logger, lines } = open();
    const known = createKnownValues();
    logger.maskWith(known.mask);
    known.add('TOKEN', VALUE);
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      const base64 = Buffer.from(`x ${VALUE}`).toString('base64');
      logger[level](`message ${VALUE}`, { error: `Error: ${VALUE}`, list: [base64], count: 1, none: undefined });
    }
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(line).not.toContain(VALUE);
      expect(JSON.parse(line)).toMatchObject({ msg: 'message [secret]', error: 'Error: [secret]', count: 1 });
    }
  });

  test('has it where nobody said that it is one: the mask is what takes it out', () => {
    const { logger, lines } = open();
    logger.info(`message ${VALUE}`);
    expect(lines.join()).toContain(VALUE);
  });

  test('is as it was where there is nothing to mask', () => {
    const { logger, lines } = open();
    const known = createKnownValues();
    logger.maskWith(known.mask);
    logger.info('before', { a: 'b' });
    known.add('TOKEN', VALUE);
    logger.info('after');
    expect(lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg)).toEqual(['before', 'after']);
  });
});
