// Before each test file. A gate must say the same of the same code: in CI properties are tried with one seed. By hand each
// run tries others, and names the seed of what it finds.

import fc from 'fast-check';

const SEED_IN_CI = 20_261_130;

if (process.env['CI'] !== undefined) fc.configureGlobal({ seed: SEED_IN_CI });
