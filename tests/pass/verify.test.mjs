// A scanner that shares no code with common/pass agrees with it: on its vectors, and on each of
// them with one bit changed. common/pass/pass_test.c reads the same file.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

globalThis.crypto ??= webcrypto; // a browser has it, Node 18 names it otherwise
const { Scanner, bytesOf, codeOf, textOf } = await import('./verify.mjs');

const here = dirname(fileURLToPath(import.meta.url));
// The desk's own, a module of the page: Node takes it for one when it is given as a text.
const desk = readFileSync(join(here, '../../services/gateway/web/public/staff/passes.js'), 'utf8');
const { readPass } = await import(`data:text/javascript,${encodeURIComponent(desk)}`);
const vectors = JSON.parse(readFileSync(join(here, '../data/pass-vectors.json'), 'utf8'));
const keys = [{ keyId: vectors.keyId, point: Buffer.from(vectors.public, 'hex') }];
const [sample] = vectors.passes;
const during = Number(sample.from) * 1000;
let scanner;

before(async () => { scanner = await Scanner.open({ keys, site: sample.site }); });

const flipped = (bytes, bit) => {
    const copy = Uint8Array.from(bytes);
    copy[bit >> 3] ^= 1 << (bit & 7);
    return copy;
};

describe('a signed pass', () => {
    test('says what was signed', async () => {
        for (const vector of vectors.passes) {
            const { reason, pass } = await scanner.read(vector.text);
            assert.equal(reason, 'OK');
            for (const name of ['issuer', 'campaign', 'site', 'slot', 'handle', 'serial', 'from', 'until'])
                assert.equal(String(pass[name]), vector[name], name);
            assert.equal(textOf(bytesOf(vector.text)), vector.text);
        }
    });

    test('is refused with any bit changed', async () => {
        const bytes = bytesOf(sample.text);
        for (let bit = 0; bit < 8 * bytes.length; bit++) {
            const { reason } = await scanner.read(textOf(flipped(bytes, bit)));
            assert.ok(['MALFORMED', 'UNKNOWN_KEY', 'FORGED'].includes(reason), `bit ${bit}: ${reason}`);
        }
    });

    test('is no pass to any verifier when it is written otherwise', async () => {
        const deskKeys = keys.map(({ keyId, point }) => ({ keyId, point: point.toString('base64') }));
        assert.equal((await readPass(deskKeys, sample.text)).reason, 'OK');
        assert.ok(vectors.damaged.length > 10);
        for (const { what, text } of vectors.damaged) {
            assert.equal((await scanner.read(text)).reason, 'MALFORMED', what);
            assert.equal((await readPass(deskKeys, text)).reason, 'MALFORMED', `${what}, at the desk`);
        }
    });

    test('gets a distinct answer for each thing that is wrong', async () => {
        const fresh = await Scanner.open({ keys, site: sample.site });
        const at = async (ms, text = sample.text) => (await fresh.scan(text, ms)).reason;
        assert.equal(await at(during - 1), 'NOT_YET');
        assert.equal(await at(Number(sample.until) * 1000), 'EXPIRED');
        assert.equal(await at(during, vectors.passes[1].text), 'OTHER_SITE');
        assert.equal(await at(during, sample.text.slice(1)), 'MALFORMED');
        assert.equal(await at(during), 'OK');
        assert.equal(await at(during), 'USED');
        const stranger = await Scanner.open({ keys: [{ ...keys[0], keyId: 8 }], site: sample.site });
        assert.equal((await stranger.scan(sample.text, during)).reason, 'UNKNOWN_KEY');
    });
});

describe('a list of revocations', () => {
    const file = bytesOf(vectors.revocations.file + 'A'.repeat((4 - vectors.revocations.file.length % 4) % 4));
    const n = vectors.revocations.serials.length;
    const list = file.subarray(0, 99 + 8 * n);

    test('is taken as it was signed', async () => {
        const fresh = await Scanner.open({ keys, site: vectors.revocations.site });
        assert.equal(await fresh.revoke(list), 'OK');
        assert.deepEqual([...fresh.revoked.serials].map(String), vectors.revocations.serials);
        assert.equal(String(fresh.revoked.version), vectors.revocations.version);
        assert.equal(fresh.judge({ serial: 5n, site: 300n, from: 0, until: 10 }, 5), 'REVOKED');
        assert.equal(fresh.judge({ serial: 4n, site: 300n, from: 0, until: 10 }, 5), 'OK');
    });

    test('is refused with any bit changed', async () => {
        const fresh = await Scanner.open({ keys, site: vectors.revocations.site });
        for (let bit = 0; bit < 8 * list.length; bit++)
            assert.notEqual(await fresh.revoke(flipped(list, bit)), 'OK', `bit ${bit}`);
        assert.equal(fresh.revoked.version, -1n);
    });
});

test('the codes of 32 characters are what the essay says', async () => {
    for (const { kind, subject, at, text } of vectors.codes) {
        const own = await codeOf(Buffer.from(vectors.private, 'hex'), Number(kind), vectors.keyId, subject, Number(at) * 1000);
        assert.equal(own, text);
    }
});
