// How often the gateway lets somebody ask, and whom it takes her for.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { answersIn, assertProblem, exchange, parseMetrics } from './http.mjs';
import { mint } from './people.mjs';
import { run, Stack, until } from './stack.mjs';

describe('rates', () => {
    let stack, key;

    before(async () => {
        stack = new Stack();
        mkdirSync(stack.path('web'));
        writeFileSync(stack.path('web', 'index.html'), '<title>惠工</title>');
        stack.settings.gateway = { HUIGONG_RATE_MEMBER: 5, HUIGONG_RATE_ADDRESS: 3, HUIGONG_WORKERS: 3, HUIGONG_WEB: stack.path('web'), HUIGONG_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' };
        await stack.open();
        key = stack.tokenKey();
    });
    after(() => stack.close());

    function assertLimited(answer, rate) {
        const problem = assertProblem(answer, 429, 'RATE_LIMITED');
        assert.equal(problem.maxPerSecond, String(rate));
        assert.equal(problem.retryAfter, answer.headers['retry-after']);
        assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
        assert.equal(answer.headers['ratelimit-policy'], `"default";q=${rate};w=1`);
        assert.match(answer.headers.ratelimit, /^"default";r=0;t=[1-9]\d*$/);
    }

    test('a member above her rate is told when to come again, and is served then', async () => {
        const token = mint(key, { memberId: 21 });
        const answers = await Promise.all(Array.from({ length: 40 }, () => stack.get('/v1/me/offers', { token })));
        const limited = answers.filter((one) => one.status === 429);
        assert.ok(answers.length - limited.length >= 5, 'the rate and its burst are served');
        assert.ok(limited.length >= 20, `${limited.length} of 40 are refused`);
        limited.forEach((one) => assertLimited(one, 5));
        const other = mint(key, { memberId: 22 });
        assert.equal((await stack.get('/v1/me/offers', { token: other })).status, 200, 'another member is not held up');
        await until('she is served again', async () => (await stack.get('/v1/me/offers', { token })).status === 200, { every: 300 });
    });

    test('an address without a session has a rate of its own, also with bad tokens', async () => {
        const calls = Array.from({ length: 30 }, (_, i) => stack.get('/v1/me/offers', i % 2 ? {} : { token: 'no.token' }));
        const answers = await Promise.all(calls);
        const limited = answers.filter((one) => one.status === 429);
        assert.ok(limited.length >= 15, `${limited.length} of 30 are refused`);
        limited.forEach((one) => assertLimited(one, 3));
        assert.ok(answers.every((one) => [401, 429].includes(one.status)));
        assert.equal((await stack.get('/v1/me/offers', { token: mint(key, { memberId: 23 }) })).status, 200);
    });

    /** As an address asks that a proxy of ours has seen; how many of 60 at once are refused. */
    async function refusals(from, path) {
        const headers = typeof from === 'string' ? { 'X-Forwarded-For': from } : from;
        const answers = await Promise.all(Array.from({ length: 60 }, () => stack.get(path, { headers })));
        const limited = answers.filter((one) => one.status === 429);
        limited.forEach((one) => assertLimited(one, 3));
        return limited.length;
    }

    test('an address has its rate whatever it asks for, and from all workers together', async () => {
        for (const [i, path] of ['/', '/index.html', '/v1/openapi.json', '/v1/nothing', '/nothing', '/v1/releases/1/claims'].entries())
            assert.ok(await refusals(`192.0.2.${i}`, path) >= 45, path);
    });

    test('a client is whom a proxy of ours names, and of IPv6 her whole /64', async () => {
        assert.ok(await refusals('198.51.100.1', '/v1/nothing') >= 45);
        const ask = async (headers) => (await stack.get('/v1/nothing', { headers })).status;
        for (const [from, status] of [['198.51.100.1', 429], ['198.51.100.2', 404], ['198.51.100.3, 198.51.100.1', 429],
            ['198.51.100.1, 198.51.100.4', 404], ['198.51.100.1, 10.1.2.3', 429], ['198.51.100.1:4711', 429]])
            assert.equal(await ask({ 'X-Forwarded-For': from }), status, from);
        assert.equal(await ask({ Forwarded: 'for=198.51.100.1;proto=https' }), 429);
        assert.ok(await refusals({ Forwarded: 'for="[2001:db8::1]:80"' }, '/v1/nothing') >= 45);
        assert.equal(await ask({ Forwarded: 'for="[2001:db8::2]"' }), 429);
        assert.equal(await ask({ 'X-Forwarded-For': '2001:db8::3' }), 429);
        assert.equal(await ask({ 'X-Forwarded-For': '2001:db8:0:1::3' }), 404);
    });

    test('nobody else is believed whom she asks for', async () => {
        // Every address of 127.0.0.0/8 is this machine; of them only 127.0.0.1 is a proxy of ours.
        const ask = async (i) => answersIn(await exchange(stack.port, `GET /v1/nothing HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 203.0.113.${i}\r\nConnection: close\r\n\r\n`, { from: '127.0.0.2' }))[0].status;
        const statuses = await Promise.all(Array.from({ length: 60 }, (_, i) => ask(i)));
        assert.ok(statuses.filter((one) => one === 429).length >= 45, statuses.join(' '));
    });

    test('health is not counted', async () => {
        for (const path of ['/livez', '/readyz']) {
            const answers = await Promise.all(Array.from({ length: 30 }, () => stack.get(path)));
            assert.ok(answers.every((one) => one.status === 200));
        }
    });

    test('a list of proxies that is none is found at the start', async () => {
        const env = { ...stack.environment('gateway'), HUIGONG_TRUSTED_PROXIES: '10.0.0.0/33', HUIGONG_LISTEN: '127.0.0.1:0' };
        const { code, stderr } = await run(stack.program('gateway'), [], { env });
        assert.equal(code, 1);
        assert.match(stderr, /"event":"bad_proxies"/);
    });
});

test('several workers count as one, whichever is asked', () =>
    Stack.with({ settings: { gateway: { HUIGONG_WORKERS: 3 } } }, async (stack) => {
        const token = mint(stack.tokenKey(), { memberId: 31 });
        const request = (path) => `GET ${path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
        const text = async (path) => (await exchange(stack.port, request(path))).toString().split('\r\n\r\n')[1];
        // A connection each: the kernel spreads them over the workers.
        await Promise.all(Array.from({ length: 60 }, () => text('/v1/me/offers')));
        for (let i = 0; i < 10; i++) {
            const served = parseMetrics(await stack.metrics()).filter(({ name, labels }) =>
                name === 'huigong_http_requests_total' && labels.operation === 'Coupons.ListOffers');
            assert.deepEqual(served.map(({ labels, value }) => [labels.status, value]), [['2xx', 60]]);
        }
    }));
