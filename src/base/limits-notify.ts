// The bounds of telling people. Part of LIMITS (limits.ts), by which everything else reads them.

export const NOTIFY_LIMITS = {
  /** Tries of a notice that its receiver answers and does not take: the next ones may be taken. */
  notifyTriesMax: 6,
  /** The pause after a try that failed; each after that is four times as long, until the second. A quarter of each is chance. */
  notifyRetryMs: 3_750,
  notifyRetryMsMax: 15 * 60_000,
  /** What a receiver may ask to be left alone for. */
  notifyAfterMsMax: 3_600_000,
  /** For one try, answer included. */
  notifyMsMax: 10_000,
  /** How long a notice waits for a receiver that is down: what is older than a day is found by other means. */
  notifyAgeMsMax: 24 * 3_600_000,
  /** Notices that wait for one target; the oldest makes room. */
  notifyWaitingMax: 256,
  /** Arguments in a notice, as JSON; larger ones are left out whole: what is cut could hide what matters. */
  notifyArgumentBytesMax: 32 * 1024,
  /** A message of ntfy; what is longer becomes a file. **Source:** docs.ntfy.sh/publish/#limitations */
  ntfyMessageBytesMax: 4_096,
  /** A message of Telegram, in UTF-16 units. **Source:** core.telegram.org/bots/api#sendmessage */
  telegramTextLengthMax: 4_096,
  /** What is said to who pressed a button. **Source:** core.telegram.org/bots/api#answercallbackquery */
  telegramAnswerLengthMax: 200,
  /** Updates that are asked for at once, and what their answer may have: one with a message of 4,096 characters is under 32 KiB. */
  telegramUpdatesMax: 20,
  telegramAnswerBytesMax: 1024 * 1024,
  /** How long the server of Telegram holds a question for updates open, and how long its answer may take after that. */
  telegramPollSecondsMax: 50,
  telegramPollGraceMs: 15_000,
  /** Numbers of updates go on for a week after the last one, then they begin anywhere. **Source:** core.telegram.org/bots/api#update */
  telegramOffsetMsMax: 6 * 86_400_000,
  /** Messages that were sent and may be written into again, of all targets. */
  sentMessagesKeptMax: 10_000,
  /** A text of somebody else in a line for people, in UTF-16 units, and how many such lines there are. */
  notifyTextLengthMax: 200,
  notifyLinesMax: 12,
  /** Labels that a notice names of what an agent had seen: a home has a handful. */
  notifyLabelsMax: 12,
  /** What one agent can cause in a while is told by so many notices; the rest in one. Its loops with one tool: by one. */
  notifyMergeMs: 10 * 60_000,
  notifyPerAgentMax: 20,
  /** Bounds that are watched at a time; beyond these all share one. */
  notifyMergedKeysMax: 1_024,
  /** Between two tellings that the server does not start on its log: a supervisor starts it again every few seconds. */
  notifyBrokenLogMs: 3_600_000,
  /** A look at the log, each minute: at most so many records, and no longer on the host's thread than a call would notice. */
  logPatrolLengthMax: 256,
  logPatrolMsMax: 5,
  /** The key of a webhook: as much as SHA-256 gives, and a file that is no key. */
  webhookKeyBytesMin: 32,
  webhookKeyBytesMax: 1_024,
} as const;
