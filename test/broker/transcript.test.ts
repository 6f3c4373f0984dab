// What is kept of a guest's traffic: the very texts, in the order in which they crossed.

import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createTranscriptWriter } from '#broker/transcript.ts';
import { transcriptView } from '#domain/transcript.ts';

describe('a transcript', () => {
  test('keeps keys in their order and numbers as they were spelled, which their values do not', () => {
    const { traffic, read } = createTranscriptWriter();
    traffic.asked(1, 'store.set', '{"key":"k","value":{"z":1.50,"a":-0}}');
    traffic.answered(1, true, '1e2');
    expect(read()?.events.map(({ text }) => text)).toEqual(['{"key":"k","value":{"z":1.50,"a":-0}}', '1e2']);
    expect(JSON.stringify(JSON.parse('1e2'))).not.toBe('1e2');
  });

  test('keeps the order of asking and answering, and the numbers that the guest gave', () => {
    const { traffic, read } = createTranscriptWriter();
    traffic.asked(2, 'now', 'null');
    traffic.asked(5, 'run', '{"program":"id"}');
    traffic.answered(5, false, '{"code":"CAPABILITY_DENIED","message":"m"}');
    traffic.answered(2, true, '7');
    expect(read()).toEqual({
      events: [
        { kind: 'asked', call: 2, name: 'now', text: 'null' },
        { kind: 'asked', call: 5, name: 'run', text: '{"program":"id"}' },
        { kind: 'refused', call: 5, text: '{"code":"CAPABILITY_DENIED","message":"m"}' },
        { kind: 'answered', call: 2, text: '7' },
      ],
    });
  });

  test('is shown as values to those who look at what a plugin asked', () => {
    const { traffic, read } = createTranscriptWriter();
    traffic.asked(1, 'store.get', '{"key":"k"}');
    traffic.answered(1, false, '{"code":"QUOTA_EXCEEDED","message":"m"}');
    traffic.asked(2, 'now', 'null');
    traffic.answered(2, true, '7');
    expect(transcriptView(read() ?? { events: [] }).events).toEqual([
      { kind: 'asked', call: 1, name: 'store.get', params: { key: 'k' } },
      { kind: 'refused', call: 1, error: { code: 'QUOTA_EXCEEDED', message: 'm' } },
      { kind: 'asked', call: 2, name: 'now', params: null },
      { kind: 'answered', call: 2, value: 7 },
    ]);
  });

  test('is kept up to its bound, and not at all beyond it', () => {
    const { traffic, read } = createTranscriptWriter();
    traffic.asked(1, 'now', '1'.repeat(LIMITS.transcriptBytesMax));
    expect(read()?.events).toHaveLength(1);
    traffic.answered(1, true, '1');
    expect(read()).toBeUndefined();
    traffic.asked(2, 'now', 'null');
    expect(read()).toBeUndefined();
  });
});
