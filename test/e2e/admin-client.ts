// A client that openapi-client-axios generates from a server's own /openapi.json: a method for each operationId.

import { OpenAPIClientAxios } from 'openapi-client-axios';

export type GeneratedAnswer = { readonly status: number; readonly data: unknown };

export type GeneratedClient = {
  /** The operations that the document has. */
  readonly operations: readonly string[];
  /** Does one; what has no place in path or query goes into the body. */
  readonly call: (operation: string, input?: { readonly [name: string]: unknown }) => Promise<GeneratedAnswer>;
};

type Method = (parameters?: object | null, body?: object) => Promise<GeneratedAnswer>;

/** @param document what the client is generated from; absent: the server's own, fetched with `token` */
export async function generateClient(url: string, token: string, document?: object): Promise<GeneratedClient> {
  const headers = { authorization: `Bearer ${token}` };
  const definition = document ?? ((await (await fetch(`${url}/openapi.json`, { headers })).json()) as object);
  const api = new OpenAPIClientAxios({
    definition: definition as NonNullable<ConstructorParameters<typeof OpenAPIClientAxios>[0]>['definition'],
    axiosConfigDefaults: { baseURL: url, headers, validateStatus: () => true, proxy: false },
  });
  const client = (await api.init()) as unknown as { readonly [operation: string]: Method };
  return {
    operations: api.getOperations().map(({ operationId }) => operationId ?? ''),
    call: async (operation, input = {}) => {
      const parameters = new Set(
        api.getOperation(operation)?.parameters?.map((one) => ('name' in one ? one.name : '')),
      );
      const entries = Object.entries(input);
      const inPlace = Object.fromEntries(entries.filter(([name]) => parameters.has(name)));
      const inBody = Object.fromEntries(entries.filter(([name]) => !parameters.has(name)));
      const hasBody = api.getOperation(operation)?.requestBody !== undefined;
      const method = client[operation];
      if (method === undefined) throw new Error(`the generated client has no ${operation}`);
      const { status, data } = await method(inPlace, ...(hasBody ? [inBody] : []));
      return { status, data };
    },
  };
}
