// Medians, percentiles and straight lines. Pure.

/** The middle of the values, or the mean of the two in the middle. @throws `RangeError` for `[]` */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value below which a `share` (0 to 1) of the values lies, between two of them by their distance. @throws `RangeError` for `[]` */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new RangeError('there is no percentile of nothing');
  return below + (above - below) * (place - Math.floor(place));
}

/** What a figure came to over the rounds. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number };

/** @throws `RangeError` for `[]` */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

export type Point = { readonly x: number; readonly y: number };

/** By how much y grows with each x, of the straight line that fits best (least squares). 0 for fewer than two places. */
export function slopeOf(points: readonly Point[]): number {
  const meanX = sum(points.map(({ x }) => x)) / points.length;
  const meanY = sum(points.map(({ y }) => y)) / points.length;
  const spreadX = sum(points.map(({ x }) => (x - meanX) ** 2));
  return spreadX > 0 ? sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / spreadX : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
