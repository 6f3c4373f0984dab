// What a person asks first: what runs, and what of it is stopped.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import type { PluginReport } from '#domain/manifest.ts';
import type { PluginCatalog } from '#domain/ports.ts';
import { pathFor } from './host-paths.ts';
import { targetSchema, targetView } from './notices.ts';
import { inputSchema, type Operation } from './operation.ts';
import { fileStateSchema, fileStateView, freezeSchema, freezeView, laneSchema } from './views.ts';

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

const counts = (...names: readonly string[]): JsonObject => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'integer' }])),
  required: names,
});

export const serverOperations: readonly Operation[] = [
  {
    name: 'status',
    topic: 'server',
    summary:
      'Says what runs and what is stopped: policy, plugins, lanes, freezes, approvals, log, layers of the sandbox.',
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
        policy: {
          type: 'object',
          properties: {
            version: { type: 'integer' },
            digest: { type: 'string' },
            file: { type: 'string' },
            agents: { type: 'integer' },
            fileState: fileStateSchema,
          },
          required: ['version', 'digest', 'file', 'agents', 'fileState'],
        },
        plugins: counts('ready', 'refused', 'quarantined', 'disabled', 'tools'),
        freezes: { type: 'array', items: freezeSchema },
        lanes: { type: 'array', items: laneSchema },
        calls: { type: 'integer', description: 'Since the start, refused ones too.' },
        callsUnderWay: { type: 'integer', description: 'That wait or run now.' },
        approvalsPending: { type: 'integer', description: 'Calls that nobody has approved or denied yet.' },
        notify: { type: 'array', items: targetSchema, description: 'The targets that people are told by.' },
        log: {
          type: 'object',
          properties: { entries: { type: 'integer' }, vkey: { type: 'string' } },
          required: ['entries', 'vkey'],
        },
        layers: { type: 'array', items: layerSchema },
      },
      required: [
        'version',
        'ready',
        'startedAt',
        'policy',
        'plugins',
        'freezes',
        'lanes',
        'calls',
        'callsUnderWay',
        'approvalsPending',
        'notify',
        'log',
        'layers',
      ],
    },
    run: ({ server, policy, catalog, dispatcher, freezes, approvals, notices, log, layers }, _, caller) => {
      const { lanes, callsTotal } = dispatcher.status();
      const { file, fileState } = policy.show();
      return {
        version: server.version,
        ready: server.isReady(),
        startedAt: rfc3339(server.startedMs),
        policy: {
          ...policy.current(),
          file: pathFor(caller, file),
          agents: policy.agents().length,
          fileState: fileStateView(fileState, file, caller),
        },
        plugins: pluginCounts(catalog),
        freezes: freezes.list().map(freezeView),
        lanes: lanes.map((lane) => ({ ...lane })),
        calls: callsTotal,
        callsUnderWay: dispatcher.calls().length,
        approvalsPending: approvals.list().filter(({ state }) => state === 'pending').length,
        notify: notices.targets().map(targetView),
        log: { entries: log.size(), vkey: log.vkey() },
        layers: layers().map((layer) => ({ ...layer })),
      };
    },
  },
];

function pluginCounts(catalog: PluginCatalog): JsonObject {
  const reports = catalog.reports();
  const count = (wanted: PluginReport['state']) => reports.filter(({ state }) => state === wanted).length;
  return {
    ready: count('ready'),
    refused: count('refused'),
    quarantined: count('quarantined'),
    disabled: count('disabled'),
    tools: catalog.tools().length,
  };
}
