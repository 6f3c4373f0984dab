import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '#base/error-table.ts';
import { asSmcpError, type ErrorCode, SmcpError, systemErrorCode } from '#base/errors.ts';
import { ERRORS_DOC_PATH, renderErrorsDoc } from './errors-doc.ts';

describe('docs/errors.md', () => {
  const page = readFileSync(ERRORS_DOC_PATH, 'utf8');

  test('is what the table says; if not, run: npm run docs:errors', () => {
    expect(page).toBe(renderErrorsDoc());
  });

  test('has a row for each code of the table, and for no other', () => {
    const documented = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect(documented).toEqual(Object.keys(ERRORS));
  });
});

describe('the table of errors', () => {
  test.each(Object.entries(ERRORS))('%s has a status and a number of its kind, and a sentence', (_, row) => {
    const statuses = {
      invalid: [400, 404, 405, 406, 409, 421],
      denied: [401, 403],
      limit: [413, 429, 503, 507],
      unavailable: [499, 503],
      contained: [502, 504, 507],
      tampered: [500],
      fault: [500],
    };
    expect(statuses[row.kind]).toContain(row.http);
    // JSON-RPC keeps -32768…-32000 for itself: its own codes, and -32099…-32000 for servers.
    expect([-32600, -32601, -32602, -32603].includes(row.rpc) || (row.rpc >= -32099 && row.rpc <= -32000)).toBe(true);
    expect(row.meaning).toMatch(/^\w.*\.$/);
  });

  test('never calls a denial, wrong input or a fault of ours worth another try', () => {
    const retryable = Object.values(ERRORS).filter((row) => row.retryable);
    expect(retryable.length).toBeGreaterThan(0);
    expect(retryable.filter(({ kind }) => ['denied', 'invalid', 'fault', 'tampered'].includes(kind))).toEqual([]);
  });
});

describe('an error that leaves', () => {
  test('carries code, message and details, and neither stack nor cause', () => {
    const secret = new Error('/home/someone/secret');
    const error = new SmcpError('DENIED', 'no', { details: { remedy: 'ask' }, cause: secret });
    expect(error.toWire()).toEqual({ code: 'DENIED', message: 'no', details: { remedy: 'ask' } });
    expect(JSON.stringify(error.toWire())).not.toContain('secret');
  });

  test('leaves out empty details', () => {
    expect(new SmcpError('NOT_FOUND', 'no').toWire()).toEqual({ code: 'NOT_FOUND', message: 'no' });
  });

  test.each([new Error('/etc/passwd'), 'text', undefined, null, { code: 'DENIED' }])(
    'becomes INTERNAL without its text when it is not ours: %j',
    (thrown) => {
      const error = asSmcpError(thrown);
      expect(error.toWire()).toEqual({ code: 'INTERNAL', message: 'internal error' });
      expect(error.cause).toBe(thrown);
    },
  );

  test('stays itself when it is ours', () => {
    const error = new SmcpError('TIMEOUT' satisfies ErrorCode, 'late');
    expect(asSmcpError(error)).toBe(error);
  });
});

test.each([
  [Object.assign(new Error('x'), { code: 'ENOENT' }), 'ENOENT'],
  [Object.assign(new Error('x'), { code: 5 }), undefined],
  [undefined, undefined],
  [null, undefined],
])('the system code of %o is %s', (thrown, code) => {
  expect(systemErrorCode(thrown)).toBe(code);
});
