// Signing in through WeChat: the bridge asks, identity decides; WeChat is the simulator.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mobile, person, rosterCsv, unionsCsv } from './people.mjs';
import { Stack } from './stack.mjs';
import { APP, begin, login, PHONE, SECRET, SESSION, SISTER, SISTER_SECRET, STRANGE } from './wechats.mjs';

describe('a member comes through WeChat', () => {
    let wechat, stack;
    const rider = person(1);
    let memberId;

    before(async () => {
        ({ wechat, stack } = await begin());
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        assert.equal((await stack.import('roster', rosterCsv([rider]))).code, 0);
        for (const n of [1, 2, 3])
            wechat.addUser(`user${n}`, { phone: mobile(n) });
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    const enter = (name, { appid = APP, phone = false } = {}) => login(stack, {
        appid, code: wechat.loginCode(appid, name), ...(phone && { phoneCode: wechat.phoneCode(appid, name) }),
    });

    test('whom nobody knows is asked for her number', async () => {
        assertProblem(await enter('user1'), 404, 'WECHAT_NOT_BOUND');
    });

    test('with her number she is the member who has it already, and can be verified', async () => {
        const before = await stack.login(rider.mobile);
        memberId = before.member.memberId;
        const answer = await enter('user1', { phone: true });
        assert.equal(answer.status, 201, answer.text);
        assert.equal(answer.json.member.memberId, memberId);
        const { token } = answer.json;
        assert.equal((await stack.get('/v1/me', { token })).json.memberId, memberId);
        const verified = await stack.post('/v1/me:verify', { name: rider.name, residentId: rider.residentId }, { token });
        assert.equal(verified.json.member.level, 'CATEGORY', verified.text);
    });

    test('from then on her WeChat alone is enough, and its session is like any other', async () => {
        const answer = await enter('user1');
        assert.equal(answer.json.member.memberId, memberId);
        assert.equal(answer.json.member.level, 'CATEGORY');
        const refreshed = await stack.post('/v1/sessions:refresh', { refreshToken: answer.json.refreshToken });
        assert.equal(refreshed.json.member.memberId, memberId);
    });

    test('in another app of the same owner she is known at once', async () => {
        const answer = await enter('user1', { appid: SISTER });
        assert.equal(answer.json.member.memberId, memberId, answer.text);
    });

    test('who comes for the first time becomes one member, by whichever door', async () => {
        const first = await enter('user2', { phone: true });
        assert.equal(first.status, 201, first.text);
        const second = await stack.login(mobile(2));
        assert.equal(second.member.memberId, first.json.member.memberId);
        assert.notEqual(first.json.member.memberId, memberId);
        const [{ n }] = await stack.query('identity', 'SELECT count(*) AS n FROM member');
        assert.equal(n, 2);
    });

    test('a WeChat and a number of two members are told apart, not joined', async () => {
        const phoneCode = wechat.phoneCode(APP, 'user2');
        assertProblem(await login(stack, { appid: APP, code: wechat.loginCode(APP, 'user1'), phoneCode }), 409, 'WECHAT_OTHER_MEMBER');
    });

    test('she sees through which apps she comes, and closes one', async () => {
        const { token } = (await enter('user2')).json;
        const { wechats } = (await stack.get('/v1/me/wechats', { token })).json;
        assert.deepEqual(wechats.map(({ appid }) => appid), [APP]);
        const unbind = (by) => stack.post(`/v1/me/wechats/${wechats[0].wechatId}:unbind`, {}, { token: by });
        assertProblem(await unbind((await enter('user1')).json.token), 404, 'WECHAT_NOT_FOUND');
        assert.equal((await unbind(token)).status, 200);
        assertProblem(await enter('user2'), 404, 'WECHAT_NOT_BOUND');
        assert.equal((await enter('user2', { phone: true })).status, 201);
    });

    test('who has signed in by a code binds her WeChat, and no second person comes of it', async () => {
        wechat.addUser('user4', { phone: mobile(4) });
        const people = async () => (await stack.query('identity', 'SELECT count(*) AS n FROM member'))[0].n;
        const { token, member } = await stack.login(mobile(4));
        const before = await people();
        const bind = (body, by = token) => stack.post('/v1/me/wechats', body, { token: by });
        const code = wechat.loginCode(SISTER, 'user4');
        assertProblem(await bind({ appid: SISTER, code: wechat.loginCode(SISTER, 'user4') }), 400, 'CODE_NOT_SIX_DIGITS', 'mobileCode');
        const bound = await bind({ appid: SISTER, code, mobileCode: await stack.code(mobile(4), 'CODE_BIND') });
        assert.equal(bound.status, 201, bound.text);
        assert.equal(bound.json.appid, SISTER);
        const again = await bind({ appid: SISTER, code: wechat.loginCode(SISTER, 'user4') });
        assert.deepEqual([again.status, again.json.wechatId], [200, bound.json.wechatId]);
        // Known in the sister app, she is known here by the unionid.
        assert.equal((await enter('user4')).json.member.memberId, member.memberId);
        assertProblem(await bind({ appid: SISTER, code }), 400, 'WECHAT_CODE_USED', 'code');
        assertProblem(await bind({ appid: APP, code: wechat.loginCode(STRANGE, 'user4') }), 400, 'WECHAT_CODE_INVALID', 'code');
        assertProblem(await bind({ appid: STRANGE, code: wechat.loginCode(STRANGE, 'user4') }), 400, 'WECHAT_APP_UNKNOWN', 'appid');
        const old = wechat.loginCode(APP, 'user4');
        wechat.step(5 * 60000);
        assertProblem(await bind({ appid: APP, code: old }), 400, 'WECHAT_CODE_INVALID', 'code');
        assertProblem(await bind({ appid: APP, code: wechat.loginCode(APP, 'user1') }), 409, 'WECHAT_OTHER_MEMBER');
        assertProblem(await bind({ appid: APP, code: wechat.loginCode(APP, 'user4') }, null), 401, 'MISSING_TOKEN');
        assert.equal(await people(), before);
    });

    test('nothing of WeChat is readable in a log, a journal or the store, and no session_key at all', async () => {
        const secrets = [SECRET, SISTER_SECRET, ...[1, 2].map((n) => mobile(n)), ...wechat.codes.keys()];
        for (const appid of [APP, SISTER]) {
            for (const name of ['user1', 'user2'])
                secrets.push(wechat.openid(appid, name), wechat.unionid(appid, name));
            secrets.push(...wechat.apps.get(appid).tokens.map((token) => token.text));
        }
        assert.ok(secrets.length > 15);
        const logs = Object.values(stack.logs).flatMap((log) => log.lines.map((line) => JSON.stringify(line))).join('\n');
        const files = ['', '-wal'].map((end) => readFileSync(stack.store('identity') + end)).concat(Buffer.from(logs));
        for (const secret of secrets)
            assert.ok(files.every((bytes) => !bytes.includes(secret)), secret);
        await stack.assertCleanAudits();
    });

    test('the bridge tells its callers who and which number, and nobody outside may ask', async () => {
        const visitor = await stack.call('bridge', 'Bridge.CodeToSession', { appid: APP, code: wechat.loginCode(APP, 'user3') });
        assert.deepEqual(visitor, { openid: wechat.openid(APP, 'user3'), unionid: wechat.unionid(APP, 'user3') });
        const phone = await stack.call('bridge', 'Bridge.PhoneByCode', { appid: APP, code: wechat.phoneCode(APP, 'user3') });
        assert.deepEqual(phone, { mobile: mobile(3) });
        const { paths } = (await stack.get('/v1/openapi.json')).json;
        assert.deepEqual(Object.keys(paths).filter((path) => /wechat/i.test(path) && !path.startsWith('/v1/releases/')).sort(),
            ['/v1/callbacks/wechat-pay', '/v1/me/wechats', '/v1/me/wechats/{wechatId}:unbind', '/v1/sessions:wechat',
                '/v1/unions/{unionId}/wechat-stocks', '/v1/wechat-page:begin', '/v1/wechat-page:sign', '/v1/wechat-stocks']);
    });
});

describe("a page of the official account", () => {
    const ACCOUNT = 'wx000000000000000a', ACCOUNT_SECRET = 'abcdef0123456789abcdef0123456789';
    let wechat, stack, back;

    before(async () => {
        ({ wechat, stack } = await begin({ wechatAccount: [ACCOUNT, ACCOUNT_SECRET] }));
        back = `http://127.0.0.1:${stack.port}/`;
        wechat.addApp({ appid: ACCOUNT, secret: ACCOUNT_SECRET, owner: 'union', pages: [`127.0.0.1:${stack.port}`] });
        for (const n of [1, 2, 3])
            wechat.addUser(`user${n}`, { phone: mobile(n) });
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    const hashOf = (secret) => createHash('sha256').update(secret).digest('hex');
    const beginPage = (secret, more) => stack.post('/v1/wechat-page:begin', { redirectUri: back, challenge: hashOf(secret), ...more });

    /** A browser that visits WeChat's page: what it comes back with. */
    async function visit(name, secret, more) {
        const { address, appid } = (await beginPage(secret, more)).json;
        assert.equal(appid, ACCOUNT);
        wechat.visitor = name;
        const answer = await fetch(address, { redirect: 'manual' });
        assert.equal(answer.status, 302);
        const url = new URL(answer.headers.get('location'));
        assert.equal(url.origin + url.pathname, back);
        return { code: url.searchParams.get('code'), state: url.searchParams.get('state'), secret };
    }

    test('whom it does not know signs in otherwise and binds it; then it lets her in', async () => {
        assertProblem(await login(stack, await visit('user1', 'one')), 404, 'WECHAT_NOT_BOUND');
        const { token, member } = await stack.login(mobile(1));
        const mobileCode = await stack.code(mobile(1), 'CODE_BIND');
        const bound = await stack.post('/v1/me/wechats', { ...await visit('user1', 'two'), mobileCode }, { token });
        assert.equal(bound.status, 201, bound.text);
        assert.equal(bound.json.appid, ACCOUNT);
        const answer = await login(stack, await visit('user1', 'three'));
        assert.equal(answer.json.member.memberId, member.memberId, answer.text);
    });

    test('with her consent she is known by the unionid from a mini-program, and in it', async () => {
        const first = await login(stack, { appid: APP, code: wechat.loginCode(APP, 'user2'), phoneCode: wechat.phoneCode(APP, 'user2') });
        assert.equal(first.status, 201, first.text);
        assertProblem(await login(stack, await visit('user2', 'x')), 404, 'WECHAT_NOT_BOUND');
        const second = await login(stack, await visit('user2', 'x', { details: true }));
        assert.equal(second.json.member.memberId, first.json.member.memberId, second.text);
        const { token } = await stack.login(mobile(3));
        assertProblem(await stack.post('/v1/me/wechats', await visit('user2', 'x'), { token }), 409, 'WECHAT_OTHER_MEMBER');
    });

    test('a visit that another browser began is nobody’s', async () => {
        const visited = await visit('user1', 'mine');
        assertProblem(await login(stack, { ...visited, secret: 'theirs' }), 400, 'WECHAT_STATE_INVALID', 'state');
        assertProblem(await login(stack, { ...visited, secret: undefined }), 400, 'WECHAT_STATE_INVALID', 'state');
        assertProblem(await login(stack, { ...visited, state: 'a'.repeat(104) }), 400, 'WECHAT_STATE_INVALID', 'state');
        assertProblem(await login(stack, { ...visited, state: undefined }), 400, 'WECHAT_APP_UNKNOWN', 'appid');
        // None of it has used the code up.
        assert.equal((await login(stack, visited)).status, 201);
        assertProblem(await login(stack, visited), 400, 'WECHAT_CODE_USED', 'code');
    });

    test('a code of another app or another purpose, or that has expired, is refused', async () => {
        const visited = await visit('user1', 'mine');
        for (const code of [wechat.loginCode(APP, 'user1'), wechat.loginCode(ACCOUNT, 'user1'), 'never'])
            assertProblem(await login(stack, { ...visited, code }), 400, 'WECHAT_CODE_INVALID', 'code');
        wechat.step(5 * 60000);
        assertProblem(await login(stack, visited), 400, 'WECHAT_CODE_INVALID', 'code');
        // Neither is the account a mini-program.
        assertProblem(await login(stack, { appid: ACCOUNT, code: wechat.loginCode(ACCOUNT, 'user1') }), 400, 'WECHAT_APP_UNKNOWN', 'appid');
        assertProblem(await login(stack, { appid: APP, code: wechat.pageCode(ACCOUNT, 'user1') }), 400, 'WECHAT_CODE_INVALID', 'code');
    });

    test('WeChat sends back to the configured hosts only', async () => {
        for (const redirectUri of ['https://evil.example/', 'https://gh.example.evil.example/', 'http://gh.example/', 'https://gh.example@evil.example/'])
            assertProblem(await beginPage('x', { redirectUri }), 400, 'WECHAT_PAGE_REFUSED', 'redirectUri');
        assert.equal((await beginPage('x', { redirectUri: 'https://gh.example/member?from=menu' })).status, 200);
        assertProblem(await beginPage('x', { challenge: 'no hash' }), 400, 'WRONG_TYPE', 'challenge');
        assertProblem(await beginPage('x', { challenge: '00' }), 400, 'BAD_REQUEST', 'challenge');
    });

    test('a page of ours is signed for WeChat’s browser, by a ticket that is asked for once', async () => {
        const { token } = await stack.login(mobile(4));
        const sign = (url) => stack.post('/v1/wechat-page:sign', { url }, { token });
        const tickets = () => wechat.asked('/cgi-bin/ticket/getticket').length;
        const page = `${back}?from=menu&x={1}`;
        for (const { json, status, text } of await Promise.all(Array.from({ length: 20 }, () => sign(`${page}#/coupons`)))) {
            assert.equal(status, 200, text);
            assert.equal(json.appid, ACCOUNT);
            assert.equal(wechat.config(`${page}#/coupons`, json), 'ok');
            assert.equal(wechat.config(`${page}&more=1`, json), 'invalid signature');
        }
        assert.equal(tickets(), 1);
        assert.equal(wechat.config(back, (await sign(back)).json), 'ok');
        assert.equal(tickets(), 1);
    });

    test('no page of anybody else is signed, and nobody who is not signed in gets a signature', async () => {
        const { token } = await stack.login(mobile(5)), asked = wechat.ledger.length;
        for (const url of ['https://evil.example/', `https://evil.example/#${back}`, `http://127.0.0.1:${stack.port + 1}/`, 'javascript:0', `${back}页`])
            assertProblem(await stack.post('/v1/wechat-page:sign', { url }, { token }), 400, 'WECHAT_PAGE_NOT_HERE', 'url');
        assertProblem(await stack.post('/v1/wechat-page:sign', {}, { token }), 400, 'MISSING_FIELD', 'url');
        assertProblem(await stack.post('/v1/wechat-page:sign', { url: back }), 401, 'MISSING_TOKEN');
        assert.equal(wechat.ledger.length, asked);
    });

    test('a union without an official account does not offer it', async () => {
        await Stack.with({}, async (other) => {
            assertProblem(await other.post('/v1/wechat-page:begin', { redirectUri: back, challenge: hashOf('x') }), 404, 'WECHAT_NO_ACCOUNT');
            assertProblem(await login(other, { code: 'x', state: 'y' }), 404, 'WECHAT_NO_ACCOUNT');
            const { token } = await other.login(mobile(6));
            assertProblem(await other.post('/v1/wechat-page:sign', { url: back }, { token }), 404, 'WECHAT_NO_ACCOUNT');
        });
    });
});

describe('what WeChat refuses is refused with its own reason', () => {
    let wechat, stack;

    before(async () => {
        ({ wechat, stack } = await begin());
        wechat.addUser('li', { phone: mobile(11) });
        wechat.addUser('abroad', { phone: '5550100', country: '1' });
        wechat.addUser('risky', { phone: mobile(12), blocked: true });
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    const codes = (name = 'li') => ({ appid: APP, code: wechat.loginCode(APP, name), phoneCode: wechat.phoneCode(APP, name) });

    test('a code that was used, has expired, never was, or is of another app', async () => {
        const used = codes();
        assert.equal((await login(stack, used)).status, 201);
        assertProblem(await login(stack, used), 400, 'WECHAT_CODE_USED', 'code');
        const old = codes();
        wechat.step(5 * 60000);
        assertProblem(await login(stack, old), 400, 'WECHAT_CODE_INVALID', 'code');
        assertProblem(await login(stack, { ...codes(), code: 'never' }), 400, 'WECHAT_CODE_INVALID', 'code');
        assertProblem(await login(stack, { ...codes(), code: wechat.loginCode(STRANGE, 'li') }), 400, 'WECHAT_CODE_INVALID', 'code');
        assertProblem(await login(stack, { ...codes(), code: wechat.loginCode(SISTER, 'li') }), 400, 'WECHAT_CODE_INVALID', 'code');
        assertProblem(await login(stack, { ...codes(), appid: STRANGE }), 400, 'WECHAT_APP_UNKNOWN', 'appid');
        wechat.fault({ path: SESSION, errcode: 42003 });
        assertProblem(await login(stack, codes()), 400, 'WECHAT_CODE_EXPIRED', 'code');
    });

    test("a phone's code that was used, has expired or is no phone's", async () => {
        const { phoneCode } = codes();
        assert.equal((await login(stack, { ...codes(), phoneCode })).status, 201);
        assertProblem(await login(stack, { ...codes(), phoneCode }), 400, 'WECHAT_CODE_USED', 'phoneCode');
        const old = wechat.phoneCode(APP, 'li');
        wechat.step(5 * 60000);
        assertProblem(await login(stack, { ...codes(), phoneCode: old }), 400, 'WECHAT_CODE_INVALID', 'phoneCode');
        assertProblem(await login(stack, { ...codes(), phoneCode: wechat.loginCode(APP, 'li') }), 400, 'WECHAT_CODE_INVALID', 'phoneCode');
        assertProblem(await login(stack, codes('abroad')), 400, 'WECHAT_PHONE_FOREIGN', 'phoneCode');
        wechat.watermark = STRANGE;
        assertProblem(await login(stack, codes()), 400, 'WECHAT_OTHER_APP', 'phoneCode');
        wechat.watermark = undefined;
    });

    test('codes that could not be WeChat’s are refused without asking', async () => {
        const asked = wechat.ledger.length;
        for (const code of ['a b', 'a&secret=x', 'a/../b', '"', '码', '%00'])
            assertProblem(await login(stack, { ...codes(), code }), 400, 'WECHAT_CODE_INVALID', 'code');
        assertProblem(await login(stack, { ...codes(), phoneCode: '","x":"' }), 400, 'WECHAT_CODE_INVALID', 'phoneCode');
        assertProblem(await login(stack, { ...codes(), code: 'x'.repeat(129) }), 400, 'TOO_LONG', 'code');
        assertProblem(await login(stack, { appid: APP }), 400, 'MISSING_FIELD', 'code');
        const long = await stack.command('bridge', '--call', 'Bridge.CodeToSession', JSON.stringify({ appid: 'w'.repeat(200), code: 'x' }));
        assert.match(long.stderr, /WECHAT_APP_UNKNOWN|TOO_LONG/);
        assert.equal(wechat.ledger.length, asked);
    });

    test('a person who is blocked, or comes too often', async () => {
        assertProblem(await login(stack, codes('risky')), 403, 'WECHAT_USER_BLOCKED');
        wechat.fault({ path: SESSION, errcode: 45011 });
        const answer = await login(stack, codes());
        assertProblem(answer, 429, 'WECHAT_RATE_LIMITED');
        assert.equal(answer.headers['retry-after'], '60');
        wechat.limits.loginsPerMinute = 0;
        assertProblem(await login(stack, codes()), 429, 'WECHAT_RATE_LIMITED');
        wechat.limits.loginsPerMinute = 100;
    });

    test('a busy WeChat is asked again, three times in all', async () => {
        wechat.fault({ path: SESSION, errcode: -1, times: 2 });
        assert.equal((await login(stack, codes())).status, 201);
        const asked = wechat.asked(SESSION).length;
        wechat.fault({ path: SESSION, errcode: -1, times: 3 });
        const answer = await login(stack, codes());
        assertProblem(answer, 503, 'WECHAT_UNAVAILABLE');
        assert.equal(answer.headers['retry-after'], '1');
        assert.equal(wechat.asked(SESSION).length, asked + 3);
        await stack.logged('bridge', 'wechat_fails', { call: 'jscode2session' });
        assert.equal((await login(stack, codes())).status, 201);
        await stack.logged('bridge', 'wechat_answers_again');
    });

    test('an answer that is lost or no answer is asked for again; a code that the lost try used is nobody’s fault', async () => {
        wechat.fault({ path: SESSION, drop: true });
        wechat.fault({ path: SESSION, status: 502, body: '<html>Bad Gateway</html>' });
        assert.equal((await login(stack, codes())).status, 201);
        wechat.fault({ path: SESSION, status: 200, body: '{"session_key":"MDEyMzQ1Njc4OWFiY2RlZg=="}' });
        wechat.fault({ path: SESSION, status: 200, body: `{"openid":"${'o'.repeat(70000)}"}` });
        assert.equal((await login(stack, codes())).status, 201);
        wechat.fault({ path: SESSION, drop: true, after: true });
        assertProblem(await login(stack, codes()), 503, 'WECHAT_UNAVAILABLE');
    });

    test('wrong credentials are ours to mend: said so, not retried', async () => {
        const asked = wechat.asked(SESSION).length;
        wechat.fault({ path: SESSION, errcode: 40125 });
        assertProblem(await login(stack, codes()), 503, 'WECHAT_REFUSES_US');
        wechat.fault({ path: PHONE, errcode: 48001 });
        assertProblem(await login(stack, codes()), 503, 'WECHAT_REFUSES_US');
        assert.equal(wechat.asked(SESSION).length, asked + 2);
        await stack.logged('bridge', 'wechat_fails', { errcode: 48001 });
    });
});
