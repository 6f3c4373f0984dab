// What one person signs is checked and recorded in one order: a passkey counts its signatures, and a record with a lower count than one
// before it would look to `log verify` like a copy. Used by the routes that take signatures.

/** Runs it after all that came before for the same person has ended, well or not. */
export type Turns = <Result>(person: string, run: () => Promise<Result>) => Promise<Result>;

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (person, run) => {
    const before = last.get(person);
    const turn = (async () => {
      await before?.catch(() => {});
      return run();
    })();
    last.set(person, turn);
    try {
      return await turn;
    } finally {
      if (last.get(person) === turn) last.delete(person);
    }
  };
}
