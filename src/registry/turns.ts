// Turns for what may run only a few at a time, in the order of who asked.

/** Resolves when it is the caller's turn; disposing of the result gives the turn on. */
export type Turns = { readonly take: () => Promise<Disposable> };

export function createTurns(atOnceMax: number): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const turn = (): Disposable => {
    let isOut = true;
    return {
      [Symbol.dispose]: () => {
        if (!isOut) return;
        isOut = false;
        taken -= 1;
        waiting.shift()?.();
      },
    };
  };
  return {
    take: async () => {
      while (taken >= atOnceMax) await new Promise<void>((resolve) => void waiting.push(resolve));
      taken += 1;
      return turn();
    },
  };
}
