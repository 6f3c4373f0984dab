// Operations on plugins: what was found, switching one off and on, looking again.

import { CAPABILITY_KINDS } from '#domain/capability.ts';
import { pluginChanged, readKinds, reviewSchema, reviewView } from './approval-views.ts';
import { aboutPlugin } from './confirmed-acts.ts';
import { knownPlugin } from './known.ts';
import { inputSchema, type Operation } from './operation.ts';
import { pluginSchema, pluginView, stopSchema, stopView } from './views.ts';

const nameInput = inputSchema(
  { name: { type: 'string', description: "The plugin's name, as `plugin list` shows it." } },
  ['name'],
);

export const pluginOperations: readonly Operation[] = [
  {
    name: 'plugin_list',
    topic: 'plugins',
    summary: 'Lists every plugin that was found, also those that are refused or disabled, with their problems.',
    command: ['plugin', 'list'],
    positional: [],
    method: 'GET',
    path: '/plugins',
    effect: 'read',
    input: inputSchema({}),
    output: { type: 'array', items: pluginSchema },
    run: ({ catalog }, _, caller) => catalog.reports().map((report) => pluginView(report, caller)),
  },
  {
    name: 'plugin_review',
    topic: 'plugins',
    summary: 'Shows what differs between a plugin and what a person approved of it, and the digest that approves it.',
    detail: "Names, descriptions, schemas and paths in it are the author's text.",
    positional: [],
    method: 'GET',
    path: '/plugins/:name/review',
    effect: 'read',
    input: nameInput,
    output: reviewSchema,
    run: (services, input) => reviewView(services.plugins.review(knownPlugin(services, input['name']))),
  },
  {
    name: 'plugin_approve',
    topic: 'plugins',
    summary: 'Serves a plugin as it is now: the code, capabilities and tools that the digest of its review names.',
    positional: [],
    method: 'POST',
    path: '/plugins/:name/approve',
    effect: 'write',
    isForPeople: true,
    input: inputSchema(
      {
        name: { type: 'string', description: "The plugin's name, as `plugin list` shows it." },
        digest: {
          type: 'string',
          pattern: '^sha256:[0-9a-f]{64}$',
          description: 'The digest that was shown by plugin_review: what is approved is what was seen.',
        },
        without: {
          type: 'string',
          description: `Kinds of capability that it asks for and is not to get, with commas between: ${CAPABILITY_KINDS.join(',')}; or none. Absent: what was left out before stays out.`,
        },
      },
      ['name', 'digest'],
    ),
    output: pluginSchema,
    subject: (input) => {
      const without = readKinds(input['without']);
      const less = without === undefined ? '' : ` without ${without.join(',') || 'none'}`;
      return `${String(input['name'])} ${String(input['digest'])}${less}`;
    },
    check: (services, input) => {
      const { digest, name } = services.plugins.review(knownPlugin(services, input['name']));
      if (digest !== input['digest']) throw pluginChanged(name);
      readKinds(input['without']);
    },
    confirm: { kind: 'plugin_approve', about: aboutPlugin },
    run: async (services, input, caller) => {
      const { plugins, enforce } = services;
      const name = knownPlugin(services, input['name']);
      const without = readKinds(input['without']);
      const act = { digest: String(input['digest']), by: caller.by, ...(without === undefined ? {} : { without }) };
      try {
        return pluginView(plugins.approve(name, act), caller);
      } finally {
        // With less than it had, its calls end.
        await enforce();
      }
    },
  },
  {
    name: 'plugin_enable',
    topic: 'plugins',
    summary: "Serves a disabled plugin's tools again.",
    command: ['plugin', 'enable'],
    positional: ['name'],
    method: 'POST',
    path: '/plugins/:name/enable',
    effect: 'write',
    isForPeople: true,
    input: nameInput,
    output: pluginSchema,
    subject: (input) => String(input['name']),
    check: (services, input) => void knownPlugin(services, input['name']),
    run: (services, input, caller) => pluginView(services.plugins.enable(knownPlugin(services, input['name'])), caller),
  },
  {
    name: 'plugin_disable',
    topic: 'plugins',
    summary: 'Serves no tool of a plugin any more, ends its calls, and stays in force until a person enables it.',
    command: ['plugin', 'disable'],
    positional: ['name'],
    method: 'POST',
    path: '/plugins/:name/disable',
    effect: 'write',
    isStop: true,
    input: nameInput,
    output: stopSchema(pluginSchema),
    subject: (input) => String(input['name']),
    check: (services, input) => void knownPlugin(services, input['name']),
    run: async (services, input, caller) => {
      const { plugins, enforce } = services;
      try {
        const report = plugins.disable(knownPlugin(services, input['name']), caller.by);
        return stopView(pluginView(report, caller), await enforce());
      } catch (thrown) {
        await enforce();
        throw thrown;
      }
    },
  },
  {
    name: 'plugin_reload',
    topic: 'plugins',
    summary: 'Looks at the directories of plugins again: new, changed and removed ones take effect.',
    detail:
      'Calls of a plugin that was changed or removed are ended. What can not be read leaves the plugins as they are.',
    command: ['plugin', 'reload'],
    positional: [],
    method: 'POST',
    path: '/plugins/reload',
    effect: 'write',
    input: inputSchema({}),
    output: { type: 'array', items: pluginSchema },
    subject: () => 'every plugin',
    run: async ({ plugins, enforce }, _, caller) => {
      try {
        return (await plugins.reload()).map((report) => pluginView(report, caller));
      } finally {
        await enforce();
      }
    },
  },
];
