// Tells everyone who asked that something changed. What a listener throws is the teller's to handle: listeners do not throw.

/** Calls `listener` after each change, until the function returned is called. */
export type OnChange = (listener: () => void) => () => void;

export type Listeners = { readonly onChange: OnChange; readonly tell: () => void };

/** Listeners in the order they came; one that leaves while others are told is not told any more. */
export function createListeners(): Listeners {
  const listeners = new Set<() => void>();
  return {
    onChange: (listener) => {
      // A function of its own, so that the same listener can be added twice and leave once.
      const entry = () => listener();
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    tell: () => {
      for (const listener of listeners) listener();
    },
  };
}
