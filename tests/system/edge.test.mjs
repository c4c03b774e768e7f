// The gateway as seen from outside: its own pages, the strict reading of HTTP, traces and static files.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { answersIn, assertProblem, exchange, Http, parseMetrics } from './http.mjs';
import { EVERY_ROLE, mint } from './people.mjs';
import { DAEMONS, Stack, top, until } from './stack.mjs';

describe('the gateway', () => {
    let stack, token, officials;

    before(async () => {
        stack = await Stack.start();
        token = mint(stack.tokenKey(), { memberId: 11 });
        officials = mint(stack.tokenKey(), { memberId: 12, grants: EVERY_ROLE });
    });
    after(() => stack.close());

    // ---- its own pages ----

    const queues = DAEMONS.filter((name) => name !== 'gateway');

    test('it says that it lives and is ready, to GET and HEAD, and lets nobody keep that', async () => {
        for (const [path, text] of [['/livez', 'ok\n'], ['/readyz', `ready\n${queues.map((name) => `${name} up\n`).join('')}revocations known\n`]]) {
            const answer = await stack.get(path);
            assert.equal(answer.status, 200);
            assert.equal(answer.text.split('\n').sort().join('\n'), text.split('\n').sort().join('\n'));
            assert.match(answer.headers['cache-control'], /no-store/);
            const head = await stack.http.request('HEAD', path);
            assert.equal(head.status, 200);
            assert.equal(head.text, '');
            assert.equal(head.headers['content-length'], String(text.length));
        }
    });

    test('its probe agrees with it, and every daemon answers its own', async () => {
        for (const name of ['gateway', 'broker', 'identity', 'coupon', 'bridge']) {
            const { code, stdout } = await stack.command(name, '--probe');
            assert.equal(code, 0, stdout);
            assert.match(stdout, /^healthy .*\n$/);
        }
    });

    test('the metrics are valid Prometheus text and count what was asked', async () => {
        const count = async () => parseMetrics(await stack.metrics())
            .filter(({ name, labels }) => name === 'huigong_http_requests_total'
                && labels.operation === 'Coupons.ListOffers' && labels.status === '2xx')
            .reduce((sum, { value }) => sum + value, 0);
        const text = await stack.metrics();
        const begun = await count();
        for (let i = 0; i < 7; i++)
            assert.equal((await stack.get('/v1/me/offers', { token })).status, 200);
        assert.equal(await count(), begun + 7);
        const samples = parseMetrics(text);
        for (const service of ['gateway', ...queues])
            assert.ok(samples.some(({ name, labels }) => name === 'huigong_log_lines_dropped_total' && labels.service === service), service);
        for (const service of queues)
            assert.ok(samples.some(({ name, labels, value }) => name === 'huigong_clock_off_seconds' && labels.service === service && value === 0), service);
        for (const service of ['identity', 'coupon'])
            assert.ok(samples.some(({ name, labels }) => name === 'huigong_journal_rows' && labels.service === service));
        for (const { labels } of samples)
            assert.ok(!('path' in labels), 'labels are bounded: operations, never paths');
    });

    test('the metrics are not for the public, and their listener serves nothing else', async () => {
        assertProblem(await stack.get('/metrics'), 404, 'ROUTE_NOT_FOUND');
        const inner = new Http({ port: stack.metricsPort });
        for (const path of ['/livez', '/readyz', '/metrics'])
            assert.equal((await inner.request('GET', path)).status, 200);
        for (const [method, path] of [['GET', '/v1/me/offers'], ['GET', '/'], ['GET', '/v1/openapi.json'], ['POST', '/metrics']])
            assertProblem(await inner.request(method, path, { token }), 404, 'ROUTE_NOT_FOUND');
        inner.close();
    });

    test('the OpenAPI document resolves within itself and names every parameter of its paths', async () => {
        const answer = await stack.get('/v1/openapi.json');
        const document = answer.json, ids = new Set();
        assert.equal(answer.status, 200);
        assert.match(document.openapi, /^3\.1\./);
        (function walk(node) {
            if (node === null || typeof node !== 'object')
                return;
            if (node.$ref) {
                assert.match(node.$ref, /^#\//);
                assert.ok(node.$ref.slice(2).split('/').reduce((at, name) => at?.[name], document), node.$ref);
            }
            Object.values(node).forEach(walk);
        })(document);
        for (const [path, methods] of Object.entries(document.paths)) {
            for (const operation of Object.values(methods)) {
                assert.ok(!ids.has(operation.operationId), operation.operationId);
                ids.add(operation.operationId);
                const named = (operation.parameters ?? []).filter((one) => one.in === 'path');
                assert.ok(named.every((one) => one.required && one.schema));
                assert.deepEqual(named.map((one) => one.name).sort(), [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort());
                assert.ok(operation.responses['200'], operation.operationId);
                // What the gateway answers itself needs no service.
                assert.ok(/^Gateway\./.test(operation.operationId) || (operation.responses['429'] && operation.responses['503']), operation.operationId);
            }
        }
        const errcodes = document['x-reasons'].map((one) => one.errcode);
        assert.equal(new Set(errcodes).size, errcodes.length);
    });

    test("the OpenAPI document has exactly the routes of the .proto files and the gateway's own, and each is served", async () => {
        const { paths } = (await stack.get('/v1/openapi.json')).json;
        const own = ([, { get, post }]) => /^Gateway\./.test((get ?? post)?.operationId);
        for (const [path, { post }] of Object.entries(paths).filter(own))
            assert.equal((await stack.http.request(post ? 'POST' : 'GET', path, { body: post && { paths: ['/v1/policies'] } })).status, 200, path);
        const camel = (text) => text.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
        const written = [];
        for (const file of readdirSync(join(top, 'proto'), { recursive: true }).filter((name) => name.endsWith('.proto'))) {
            const source = readFileSync(join(top, 'proto', file), 'utf8').replace(/\/\/.*$/gm, '');
            for (const [, method, path] of source.matchAll(/\b(get|post|delete): *"([^"]+)"/g))
                written.push(`${method} ${path.replace(/\{\w+\}/g, camel)}`);
        }
        const asked = Object.entries(paths).filter((one) => !own(one)), served = asked.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
        assert.ok(written.length >= 20);
        assert.deepEqual(served.sort(), written.sort());
        for (const [path, methods] of asked) {
            for (const [method, operation] of Object.entries(methods)) {
                const answer = await stack.http.request(method.toUpperCase(), path.replace(/\{\w+\}/g, '1'));
                const problem = answer.json;
                if (operation['x-who'] === 'public')
                    assert.ok((method === 'get' && answer.status === 200) || /^MISSING_FIELD$|^(?!ROUTE).*_NOT_FOUND$/.test(problem.reason),
                        `${path}: ${answer.text}`);
                else
                    assertProblem(answer, 401, 'MISSING_TOKEN');
            }
        }
    });

    // ---- traces ----

    test("a caller's trace goes on in the answer, the problem and the log", async () => {
        const id = '4bf92f3577b34da6a3ce929d0e0e4736';
        const headers = { traceparent: `00-${id}-00f067aa0ba902b7-01` };
        const good = await stack.get('/v1/me/offers', { token, headers });
        assert.equal(good.status, 200);
        assert.match(good.headers.traceparent, new RegExp(`^00-${id}-[0-9a-f]{16}-[0-9a-f]{2}$`));
        const bad = await stack.get('/v1/nothing', { headers });
        assert.equal(assertProblem(bad, 404, 'ROUTE_NOT_FOUND').traceId, id);
        assert.match(bad.headers.traceparent, new RegExp(`^00-${id}-`));
        // Of a second's refusals the gateway logs some, and the tests before this one have used them up perhaps.
        await until('the log has it', async () => {
            await stack.get('/v1/nothing', { headers });
            return stack.logs.gateway.find('refused', { trace_id: id }).length > 0;
        });
        const later = { traceparent: `01-${id}-00f067aa0ba902b7-01-more` };
        assert.equal((await stack.get('/v1/nothing', { headers: later })).json.traceId, id);
    });

    test('a trace that is none begins a new one', async () => {
        const seen = new Set();
        for (const traceparent of ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
            'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x', 'x', '']) {
            const { traceId } = assertProblem(await stack.get('/v1/nothing', { headers: { traceparent } }), 404, 'ROUTE_NOT_FOUND');
            assert.notEqual(traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
            assert.ok(!seen.has(traceId));
            seen.add(traceId);
        }
    });

    test('no header chooses a member, a queue or an operation', async () => {
        const headers = {
            'X-Member-Id': '12', 'X-HTTP-Method-Override': 'DELETE', 'X-Original-URL': '/metrics', 'X-Forwarded-For': '10.0.0.1',
            'X-Internal': '1', Principal: 'internal', 'X-Queue': 'broker',
        };
        const answer = await stack.post('/v1/releases', { release: { title: '餐券' } }, { token, key: 'headers', headers });
        assert.equal(answer.status, 400, answer.text);
        const whole = { release: { title: '餐券', faceFen: '1', stockPerDay: 1, opensAt: '2099-01-01T00:00:00Z' } };
        assertProblem(await stack.post('/v1/releases', whole, { token, key: 'headers', headers }), 403, 'NOT_OFFICIAL');
        for (const method of ['Daemon.Probe', 'Daemon.ReadJournal'])
            assertProblem(await stack.post(`/v1/${method}`, {}, { token: officials }), 404, 'ROUTE_NOT_FOUND');
    });

    // ---- strict HTTP ----

    const good = 'GET /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n';
    const post = 'POST /v1/login-codes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n';
    const smuggling = {
        'a length and chunks together': `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${good}`,
        'chunks and a length together': `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${good}`,
        'two equal lengths': `${post}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}${good}`,
        'two different lengths': `${post}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}${good}`,
        'a list of lengths': `${post}Content-Length: 2, 2\r\n\r\n{}${good}`,
        'a length with a sign': `${post}Content-Length: +2\r\n\r\n{}${good}`,
        'a negative length': `${post}Content-Length: -2\r\n\r\n{}${good}`,
        'a length of 19 digits': `${post}Content-Length: 0000000000000000002\r\n\r\n{}${good}`,
        'an unknown transfer coding': `${post}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n${good}`,
        'chunked twice': `${post}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n${good}`,
        'chunked with a control byte': `${post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${good}`,
        'two transfer codings': `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${good}`,
        'chunks in HTTP/1.0': `POST /v1/login-codes HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${good}`,
        'a chunk size with 0x': `${post}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n${good}`,
        'a chunk size with a sign': `${post}Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n${good}`,
        'a chunk size of 17 digits': `${post}Transfer-Encoding: chunked\r\n\r\n00000000000000002\r\n{}\r\n0\r\n\r\n${good}`,
        'a chunk without its line end': `${post}Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n${good}`,
        'a trailer that is a length': `${post}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n${good}`,
        'a blank before the colon': `${post}Content-Length : 2\r\n\r\n{}${good}`,
        'a folded line': `GET /livez HTTP/1.1\r\nHost: test\r\nX-A: b\r\n c\r\n\r\n${good}`,
        'a blank before the first field': `GET /livez HTTP/1.1\r\n Host: test\r\nHost: test\r\n\r\n${good}`,
        'bare line feeds': `GET /livez HTTP/1.1\nHost: test\n\n${good}`,
        'a bare carriage return': `GET /livez HTTP/1.1\r\nHost: test\r\nX-A: b\rc\r\n\r\n${good}`,
        'a NUL in a field': `GET /livez HTTP/1.1\r\nHost: test\r\nX-A: b\0c\r\n\r\n${good}`,
        'no host': `GET /livez HTTP/1.1\r\n\r\n${good}`,
        'two hosts': `GET /livez HTTP/1.1\r\nHost: test\r\nHost: test\r\n\r\n${good}`,
        'a host with a path': `GET /livez HTTP/1.1\r\nHost: test/x\r\n\r\n${good}`,
        'another host than the target': `GET http://other/livez HTTP/1.1\r\nHost: test\r\n\r\n${good}`,
        'a NUL in the target': `GET /livez%00 HTTP/1.1\r\nHost: test\r\n\r\n${good}`,
        'a backslash in the target': `GET /v1\\livez HTTP/1.1\r\nHost: test\r\n\r\n${good}`,
        'a version of its own': `GET /livez HTTP/1.2\r\nHost: test\r\n\r\n${good}`,
        'a method that is no token': `GE(T /livez HTTP/1.1\r\nHost: test\r\n\r\n${good}`,
        'a field name that is no token': `GET /livez HTTP/1.1\r\nHost: test\r\nX A: b\r\n\r\n${good}`,
    };

    for (const [name, bytes] of Object.entries(smuggling)) {
        test(`${name}: refused, and nothing behind it is served`, async () => {
            const whole = Buffer.from(bytes, 'latin1');
            const single = [...whole].map((byte) => Buffer.from([byte]));
            for (const pieces of [[whole], [whole.subarray(0, whole.length >> 1), whole.subarray(whole.length >> 1)], single]) {
                const [answer, ...more] = answersIn(await exchange(stack.port, pieces));
                assert.ok(answer, 'it answers');
                assert.ok([400, 505].includes(answer.status), String(answer.status));
                assertProblem(answer, answer.status, answer.json.reason);
                assert.equal(answer.headers.connection, 'close');
                assert.deepEqual(more.map((one) => one.status), []);
            }
        });
    }

    test('pipelined requests are answered in order, however their bytes are split', async () => {
        const whole = Buffer.from([
            'GET /livez HTTP/1.1\r\nHost: test\r\n\r\n',
            `${post}Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n`,
            'GET /v1/nothing HTTP/1.1\r\nHost: test\r\n\r\n',
            good,
        ].join(''));
        for (const pieces of [[whole], [...whole].map((byte) => Buffer.from([byte]))]) {
            const answers = answersIn(await exchange(stack.port, pieces));
            assert.deepEqual(answers.map((one) => one.status), [200, 400, 404, 200]);
            assert.equal(answers[1].json.reason, 'MISSING_FIELD');
            assert.equal(answers[3].headers.connection, 'close');
        }
    });

    test('a head or a target over its limit is refused as such', async () => {
        const cases = [
            [`GET /${'a'.repeat(5000)} HTTP/1.1\r\nHost: test\r\n\r\n`, 414, 'URI_TOO_LONG', { maxLength: '4096' }],
            [`GET /livez HTTP/1.1\r\nHost: test\r\n${'X-A: b\r\n'.repeat(70)}\r\n`, 431, 'HEADERS_TOO_LARGE', { maxBytes: '16384', maxFields: '64', maxFieldBytes: '8000' }],
            [`GET /livez HTTP/1.1\r\nHost: test\r\nX-A: ${'b'.repeat(9000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE', { maxBytes: '16384', maxFields: '64', maxFieldBytes: '8000' }],
        ];
        for (const [bytes, status, reason, bounds] of cases) {
            const [answer] = answersIn(await exchange(stack.port, bytes));
            const problem = assertProblem(answer, status, reason);
            assert.deepEqual({ ...problem, ...bounds }, problem, 'it says what is allowed');
        }
    });

    test('a HEAD is answered like its GET without a body', async () => {
        const bytes = await exchange(stack.port, 'HEAD /v1/openapi.json HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
        assert.match(bytes.toString('latin1'), /^HTTP\/1\.1 200 /);
        assert.ok(bytes.toString('latin1').endsWith('\r\n\r\n'));
    });
});

describe('static files', () => {
    let stack, web;
    const page = '<!doctype html><title>惠工</title>';
    const script = 'console.log("hui gong")\n'.repeat(50);

    before(async () => {
        stack = new Stack();
        web = stack.path('web');
        mkdirSync(join(web, 'assets'), { recursive: true });
        writeFileSync(join(web, 'index.html'), page);
        writeFileSync(join(web, 'assets/app-1a2b3c4d.js'), script);
        writeFileSync(join(web, 'assets/app-1a2b3c4d.js.gz'), gzipSync(script));
        writeFileSync(join(web, '.secret'), 'no');
        stack.settings = { gateway: { HUIGONG_WEB: web } };
        await stack.open(['broker', 'gateway']);
    });
    after(() => stack.close());

    test('a page is served with an ETag, and not again while it is the same', async () => {
        const first = await stack.get('/');
        assert.equal(first.status, 200);
        assert.equal(first.text, page);
        assert.match(first.headers['content-type'], /^text\/html/);
        assert.match(first.headers['content-security-policy'], /default-src 'self'/);
        assert.equal(first.headers['x-content-type-options'], 'nosniff');
        const again = await stack.get('/', { headers: { 'If-None-Match': first.headers.etag } });
        assert.equal(again.status, 304);
        assert.equal(again.text, '');
    });

    test('a script is served compressed to whoever takes it, and kept', async () => {
        const plain = await stack.get('/assets/app-1a2b3c4d.js');
        const packed = await stack.get('/assets/app-1a2b3c4d.js', { headers: { 'Accept-Encoding': 'gzip' } });
        assert.equal(plain.text, script);
        assert.equal(packed.headers['content-encoding'], 'gzip');
        assert.deepEqual(packed.bytes, gzipSync(script));
        assert.notEqual(packed.headers.etag, plain.headers.etag);
        assert.match(packed.headers.vary, /accept-encoding/i);
        assert.match(plain.headers['cache-control'], /immutable/);
    });

    test('a page of the application inside the browser gets the index', async () => {
        const answer = await stack.get('/coupons/mine', { headers: { Accept: 'text/html' } });
        assert.equal(answer.text, page);
        assertProblem(await stack.get('/v1/nothing', { headers: { Accept: 'text/html' } }), 404, 'ROUTE_NOT_FOUND');
        assertProblem(await stack.get('/no.such.js', { headers: { Accept: 'text/html' } }), 404, 'ROUTE_NOT_FOUND');
    });

    test('no path leads out of the folder or to a hidden name', async () => {
        for (const path of ['/../keys/token', '/%2e%2e/keys/token', '/..%2fkeys/token', '/assets/../../keys/token', '/.secret', '//etc/passwd', '/%2e%2e%2fkeys%2ftoken']) {
            const [answer] = answersIn(await exchange(stack.port, `GET ${path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`));
            assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
        }
    });
});
