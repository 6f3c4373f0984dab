// Bounds the work of one evaluation by counting it.

export type StepMeter = {
  /** Begins an evaluation that may take this many steps. */
  readonly refill: (steps: number) => void;
  /** Throws when no steps are left; every later call of the same evaluation then throws too. */
  readonly spend: (steps: number) => void;
  /** Whether `spend` threw since the last `refill`. */
  readonly isEmpty: () => boolean;
};

export function createStepMeter(): StepMeter {
  let stepsLeft = 0;
  return {
    refill: (steps) => {
      stepsLeft = steps;
    },
    spend: (steps) => {
      stepsLeft -= steps;
      if (stepsLeft < 0) throw new Error('it takes too many steps for these arguments');
    },
    isEmpty: () => stepsLeft < 0,
  };
}
