// Operations on the server as a whole and its plugins.

import { rfc3339 } from '#base/clock.ts';
import { inputSchema, type Operation } from './operation.ts';

const layerSchema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    inForce: { type: 'boolean' },
    detail: { type: 'string' },
    remedy: { type: 'string' },
  },
  required: ['name', 'inForce', 'detail'],
};

export const serverOperations: readonly Operation[] = [
  {
    name: 'status',
    summary: 'Says what runs: version, policy, plugins, lanes, log, layers of the sandbox.',
    command: ['status'],
    positional: [],
    method: 'GET',
    path: '/status',
    effect: 'read',
    input: inputSchema({}),
    output: {
      type: 'object',
      properties: {
        version: { type: 'string' },
        ready: { type: 'boolean' },
        startedAt: { type: 'string' },
        policy: { type: 'object' },
        plugins: { type: 'object' },
        lanes: { type: 'array', items: { type: 'object' } },
        calls: { type: 'integer' },
        log: { type: 'object' },
        layers: { type: 'array', items: layerSchema },
      },
      required: ['version', 'ready', 'startedAt', 'policy', 'plugins', 'lanes', 'calls', 'log', 'layers'],
    },
    run: ({ server, policy, catalog, dispatcher, log, layers }) => {
      const reports = catalog.reports();
      const { lanes, callsTotal } = dispatcher.status();
      return {
        version: server.version,
        ready: server.isReady(),
        startedAt: rfc3339(server.startedMs),
        policy: { ...policy.current(), file: policy.show().file, agents: policy.agents().length },
        plugins: {
          ready: reports.filter(({ state }) => state === 'ready').length,
          refused: reports.filter(({ state }) => state === 'refused').length,
          tools: catalog.tools().length,
        },
        lanes: lanes.map((lane) => ({ ...lane })),
        calls: callsTotal,
        log: { entries: log.size(), vkey: log.vkey() },
        layers: layers().map((layer) => ({ ...layer })),
      };
    },
  },
  {
    name: 'plugin_list',
    summary: 'Lists every plugin that was found, also those that are refused, with their problems.',
    command: ['plugin', 'list'],
    positional: [],
    method: 'GET',
    path: '/plugins',
    effect: 'read',
    input: inputSchema({}),
    output: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          version: { type: 'string' },
          digest: { type: 'string' },
          state: { enum: ['ready', 'refused'] },
          runtime: { enum: ['isolate', 'process', 'unknown'] },
          tools: { type: 'array', items: { type: 'string' } },
          capabilities: { type: 'array', items: { type: 'string' } },
          problems: { type: 'array', items: { type: 'object' } },
          source: { type: 'string' },
        },
        required: ['name', 'version', 'digest', 'state', 'runtime', 'tools', 'capabilities', 'problems', 'source'],
      },
    },
    run: ({ catalog }) =>
      catalog.reports().map((report) => ({ ...report, problems: report.problems.map((problem) => ({ ...problem })) })),
  },
];
