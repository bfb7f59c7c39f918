// A gate as people write it in Node: fastify and fast-jwt, with its cache or without. Prints its port.
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import { createVerifier } from 'fast-jwt';

const [pem, mode] = process.argv.slice(2);
const verify = createVerifier({ key: readFileSync(pem, 'utf8'), algorithms: ['ES256'], cache: mode === 'repeat' ? 10000 : false, requiredClaims: ['exp'] });
const server = Fastify({ bodyLimit: 256 * 1024 });

server.post('/', (request, reply) => {
  const { username, clientid, password } = request.body ?? {};
  let verdict = 'deny';
  try {
    const claims = verify(password);
    if (claims.username === username && claims.clientid === clientid) verdict = 'allow';
  } catch {
    // denied
  }
  reply.header('content-type', 'application/json').send(`{"verdict":"${verdict}"}`);
});

await server.listen({ host: '127.0.0.1', port: 0 });
console.log(server.server.address().port);
