// A notice as plain text, for channels that show people text. Pure.
// **Trust:** title, lines and details were made visible by whoever made the notice; nothing here is markup.

import type { Notice } from '#domain/notify-ports.ts';

export type TextOptions = {
  /** Whether a text is one that the channel shows whole. */
  readonly fits: (text: string) => boolean;
  /** False: the operator wants no arguments of calls to leave by this channel. */
  readonly showsDetails: boolean;
};

export type NoticeText = {
  readonly text: string;
  /** Whether all there is to see is in it: only then may a person decide by what they see here. */
  readonly isWhole: boolean;
};

/** Lines, details and where to look. Details that don't fit are left out whole, and the text says so. */
export function noticeText(notice: Notice, { fits, showsDetails }: TextOptions): NoticeText {
  const { details } = notice;
  if (details === undefined && !isAsking(notice)) return { text: joined(notice), isWhole: true };
  const whole = details === undefined ? undefined : joined(notice, details);
  if (showsDetails && whole !== undefined && fits(whole)) return { text: whole, isWhole: true };
  const why = showsDetails ? 'do not fit here' : 'are not sent by this way';
  return { text: joined(notice, `The arguments ${why}: look at them before you decide.`), isWhole: false };
}

/** Whose arguments are in no notice where they are too large for any. */
const isAsking = ({ kind, body }: Notice): boolean => kind === 'approval' && body['event'] === 'asked';

function joined({ lines, look, link }: Notice, details?: string): string {
  return [
    ...lines,
    ...(details === undefined ? [] : ['', details]),
    ...(look === undefined ? [] : ['', `Look: ${look}`]),
    ...(link === undefined ? [] : [link]),
  ].join('\n');
}
