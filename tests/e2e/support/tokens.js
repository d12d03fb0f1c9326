// JSON Web Tokens, made by hand so that wrong ones can be made too.
import { createHmac, generateKeyPairSync, sign, constants } from 'node:crypto';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Seconds since the Unix epoch, `offset` seconds from now. */
export const seconds = (offset = 0) => Math.floor(Date.now() / 1000) + offset;

function signature(alg, key, input) {
  switch (alg) {
    case 'HS256':
    case 'HS384':
    case 'HS512':
      return createHmac(`sha${alg.slice(2)}`, key).update(input).digest();
    case 'RS256':
    case 'RS512':
      return sign(`sha${alg.slice(2)}`, Buffer.from(input), key);
    case 'PS256':
      return sign('sha256', Buffer.from(input), {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: 32,
      });
    case 'ES256':
      return sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
    case 'EdDSA':
      return sign(null, Buffer.from(input), key);
    case 'none':
      return Buffer.alloc(0);
    default:
      throw new Error(`no such algorithm here: ${alg}`);
  }
}

/** A token with these claims, signed with `key` (a secret, or a private key object or PEM). */
export function token(claims, key, alg = 'HS256', header = {}) {
  const input = `${encode({ alg, typ: 'JWT', ...header })}.${encode(claims)}`;
  return `${input}.${signature(alg, key, input).toString('base64url')}`;
}

const pem = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
};

/** {publicKey, privateKey} as PEM texts. */
export const keyPairs = {
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048, ...pem }),
  ec: () => generateKeyPairSync('ec', { namedCurve: 'P-256', ...pem }),
  ed25519: () => generateKeyPairSync('ed25519', pem),
};
