// Prints "N passed, N failed, N skipped" for JSON reports of vitest together, given by their paths. The exit code is 1 when a
// test failed or was skipped, when none passed, and when a report is missing. Plain JavaScript for whatever Node is on PATH.

import { readFileSync } from 'node:fs';

/** A file that fails before its tests have run counts as one failed test: its tests are missing from the report. */
function countBrokenFiles(report) {
  const isBroken = ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((result) => result.status === 'failed');
  return report.testResults.filter(isBroken).length;
}

function count(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
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

const counts = process.argv.slice(2).map(count);
const sum = (name) => counts.reduce((total, one) => total + one[name], 0);
const isRight = counts.length > 0 && counts.every(({ isWhole, passed }) => isWhole && passed > 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
process.exitCode = isRight && sum('failed') === 0 && sum('skipped') === 0 ? 0 : 1;
