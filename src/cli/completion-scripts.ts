// The scripts that tell bash, zsh and fish what may follow. Every word in them is ours; summaries are quoted all the same.

import type { Completion, CompletionModel } from './completion-model.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

export const SCRIPTS: { readonly [shell in Shell]: (model: CompletionModel) => string } = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

const dashed = (names: readonly { readonly name: string }[]): string => names.map(({ name }) => `--${name}`).join('|');
const candidates = ({ words, options }: Completion): string =>
  [...words.map(({ word }) => word), ...options.map(({ name }) => `--${name}`)].join(' ');
/** What a shell takes literally, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Words before the cursor without options and their values: `given`. `skip` is the option whose value is being typed. */
const collect = (first: number, last: string, valueOptions: string): string => `
  for ((i = ${first}; i < ${last}; i++)); do
    word="\${words[i]}"
    if [[ -n "$skip" ]]; then [[ "$word" == "=" ]] || skip=""; continue; fi
    case "$word" in
      ${valueOptions}) skip="$word" ;;
      -*) ;;
      *) given="\${given:+$given }$word" ;;
    esac
  done`;

function bashScript({ completions, valueOptions }: CompletionModel): string {
  const fileOptions = dashed(valueOptions.filter(({ isFile }) => isFile));
  const cases = completions.map((one) => {
    const after = one.words.length === 0 ? `|${quoted(`${one.given} `)}*` : '';
    const files = one.takesFiles ? ' files=1' : '';
    return `      ${quoted(one.given)}${after}) next=${quoted(candidates(one))}${files} ;;\n`;
  });
  return `# smcp in bash: eval "$(smcp completion bash)"
_smcp() {
  local -a words=("\${COMP_WORDS[@]}")
  local cur="\${COMP_WORDS[COMP_CWORD]}" given="" skip="" next="" files="" word="" i=0
  COMPREPLY=()${collect(1, 'COMP_CWORD', dashed(valueOptions))}
  if [[ -n "$skip" ]]; then
    case "$skip" in ${fileOptions}) files=1 ;; esac
  else
    case "$given" in
${cases.join('')}    esac
  fi
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(
    compgen -W "$next" -- "$cur"
    if [[ -n "$files" && "$cur" != -* ]]; then compgen -f -- "$cur"; fi
  )
  if [[ -n "$files" ]]; then compopt -o filenames 2>/dev/null; fi
  return 0
}
complete -F _smcp smcp
`;
}

function zshScript({ completions, valueOptions }: CompletionModel): string {
  const fileOptions = dashed(valueOptions.filter(({ isFile }) => isFile));
  const cases = completions.map((one) => {
    const after = one.words.length === 0 ? `|${quoted(`${one.given} `)}*` : '';
    const described = [
      ...one.words.map(({ word, summary }) => quoted(`${word}:${summary}`)),
      ...one.options.map(({ name, help }) => quoted(`--${name}:${help}`)),
    ];
    const files = one.takesFiles ? ' files=1' : '';
    return `    (${quoted(one.given)}${after}) next=(${described.join(' ')})${files} ;;\n`;
  });
  return `#compdef smcp
# smcp in zsh, after compinit: eval "$(smcp completion zsh)"
_smcp() {
  local given="" skip="" files="" word=""
  local -i i
  local -a next${collect(2, 'CURRENT', dashed(valueOptions))}
  if [[ -n "$skip" ]]; then
    case "$skip" in (${fileOptions}) _files ;; esac
    return
  fi
  case "$given" in
${cases.join('')}  esac
  _describe smcp next
  if [[ -n "$files" ]]; then _files; fi
}
compdef _smcp smcp
`;
}

function fishScript({ completions, valueOptions }: CompletionModel): string {
  const lines = completions.flatMap((one) => {
    const condition = `-n ${quoted(`__smcp_given ${one.given}`)}`;
    // Of a command, options and files may follow any number of arguments.
    const within = `-n ${quoted(`__smcp_within ${one.given}`)}`;
    return [
      ...one.words.map(({ word, summary }) => `complete -c smcp ${condition} -a ${word} -d ${fishQuoted(summary)}`),
      ...one.options.map(
        ({ name, help, takesValue }) =>
          `complete -c smcp ${within} -l ${name}${takesValue ? ' -r' : ''} -d ${fishQuoted(help)}`,
      ),
      ...(one.takesFiles ? [`complete -c smcp ${within} -F`] : []),
    ];
  });
  return `# smcp in fish: smcp completion fish | source
function __smcp_words
  set -l skip 0
  for word in (commandline -opc)[2..]
    if test $skip -eq 1
      set skip 0
      continue
    end
    switch $word
      case ${valueOptions.map(({ name }) => `--${name}`).join(' ')}
        set skip 1
      case '-*'
      case '*'
        echo $word
    end
  end
end
function __smcp_given
  set -l words (__smcp_words)
  test "$words" = "$argv"
end
function __smcp_within
  set -l words (__smcp_words)
  set -l count (count $argv)
  test (count $words) -ge $count; and test "$words[1..$count]" = "$argv"
end
complete -c smcp -f
${lines.join('\n')}
`;
}

/** fish takes \\' and \\\\ within single quotes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
