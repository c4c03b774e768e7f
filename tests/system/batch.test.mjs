// Several reads as one request: each is what it would have been alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertProblem, parseMetrics } from './http.mjs';
import { mint } from './people.mjs';
import { openRelease } from './releases.mjs';
import { Stack } from './stack.mjs';

const READS = 20, AT_ONCE = 16;

describe('a batch', () => {
    let stack, token;

    before(async () => {
        stack = new Stack();
        stack.settings.gateway = { HUIGONG_RATE_MEMBER: AT_ONCE / 2 };
        await stack.open();
        await openRelease(stack, { audience: { level: 'MOBILE' } });
        token = mint(stack.tokenKey(), { memberId: 31 });
    });
    after(() => stack.close());

    const batch = (paths, more) => stack.http.request('POST', '/v1/batch', { body: { paths }, ...more });
    const someone = (n) => mint(stack.tokenKey(), { memberId: 100 + n });

    test('has the answers in the order of its paths, each as if it had come alone', async () => {
        const token = someone(1);
        const paths = ['/v1/me/offers?pageSize=1', '/v1/releases/7', '/v1/me/offers?pageSize=x', '/v1/nothing', '/v1/me/offers'];
        const answer = await batch(paths, { token });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.headers['content-type'], 'application/json');
        assert.equal(answer.json.answers.length, paths.length);
        for (const [i, path] of paths.entries()) {
            const alone = await stack.get(path, { token }), { status, body } = answer.json.answers[i];
            const plain = ({ traceId, ...rest }) => rest;
            assert.equal(status, alone.status, path);
            assert.deepEqual(plain(body), plain(alone.json), path);
        }
        assert.deepEqual(answer.json.answers.map(({ status }) => status), [200, 404, 400, 404, 200]);
        assert.equal(answer.json.answers[0].body.offers.length, 1);
    });

    test('without a session, or with one that is none, refuses what needs one and reads the rest', async () => {
        const paths = ['/v1/me/offers', '/v1/policies', '/v1/me/offers'];
        for (const more of [{}, { token: 'no.token' }]) {
            const { answers } = (await batch(paths, more)).json;
            assert.deepEqual(answers.map(({ body }) => body.reason), [more.token ? 'BAD_TOKEN' : 'MISSING_TOKEN', undefined, answers[0].body.reason]);
            assert.equal(answers[1].status, 200);
        }
    });

    test('does nothing but read, and no files', async () => {
        const paths = ['/v1/me/coupons/1/nothing', '/v1/sessions', '/v1/openapi.json', '/v1/batch', '/livez', '//v1/me/offers', 'http://127.0.0.1/v1/me/offers', '/v1/me/offers#x', '/v1/me offers', '/v1/me/offers?pageSize=%00', '/v1/工会', ''];
        const { answers } = (await batch(paths, { token: someone(2) })).json;
        assert.deepEqual(answers.map(({ status, body }) => `${status} ${body.reason}`), paths.map(() => '404 ROUTE_NOT_FOUND'));
        const document = (await stack.get('/v1/openapi.json')).json;
        const [media] = Object.entries(document.paths).find(([path, { get }]) => get && path.startsWith('/v1/') && !/json/.test(Object.keys(get.responses['200'].content)[0]));
        const [answer] = (await batch([media.replaceAll(/\{\w+\}/g, '1')], { token: someone(2) })).json.answers;
        assert.equal(`${answer.status} ${answer.body.reason}`, '400 NOT_IN_A_BATCH', media);
    });

    test('that is none is refused with what is wrong', async () => {
        const of = (body, more = {}) => stack.http.request('POST', '/v1/batch', { body, token, ...more });
        assertProblem(await of('{"paths":["/v1/me/offers"'), 400, 'MALFORMED_JSON');
        assertProblem(await of('["/v1/me/offers"]'), 400, 'WRONG_TYPE');
        assertProblem(await of({ paths: ['/v1/me/offers'], method: 'GET' }), 400, 'UNKNOWN_FIELD', 'method');
        assertProblem(await of({}), 400, 'MISSING_FIELD', 'paths');
        assertProblem(await of({ paths: [] }), 400, 'MISSING_FIELD', 'paths');
        assertProblem(await of({ paths: '/v1/me/offers' }), 400, 'WRONG_TYPE', 'paths');
        assertProblem(await of({ paths: ['/v1/me/offers', 7] }), 400, 'WRONG_TYPE', 'paths[1]');
        assert.equal(assertProblem(await of({ paths: [`/v1/me/offers?pageToken=${'a'.repeat(4096)}`] }), 400, 'TOO_LONG', 'paths[0]').maxLength, '4096');
        assert.equal(assertProblem(await of({ paths: Array(READS + 1).fill('/v1/policies') }), 400, 'TOO_MANY_ITEMS', 'paths').maxItems, String(READS));
        assertProblem(await of('{}', { headers: { 'Content-Type': 'text/plain' } }), 415, 'UNSUPPORTED_MEDIA_TYPE');
        const got = await stack.get('/v1/batch', { token });
        assertProblem(got, 405, 'METHOD_NOT_ALLOWED');
        assert.equal(got.headers.allow, 'POST');
        assertProblem(await stack.http.request('POST', '/v1/batch?x=1', { body: { paths: ['/v1/policies'] } }), 400, 'UNKNOWN_FIELD');
    });

    test('counts as so many requests as it has reads', async () => {
        const before = await counted();
        const statuses = async (n, paths) => (await batch(paths, { token: someone(n) })).json.answers.map(({ status }) => status);
        // All of a batch came at one moment.
        assert.deepEqual(await statuses(3, Array(READS).fill('/v1/me/offers')), [...Array(AT_ONCE).fill(200), ...Array(READS - AT_ONCE).fill(429)]);
        assert.equal((await counted()) - before, AT_ONCE);
        // So does one that leads nowhere, as it would alone.
        assert.deepEqual(await statuses(4, [...Array(AT_ONCE - 1).fill('/v1/nothing'), ...Array(3).fill('/v1/me/offers')]), [...Array(AT_ONCE - 1).fill(404), 200, 429, 429]);
    });

    /** How often offers were read. */
    const counted = async () => parseMetrics(await stack.metrics()).filter(({ name, labels }) => name === 'huigong_http_requests_total' && /ListOffers/.test(JSON.stringify(labels)) && /2xx|200/.test(JSON.stringify(labels))).reduce((sum, { value }) => sum + value, 0);

    test('whose service is down has its other answers', async () => {
        await stack.kill('coupon');
        const { answers } = (await batch(['/v1/me/offers', '/v1/policies'], { token: someone(5) })).json;
        assert.deepEqual(answers.map(({ status }) => status), [503, 200]);
        assert.equal(answers[0].body.reason, 'SERVICE_DOWN');
    });
});
