// The player by itself: whatever the order in which a guest was asked and answered, it gets the same answers in the same order.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ExactEvent } from '#domain/transcript.ts';
import { createPlayer } from '#replay/player.ts';

/** Transcripts as a sandbox writes them: numbers grow, each answer stands behind its call, and some have none. */
const transcripts = fc
  .array(
    fc.record({
      name: fc.constantFrom('now', 'store.get'),
      text: fc.jsonValue(),
      waits: fc.nat(4),
      isOk: fc.boolean(),
    }),
  )
  .map((calls) => {
    const placed: { at: number; event: ExactEvent }[] = [];
    for (const [place, { name, text, waits, isOk }] of calls.entries()) {
      const call = place * 2 + 1;
      placed.push({ at: place, event: { kind: 'asked', call, name, text: JSON.stringify(text) } });
      const kind = isOk ? 'answered' : 'refused';
      if (waits < 4) placed.push({ at: place + waits + 0.5, event: { kind, call, text: `{"code":"C${call}"}` } });
    }
    return placed.toSorted((one, other) => one.at - other.at).map(({ event }) => event);
  });

const asked = (events: readonly ExactEvent[]) => events.flatMap((event) => (event.kind === 'asked' ? [event] : []));

test('answers what is asked again with the recorded texts, in the recorded order', () => {
  fc.assert(
    fc.property(transcripts, (events) => {
      const player = createPlayer(events, { onDiverged: () => {} });
      const heard: [number, boolean, string, string | undefined][] = [];
      for (const { call, name, text } of asked(events)) {
        player.replies({ call, name, body: text }, ({ isOk, body, code }) => heard.push([call, isOk, body, code]));
      }
      expect(player.difference()).toBeUndefined();
      const recorded = events.flatMap((event) =>
        event.kind === 'asked'
          ? []
          : [
              [
                event.call,
                event.kind === 'answered',
                event.text,
                event.kind === 'refused' ? `C${event.call}` : undefined,
              ],
            ],
      );
      expect(heard).toEqual(recorded);
    }),
  );
});

test('answers nothing from the first call on that is another one', () => {
  fc.assert(
    fc.property(transcripts, fc.nat(), (events, seed) => {
      const calls = asked(events);
      fc.pre(calls.length > 0);
      const odd = seed % calls.length;
      let ended = 0;
      const onDiverged = () => {
        ended += 1;
      };
      const player = createPlayer(events, { onDiverged });
      let late = 0;
      for (const [place, { call, name, text }] of calls.entries()) {
        const body = place === odd ? `${text} ` : text;
        player.replies({ call, name, body }, () => {
          if (place >= odd) late += 1;
        });
      }
      expect(player.difference()).toMatchObject({ index: odd });
      expect([ended, late, player.matched()]).toEqual([1, 0, odd]);
    }),
  );
});

test('of a call that was ended from outside says once that all is played, and takes no notice of what is asked after that', () => {
  fc.assert(
    fc.property(transcripts, (events) => {
      const calls = asked(events);
      fc.pre(calls.length > 0);
      const told: string[] = [];
      const player = createPlayer(events, {
        onDiverged: () => void told.push('diverged'),
        onPlayed: () => void told.push('played'),
      });
      for (const [place, { call, name, text }] of calls.entries()) {
        expect([told, player.isPlayed()]).toEqual([[], false]);
        player.replies({ call, name, body: text }, () => {});
        if (place === calls.length - 1) expect([told, player.isPlayed()]).toEqual([['played'], true]);
      }
      player.replies({ call: 1e6, name: 'run', body: '{}' }, () => void told.push('answered'));
      expect([told, player.difference(), player.matched()]).toEqual([['played'], undefined, calls.length]);
    }),
  );
});

describe('what is shown of a difference', () => {
  const text = (end: string) => JSON.stringify(`${'x'.repeat(5000)}${end}`);

  test('is the place where the params differ, however long they are', () => {
    const player = createPlayer([{ kind: 'asked', call: 1, name: 'run', text: text('one') }], { onDiverged: () => {} });
    player.replies({ call: 1, name: 'run', body: text('two\u202e') }, () => {});
    const { asked: now, recorded } = player.difference() ?? {};
    expect(recorded?.params).toMatch(/^…x{32}one"$/);
    expect(now?.params).toMatch(/^…x{32}two\\u\{202e\}"$/);
  });
});
