// What WeChat Pay signs, seals and proves itself with: its certificates, its public key, and the
// keys that a merchant shares with it. Each simulator makes keys of its own.
import { execFileSync } from 'node:child_process';
import {
    constants, createCipheriv, createHash, createPublicKey, generateKeyPairSync, privateDecrypt, randomBytes, sign, verify,
} from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DAY_MS = 86400000;

/** The time as the interfaces write it: 2015-05-20T13:29:35+08:00. */
export const chinaTime = (ms) => new Date(ms + 8 * 3600000).toISOString().replace(/\.\d+Z$/, '+08:00');

/** Five lines of a request, three of an answer or a callback, each ended by a line feed. */
export const lines = (...parts) => parts.map((part) => `${part}\n`).join('');

export const nonce = () => randomBytes(16).toString('hex').toUpperCase();

/** A pair of RSA keys, 2048 bits. */
export function newPair() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return {
        privateKey,
        privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        publicPem: publicKey.export({ type: 'spki', format: 'pem' }),
    };
}

/** A pair with a certificate of it, whose serial number names it. */
export function newCertificate(now = Date.now()) {
    const pair = newPair(), serial = randomBytes(20);
    serial[0] = 0x50 | (serial[0] & 0x0f); // neither negative nor short
    const folder = mkdtempSync(join(tmpdir(), 'hg-pay-'));
    try {
        writeFileSync(join(folder, 'key'), pair.privatePem, { mode: 0o600 });
        const pem = execFileSync('openssl', ['req', '-x509', '-new', '-key', join(folder, 'key'), '-days', '1825', '-subj', '/O=Tenpay.com/CN=Tenpay.com sign',
            '-set_serial', `0x${serial.toString('hex')}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
        return { ...pair, pem, serial: serial.toString('hex').toUpperCase(), from: now, until: now + 1825 * DAY_MS };
    } finally {
        rmSync(folder, { recursive: true });
    }
}

export const signRsa = (privateKey, text) => sign('sha256', Buffer.from(text), privateKey).toString('base64');

export function isSigned(publicKey, text, signature) {
    return verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'base64'));
}

/** A resource of AEAD_AES_256_GCM under the merchant's APIv3 key. */
export function seal(apiV3Key, plain, associatedData = '') {
    const iv = randomBytes(6).toString('hex');
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(iv));
    cipher.setAAD(Buffer.from(associatedData));
    const text = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { algorithm: 'AEAD_AES_256_GCM', nonce: iv, associated_data: associatedData, ciphertext: text.toString('base64') };
}

/** A field sealed by RSA-OAEP for the holder of a key; null when it does not open. */
export function openOaep(privateKey, text) {
    try {
        return privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, Buffer.from(text, 'base64')).toString('utf8');
    } catch {
        return null;
    }
}

export const publicOf = (pem) => createPublicKey(pem);
export const digest = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex');
