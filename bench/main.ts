// npm run bench: runs the parts that were asked for and prints what they found. Exit code 1 when something was wrong.

import { HELP, type Options, parseOptions, UsageError } from './options.ts';
import { render } from './render.ts';
import { runBench } from './run-bench.ts';

const say = (sentence: string) => void process.stderr.write(`${sentence}\n`);

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`${error.message}\nnpm run bench -- --help says what there is`);
    return 2;
  }
  if (options.isHelp) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    const report = await runBench(options, say);
    process.stdout.write(options.isJson ? `${JSON.stringify(report)}\n` : render(report));
    return report.checks?.some(({ isHeld }) => !isHeld) ? 1 : 0;
  } catch (error) {
    say(`the bench failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
