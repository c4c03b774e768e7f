// The member's page in a real browser: signs in, is verified, takes a coupon, signs out.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mint, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone, go, signInByCode } from './member.mjs';

describe("the member's page", () => {
    const rider = person(1);
    let stack, chrome, page;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider]));
        const opens = Date.now() + 3000;
        const { release } = await stack.call('coupon', 'Coupons.CreateRelease', { release: {
            title: '骑手餐券', faceFen: '500', stockPerDay: 3, audience: { level: 'MEMBER' }, opensAt: new Date(opens).toISOString() } });
        await stack.call('coupon', 'Coupons.PublishRelease', { releaseId: release.releaseId });
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await page.shows('h1', /惠工/);
        await until('the release has opened', () => Date.now() > opens);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    test('shows why it refuses, in words, and keeps what was typed', async () => {
        await page.type('#mobile', '12345');
        await page.click('#code-form button');
        await page.shows('#code-form [role=alert]', /手机号码不正确/);
        assert.equal(await page.value('document.querySelector("#mobile").value'), '12345');
        assert.deepEqual(await barriersOnTelephone(page, 'sign-in-refused'), []);
    });

    test('a member signs in, and is not yet verified', async () => {
        await signInByCode(stack, page, rider.mobile);
        await page.shows('.union', /尚未入会[^]*未实名[^]*实名认证/);
        await page.shows('.need', /请完成实名认证/);
        assert.deepEqual(await barriersOnTelephone(page, 'home-new'), []);
    });

    test('she may not take a coupon before she is verified', async () => {
        await page.press('nav', '福利');
        await page.shows('.coupon', /5\s+无门槛[^]*骑手餐券/);
        await page.shows('.coupon .why', /仅限已认证的工会会员/);
        assert.equal(await page.text('.coupon button'), '');
        assert.deepEqual(await stack.query('coupon', 'SELECT count(*) AS n FROM claim'), [{ n: 0 }]);
    });

    test('she is verified against the roster; what is refused stays typed', async () => {
        await go(page, '/mine/name');
        await page.shows('main', /姓名和证件号码/);
        await page.type('#name', rider.name);
        await page.type('#resident-id', '440604199001010011');
        await page.click('#verify-form button');
        await page.shows('#verify-form [role=alert]', /./);
        assert.equal(await page.value('document.querySelector("#name").value'), rider.name);
        // Eight digits are a passport's when she says so, and no resident ID that is too short.
        const kind = (name) => page.value(`{ const one = document.querySelector('#verify-form select'); one.value = '${name}'; one.dispatchEvent(new Event('change')); }`);
        await kind('DOCUMENT_PASSPORT');
        await page.type('#resident-id', '12345678');
        await page.click('#verify-form button');
        await page.shows('#verify-form [role=alert]', /名册/);
        await kind('DOCUMENT_RESIDENT_ID');
        await page.type('#resident-id', rider.residentId);
        await page.click('#verify-form button');
        await page.shows('.union', /石湾外卖骑手工会[^]*会员/);
        assert.ok(!(await page.text('body')).includes(rider.residentId), 'her resident ID is not shown');
    });

    test('she takes her coupon, once, also when the answer is lost', async () => {
        const before_ = chrome.requests.filter((url) => url.endsWith('/claims')).length;
        // It is done, and what she is told is that nobody knows: the page asks again with the key it had.
        await page.value(`{ const real = window.fetch; let lost = 1;
            window.fetch = async (...asked) => {
                const answer = await real(...asked);
                return !asked[0].url?.endsWith('/claims') || lost-- <= 0 ? answer : new Response(
                    JSON.stringify({ reason: 'OUTCOME_UNKNOWN', status: 503, errmsg: '结果未知' }), { status: 503, headers: { 'Content-Type': 'application/problem+json' } });
            } }`);
        await page.press('nav', '福利');
        await page.press('.coupon', '领取');
        await page.shows('.coupon', /已领取/);
        assert.equal(chrome.requests.filter((url) => url.endsWith('/claims')).length, 2 + before_);
        assert.ok(!/领取$/m.test(await page.text('.coupon button')));
        await page.press('main', '我的券');
        await page.shows('.coupon', /券码 [0-9A-Z]{13}[^]*可用/);
        assert.deepEqual(await stack.query('coupon', 'SELECT count(*) AS n FROM claim'), [{ n: 1 }]);
    });

    test('a session that has expired is renewed once, however many calls find it so', async () => {
        const renewals = () => chrome.requests.filter((url) => url.endsWith('/v1/sessions:refresh')).length, were = renewals();
        const expired = mint(stack.tokenKey(), { expiresAt: Date.now() - 1000 });
        await page.value(`sessionStorage.setItem('session', JSON.stringify({ ...JSON.parse(sessionStorage.getItem('session')), token: ${JSON.stringify(expired)} }))`);
        await go(page, '/');
        await page.send('Page.reload');
        await page.shows('.union', /石湾外卖骑手工会/);
        await page.press('nav', '福利');
        await page.shows('.coupon', /已领取/);
        assert.equal(renewals() - were, 1);
    });

    test('every page is reached from the tabs, and keeps nobody out', async () => {
        const seen = new Set(), waiting = ['/', '/benefits', '/inbox', '/mine'];
        while (waiting.length) {
            const path = waiting.pop();
            if (seen.has(path)) continue;
            seen.add(path);
            await go(page, path);
            await page.shows('h1', /./);
            await until(`${path} has loaded`, () => page.value("!document.querySelector('[aria-label=\"正在加载\"]')"));
            assert.deepEqual(await barriersOnTelephone(page, `member${path.replaceAll('/', '-')}`), [], path);
            waiting.push(...await page.value("[...document.querySelectorAll('a[href^=\"#\"]')].map((one) => one.getAttribute('href').slice(1))"));
        }
        for (const path of ['/card', '/coupons', '/inbox/reminders', '/reports', '/history', '/mine/name', '/mine/union', '/mine/trade', '/mine/doors', '/mine/consents', '/mine/looks', '/mine/data'])
            assert.ok(seen.has(path), path);
    });

    test('a union is found by a piece of its name, by its code, or not, with what to do then', async () => {
        await go(page, '/mine/union');
        await page.type('#union-code', '总工会');
        await page.press('main', '查找');
        await page.shows('[aria-label="找到的工会"]', /佛山市总工会[^]*禅城区总工会[^]*广州市总工会/);
        assert.deepEqual(await barriersOnTelephone(page, 'union-found'), []);
        await page.press('[aria-label="找到的工会"]', '禅城区总工会');
        await page.shows('main', /佛山市总工会 › 禅城区总工会[^]*申请转到禅城区总工会/);
        await page.type('#union-code', '顺德');
        await page.press('main', '查找');
        await page.shows('main', /申请转到顺德区总工会/);
        await page.type('#union-code', '440604-001');
        await page.press('main', '查找');
        await page.shows('main', /申请转到石湾镇街道总工会/);
        await page.type('#union-code', '深圳');
        await page.press('main', '查找');
        await page.shows('main [role=status]', /没有名称含“深圳”的工会/);
    });

    test('a union is found by its region, from the province down', async () => {
        await page.click('main details summary');
        for (const [level, code] of [['省', '44'], ['市', '4406'], ['区县', '440604']]) {
            await until(`${level} can be chosen`, () => page.value(`document.querySelector('[aria-label=${level}] option[value="${code}"]') !== null`));
            await page.page.selectOption(`[aria-label=${level}]`, code);
        }
        await page.press('main', '查看该地区的工会');
        await page.shows('[aria-label="找到的工会"]', /^禅城区总工会[^]*石湾镇街道总工会[^]*石湾外卖骑手工会（440604-001-0001）$/);
        assert.deepEqual(await barriersOnTelephone(page, 'union-region'), []);
        await page.press('[aria-label="找到的工会"]', '石湾镇街道总工会');
        await page.shows('main', /佛山市总工会 › 禅城区总工会 › 石湾镇街道总工会[^]*申请转到石湾镇街道总工会/);
    });

    test('what was typed stays when the network is away, and is sent when it is back', async () => {
        const cut = (offline) => page.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
        // Each form by a field of it, what is typed there, and its button.
        const FORMS = [['/mine/union', '#union-code', '顺德', '查找'], ['/mine/data', '[autocomplete=name]', '王大明', '申请更正'], ['/mine/data', '[autocomplete=tel]', rider.mobile, '获取验证码']];
        for (const [path, field, text, button] of FORMS) {
            await go(page, '/mine');
            await go(page, path);
            await page.shows('main', new RegExp(button));
            await page.type(field, text);
            await cut(true);
            await page.press('main', button);
            await page.shows('main [role=alert]', /网络不通，请稍后再试/);
            assert.equal(await page.value(`document.querySelector(${JSON.stringify(field)}).value`), text, path);
            await cut(false);
            await page.press('main', button);
            await until(`${path} is sent`, async () => !/网络不通/.test(await page.text('main [role=alert]')));
        }
    });

    test('large print and the dark look stay chosen', async () => {
        await go(page, '/mine');
        await page.press('.bar', '关怀版');
        await until('letters are larger', async () => await page.value("getComputedStyle(document.documentElement).fontSize") === '22.4px');
        assert.deepEqual(await barriersOnTelephone(page, 'mine-large'), []);
        await page.send('Page.reload');
        await page.shows('h1', /我的/);
        assert.equal(await page.value("getComputedStyle(document.documentElement).fontSize"), '22.4px');
        await page.press('.bar', '关怀版');
    });

    test('she signs out, and the page forgets her', async () => {
        await go(page, '/mine');
        await page.press('main', '退出登录');
        await page.shows('#code-form', /获取验证码/);
        assert.equal(await page.value('sessionStorage.length'), 0);
        assert.equal(await page.text('.union strong'), '数字工会会员服务');
    });

    test('no request leaves the machine, and nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.requests.filter((url) => !url.startsWith(`http://127.0.0.1:${stack.port}/`) && !/^(data|about):/.test(url)), []);
        assert.deepEqual(chrome.errors.filter((line) => !/status of 40[0139]|404 .*me:prove|ERR_INTERNET_DISCONNECTED/.test(line)), []);
    });
});
