// Prints "N passed, N failed, N skipped" for a JSON report of vitest, given by its path. The exit code is 1 when a test
// failed or was skipped, when none passed, and when there is no report. Plain JavaScript for whatever Node is on PATH.

import { readFileSync } from 'node:fs';

/** A file that fails before its tests have run counts as one failed test: its tests are missing from the report. */
function countBrokenFiles(report) {
  const isBroken = ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((result) => result.status === 'failed');
  return report.testResults.filter(isBroken).length;
}

function count() {
  try {
    const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + countBrokenFiles(report),
      skipped: report.numPendingTests + report.numTodoTests,
      isWhole: report.success === true,
    };
  } catch {
    process.stdout.write('vitest left no report\n');
    return { passed: 0, failed: 1, skipped: 0, isWhole: false };
  }
}

const { passed, failed, skipped, isWhole } = count();
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = isWhole && passed > 0 && failed === 0 && skipped === 0 ? 0 : 1;
