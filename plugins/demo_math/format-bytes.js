// A byte count as people read it. Pure.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const STEP = 1024;

/**
 * The largest unit in which the count is at least 1; TiB for all that is more.
 *
 * @param {number} value not negative
 */
export function formatBytes(value) {
  const bytes = Math.trunc(value) + 0;
  let scaled = value;
  let unit = 0;
  while (scaled >= STEP && unit < UNITS.length - 1) {
    scaled /= STEP;
    unit += 1;
  }
  return { ok: true, bytes, human: unit === 0 ? `${bytes} B` : `${twoDecimals(scaled)} ${UNITS[unit]}` };
}

/**
 * Two decimals; what lies exactly between two of them goes to the even one, as printf has it (`toFixed` rounds it up).
 * A double lies exactly between only where it is an odd number of eighths, and hundred times that is exact.
 *
 * @param {number} value
 */
function twoDecimals(value) {
  if ((value * 8) % 2 !== 1) return value.toFixed(2);
  const below = Math.floor(value * 100);
  return ((below % 2 === 0 ? below : below + 1) / 100).toFixed(2);
}
