// fast-jwt, its synchronous verifier, made once; claims are looked at by hand. repeat: with its own cache.
import { createVerifier } from 'fast-jwt';
import { run, task } from './contest.mjs';

const t = task();
const verify = createVerifier({ key: t.key, algorithms: [t.algorithm], cache: t.repeat ? 1000 : false, requiredClaims: ['exp'] });

await run(t, ({ username, clientId, token }) => {
  try {
    const claims = verify(token);
    return claims.username === username && claims.clientid === clientId;
  } catch {
    return false;
  }
});
