// The tools of shell. Runs in an isolate and asks for `run`: each program with the arguments that plugin.json names. The host has
// checked the arguments against plugin.json. No shell reads anything here.

/** @typedef {{ exitCode: number | null, signal?: string, stdout: string, stderr: string, isCut: boolean }} Result */
/** @typedef {{ run: (program: string, args: readonly string[], options: { stdin: string }) => Promise<Result> }} Host */

const NOTHING_FOUND = 1;

export const tools = {
  /** @param {object} _args @param {Host} host */
  date: async (_args, host) => printed(await run(host, 'date', ['-u', '+%Y-%m-%dT%H:%M:%SZ'])),

  /** @param {object} _args @param {Host} host */
  system: async (_args, host) => printed(await run(host, 'uname', ['-srm'])),

  /** @param {{ text: string }} args @param {Host} host */
  count: async ({ text }, host) => {
    const { stdout } = await run(host, 'wc', ['-lwm'], { stdin: text });
    const [lines = 0, words = 0, characters = 0] = stdout.trim().split(/\s+/).map(Number);
    return { lines, words, characters };
  },

  /** @param {{ text: string }} args @param {Host} host */
  checksum: async ({ text }, host) => ({
    sha256: (await run(host, 'sha256sum', [], { stdin: text })).stdout.slice(0, 64),
  }),

  /** @param {{ text: string, isNumeric?: boolean }} args @param {Host} host */
  sort: async ({ text, isNumeric = false }, host) =>
    printed(await run(host, 'sort', isNumeric ? ['-n'] : [], { stdin: text })),

  // The words stand in the option itself: what begins with a hyphen is looked for like anything else.
  /** @param {{ text: string, words: string }} args @param {Host} host */
  search: async ({ text, words }, host) =>
    printed(await run(host, 'grep', ['-F', '-n', `--regexp=${words}`], { stdin: text, alsoFine: NOTHING_FOUND })),
};

/**
 * `alsoFine`: an exit code besides 0 that is no failure.
 *
 * @param {Host} host
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ stdin?: string, alsoFine?: number }} more
 */
async function run(host, program, args, { stdin = '', alsoFine = 0 } = {}) {
  const result = await host.run(program, args, { stdin });
  if (result.exitCode === 0 || result.exitCode === alsoFine) return result;
  throw new Error(`${program} ended with ${result.exitCode ?? result.signal}: ${result.stderr.slice(0, 500)}`);
}

/** @param {{ stdout: string, isCut: boolean }} result */
function printed({ stdout, isCut }) {
  return { output: stdout, isCut };
}
