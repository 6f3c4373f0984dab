// The least that any server of ours pays: Fastify takes a request's bytes and sends an answer of the size that ours has.
// For the profile.

import Fastify from 'fastify';

const FILLER = `"result":{"content":[],"filler":"${'x'.repeat(400)}"}`;
const ID = /"id":(\d+)/;

const app = Fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/mcp', (request, reply) => {
  const id = ID.exec(String(request.body))?.[1];
  reply.type('application/json').send(`{"jsonrpc":"2.0","id":${id},${FILLER}}`);
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.on('SIGTERM', () => void app.close());
process.stdout.write(`${JSON.stringify({ url })}\n`);
