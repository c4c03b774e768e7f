// Signing in through WeChat: the bridge asks, identity decides; WeChat is the simulator.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { assertProblem } from './http.mjs';
import { mobile, person, rosterCsv, unionsCsv } from './people.mjs';
import { run, Stack, top, until } from './stack.mjs';

const APP = 'wx0000000000000001', SISTER = 'wx0000000000000002', STRANGE = 'wx0000000000000009';
const SECRET = '0123456789abcdef0123456789abcdef', SISTER_SECRET = 'fedcba9876543210fedcba9876543210';
const SESSION = '/sns/jscode2session', TOKEN = '/cgi-bin/stable_token', PHONE = '/wxa/business/getuserphonenumber';

/** A simulator with two apps of one owner and one that is not ours, and a stack that asks it. */
async function begin({ wechatAccount: account, ...options } = {}) {
    const wechat = await Wechat.start();
    wechat.addApp({ appid: APP, secret: SECRET, owner: 'union' });
    wechat.addApp({ appid: SISTER, secret: SISTER_SECRET, owner: 'union' });
    wechat.addApp({ appid: STRANGE, secret: SECRET });
    const stack = await Stack.start({ wechat: { url: wechat.url, apps: [[APP, SECRET], [SISTER, SISTER_SECRET]], account }, ...options });
    return { wechat, stack };
}

const login = (stack, body) => stack.post('/v1/sessions:wechat', body);

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
        assert.deepEqual(Object.keys(paths).filter((path) => /wechat/i.test(path)).sort(),
            ['/v1/me/wechats', '/v1/me/wechats/{wechatId}:unbind', '/v1/sessions:wechat', '/v1/wechat-page:begin']);
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

    test('a union without an official account does not offer it', async () => {
        await Stack.with({}, async (other) => {
            assertProblem(await other.post('/v1/wechat-page:begin', { redirectUri: back, challenge: hashOf('x') }), 404, 'WECHAT_NO_ACCOUNT');
            assertProblem(await login(other, { code: 'x', state: 'y' }), 404, 'WECHAT_NO_ACCOUNT');
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

describe('what is written through WeChat', () => {
    const SEND = '/cgi-bin/message/subscribe/send', CHECK = '/wxa/msg_sec_check', TEMPLATE = 'tpl-booking_1';
    let wechat, stack;

    before(async () => {
        ({ wechat, stack } = await begin());
        wechat.addUser('li', { phone: mobile(51) });
        wechat.addTemplate({ id: TEMPLATE, appid: APP, fields: ['thing1', 'time2'] });
        wechat.loginCode(APP, 'li');
        wechat.words.set('刷单', { suggest: 'risky', label: 20008 });
        wechat.words.set('加微信', { suggest: 'review', label: 10001 });
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    /** An internal call: its answer, or the reason of its refusal. */
    async function ask(method, input) {
        const { code, stdout, stderr } = await stack.command('bridge', '--call', method, JSON.stringify(input));
        return code === 0 ? JSON.parse(stdout) : /[A-Z]+_[A-Z_]+/.exec(stderr + stdout)[0];
    }

    const message = (more) => ({ appid: APP, openid: wechat.openid(APP, 'li'), templateId: TEMPLATE, page: 'pages/booking?id=1',
        fields: [{ name: 'thing1', value: '体检预约成功' }, { name: 'time2', value: '2026年1月5日 09:00' }], ...more });
    const send = (more) => ask('Bridge.SendWechatMessage', message(more));
    const check = (content, more) => ask('Bridge.CheckText', { appid: APP, openid: wechat.openid(APP, 'li'), scene: 'TEXT_COMMENT', content, ...more });

    test('a message goes to whom has agreed, once for each time', async () => {
        assert.equal(await send(), 'WECHAT_NOT_SUBSCRIBED');
        wechat.subscribe(APP, 'li', TEMPLATE);
        assert.deepEqual(await send(), {});
        assert.deepEqual(wechat.sent, [{ appid: APP, name: 'li', template: TEMPLATE, page: 'pages/booking?id=1',
            data: { thing1: { value: '体检预约成功' }, time2: { value: '2026年1月5日 09:00' } } }]);
        assert.equal(await send(), 'WECHAT_NOT_SUBSCRIBED');
    });

    test('a message that may have gone out is not sent again; one that surely has not is', async () => {
        wechat.subscribe(APP, 'li', TEMPLATE, 2);
        const asked = wechat.asked(SEND).length, sent = wechat.sent.length;
        wechat.fault({ path: SEND, drop: true, after: true });
        assert.equal(await send(), 'WECHAT_UNCERTAIN');
        assert.deepEqual([wechat.asked(SEND).length, wechat.sent.length], [asked + 1, sent + 1]);
        wechat.fault({ path: SEND, errcode: -1 });
        wechat.revokeTokens(APP);
        assert.deepEqual(await send(), {});
        assert.equal(wechat.sent.length, sent + 2);
    });

    test('what a template would not take is refused, before WeChat is asked where that is known', async () => {
        const asked = wechat.asked(SEND).length;
        for (const fields of [[{ name: 'thing1', value: '字'.repeat(21) }], [{ name: 'nothing1', value: 'a' }],
            [{ name: 'number1', value: '一' }], [{ name: 'thing', value: 'a' }]])
            assert.equal(await send({ fields }), 'WECHAT_MESSAGE_INVALID');
        assert.equal(await send({ fields: [{ name: 'thing1', value: 'a\nb' }] }), 'NOT_ONE_LINE');
        assert.equal(wechat.asked(SEND).length, asked);
        assert.equal(await send({ fields: [{ name: 'thing1', value: '少一项' }] }), 'WECHAT_MESSAGE_INVALID');
        assert.equal(await send({ openid: 'oNobody' }), 'WECHAT_OPENID_UNKNOWN');
        assert.equal(await send({ templateId: 'another' }), 'WECHAT_REFUSES_US');
        assert.equal(await send({ appid: STRANGE }), 'WECHAT_APP_UNKNOWN');
    });

    test('a text passes, or should be looked at, or is risky', async () => {
        assert.deepEqual(await check('今天的体检很顺利“不错”'), { suggestion: 'TEXT_PASS', label: 100 });
        assert.deepEqual(await check('可以加微信聊'), { suggestion: 'TEXT_REVIEW', label: 10001 });
        assert.deepEqual(await check('刷单日结'), { suggestion: 'TEXT_RISKY', label: 20008 });
        assert.deepEqual(await check('字'.repeat(2500)), { suggestion: 'TEXT_PASS', label: 100 });
        wechat.fault({ path: CHECK, drop: true, after: true });
        assert.equal((await check('问一次再问一次')).suggestion, 'TEXT_PASS');
    });

    test('what was not checked is no pass', async () => {
        wechat.fault({ path: CHECK, errcode: -1, times: 3 });
        assert.equal(await check('忙'), 'WECHAT_UNAVAILABLE');
        wechat.fault({ path: CHECK, status: 200, body: '{"errcode":0,"errmsg":"ok","result":{"suggest":"fine","label":100}}', times: 3 });
        assert.equal(await check('奇怪'), 'WECHAT_UNAVAILABLE');
        assert.equal(await check('别人的', { openid: 'oNobody' }), 'WECHAT_OPENID_UNKNOWN');
        wechat.step(121 * 60000);
        assert.equal(await check('早就走了'), 'WECHAT_NOT_ACTIVE');
    });
});

describe("WeChat's access token", () => {
    let wechat, stack;

    before(async () => {
        ({ wechat, stack } = await begin());
        wechat.addUser('li', { phone: mobile(21) });
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    const codes = () => ({ appid: APP, code: wechat.loginCode(APP, 'li'), phoneCode: wechat.phoneCode(APP, 'li') });
    const many = (n) => Array.from({ length: n }, () => login(stack, codes()));
    const tokens = () => wechat.asked(TOKEN).length;

    async function assertAllIn(answers) {
        const members = new Set();
        for (const answer of await Promise.all(answers)) {
            assert.equal(answer.status, 201, answer.text);
            members.add(answer.json.member.memberId);
        }
        assert.equal(members.size, 1);
    }

    test('is asked for once by a hundred who need it together, and then by nobody', async () => {
        wechat.limits.loginsPerMinute = 1000;
        wechat.hold(TOKEN);
        const answers = many(100);
        await until('all have been asked for', () => wechat.asked(SESSION).length === 100 && wechat.waiting(TOKEN) === 1);
        wechat.release(TOKEN);
        await assertAllIn(answers);
        assert.equal(tokens(), 1);
        await assertAllIn(many(1));
        assert.equal(tokens(), 1);
    });

    test('that has expired is replaced once, however many are told', async () => {
        wechat.step(7200 * 1000);
        wechat.hold(PHONE);
        const answers = many(50);
        // The others wait for a connection; those who are in have come with the old token.
        await until('many have come', () => wechat.waiting(PHONE) >= 20);
        wechat.release(PHONE);
        await assertAllIn(answers);
        assert.equal(tokens(), 2);
        assert.ok(wechat.ledger.some((line) => line.errcode === 42001));
    });

    test('that WeChat forgot is forced anew, once', async () => {
        wechat.revokeTokens(APP);
        await assertAllIn(many(20));
        assert.equal(wechat.asked(TOKEN).filter((line) => line.force).length, 1);
    });

    test('that another has replaced is asked for anew without force', async () => {
        const forced = wechat.asked(TOKEN).filter((line) => line.force).length;
        wechat.revokeTokens(APP);
        wechat.newToken(wechat.apps.get(APP));
        await assertAllIn(many(1));
        assert.equal(wechat.asked(TOKEN).filter((line) => line.force).length, forced);
    });

    test('that is refused again and again ends the call, not the bridge', async () => {
        wechat.fault({ path: PHONE, errcode: 40001, times: 2 });
        assertProblem(await login(stack, codes()), 503, 'WECHAT_UNAVAILABLE');
        await assertAllIn(many(1));
    });

    test('that cannot be had refuses all who wait for it with the reason, and is asked for again by the next', async () => {
        wechat.revokeTokens(APP);
        wechat.fault({ path: TOKEN, errcode: 40164 });
        assertProblem(await login(stack, codes()), 503, 'WECHAT_REFUSES_US');
        wechat.newToken(wechat.apps.get(APP));
        await assertAllIn(many(1));
    });
});

describe('a WeChat that takes its time', () => {
    let wechat, stack;

    before(async () => {
        ({ wechat, stack } = await begin());
        wechat.addUser('li', { phone: mobile(61) });
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    test('holds up nobody else: codes go out and the bridge is ready while logins wait', async () => {
        wechat.hold(SESSION);
        // More of them, one after the other, than messages may be outstanding.
        const logins = [];
        for (let i = 1; i <= 40; i++) {
            logins.push(login(stack, { appid: APP, code: wechat.loginCode(APP, 'li'), phoneCode: wechat.phoneCode(APP, 'li') }));
            await until('WeChat has been asked', () => wechat.waiting(SESSION) >= Math.min(i, 20));
        }
        const { token } = await stack.login(mobile(62));
        assert.ok(token);
        assert.equal((await stack.get('/readyz')).status, 200);
        assert.ok(wechat.waiting(SESSION) >= 20);
        wechat.release(SESSION);
        for (const answer of await Promise.all(logins))
            assert.ok([201, 503].includes(answer.status), answer.text);
    });
});

describe('the bridge goes away', () => {
    let wechat, stack;

    before(async () => {
        ({ wechat, stack } = await begin());
        wechat.addUser('li', { phone: mobile(31) });
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    const codes = () => ({ appid: APP, code: wechat.loginCode(APP, 'li'), phoneCode: wechat.phoneCode(APP, 'li') });

    /** Logins that WeChat has been asked for and does not answer. */
    async function inFlight(n) {
        wechat.hold(SESSION);
        const answers = Array.from({ length: n }, () => login(stack, codes()));
        await until('WeChat has been asked', () => wechat.waiting(SESSION) === n);
        return answers;
    }

    async function comesBack() {
        wechat.release(SESSION);
        stack.spawn('bridge');
        await stack.serves('bridge');
        const answer = await login(stack, codes());
        assert.equal(answer.status, 201, answer.text);
    }

    test('killed: who waits is told at once and signs in with new codes; members go on meanwhile', async () => {
        const { token } = await stack.login(mobile(32));
        const answers = await inFlight(8);
        await stack.kill('bridge');
        for (const answer of await Promise.all(answers)) {
            assertProblem(answer, 504, 'OUTCOME_UNKNOWN');
            assert.match(answer.headers['retry-after'], /^[1-9]/);
        }
        assertProblem(await login(stack, codes()), 503, 'SERVICE_DOWN');
        assert.equal((await stack.get('/v1/me', { token })).status, 200);
        await comesBack();
    });

    test('stopped: who waits is told so, and it ends well', async () => {
        const answers = await inFlight(8);
        await stack.stop('bridge');
        // An answer that is still on its way when the bus closes is made good by the broker's.
        for (const answer of await Promise.all(answers)) {
            if (answer.json.reason === 'STOPPING')
                assertProblem(answer, 503, 'STOPPING');
            else
                assertProblem(answer, 504, 'OUTCOME_UNKNOWN');
        }
        await comesBack();
    });

    test('identity down: told so after WeChat has answered; nobody is half signed in', async () => {
        const answers = await inFlight(4);
        await stack.kill('identity');
        wechat.release(SESSION);
        for (const answer of await Promise.all(answers))
            assertProblem(answer, 503, 'SERVICE_DOWN');
        stack.spawn('identity');
        await stack.serves('identity');
        assert.equal((await login(stack, codes())).status, 201);
        await stack.assertCleanAudits();
    });
});

describe('https', () => {
    let wechat, folder;

    /** A certificate for 127.0.0.1 that nobody has signed but itself. */
    before(async () => {
        folder = mkdtempSync(join(tmpdir(), 'hg-tls-'));
        const { code, stderr } = await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
            '-days', '2', '-subj', '/CN=wechat', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(folder, 'key'), '-out', join(folder, 'cert')]);
        assert.equal(code, 0, stderr);
        wechat = await Wechat.start({ tls: { key: readFileSync(join(folder, 'key')), cert: readFileSync(join(folder, 'cert')) } });
        wechat.addApp({ appid: APP, secret: SECRET });
        wechat.addUser('li', { phone: mobile(41) });
    });
    after(async () => {
        await wechat.close();
        rmSync(folder, { recursive: true });
    });

    const codes = () => ({ appid: APP, code: wechat.loginCode(APP, 'li'), phoneCode: wechat.phoneCode(APP, 'li') });
    const options = (settings) => ({ wechat: { url: wechat.url, apps: [[APP, SECRET]] }, settings: { bridge: settings } });

    test('a partner whose certificate no authority signed is not spoken to', async () => {
        await Stack.with(options({}), async (stack) => {
            assertProblem(await login(stack, codes()), 503, 'WECHAT_UNAVAILABLE');
            assert.equal(wechat.ledger.length, 0, 'nothing was told to whoever it is');
        });
    });

    test('one whose authority is trusted is', async () => {
        await Stack.with(options({ HUIGONG_CA: join(folder, 'cert') }), async (stack) => {
            assert.equal((await login(stack, codes())).status, 201);
        });
    });
});

describe('the simulator', () => {
    let child, url;
    const ask = async (path, body) => (await fetch(url + path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })).json();

    before(async () => {
        child = spawn(process.execPath, [join(top, 'tests/simulators/wechat/main.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
        [url] = String((await once(child.stdout, 'data'))[0]).split('\n');
        await ask('/sim/apps', { appid: APP, secret: SECRET });
        await ask('/sim/users', { name: 'li', phone: mobile(51) });
    });
    after(async () => {
        child.kill();
        await once(child, 'close');
    });

    const session = (code, { appid = APP, secret = SECRET, grant = 'authorization_code' } = {}) =>
        ask(`${SESSION}?appid=${appid}&secret=${secret}&js_code=${code}&grant_type=${grant}`);
    const token = (more) => ask(TOKEN, { grant_type: 'client_credential', appid: APP, secret: SECRET, ...more });

    test('is a program whose people, clock and faults are set over HTTP', async () => {
        const { code } = await ask('/sim/login-codes', { appid: APP, name: 'li' });
        await ask('/sim/faults', { path: SESSION, errcode: -1 });
        assert.equal((await session(code)).errcode, -1);
        const answer = await session(code);
        assert.ok(answer.openid && answer.session_key && !('errcode' in answer), JSON.stringify(answer));
        assert.equal((await session(code)).errcode, 40163);
        const old = await ask('/sim/login-codes', { appid: APP, name: 'li' });
        await ask('/sim/clock', { stepMs: 300000 });
        assert.equal((await session(old.code)).errcode, 40029);
        assert.deepEqual((await ask('/sim/ledger')).map(({ errcode }) => errcode), [-1, 0, 40163, 40029]);
        assert.ok((await ask('/sim/login-codes', { appid: STRANGE, name: 'li' })).error);
    });

    test('checks parameters and credentials as WeChat does', async () => {
        assert.equal((await session('x', { appid: '' })).errcode, 41002);
        assert.equal((await session('x', { appid: STRANGE })).errcode, 40013);
        assert.equal((await session('x', { secret: '' })).errcode, 41004);
        assert.equal((await session('x', { secret: 'wrong' })).errcode, 40125);
        assert.equal((await session('x', { grant: 'code' })).errcode, 40002);
        assert.equal((await session('')).errcode, 41008);
        assert.equal((await ask(SESSION, {})).errcode, 43001);
        assert.equal((await ask(TOKEN)).errcode, 43002);
        assert.equal((await token({ grant_type: 'x' })).errcode, 40002);
        assert.equal((await ask(PHONE, { code: 'x' })).errcode, 41001);
        assert.equal((await ask(`${PHONE}?access_token=x`, { code: 'x' })).errcode, 40001);
    });

    test('keeps a token stable until shortly before its end, and forces one within limits', async () => {
        const first = await token();
        assert.equal(first.expires_in, 7200);
        assert.equal((await token()).access_token, first.access_token);
        await ask('/sim/clock', { stepMs: 6900 * 1000 });
        const second = await token();
        assert.notEqual(second.access_token, first.access_token);
        const valid = async ({ access_token: text }) => (await ask(`${PHONE}?access_token=${text}`, { code: 'x' })).errcode === 40029;
        assert.ok(await valid(first) && await valid(second), 'both are good for a while');
        const third = await token({ force_refresh: true });
        assert.ok(!await valid(second) && await valid(third));
        assert.equal((await token({ force_refresh: true })).errcode, 45011);
        await ask('/sim/clock', { stepMs: 7200 * 1000 });
        assert.equal((await ask(`${PHONE}?access_token=${third.access_token}`, { code: 'x' })).errcode, 42001);
        await ask('/sim/limits', { loginsPerMinute: 0 });
        const { code } = await ask('/sim/login-codes', { appid: APP, name: 'li' });
        assert.equal((await session(code)).errcode, 45011);
    });
});

describe('settings of the bridge', () => {
    let stack;

    before(async () => {
        stack = await Stack.start({ wechat: { url: 'https://api.weixin.qq.com', apps: [[APP, SECRET]] }, daemons: [] });
    });
    after(() => stack.close());

    const start = (settings) => run(stack.program('bridge'), [], { env: { ...stack.environment('bridge'), ...settings } });

    test('an address that is not https is refused, and so are odd ones', async () => {
        for (const url of ['http://api.weixin.qq.com', 'ftp://127.0.0.1', 'https://', 'https://a@b', 'https://a/b', 'http://127.0.0.1.evil.example', 'api.weixin.qq.com']) {
            const { code, stderr } = await start({ HUIGONG_WECHAT_URL: url });
            assert.equal(code, 1, url);
            assert.match(stderr, /"event":"setting_refused"/, url);
        }
    });

    test('a file of apps that others may read, or that is none, is refused without showing it', async () => {
        stack.writeKey('open', `${APP} ${SECRET}\n`);
        await run('chmod', ['644', stack.path('keys', 'open')]);
        stack.writeKey('odd', `${APP} se cret\n`);
        stack.writeKey('short', `${APP}\n`);
        stack.writeKey('many', `${APP} ${SECRET}\n`.repeat(9));
        for (const name of ['open', 'odd', 'short', 'many']) {
            const { code, stderr } = await start({ HUIGONG_WECHAT_APPS: stack.path('keys', name) });
            assert.equal(code, 1, name);
            assert.match(stderr, /"event":"(keyfile_refused|wechat_app_refused)"/, name);
            assert.ok(!stderr.includes(SECRET) && !stderr.includes('se cret'), name);
        }
    });

    test('a bridge that knows no app says so', async () => {
        await Stack.with({}, async (plain) => {
            assertProblem(await login(plain, { appid: APP, code: 'code' }), 400, 'WECHAT_APP_UNKNOWN', 'appid');
        });
    });
});
