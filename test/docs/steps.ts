// A document that its reader follows: files to write, commands to type, what they print. Read here as data, so that a test can
// follow it word for word.

/** A file that the reader writes: its path stands in the line before, alone, in backquotes. */
export type FileStep = { readonly kind: 'file'; readonly path: string; readonly text: string };

/** A command that the reader types, and what the document says it prints; `…` stands for anything. */
export type CommandStep = {
  readonly kind: 'command';
  readonly command: string;
  readonly output: string;
  /** It goes on running, in a terminal of its own: the fence says `console goes-on`. */
  readonly goesOn: boolean;
};

export type Step = FileStep | CommandStep;

const FENCE = /^(?:`([^`\n]+)`:\n\n)?```([^\n]*)\n([\s\S]*?)^```$/gm;

/** The steps in the order of the document. Blocks without a path that are no `console` are for reading only. */
export function readSteps(markdown: string): readonly Step[] {
  return [...markdown.matchAll(FENCE)].flatMap(([, path, language = '', body = '']): Step[] => {
    if (path !== undefined) return [{ kind: 'file', path, text: body }];
    if (!language.startsWith('console')) return [];
    return readCommands(body, language.endsWith('goes-on'));
  });
}

function readCommands(body: string, goesOn: boolean): CommandStep[] {
  const [before, ...parts] = `\n${body}`.split('\n$ ');
  if (before !== '' || parts.length === 0) throw new Error(`a console block begins with "$ ": ${body}`);
  return parts.map((part) => {
    const { command, rest } = commandOf(part);
    return { kind: 'command', command, output: rest.trimEnd(), goesOn };
  });
}

/** A command goes on in the next line after a backslash, or while a here-document is open. */
function commandOf(part: string): { readonly command: string; readonly rest: string } {
  const lines = part.split('\n');
  let count = 1;
  while (lines[count - 1]?.endsWith('\\')) count += 1;
  return { command: lines.slice(0, count).join('\n'), rest: lines.slice(count).join('\n') };
}

/** Whether what was printed is what the document says. */
export function fits(output: string, printed: string): boolean {
  const pattern = output
    .split('…')
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\s\\S]*');
  return new RegExp(`^${pattern}$`).test(printed.trimEnd());
}
