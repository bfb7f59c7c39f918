// peer.mjs jose|jsonwebtoken: signs and verifies for the tests, one JSON object a line.
// The key is chosen as a careful user of the library does it: by kid where both have one, by alg and key type.
import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto';
import { createInterface } from 'node:readline';

const library = process.argv[2];

const jose = library === 'jose' && await import('jose');
const jsonwebtoken = library === 'jsonwebtoken' && (await import('jsonwebtoken')).default;

const families = {
  RSA: () => ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  EC: jwk => ({ 'P-256': ['ES256'], 'P-384': ['ES384'], 'P-521': ['ES512'] })[jwk.crv] ?? [],
  OKP: jwk => (jwk.crv === 'Ed25519' ? ['EdDSA', 'Ed25519'] : ['EdDSA', jwk.crv]),
  oct: () => ['HS256', 'HS384', 'HS512'],
};

function algorithms(jwk) {
  const able = families[jwk.kty]?.(jwk) ?? [];
  return jwk.alg === undefined ? able : able.filter(alg => alg === jwk.alg);
}

function headerOf(token) {
  const header = JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString());
  if (header === null || typeof header !== 'object') throw new Error('the header is no object');
  return header;
}

const imported = new Map();
async function keyFor(jwk, alg) {
  const name = alg + JSON.stringify(jwk);
  if (!imported.has(name)) {
    let key;
    if (jose) key = await jose.importJWK(jwk, alg);
    else if (jwk.kty === 'oct') key = createSecretKey(Buffer.from(jwk.k, 'base64url'));
    else key = jwk.d === undefined ? createPublicKey({ key: jwk, format: 'jwk' }) : createPrivateKey({ key: jwk, format: 'jwk' });
    if (imported.size > 500) imported.clear();
    imported.set(name, key);
  }
  return imported.get(name);
}

async function sign({ alg, key, kid, claims, typ = 'JWT' }) {
  const material = await keyFor(key, alg);
  if (jose) {
    const header = { alg, typ, ...(kid === undefined ? {} : { kid }) };
    return new jose.SignJWT(claims).setProtectedHeader(header).sign(material);
  }
  return jsonwebtoken.sign(claims, material, { algorithm: alg, noTimestamp: true, ...(kid === undefined ? {} : { keyid: kid }) });
}

async function verify({ token, keys }) {
  const { alg, kid } = headerOf(token);
  let why = 'no key fits';
  for (const jwk of keys.keys ?? [keys]) {
    if (jwk === null || typeof jwk !== 'object') continue;
    if (!algorithms(jwk).includes(alg)) continue;
    if (kid !== undefined && jwk.kid !== undefined && kid !== jwk.kid) continue;
    try {
      const material = await keyFor(jwk, alg);
      if (jose) await jose.compactVerify(token, material, { algorithms: [alg] });
      else jsonwebtoken.verify(token, material, { algorithms: [alg], ignoreExpiration: true, ignoreNotBefore: true });
      return [true, 'good'];
    } catch (error) {
      why = error.message;
    }
  }
  return [false, why];
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const answer = { id: request.id };
  try {
    if (request.op === 'sign') answer.token = await sign(request);
    else [answer.valid, answer.why] = await verify(request);
  } catch (error) {
    if (request.op === 'sign') answer.error = error.message;
    else [answer.valid, answer.why] = [false, error.message];
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
