// A scanner of passes (common/pass/pass.h) with no code of the union's: one file without imports, of
// what every browser and Node have. It works without network once it has the keys and the list.
//
//   const scanner = await Scanner.open({ keys: [{ keyId, point }], site });   // point: 64 bytes, x | y
//   await scanner.revoke(listBytes);
//   const { reason, pass } = await scanner.scan(text, Date.now());

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };
const BODY = 59, LENGTH = 123, HEAD = 35;

/** base64url without padding, of a number of bytes that 3 divides; null when it is not. */
export function bytesOf(text) {
    if (text.length % 4 !== 0)
        return null;
    const bytes = new Uint8Array(text.length / 4 * 3);
    for (let i = 0, at = 0; i < text.length; i += 4) {
        const digits = [...text.slice(i, i + 4)].map((c) => ALPHABET.indexOf(c));
        if (digits.length !== 4 || digits.includes(-1))
            return null;
        const bits = digits.reduce((sum, digit) => sum * 64 + digit, 0);
        bytes[at++] = bits >> 16;
        bytes[at++] = bits >> 8 & 255;
        bytes[at++] = bits & 255;
    }
    return bytes;
}

export function textOf(bytes) {
    let text = '';
    for (let i = 0; i < bytes.length; i += 3) {
        const bits = bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2];
        for (const shift of [18, 12, 6, 0])
            text += ALPHABET[bits >> shift & 63];
    }
    return text;
}

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export class Scanner {
    keys = new Map();
    revoked = { version: -1n, serials: new Set() };
    used = new Map(); // serial -> when

    static async open({ keys, site }) {
        const scanner = new Scanner();
        scanner.site = BigInt(site);
        for (const { keyId, point } of keys) {
            const raw = Uint8Array.of(4, ...point);
            scanner.keys.set(keyId, await crypto.subtle.importKey('raw', raw, CURVE, false, ['verify']));
        }
        return scanner;
    }

    async signed(bytes, body) {
        const key = this.keys.get(viewOf(bytes).getUint16(1));
        if (!key)
            return 'UNKNOWN_KEY';
        const good = await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key,
            bytes.subarray(body), bytes.subarray(0, body));
        return good ? 'OK' : 'FORGED';
    }

    /** { reason, pass }, and nothing changes. */
    async read(text) {
        const bytes = text.length === LENGTH / 3 * 4 ? bytesOf(text) : null;
        if (!bytes || bytes[0] !== 1)
            return { reason: 'MALFORMED' };
        const view = viewOf(bytes);
        const pass = {
            keyId: view.getUint16(1), issuer: view.getBigInt64(3), campaign: view.getBigInt64(11),
            site: view.getBigInt64(19), slot: view.getBigInt64(27), handle: view.getBigUint64(35),
            serial: view.getBigUint64(43), from: view.getUint32(51), until: view.getUint32(55),
        };
        if (pass.keyId === 0 || pass.from >= pass.until)
            return { reason: 'MALFORMED' };
        return { reason: await this.signed(bytes, BODY), pass };
    }

    /** Takes a list of revocations of this site when it is newer: a reason. */
    async revoke(bytes) {
        if (bytes.length < HEAD + 64 || bytes[0] !== 0x10)
            return 'MALFORMED';
        const view = viewOf(bytes);
        const n = view.getUint32(31);
        if (bytes.length !== HEAD + 8 * n + 64)
            return 'MALFORMED';
        const reason = await this.signed(bytes, HEAD + 8 * n);
        if (reason !== 'OK')
            return reason;
        if (view.getBigInt64(11) !== this.site)
            return 'OTHER_SITE';
        const version = view.getBigInt64(19);
        if (version > this.revoked.version)
            this.revoked = { version, serials: new Set(Array.from({ length: n }, (_, i) => view.getBigUint64(HEAD + 8 * i))) };
        return 'OK';
    }

    /** Judges what was scanned, and remembers it as used when it is good. */
    async scan(text, nowMs) {
        const { reason, pass } = await this.read(text);
        if (reason !== 'OK')
            return { reason };
        const judged = this.judge(pass, Math.floor(nowMs / 1000));
        if (judged === 'OK')
            this.used.set(pass.serial, nowMs);
        return { reason: judged, pass };
    }

    judge(pass, now) {
        if (this.revoked.serials.has(pass.serial))
            return 'REVOKED';
        if (pass.site !== this.site)
            return 'OTHER_SITE';
        if (now < pass.from)
            return 'NOT_YET';
        if (now >= pass.until)
            return 'EXPIRED';
        return this.used.has(pass.serial) ? 'USED' : 'OK';
    }
}

// ---- the codes of 32 characters, by who has a key ----

async function hmac(key, ...parts) {
    const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const text = new TextEncoder();
    const bytes = parts.flatMap((part) => [...typeof part === 'string' ? text.encode(part) : part]);
    return new Uint8Array(await crypto.subtle.sign('HMAC', imported, Uint8Array.from(bytes)));
}

function headOf(kind, keyId, subject, step) {
    const head = new Uint8Array(13);
    const view = viewOf(head);
    view.setUint8(0, kind);
    view.setUint16(1, keyId);
    view.setBigUint64(3, BigInt(subject));
    view.setUint16(11, Number(step % 65536n));
    return head;
}

/** What a member's telephone does with the rotating key it was given. */
export async function screenCode(turnKey, kind, keyId, subject, nowMs) {
    const step = BigInt(Math.floor(nowMs / 30000));
    const stepBytes = new Uint8Array(8);
    viewOf(stepBytes).setBigUint64(0, step);
    const tag = await hmac(turnKey, stepBytes);
    return textOf(Uint8Array.of(...headOf(kind, keyId, subject, step), ...tag.subarray(0, 11)));
}

/** What the issuer does: the code of any kind from the private key. */
export async function codeOf(privateKey, kind, keyId, subject, nowMs) {
    const codeKey = await hmac(privateKey, 'hg-pass-key-1');
    const head = headOf(kind, keyId, subject, 0n);
    if (kind === 2) {
        const tag = await hmac(codeKey, 'hg-pass-code-1', head);
        return textOf(Uint8Array.of(...head, ...tag.subarray(0, 11)));
    }
    return screenCode(await hmac(codeKey, 'hg-pass-turn-1', head.subarray(0, 11)), kind, keyId, subject, nowMs);
}
