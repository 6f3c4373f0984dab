import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mayCall } from '#policy/decide.ts';
import { ask, policyOf } from './policies.ts';

const HOUR_MS = 3_600_000;
/** A Monday. */
const NOON_MS = Date.parse('2026-01-05T12:00:00Z');
const NIGHT_MS = Date.parse('2026-01-05T23:00:00Z');

const POLICY = policyOf(`
version: 1
deny:
  - id: not-at-night
    tools: ["deploy__*"]
    hours: { from: "22:00", to: "06:00", timezone: UTC }
    why: nobody watches then
agents:
  athena:
    grants:
      - id: in-office-hours
        tools: ["mail__*"]
        hours: { days: [mon, tue], from: "08:00", to: "20:00", timezone: UTC }
        capabilities: { clock: true }
      - id: dry-at-other-times
        tools: ["mail__preview"]
        capabilities: []
      - tools: ["deploy__*"]
      - id: until-new-year
        tools: ["old__*"]
        expires: 2026-01-05T12:30:00Z
      - id: by-condition
        tools: ["now__*"]
        when: now < timestamp("2026-01-05T12:30:00Z")
`);

const at = (tool: string, nowMs: number, latestMs?: number) =>
  ask(POLICY, tool, {}, { nowMs, ...(latestMs === undefined ? {} : { latestMs }) });

describe('a grant with hours', () => {
  test('decides within them', () => {
    expect(at('mail__send', NOON_MS)).toMatchObject({ kind: 'allow', rule: 'in-office-hours' });
  });

  test('is passed outside of them: the next one decides', () => {
    expect(at('mail__preview', NOON_MS)).toMatchObject({ rule: 'in-office-hours', capabilities: { clock: true } });
    expect(at('mail__preview', NIGHT_MS)).toMatchObject({ rule: 'dry-at-other-times', capabilities: {} });
  });

  test('says when it is open, where nothing else decides', () => {
    const decision = at('mail__send', NIGHT_MS);
    expect(decision).toMatchObject({ kind: 'deny', rule: 'default-deny' });
    expect(decision.reason).toBe(
      'the grant in-office-hours covers mail__send, but it is closed at this time: its hours are mon, tue 08:00 to 20:00 UTC, from 2026-01-06T08:00:00.000Z again',
    );
    expect('remedy' in decision && decision.remedy).toContain('/agents/athena/grants/0');
  });

  test('gives nothing at a time that is none', () => {
    for (const nowMs of [Number.NaN, Number.POSITIVE_INFINITY]) expect(at('mail__send', nowMs).kind).toBe('deny');
  });

  test('is shown within them only', () => {
    const shown = (nowMs: number) => mayCall(POLICY, 'athena', 'mail__send', { nowMs });
    expect([shown(NOON_MS), shown(NIGHT_MS), shown(Number.NaN)]).toEqual([true, false, false]);
  });
});

describe('a deny with hours', () => {
  test('denies within them, and not outside', () => {
    expect(at('deploy__app', NIGHT_MS)).toMatchObject({ kind: 'deny', rule: 'not-at-night' });
    expect(at('deploy__app', NOON_MS).kind).toBe('allow');
  });

  test('denies at a time that is none', () => {
    for (const nowMs of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(at('deploy__app', nowMs)).toMatchObject({ kind: 'deny', rule: 'not-at-night' });
      expect(mayCall(POLICY, 'athena', 'deploy__app', { nowMs })).toBe(false);
    }
  });

  test('hides within them only', () => {
    const shown = (nowMs: number) => mayCall(POLICY, 'athena', 'deploy__app', { nowMs });
    expect([shown(NOON_MS), shown(NIGHT_MS)]).toEqual([true, false]);
  });
});

describe('after the clock was set back', () => {
  test.each<[string, string, number, number]>([
    ['a grant whose hours had ended', 'mail__send', NOON_MS, NIGHT_MS],
    ['a grant that had expired', 'old__thing', NOON_MS, NOON_MS + HOUR_MS],
    ['a grant whose condition had become false', 'now__thing', NOON_MS, NOON_MS + HOUR_MS],
    ['what a deny had begun to deny', 'deploy__app', NOON_MS, NIGHT_MS],
  ])('%s gives nothing again, and without that knowledge would', (_name, tool, nowMs, latestMs) => {
    expect(at(tool, latestMs).kind).toBe('deny');
    const decision = at(tool, nowMs, latestMs);
    expect(decision).toMatchObject({ kind: 'deny' });
    expect(decision.reason).toMatch(/^the clock was set back, which gives nothing again: /);
    // The control: decided by the clock alone.
    expect(at(tool, nowMs).kind).toBe('allow');
  });

  test('an earlier grant that begins again does not decide: it may give more', () => {
    const decision = at('mail__preview', NOON_MS, NIGHT_MS);
    expect(decision).toMatchObject({ kind: 'deny', rule: 'default-deny' });
    expect(decision.reason).toContain('before that the grant dry-at-other-times decided');
  });

  test('what holds at both times is allowed', () => {
    expect(at('mail__send', NOON_MS, NOON_MS + HOUR_MS)).toEqual(at('mail__send', NOON_MS));
    expect(at('mail__send', NOON_MS, NOON_MS - HOUR_MS)).toEqual(at('mail__send', NOON_MS));
  });

  test('a tool is shown when it could be called at both times', () => {
    const shown = (latestMs: number) => mayCall(POLICY, 'athena', 'mail__send', { nowMs: NOON_MS, latestMs });
    expect([shown(NOON_MS + HOUR_MS), shown(NIGHT_MS)]).toEqual([true, false]);
  });

  test('no time that was seen allows what is denied at one of the two', () => {
    const time = fc.integer({ min: NOON_MS - 48 * HOUR_MS, max: NOON_MS + 48 * HOUR_MS });
    const tool = fc.constantFrom('mail__send', 'mail__preview', 'deploy__app', 'old__thing', 'now__thing');
    fc.assert(
      fc.property(tool, time, fc.nat(48 * HOUR_MS), (name, nowMs, behindMs) => {
        const latestMs = nowMs + behindMs;
        const isDenied = [nowMs, latestMs].some((each) => at(name, each).kind === 'deny');
        if (isDenied) expect(at(name, nowMs, latestMs).kind).toBe('deny');
        // Shown is whatever some arguments could be allowed for.
        const isAllowed = at(name, nowMs, latestMs).kind === 'allow';
        expect(!isAllowed || mayCall(POLICY, 'athena', name, { nowMs, latestMs })).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
