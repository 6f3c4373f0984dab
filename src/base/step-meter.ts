// Bounds work by counting it.

/** Steps that are left. */
export type StepBudget = {
  /** Below zero: they are used up. */
  left: number;
};

export function createStepBudget(steps: number): StepBudget {
  return { left: steps };
}

export type StepMeter = {
  /** Begins work that is paid for by this budget. */
  readonly use: (budget: StepBudget) => void;
  /** Throws when no steps are left; every later call on the same budget then throws too. */
  readonly spend: (steps: number) => void;
  /** Whether the budget is used up. */
  readonly isEmpty: () => boolean;
};

export function createStepMeter(): StepMeter {
  let budget = createStepBudget(0);
  return {
    use: (next) => {
      budget = next;
    },
    spend: (steps) => {
      budget.left -= steps;
      if (budget.left < 0) throw new Error('it takes too many steps for these arguments');
    },
    isEmpty: () => budget.left < 0,
  };
}
