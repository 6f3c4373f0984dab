// Preloaded by `smcp plugin test` into the Node that runs a plugin's tests: there `smcp/harness` is this product's, wherever the
// plugin lies.

import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'smcp/harness'
      ? { url: new URL('./harness.js', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});
