// The gateway over TLS: certificates, curves, sessions and what is none.
import assert from 'node:assert/strict';
import { constants, X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import tls from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { exchange, Http } from './http.mjs';
import { freePort, run, Stack, until } from './stack.mjs';

describe('TLS', () => {
    let stack, secure;
    const file = (name) => stack.path('keys', name);

    async function makeCertificate(name) {
        const { code, stderr } = await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
            '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', file('next.key'), '-out', file('next.pem')]);
        assert.equal(code, 0, stderr);
        renameSync(file('next.key'), file('tls.key'));
        renameSync(file('next.pem'), file('tls.pem'));
        return new X509Certificate(readFileSync(file('tls.pem'))).fingerprint256;
    }

    function connect(options = {}) {
        return new Promise((done, fail) => {
            const socket = tls.connect({ host: '127.0.0.1', port: secure.port, rejectUnauthorized: false, ...options }, () => done(socket));
            socket.on('error', fail);
        });
    }

    async function fingerprint() {
        const socket = await connect();
        const certificate = socket.getPeerCertificate();
        socket.destroy();
        return certificate.fingerprint256;
    }

    before(async () => {
        stack = new Stack();
        const port = await freePort();
        secure = new Http({ port, tls: true });
        stack.settings = {
            gateway: {
                HUIGONG_LISTEN_TLS: `127.0.0.1:${port}`, HUIGONG_TLS_CERT: file('tls.pem'), HUIGONG_TLS_KEY: file('tls.key'),
                HUIGONG_WORKERS: 3,
            },
        };
    });
    after(async () => {
        secure.close();
        await stack.close();
    });

    test('a client over TLS is served, told to stay with it, and shown the new certificate after SIGHUP', async () => {
        const first = await makeCertificate('first');
        await stack.open(['broker', 'coupon', 'gateway']);
        const answer = await secure.request('GET', '/livez');
        assert.equal(answer.text, 'ok\n');
        assert.match(answer.headers['strict-transport-security'], /max-age=/);
        assert.equal((await stack.get('/livez')).headers['strict-transport-security'], undefined);
        assert.equal(await fingerprint(), first);
        const second = await makeCertificate('second');
        assert.equal(await fingerprint(), first, 'not before it is told');
        const kept = await connect();
        stack.signal('gateway', 'SIGHUP');
        await stack.logged('gateway', 'certificate_reload', { done: 'yes' });
        await until('new connections see it', async () => await fingerprint() === second);
        kept.write('GET /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
        const pieces = [];
        for await (const piece of kept)
            pieces.push(piece);
        assert.match(Buffer.concat(pieces).toString(), /^HTTP\/1\.1 200 /, 'a connection of before goes on');
    });

    test('a broken certificate does not replace a good one', async () => {
        const good = await fingerprint();
        writeFileSync(file('tls.pem'), 'no certificate\n');
        stack.signal('gateway', 'SIGHUP');
        await stack.logged('gateway', 'certificate_reload', { done: 'no' });
        assert.equal(await fingerprint(), good);
    });

    test('keys are agreed upon over the two quick curves, and over no other', async () => {
        for (const [offered, agreed] of [['P-256', 'prime256v1'], ['P-256:X25519', 'X25519'], ['P-521:P-384:P-256', 'prime256v1'], ['P-521:X25519:P-256', 'X25519']]) {
            const socket = await connect({ ecdhCurve: offered });
            assert.equal(socket.getEphemeralKeyInfo().name, agreed);
            socket.destroy();
        }
        await assert.rejects(connect({ ecdhCurve: 'P-521:P-384' }));
    });

    test('a client that comes again resumes her session, with a ticket or without, whichever worker she meets', async () => {
        for (const secureOptions of [0, constants.SSL_OP_NO_TICKET]) {
            const first = await connect({ secureOptions });
            const session = first.getSession();
            assert.equal(first.isSessionReused(), false);
            first.destroy();
            // A connection each: the kernel spreads them over the workers.
            const again = await Promise.all(Array.from({ length: 24 }, () => connect({ secureOptions, session })));
            for (const socket of again) {
                assert.ok(socket.isSessionReused());
                socket.destroy();
            }
        }
    });

    test('old versions of TLS are refused', async () => {
        await assert.rejects(connect({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
    });

    test('plain HTTP on the TLS port and noise end the connection and nothing else', async () => {
        const pid = stack.pid('gateway');
        for (const bytes of ['GET /livez HTTP/1.1\r\nHost: test\r\n\r\n', Buffer.alloc(8192, 0x16), Buffer.alloc(100, 0)])
            await exchange(secure.port, bytes).catch(() => {});
        assert.equal((await secure.request('GET', '/livez')).status, 200);
        assert.equal(stack.pid('gateway'), pid);
        assert.equal(stack.daemons.gateway.ended, null);
    });
});
