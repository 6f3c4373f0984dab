// The report as text for a terminal.

import type { Comparison, Freeze, Memory, Profile, Report, Side, TimeShare } from './report.ts';
import type { Spread } from './statistics.ts';

/** Shares below would only make the table long. */
const US_SHOWN_MIN = 0.5;

/** Ends with a line break. */
export function render(report: Report): string {
  const { machine, compare, profile, memory, freeze, checks } = report;
  const sections = [
    `${report.date}  ${machine.processors} processors, ${machine.memoryGiB} GiB, ${machine.platform}, Node ${machine.node}`,
    ...(compare === undefined ? [] : [renderComparison(compare)]),
    ...(profile === undefined ? [] : [renderSerial(profile.serial), renderHost(profile.host)]),
    ...(memory === undefined ? [] : [renderMemory(memory)]),
    ...(freeze === undefined ? [] : [renderFreeze(freeze)]),
    ...(checks === undefined
      ? []
      : [checks.map(({ what, found, isHeld }) => `${isHeld ? 'held  ' : 'BROKEN'}  ${what}: ${found}`).join('\n')]),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Columns as wide as they need: the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)));
  return rows.map((row) => line(row).join('  ').trimEnd()).join('\n');
}

const shown = (value: number, digits: number) => value.toFixed(digits);
const spread = ({ median, min, max }: Spread, digits: number) =>
  `${shown(median, digits)} (${shown(min, digits)} to ${shown(max, digits)})`;

function renderComparison(compare: readonly Comparison[]): string {
  const head = ['connections', '', 'calls/s', 'p50 ms', 'p99 ms', 'CPU µs/call: server', 'wardens', 'client'];
  const sideRow = (first: string, name: string, { callsPerSecond, p50Ms, p99Ms, cpuUsPerCall }: Side) => [
    first,
    name,
    spread(callsPerSecond, 0),
    shown(p50Ms.median, 2),
    shown(p99Ms.median, 2),
    shown(cpuUsPerCall.server, 0),
    shown(cpuUsPerCall.wardens, 0),
    shown(cpuUsPerCall.client, 0),
  ];
  const rows = compare.flatMap(({ connections, bare, ours }) => [
    sideRow(String(connections), 'bare', bare),
    sideRow('', 'ours', ours),
  ]);
  const ratios = compare.map(({ connections, ratio, addedP50Ms }) => [
    String(connections),
    spread(ratio, 2),
    spread(addedP50Ms, 2),
  ]);
  return `${table([head, ...rows])}\n\n${table([['connections', 'ours/bare calls/s', 'added p50 ms'], ...ratios])}`;
}

function renderSerial({ p50Us, parts, restUs }: Profile['serial']): string {
  const rows = parts.map(({ name, us, isWaiting }) => [name, shown(us, 1), isWaiting ? 'mostly waiting' : '']);
  return table([
    ['one call, part by part', 'µs', ''],
    ...rows,
    ['not covered by any part', shown(restUs, 1), ''],
    ['measured, p50 of one after the other', shown(p50Us, 1), ''],
  ]);
}

function renderHost({ connections, callsPerSecond, busyUsPerCall, cpuUsPerCall, ...shares }: Profile['host']): string {
  const head = `the host's thread with ${connections} connections, ${shown(callsPerSecond, 0)} calls/s while it is sampled`;
  const rows = (all: readonly TimeShare[]) =>
    all.filter(({ us }) => us >= US_SHOWN_MIN).map(({ name, us }) => [name, shown(us, 1)]);
  const sums = [
    ['in all', shown(busyUsPerCall, 1)],
    ['(processor time of the process)', shown(cpuUsPerCall, 1)],
  ];
  return [
    table([[head, 'µs/call'], ...rows(shares.byOwner), ...sums]),
    table([['by file, with what Node did for it', 'µs/call'], ...rows(shares.byFile)]),
    table([["in Node's own files, for whomever", 'µs/call'], ...rows(shares.inNode)]),
  ].join('\n\n');
}

function renderMemory({ calls, tracks, isFlat, processesLeft }: Memory): string {
  const rows = tracks.map(({ what, firstMiB, lastMiB, growth, isJudged }) => [
    what,
    shown(firstMiB, 1),
    shown(lastMiB, 1),
    shown(growth, 3),
    isJudged ? 'judged' : '',
  ]);
  const head = [`memory over ${calls} calls, MiB`, 'after warm-up', 'at the end', 'growth per 10,000 calls', ''];
  const verdict = isFlat === undefined ? 'too few calls to tell whether it is flat' : isFlat ? 'flat' : 'GROWS';
  return `${table([head, ...rows])}\n${verdict}; processes left after SIGTERM: ${processesLeft}`;
}

function renderFreeze(freeze: Freeze): string {
  if (freeze.kind === 'unavailable') return `freeze: not measured: ${freeze.reason}`;
  const { calls, commandMs, lastCallMs, lastProcessMs, waitedMs, codes } = freeze;
  const processes = lastProcessMs === undefined ? `not within ${waitedMs}` : String(lastProcessMs);
  return table([
    [`freeze with ${calls} calls running, from the start of the command`, 'ms'],
    ['the command had ended', String(commandMs)],
    ['the last call was answered', String(lastCallMs)],
    ['the last process was gone', processes],
    [
      `answers: ${Object.entries(codes)
        .map(([code, count]) => `${count} ${code}`)
        .join(', ')}`,
      '',
    ],
  ]);
}
