// The bridge as a partner of WeChat: what it writes there, its access token, and when either goes away.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { assertProblem } from './http.mjs';
import { mobile } from './people.mjs';
import { run, Stack, until } from './stack.mjs';
import { APP, begin, login, PHONE, SECRET, SESSION, STRANGE, TOKEN } from './wechats.mjs';

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

describe('the ticket of the official account', () => {
    const ACCOUNT = 'wx000000000000000a', TICKET = '/cgi-bin/ticket/getticket';
    let wechat, stack, back, token;

    before(async () => {
        ({ wechat, stack } = await begin({ wechatAccount: [ACCOUNT, SECRET] }));
        back = `http://127.0.0.1:${stack.port}/`;
        wechat.addApp({ appid: ACCOUNT, secret: SECRET, pages: [`127.0.0.1:${stack.port}`] });
        ({ token } = await stack.login(mobile(61)));
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    const sign = () => stack.post('/v1/wechat-page:sign', { url: back }, { token });

    test('that cannot be had refuses who needs it with the reason, and is asked for again', async () => {
        wechat.fault({ path: TICKET, errcode: 48001 });
        assertProblem(await sign(), 503, 'WECHAT_REFUSES_US');
        wechat.fault({ path: TICKET, errcode: -1, times: 3 });
        assertProblem(await sign(), 503, 'WECHAT_UNAVAILABLE');
        wechat.fault({ path: TICKET, errcode: 45009 });
        assertProblem(await sign(), 429, 'WECHAT_RATE_LIMITED');
        wechat.fault({ path: TICKET, status: 200, body: '{"errcode":0,"ticket":"a&url=x","expires_in":7200}', times: 3 });
        assertProblem(await sign(), 503, 'WECHAT_UNAVAILABLE');
    });

    test('comes though its access token was revoked, and its answer lost', async () => {
        wechat.revokeTokens(ACCOUNT);
        wechat.fault({ path: TICKET, drop: true, after: true });
        const answer = await sign();
        assert.equal(answer.status, 200, answer.text);
        assert.equal(wechat.config(back, answer.json), 'ok');
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
        const { token } = await stack.login(mobile(33));
        const answers = await inFlight(4);
        await stack.kill('identity');
        // What reaches the broker before it has seen the end is sent, and its outcome unknown.
        await until('the broker has seen the end', async () => (await stack.get('/v1/me', { token })).status === 503);
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
