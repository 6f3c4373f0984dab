// What the labels of a running call mean for its host calls: what it reads it has seen, what it writes carries that, and once it has
// read what the policy keeps from leaving, nothing leaves. One per run. **Trust:** places are a guest's choice, checked by the broker.

import { SmcpError } from '#base/errors.ts';
import { labelDetails } from '#domain/answer.ts';
import type { PluginTool } from '#domain/manifest.ts';
import type { LabelGuard } from '#domain/sandbox-ports.ts';
import { runningTool } from '#domain/tool.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import type { GovernedRun } from './governed-run.ts';

export function createLabelGuard(
  { labels: book, policy, clock }: DispatcherPorts,
  { admitted, decision }: GovernedRun<PluginTool>,
): LabelGuard {
  const { request, tool, args, argsDigest, labels, invocation } = admitted;
  /** Whether a request of its own may have been answered: what its tool's results carry, the call itself has then seen. */
  let isAnswered = false;
  return {
    looksAt: (places) => {
      const found = places.flatMap((place) => book.carriedBy(place));
      if (found.length === 0) return;
      const sinceMs = clock.nowMs();
      const { agent, session = '' } = request;
      labels.acquire(
        found.map(({ label, place }) => ({ label, agent, session, invocation, tool: tool.name, sinceMs, from: place })),
      );
    },
    writesTo: (places) => {
      const written = labels.written();
      for (const place of places) book.mark(place, written);
    },
    mayUse: (kind) => {
      const known = isAnswered ? labels.written() : labels.known();
      if (kind === 'net') isAnswered = true;
      // Its own answers alone stop no call: its tool was let begin with what it brings.
      const acquired = labels.acquired();
      if (acquired.length === 0) return;
      const verdict = policy.decide({
        ...{ agent: request.agent, tool: runningTool(tool, decision), args, argsDigest },
        ...{ stage: 'under-way', nowMs: clock.nowMs(), labels: { agent: known, session: known } },
        ...(request.session === undefined ? {} : { session: request.session }),
      });
      if (verdict.kind !== 'deny' && verdict.rule === decision.rule) return;
      const forbidden = (verdict.kind === 'deny' ? verdict.forbidden : undefined) ?? acquired;
      const names = forbidden.map(({ label }) => label).join(' and ');
      throw new SmcpError(
        'CAPABILITY_DENIED',
        `this call has read what carries ${names}, after which it may not use ${kind}`,
        {
          details: {
            ...{ capability: kind, rule: verdict.rule, ...labelDetails(forbidden) },
            remedy: `send first and read then; or have a person change the rule ${verdict.rule} in the policy`,
          },
        },
      );
    },
  };
}
