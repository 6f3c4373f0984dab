// `notify` of config.yaml: the targets that people are told by. Names are given, addresses looked at; no secret stands in the file.

import { SmcpError } from '#base/errors.ts';

/** What a target is told of; as `NOTICE_KINDS` of the domain, which a test holds this against. */
export type NotifyKind = 'approval' | 'quarantine' | 'loop' | 'widening' | 'layer' | 'verification' | 'freeze';

const ALL_KINDS: readonly NotifyKind[] = [
  ...(['approval', 'quarantine', 'loop', 'widening', 'layer', 'verification', 'freeze'] as const),
];

/** Of every target. `name`: unique among all of them. */
export type NotifyTarget = { readonly name: string; readonly kinds: readonly NotifyKind[] };

/** `keyFile`: relative to the home. */
export type WebhookTarget = NotifyTarget & { readonly url: string; readonly keyFile: string };

export type NotifyConfig = { readonly webhooks: readonly WebhookTarget[] };

type WrittenTarget = { readonly name?: string; readonly kinds?: readonly NotifyKind[] };

/** As the file says it; its form was checked. */
export type WrittenNotify = {
  readonly webhooks?: readonly (WrittenTarget & { readonly url: string; readonly keyFile?: string })[];
};

const WEBHOOK_KEY = 'webhook.key';

/**
 * With every default put in: a target that has no name is called by its type and number, `webhook-1`.
 *
 * @param file for errors. @throws `CONFIG_INVALID` for what is no address, one with a name and a password in it, or a name given twice
 */
export function notifyOf({ webhooks = [] }: WrittenNotify = {}, file: string): NotifyConfig {
  const config: NotifyConfig = {
    webhooks: webhooks.map(({ url, keyFile = WEBHOOK_KEY, ...written }, index) => {
      checkUrl(url, { file, pointer: `/notify/webhooks/${index}/url`, what: 'a webhook' });
      return { ...targetOf(written, 'webhook', index), url, keyFile };
    }),
  };
  checkNames(Object.values(config).flat(), file);
  return config;
}

function targetOf({ name, kinds = ALL_KINDS }: WrittenTarget, type: string, index: number): NotifyTarget {
  return { name: name ?? `${type}-${index + 1}`, kinds };
}

type Place = { readonly file: string; readonly pointer: string; readonly what: string };

/** A name and a password in it would be sent nowhere, and be shown. */
function checkUrl(url: string, { file, pointer, what }: Place): void {
  const parsed = URL.parse(url);
  if (parsed !== null && parsed.username === '' && parsed.password === '') return;
  throw new SmcpError('CONFIG_INVALID', `${file}: ${pointer} is no address for ${what}`, {
    details: { remedy: 'write it as https://host/path, without a name and a password' },
  });
}

function checkNames(targets: readonly NotifyTarget[], file: string): void {
  const names = targets.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new SmcpError('CONFIG_INVALID', `${file}: two targets under /notify are called ${twice}`, {
    details: { remedy: 'give each a `name` of its own; one without is called by its type and number' },
  });
}
