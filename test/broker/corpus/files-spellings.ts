// Makes the spellings of paths that `files.jsonl` holds: every one that a guest might try to leave its workspace by, and harmless ones
// beside them. The same at every run. `node test/broker/corpus/make-files.ts` writes the file anew.

/** `isHarmless`: a path of the workspace, however odd; it must be taken. */
export type Spelling = { readonly path: string; readonly isHarmless: boolean };

/** What may stand for a step upwards, a separator or an end, here or in some other program. */
const CLIMBS = [
  ...[
    '..',
    '../.',
    './..',
    '..//',
    '..\\',
    '.\\..',
    '..\\/',
    '../\\',
    '..\0',
    '..\0/',
    '..\n',
    '..\r\n/',
    '..\t',
    '..\u001b',
  ],
  ...[
    '..\u007f',
    '..\u0085',
    '..\u2028',
    '..\u2029',
    '.. ',
    '.. /..',
    '..\u00a0',
    '.',
    './',
    './/',
    '',
    '/',
    '//',
    '///',
  ],
  ...[
    '\\',
    '\\\\',
    '\\..\\',
    '...',
    '....',
    '..../',
    '.. .',
    ' ..',
    '\u202e..',
    '..\u202e',
    '\u2066..\u2069',
    '..\u200f',
  ],
  ...[
    'a/..',
    'a/../..',
    'a/b/../../..',
    'a/./b/../../..',
    'a//..',
    'a\\..\\..',
    'a/\u0000/..',
    'a/..\u0000',
    '..a\\..',
  ],
];

const STARTS = ['workspace/', 'workspace//', 'workspace/./', 'workspace/in/', 'workspace/in/deep/', 'workspace\\'];

const TARGETS = [
  ...['etc/passwd', 'hermes/secret', 'athena/../hermes/secret', 'policy.yaml', 'admin.token', 'keys/record.pem'],
  ...['proc/self/environ', 'proc/self/fd/3', '.ssh/id_ed25519', 'workspace/f', 'smcp.db', '~root/.profile'],
];

/** Whole paths that begin elsewhere, or not at all. */
const ELSEWHERE = [
  ...[
    '',
    '/',
    '//',
    '.',
    '..',
    '/etc/passwd',
    '//etc/passwd',
    '\\\\host\\share',
    'C:\\Windows',
    'C:/Windows',
    'c:f',
    '~',
    '~/f',
  ],
  ...[
    'file:///etc/passwd',
    'http://a.org/f',
    '/proc/self/root/etc/passwd',
    '/proc/self/fd/3',
    '/proc/self/cwd',
    '/dev/stdin',
  ],
  ...[
    'Workspace/f',
    'WORKSPACE/f',
    'workSpace/f',
    ' workspace/f',
    'workspace /f',
    'workspace./f',
    'workspace\0/f',
    './workspace/f',
  ],
  ...[
    '/workspace/f',
    '//workspace/f',
    'workspaces/f',
    'workspace-b/f',
    'workspac/f',
    'athena/f',
    'hermes/f',
    'workspace\u200b/f',
  ],
  ...[
    '\uff57orkspace/f',
    'w\u043erkspace/f',
    '\ufeffworkspace/f',
    'workspace\u0301/f',
    '%77orkspace/f',
    'workspace%2ff',
    'workspace:f',
  ],
];

/** Names that no path has, each below a folder. */
const BAD_NAMES = [
  ...[
    'a.',
    'a..',
    'a ',
    ' a',
    '\u00a0a',
    'a\u00a0',
    '\u3000a',
    'a\u2003',
    '.smcp-0',
    '.smcp-',
    'e\u0301',
    'A\u030a',
    '\u212b',
    '\u1100\u1161',
  ],
  ...[
    'a\u202eb',
    '\u2067a',
    'a\u061c',
    '\u200ea',
    'a\nb',
    'a\rb',
    'a\tb',
    'a\bb',
    'a\0',
    '\0',
    'a\u0000.txt',
    'a\u0090',
    'a\u2028b',
  ],
  ...['a\\b', '\\a', 'a\\', 'x'.repeat(256), 'é'.repeat(128), '😀'.repeat(64), 'a\ud800', '\udc00a', 'con.', 'nul '],
];

/** Names that look like something, and are names: nothing here decodes, folds or expands them. */
const GOOD_NAMES = [
  ...[
    '%2e%2e',
    '%2e%2e%2f',
    '..%2f',
    '%252e%252e',
    '%c0%ae%c0%ae',
    '..;',
    '..a',
    'a..b',
    '.a',
    '..b.c',
    '~',
    '~root',
    '$HOME',
    '$(HOME)',
  ],
  ...[
    '$(id)',
    '`id`',
    '*',
    '?',
    '[a]',
    '{a,b}',
    "'",
    '"',
    '|',
    '&',
    ';',
    '<',
    '>',
    '!',
    '#',
    '=',
    '-rf',
    '--',
    '@',
    ':',
    'a:b',
    'C:',
  ],
  ...[
    'con',
    'nul',
    'aux.txt',
    '.git',
    '.env',
    'é',
    'ä',
    '日本語',
    'имя',
    '😀',
    '👩‍👧',
    'ｆｕｌｌ',
    '．．',
    '∕',
    '⁄',
    'a b',
    'a  b',
    '0',
    'x'.repeat(255),
  ],
];

export function* filesSpellings(): Generator<Spelling> {
  const seen = new Set<string>();
  for (const spelling of all()) {
    if (seen.has(spelling.path)) continue;
    seen.add(spelling.path);
    yield spelling;
  }
}

function* all(): Generator<Spelling> {
  for (const path of ELSEWHERE) yield { path, isHarmless: false };
  for (const start of STARTS) {
    for (const climb of CLIMBS) {
      for (const times of [1, 2, 5]) {
        for (const target of TARGETS) {
          yield { path: `${start}${`${climb}/`.repeat(times)}${target}`, isHarmless: false };
        }
      }
    }
  }
  for (const folder of ['workspace', 'workspace/in', 'workspace/in/deep']) {
    for (const name of BAD_NAMES) {
      yield { path: `${folder}/${name}`, isHarmless: false };
      yield { path: `${folder}/${name}/f`, isHarmless: false };
    }
    for (const name of GOOD_NAMES) {
      yield { path: `${folder}/${name}`, isHarmless: true };
      yield { path: `${folder}/${name}/f.txt`, isHarmless: true };
      yield { path: `${folder}/${name}/${name}`, isHarmless: true };
    }
  }
  yield { path: `workspace/${'a/'.repeat(32)}b`, isHarmless: false };
  yield { path: `workspace/${'a/'.repeat(31)}b`, isHarmless: true };
  yield { path: `workspace/${`${'é'.repeat(100)}/`.repeat(6)}f`, isHarmless: false };
}
