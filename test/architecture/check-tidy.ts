// House rules that neither Biome nor tsc checks: sizes, names, headers, state and work at import time, leftovers.

import { childrenOf, isNode, lineOf, type Node, type SourceFile, type Violation, walk } from './source-tree.ts';

const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 70;
const PARAMETERS_MAX = 4;

/** `name.ts`, `name.test.ts`, `name.v1.json`. */
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d|v\d+))?\.[a-z]+$/;

/** Built in pieces, or this file would find itself. */
const LEFTOVER = new RegExp(
  `\\b(${['TO', 'FIX', 'X'].map((head) => head + { TO: 'DO', FIX: 'ME', X: 'XX' }[head]).join('|')})\\b`,
);

/** What is started, and so does its work when it is loaded. */
const ENTRIES = [
  'src/smcp.js',
  'src/main.ts',
  'src/policy/thread-main.js',
  'src/console/page/main.js',
  'sandbox/launcher/build.ts',
  'sandbox/warden/main.js',
  'sandbox/warden/worker.js',
  'sandbox/guest/prelude.js',
  'sandbox/harness/hooks.js',
];

type Report = (rule: string, what: string, at?: Node) => void;

const bodyOf = (file: SourceFile): readonly Node[] => file.program['body'] as readonly Node[];

/** The declaration inside an export, or the statement itself. */
const unwrapExport = (statement: Node): Node =>
  statement.type === 'ExportNamedDeclaration' && isNode(statement['declaration'])
    ? statement['declaration']
    : statement;

function checkText(file: SourceFile, report: Report): void {
  const lines = file.text.split('\n');
  const lineCount = file.text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (lineCount > FILE_LINES_MAX) report('size', `${lineCount} lines; at most ${FILE_LINES_MAX}`);
  const name = file.path.split('/').at(-1) ?? '';
  if (!FILE_NAME.test(name)) report('name', 'file names are kebab-case');
  const first = lines[0]?.startsWith('#!') === true ? lines[1] : lines[0];
  if (!file.path.endsWith('.test.ts') && !/^(\/\/|\/\*)/.test(first ?? ''))
    report('header', 'the file does not open with a comment that says its job');
  if (LEFTOVER.test(file.text)) report('leftover', 'a note of work to do; it belongs in an issue');
}

/** An empty container can only be there to be filled. */
function isEmptyContainer(node: unknown): boolean {
  if (!isNode(node)) return false;
  if (node.type === 'ArrayExpression') return (node['elements'] as readonly unknown[]).length === 0;
  if (node.type === 'ObjectExpression') return (node['properties'] as readonly unknown[]).length === 0;
  const callee = node['callee'];
  return (
    node.type === 'NewExpression' &&
    isNode(callee) &&
    /^(Weak)?(Map|Set)$/.test(String(callee['name'])) &&
    !hasArguments(node)
  );
}

const hasArguments = (node: Node): boolean => (node['arguments'] as readonly unknown[]).length > 0;

function checkModuleLevel(file: SourceFile, report: Report): void {
  const statements = bodyOf(file);
  for (const statement of statements) {
    const inner = unwrapExport(statement);
    if (inner.type === 'VariableDeclaration' && inner['declare'] !== true) checkState(inner, report);
    const isWork = !/Declaration$|^TS/.test(inner.type) && typeof inner['directive'] !== 'string';
    if (isWork && !ENTRIES.includes(file.path)) report('import-time', 'work at import time', inner);
    if (inner.type === 'ExportDefaultDeclaration') report('default-export', 'exports have names', inner);
  }
  const isBarrel =
    statements.length > 0 && statements.every(({ type, source }) => /^Export/.test(type) && isNode(source));
  if (isBarrel) report('barrel', 'a file that only re-exports');
}

function checkState(declaration: Node, report: Report): void {
  if (declaration['kind'] !== 'const') report('state', `module-level ${declaration['kind']}`, declaration);
  for (const { init } of declaration['declarations'] as readonly Node[]) {
    if (isEmptyContainer(init))
      report('state', 'a module-level container that can only be there to be filled', declaration);
  }
}

const isFunction = ({ type }: Node): boolean =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type);

const spanOf = (file: SourceFile, node: Node): number =>
  lineOf(file.text, node.end) - lineOf(file.text, node.start) + 1;

/** The functions right inside a node, not those inside them. */
const innerFunctions = (node: Node): readonly Node[] =>
  childrenOf(node).flatMap((child) => (isFunction(child) ? [child] : innerFunctions(child)));

/** Lines of a function that no function inside it holds: a `create…` function is as long as what it sets up. */
function ownLines(file: SourceFile, node: Node): number {
  const inner = innerFunctions(node).map((each) => spanOf(file, each) - 1);
  return spanOf(file, node) - inner.reduce((sum, lines) => sum + lines, 0);
}

function checkFunctions(file: SourceFile, report: Report): void {
  walk(file.program, (node) => {
    if (!isFunction(node)) return;
    const lines = ownLines(file, node);
    if (lines > FUNCTION_LINES_MAX)
      report('function', `${lines} lines of its own; at most ${FUNCTION_LINES_MAX}`, node);
    const parameters = (node['params'] as readonly unknown[]).length;
    if (parameters > PARAMETERS_MAX) {
      report('parameters', `${parameters} parameters; at most ${PARAMETERS_MAX}, then an options object`, node);
    }
  });
}

export type TidyException = { readonly path: string; readonly rule: string; readonly why: string };

/** What is wrong with the exceptions themselves: those that nothing needs. */
function checkExceptions(found: readonly Violation[], exceptions: readonly TidyException[]): readonly Violation[] {
  return exceptions
    .filter((row) => !found.some(({ path, rule }) => path === row.path && rule === row.rule))
    .map(({ path, rule }) => ({ path, line: 1, rule: 'exception', what: `is not needed any more: ${rule}` }));
}

/**
 * Everything untidy in the files, but for the exceptions. What tests may do (suites are long functions, their titles say
 * their job, they run when loaded) is left out for them.
 */
export function checkTidy(files: readonly SourceFile[], exceptions: readonly TidyException[]): readonly Violation[] {
  const found = files.flatMap(checkFile);
  const isExcepted = ({ path, rule }: Violation) => exceptions.some((row) => row.path === path && row.rule === rule);
  return [...found.filter((violation) => !isExcepted(violation)), ...checkExceptions(found, exceptions)];
}

function checkFile(file: SourceFile): readonly Violation[] {
  const found: Violation[] = [];
  const report: Report = (rule, what, at) =>
    found.push({ path: file.path, line: at === undefined ? 1 : lineOf(file.text, at.start), rule, what });
  checkText(file, report);
  if (/^(src|sandbox|plugins)\//.test(file.path)) {
    checkModuleLevel(file, report);
    checkFunctions(file, report);
  }
  return found;
}
