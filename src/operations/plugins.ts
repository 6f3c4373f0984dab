// Operations on plugins: what was found, switching one off and on, looking again.

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
