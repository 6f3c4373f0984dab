import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { CLI_LIMITS } from '#base/limits-cli.ts';
import { NET_LIMITS } from '#base/limits-net.ts';
import { PLUGIN_LIMITS } from '#base/limits-plugins.ts';
import { POLICY_LIMITS } from '#base/limits-policy.ts';

test.each(Object.entries(LIMITS))('%s is a whole number above zero', (_, value) => {
  expect(Number.isSafeInteger(value) && value > 0).toBe(true);
});

test('no bound has two rows: what a file of its own says is what everything reads', () => {
  const parts = [PLUGIN_LIMITS, POLICY_LIMITS, CLI_LIMITS, NET_LIMITS];
  for (const part of parts) expect(LIMITS).toMatchObject(part);
  const names = parts.flatMap((part) => Object.keys(part));
  expect(names.length).toBe(new Set(names).size);
});

/** Left must be less than right. */
const BELOW: readonly (readonly [string, number, number])[] = [
  ['one argument of a program is a part of all', LIMITS.programWordBytesMax, LIMITS.programArgumentBytesMax],
  ['the tail of stderr fits into the message of an error', LIMITS.cliErrorTailLengthMax, LIMITS.errorMessageLengthMax],
  ['arguments fit into a body', LIMITS.argumentBytesMax, LIMITS.bodyBytesMax],
  ['a caller may send more than one body', 2 * LIMITS.bodyBytesMax, LIMITS.receivingPerCallerBytesMax],
  ['one caller can not take all room for bodies', LIMITS.receivingPerCallerBytesMax, LIMITS.receivingBytesMax],
  ['arguments fit into a frame, each byte escaped', 2 * LIMITS.argumentBytesMax, LIMITS.frameBytesMax],
  ['a result fits into a frame, each byte escaped', 2 * LIMITS.outputBytesMax, LIMITS.frameBytesMax],
  ['a host call fits into a frame', LIMITS.hostCallBytesMax, LIMITS.frameBytesMax],
  ['a slow reader is kept for more than one result', 2 * LIMITS.outputBytesMax, LIMITS.streamBufferBytesMax],
  [
    'a caller may have every call answered at once, each result twice over',
    LIMITS.runningPerAgentMax * 2 * LIMITS.outputBytesMax,
    LIMITS.sendingPerCallerBytesMax,
  ],
  ['one caller can not take all room for answers', LIMITS.sendingPerCallerBytesMax, LIMITS.sendingBytesMax],
  [
    'a connection is a part of what one caller may leave unread',
    LIMITS.streamBufferBytesMax,
    LIMITS.sendingPerCallerBytesMax,
  ],
  ['readers are looked at more often than they are cut', LIMITS.sendingSweepMs, LIMITS.sendingMsMax],
  ['a log line fits into a host call, each unit escaped', 6 * LIMITS.logMessageLengthMax, LIMITS.hostCallBytesMax],
  ['random bytes fit into a host call as hex', 2 * LIMITS.randomBytesMax, LIMITS.hostCallBytesMax],
  ['a batch is a part of what may be under way in a session', LIMITS.batchLengthMax, LIMITS.requestsPerSessionMax],
  ['what a client says of itself fits into a body', LIMITS.initializeLengthMax, LIMITS.bodyBytesMax],
  ['idle sessions are looked for more often than they end', LIMITS.sessionSweepMs, LIMITS.sessionIdleMsMax],
  ['a session outlives many pings', 10 * LIMITS.streamPingMs, LIMITS.sessionIdleMsMax],
  ['one agent can not take every session', LIMITS.sessionsPerAgentMax, LIMITS.sessionsMax],
  ['one plugin can not take every process', LIMITS.wardensPerPluginMax, LIMITS.wardensMax],
  ['the modules are a part of a plugin', LIMITS.pluginModuleBytesMax, LIMITS.pluginBytesMax],
  ['one agent can not take every place to run', LIMITS.runningPerAgentMax, LIMITS.runningMax],
  ['one agent can not fill a queue with bytes', LIMITS.queueBytesPerAgentMax, LIMITS.queueBytesMax],
  ['one agent can not fill a queue', LIMITS.queuePerAgentMax, LIMITS.queueLengthMax],
  ['a killed guest is gone within a second of its deadline', LIMITS.deadlineGraceMs, 1_000],
  [
    'what a guest does at its deadline is over before its process is ended',
    LIMITS.wardenSettleMs,
    LIMITS.deadlineGraceMs,
  ],
  [
    'an answer in base64 and its head, each byte escaped, fit into the answer of a host call',
    (4 / 3) * LIMITS.netAnswerBytesMax + 2 * LIMITS.netAnswerHeaderBytesMax + 2 * LIMITS.netUrlLengthMax,
    LIMITS.hostAnswerBytesMax,
  ],
  ['one agent can not take every request at once', LIMITS.netAtOncePerAgentMax, LIMITS.netAtOnceMax],
  ['one host can not take every request at once', LIMITS.netAtOncePerHostMax, LIMITS.netAtOnceMax],
  ['a request lasts longer than its head is waited for', LIMITS.netFirstByteMsMax, LIMITS.netRequestMsMax],
  ['a connection may be dialled again', 2 * LIMITS.netConnectMsMax, LIMITS.netRequestMsMax],
  ['one host call is a part of all of them', LIMITS.hostCallBytesMax, LIMITS.hostCallBytesTotalMax],
  ['a warden is started again sooner at first', LIMITS.wardenBackoffMsMin, LIMITS.wardenBackoffMsMax],
  [
    'a record with both its documents may wait',
    LIMITS.recordBytesMax + 2 * (LIMITS.disclosureBytesMax + 256),
    LIMITS.appendsWaitingBytesMax,
  ],
  ['a group commit is a part of what may wait', LIMITS.commitRecordsMax, LIMITS.appendsWaitingMax],
  [
    'what a record says of capabilities fits into it in base64',
    4 * (LIMITS.recordCapabilitiesBytesMax + LIMITS.recordUsedBytesMax + LIMITS.recordChangesBytesMax),
    3 * LIMITS.recordBytesMax,
  ],
  ['a door closes while calls may still end', LIMITS.doorCloseMsMax, LIMITS.drainMsMax],
  ['the first line of stdio is a part of what a line may be', LIMITS.stdioHelloBytesMax, LIMITS.bodyBytesMax],
  ['smcp stdio tries more than once', LIMITS.stdioRetryMs, LIMITS.stdioStartMsMax],
  ['smcp stdio waits for a server that is stopping', LIMITS.drainMsMax + LIMITS.doorCloseMsMax, LIMITS.stdioStartMsMax],
  ['headers arrive before the whole request must have', LIMITS.headersMsMax, LIMITS.requestMsMax],
  ['the default timeout is below the longest', LIMITS.timeoutMsDefault, LIMITS.timeoutMsMax],
  ['the default processor time is below the longest', LIMITS.cpuMsDefault, LIMITS.cpuMsMax],
  ['the default processor time can be used before the timeout', LIMITS.cpuMsDefault, LIMITS.timeoutMsDefault],
  ['the most processor time can be used before the timeout', LIMITS.cpuMsMax, LIMITS.timeoutMsMax],
  ['the default heap is above the smallest', LIMITS.memoryMiBMin, LIMITS.memoryMiBDefault],
  ['the default heap is below the largest', LIMITS.memoryMiBDefault, LIMITS.memoryMiBMax],
  ['silent streams are pinged before proxies drop them', LIMITS.streamPingMs, 30_000],
  ['one file is a part of a plugin', LIMITS.pluginFileBytesMax, LIMITS.pluginBytesMax],
  ['a condition is a part of a policy', LIMITS.conditionLengthMax, LIMITS.policyBytesMax],
  [
    'an edited policy file settles before it is looked at anyway',
    LIMITS.policyFileSettleMs,
    LIMITS.policyFileSettleMsMax,
  ],
  ['the clock is looked at before the longest time a timer can wait', LIMITS.timeWatchMsMax, 2 ** 31 - 1],
  ['no agent fills the room of verified tokens', LIMITS.accessTokensKnownPerAgentMax, LIMITS.accessTokensKnownMax],
  ['agents leave places of reviews to people', LIMITS.longRunningMax, LIMITS.policyReviewsMax],
  ['arguments that fit a form fit it as they are shown', LIMITS.formArgumentsLengthMax, LIMITS.formShownLengthMax],
  ['arguments in a list leave room for those of others', LIMITS.approvalListedBytesMax, LIMITS.approvalsListedBytesMax],
  ['what expired is told before the clock is looked at again', LIMITS.timeWatchMsMin, LIMITS.timeWatchMsMax],
];

describe('the bounds agree with each other', () => {
  test.each(BELOW)('%s (%d < %d)', (_, small, large) => {
    expect(small).toBeLessThan(large);
  });

  test('a record is as long as the log format takes (entries have a length of 16 bits)', () => {
    expect(LIMITS.recordBytesMax).toBe(2 ** 16 - 1);
  });

  test('a tool name is as long as the clients that are out there take', () => {
    expect(LIMITS.toolNameLengthMax).toBe(64);
  });
});
