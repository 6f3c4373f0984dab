// Where a check is switched off, and where a file may be less than tidy, as data: which, how many, why.

import type { Escape } from './check-escapes.ts';
import type { TidyException } from './check-tidy.ts';

export const ESCAPES: readonly Escape[] = [
  {
    path: 'plugins/demo_text/sha256.js',
    directive: 'biome-ignore format',
    count: 2,
    why: 'tables of constants, eight to a line as the standard prints them',
  },
  {
    path: 'plugins/plugin-api.d.ts',
    directive: 'biome-ignore lint/suspicious/noExplicitAny',
    count: 1,
    why: 'authors write the names that their schemas declare, without a cast for each',
  },
  {
    path: 'sandbox/guest/harden.js',
    directive: 'biome-ignore lint/correctness/noUnusedVariables',
    count: 1,
    why: 'a script whose text the warden runs; its function is called from there',
  },
  {
    path: 'sandbox/guest/host-api.js',
    directive: 'biome-ignore lint/correctness/noUnusedVariables',
    count: 1,
    why: 'a script whose text the warden runs; its function is called from there',
  },
  {
    path: 'sandbox/guest/refuse.js',
    directive: 'biome-ignore lint/correctness/noUnusedVariables',
    count: 1,
    why: 'a script whose text the warden runs; its function is called from there',
  },
  {
    path: 'sandbox/guest/response.js',
    directive: 'biome-ignore lint/correctness/noUnusedVariables',
    count: 1,
    why: 'a script whose text the warden runs; its function is called from there',
  },
  {
    path: 'sandbox/guest/trampoline.js',
    directive: 'biome-ignore lint/correctness/noUnusedVariables',
    count: 1,
    why: 'a script whose text the warden runs; its function is called from there',
  },
  {
    path: 'vitest.config.ts',
    directive: 'biome-ignore lint/style/noDefaultExport',
    count: 1,
    why: 'vitest reads the default export',
  },
];

export const TIDY_EXCEPTIONS: readonly TidyException[] = [
  { path: 'src/base/error-row.ts', rule: 'parameters', why: 'the rows of a table of five columns' },
];
