// How names of arguments relate to spellings on a command line. Pure.

/** What two spellings of one name have in common: `--dry-run`, `--dry_run` and `dry_run` are alike, `-v` and `-V` are not. */
export function folded(name: string): string {
  return withoutDashes(name).replaceAll('-', '_');
}

/** `--dry-run` → `dry-run`. */
export function withoutDashes(spelling: string): string {
  let at = 0;
  while (spelling[at] === '-') at += 1;
  return spelling.slice(at);
}

/** The long spelling of a name where nothing else is known: `dry_run` → `--dry-run`. */
export function longSpelling(name: string): string {
  return `--${name.replaceAll('_', '-')}`;
}
