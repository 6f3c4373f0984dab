// Labels that agents have seen, in memory; nothing is kept of places.

import type { LabelStore } from '#domain/label-ports.ts';
import type { SeenLabel } from '#domain/labels.ts';

export function memoryLabelStore(): LabelStore {
  let rows: SeenLabel[] = [];
  return {
    seen: () => rows,
    putSeen: (labels) => void rows.push(...labels),
    removeSeen: ({ agent, session, label }) => {
      const isLeft = (one: SeenLabel) =>
        one.agent !== agent ||
        (session !== undefined && one.session !== session) ||
        (label !== undefined && one.label !== label);
      const count = rows.length;
      rows = rows.filter(isLeft);
      return count - rows.length;
    },
    ...{ at: () => [], exactly: () => [], beginning: () => [], putPlaces: () => {}, countOf: () => 0 },
    ...{ places: () => [], removePlaces: () => 0 },
  };
}
