// What the tests use of `oidc-provider`, which has no types of its own.

declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export class Provider {
    constructor(issuer: string, configuration: { readonly [name: string]: unknown });
    readonly callback: () => RequestListener;
    readonly on: (event: string, listener: (...details: readonly unknown[]) => void) => void;
  }
}
