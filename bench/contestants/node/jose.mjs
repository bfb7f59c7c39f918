// jose, its promises awaited one by one, as a service that answers one client at a time; the key is imported once.
import { importSPKI, jwtVerify } from 'jose';
import { cannotDoThis, run, task } from './contest.mjs';

const t = task();
if (t.repeat) cannotDoThis();
const key = t.algorithm.startsWith('HS') ? new TextEncoder().encode(t.key) : await importSPKI(t.key, t.algorithm);
const options = { algorithms: [t.algorithm], requiredClaims: ['exp'] };

await run(t, async ({ username, clientId, token }) => {
  try {
    const { payload } = await jwtVerify(token, key, options);
    return payload.username === username && payload.clientid === clientId;
  } catch {
    return false;
  }
});
