// @ts-check
// Says what went wrong in a guest, for the plugin's author. Trust: the error is a copy that isolated-vm made of whatever
// the guest threw.

/**
 * What went wrong and where in the plugin: the message, and file:line of the first frame that is a module of the plugin.
 * Frames of the warden's own, which isolated-vm appends, are left out.
 *
 * @param {unknown} error as isolated-vm copied it out
 */
export function describeGuestError(error) {
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, stack } = /** @type {{ message?: unknown, stack?: unknown }} */ (error);
  const text = typeof message === 'string' ? message : 'the module threw a value without a message';
  const inside = typeof stack === 'string' ? stack.slice(text.length) : '';
  const where = /(?:^|[\s(])((?!smcp:)[\w.@-][\w./@-]*\.m?js:\d+:\d+)/.exec(inside)?.[1];
  return where === undefined || text.includes(where) ? text : `${text} (${where})`;
}
