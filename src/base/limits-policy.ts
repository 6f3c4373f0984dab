// The bounds of policies and of the texts that they come as. Part of LIMITS (limits.ts), by which everything else reads them.

export const POLICY_LIMITS = {
  // Policy
  policyBytesMax: 1024 * 1024,
  /** Elements of a list that a condition may walk (nested macros took 1.2 s over 2,000). */
  conditionListLengthMax: 1_000,
  conditionLengthMax: 4_096,
  /** How deep macros (`all`, `exists`, …) may lie in each other: once. */
  conditionMacroDepthMax: 2,
  /** Keys of a map that a condition may walk, and JSON values of one call's arguments that it may look at. */
  conditionMapSizeMax: 1_000,
  conditionValuesMax: 10_000,
  /** A string that a condition may look at, in UTF-16 units. */
  conditionStringLengthMax: 64 * 1024,
  /** Work of all conditions of one decision; a step is under 1 µs, so that no arguments hold the server up for longer than 0.1 s. */
  conditionStepsMax: 100_000,
  /** Rules in shadow that one decision tells. Their conditions have `conditionStepsMax` of their own, beside those that decide. */
  shadowRulesToldMax: 16,
  /** Findings told of one policy file; the first ones are those to mend. */
  policyFindingsMax: 200,
  /** Of them, those that are told which name may have been meant, and the names that are looked at for it: a pair is up to 40 µs. */
  policySuggestionsMax: 10,
  suggestionCandidatesMax: 1_024,
  /** Names that the warning of several approving agents has: a line that is read. */
  policyApproversNamedMax: 5,
  /** A policy that an agent sends, in UTF-8 bytes: one of 512 KiB held the host, and a person's freeze, up for 4 s and more. */
  policyOfAgentBytesMax: 64 * 1024,
  /**
   * The thread that checks and compares policies. One of 1 MiB took up to 3 s, and over 20 s on a machine with five times the work
   * that it can do, within 256 MiB; what takes more than these is refused.
   */
  policyCheckMsMax: 60_000,
  policyCheckHeapMiBMax: 256,
  /** Comparisons that wait for it; changes go before them. */
  policyComparisonsWaitingMax: 16,
  /** It is ended when it has had nothing to do for this long: it holds up to 100 MiB, and takes 0.3 s to start. */
  policyCheckIdleMs: 30_000,
  /** Reloads and edits of the policy that wait for the one under way. */
  policyChangesWaitingMax: 32,
  /** An edited policy file counts as whole once it was the same this long; one that never is, is looked at after the second. */
  policyFileSettleMs: 200,
  policyFileSettleMsMax: 5_000,
  /** Between two looks at the policy file's size, times, owner and mode, for what the system tells no event of. */
  policyFilePollMs: 1_000,
  /** Versions that `policy history` lists, the newest ones. All are kept. */
  policyHistoryLengthMax: 1_000,
  /** Sentences on how a policy widens another one. */
  policyWideningsMax: 100,
  /** Pairs of tool patterns looked at to compare two policies; a pair is about 0.1 µs, so that none takes longer than 0.3 s. */
  policyComparisonStepsMax: 2_000_000,

  /**
   * Records of the log that a review of the policy reads in one go: those of large arguments (256 KiB) are 64 MiB, all others far
   * less; a thousand take the host's thread for 10 ms.
   */
  policyReviewPageLengthMax: 256,
  /** What a review may take, from its first page; what it has found by then is its answer. */
  policyReviewMsMax: 60_000,
  /** One piece of a review's work in the thread of policies: a change of the policy waits no longer for it. */
  policyReviewPieceMsMax: 100,
  /** Decisions that one simulation replays; 20,000 take a second. */
  policySimulationLengthMax: 1_000_000,
  /**
   * Recorded calls that a simulation holds until nothing that began before them can be read any more, and their arguments: at a hundred
   * calls a second 40 s of them. Each is 4 KB.
   */
  policySimulationHeldMax: 4_096,
  policySimulationHeldBytesMax: 8 * 1024 * 1024,
  /** Records from before the decisions of a simulation that are replayed to fill the counters of limits; they take up to 10 s. */
  policySimulationFillMax: 200_000,
  /** How long before the decisions of a simulation calls may have begun that run beside them. */
  policySimulationRunningMs: 60_000,
  /** Names of tools that are told not to be suggested, and why: an agent may ask for any number of them. */
  policySuggestionRefusalsMax: 1_000,
  /** Reviews under way at a time, in all. */
  policyReviewsMax: 4,
  /** Rows of an answer of a review, and rules of versions that are told apart while the log is read. */
  policyReviewRowsMax: 10_000,
  policyReviewTalliesMax: 50_000,
  /** Earlier versions whose rules are compared with those in force, the newest ones; reading one of 1 MiB takes 2 s. */
  policyReviewVersionsMax: 64,

  // Time
  /** Between two looks at the clock while something has an expiry: how late a clock that was set is noticed. */
  timeWatchMsMax: 60_000,
  /** Between two tellings that something expired, so that ten thousand expiries in a second are told ten times. */
  timeWatchMsMin: 100,
  /** A step back of the clock that counts as one: what keeps time moves it by less, a person or a wrong battery by more. */
  clockSetBackMsMin: 1_000,

  // Limits of the policy
  /** The window of a limit: shorter is the business of a lane, longer outlives what anybody remembers. */
  limitWindowMsMin: 1_000,
  limitWindowMsMax: 31 * 86_400_000,
  /** Counters that are kept before those are looked for whose window is over: a counter is 200 bytes. */
  countersSweptMin: 10_000,
  /** The loop breaker of a policy that says nothing: no person meant it, so it stops only what runs away at a machine's pace. */
  loopRepeatsDefault: 1_000,
  loopWindowMsDefault: 60_000,
  /** Different calls of one agent, and agents, that the loop breaker remembers, the last ones: about 20 MB in all. */
  loopCallsMax: 256,
  loopAgentsMax: 512,

  // Approvals
  /** How long a request can be approved: less and no person could, more and nobody remembers what was meant. */
  approvalTtlMsMin: 10_000,
  approvalTtlMsMax: 7 * 86_400_000,
  /** A call that waits for its approval: whose client would give up after 60 s (the SDKs' default), and one that progress keeps waiting. */
  approvalWaitMsDefault: 45_000,
  approvalWaitMsMax: 15 * 60_000,
  /** Calls that wait at once, in all and of one agent; one more is answered at once, and its request stays. */
  approvalWaitersMax: 512,
  approvalWaitersPerAgentMax: 64,
  /** Between two messages of progress to a client whose call waits: clients and proxies give up on silence after 30–60 s. */
  approvalProgressMs: 10_000,
  /** The id of a request, as clients and approvers send it; ours have 16 characters. */
  approvalIdLengthMax: 64,
  /** Arguments in a form that a client shows, as JSON in UTF-16 units: a form that can't show them whole is none. */
  formArgumentsLengthMax: 4_000,
  /** The same as they are shown, with indentation and what is invisible written out: 4,000 characters under 60 lists were 240,000. */
  formShownLengthMax: 8_000,
  /** Requests that wait for a decision, of one agent and in all: more than a person reads. Each holds arguments of 512 KiB at most. */
  approvalsPendingPerAgentMax: 20,
  approvalsPendingMax: 500,
  /**
   * Arguments in a list of requests, of one and of all, as JSON in bytes: longer ones are left out whole, and shown by themselves.
   * Twenty of 512 KiB were more than a terminal, a browser or a record takes.
   */
  approvalListedBytesMax: 32 * 1024,
  approvalsListedBytesMax: 2 * 1024 * 1024,
  /** Lines with indentation are as many times as long as the text on one line, at most: 98 KB under 60 lists were 6.2 MB. */
  approvalIndentedFactorMax: 8,
  /** Requests of one agent that are kept, those that are over too, and for how long. What is gone is in the log. */
  approvalsKeptPerAgentMax: 200,
  approvalKeptMs: 24 * 3_600_000,
  /** For so long a call that was denied is denied again without asking: a person is not worn down. */
  approvalDenialMs: 15 * 60_000,
  /** What a person says of a denial, in UTF-16 units: a record has room for it. */
  approvalWhyLengthMax: 256,
  /** A rule that asks, as people are shown it and sign it; of a longer one its name and digest. */
  approvalRuleTextLengthMax: 2_048,

  // Cost
  /** What one report may say: as much as a manifest may. */
  costReportMax: 1_000_000,

  // Labels
  /** Sessions of an agent whose labels are kept apart: a client names them as it likes. What one more sees, all of its sessions see. */
  labelSessionsPerAgentMax: 1_024,
  /** Paths of a workspace, or keys of a store, that are told apart; past it all that is there carries what one more would. */
  labelledPathsPerOwnerMax: 10_000,
  /** Labels of files and values that one answer lists. */
  labelPlacesListedMax: 1_000,
  /** Names of labels in one record: a home has a handful. */
  recordLabelsMax: 64,

  // Texts
  /** Work to find a small difference between two texts; one that takes more is told as a whole block. None takes longer than 0.3 s. */
  diffStepsMax: 3_000_000,

  // YAML
  /** config.yaml: a few dozen lines. */
  configBytesMax: 256 * 1024,
  /** Values of a document, aliases followed. A policy of 1 MiB has under 100,000. */
  yamlValuesMax: 200_000,
  yamlAliasesMax: 64,
  /** Syntax errors told of one document; each may only follow from the one before. */
  yamlProblemsMax: 20,
} as const;
