// The member's page in a real browser: signs in, is verified, takes a coupon, signs out.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { Stack, top, until } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';

describe("the member's page", () => {
    const rider = person(1);
    let stack, chrome, page;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: join(top, 'services/gateway/web') } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider]));
        const opens = Date.now() + 3000;
        const { release } = await stack.call('coupon', 'Coupons.CreateRelease', { release: {
            title: '骑手餐券', faceFen: '500', stockPerDay: 3, minLevel: 'MEMBER', opensAt: new Date(opens).toISOString() } });
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

    async function signIn() {
        const sent = stack.codesTo(rider.mobile).length;
        await page.type('#mobile', rider.mobile);
        await page.click('#code-form button');
        await page.shows('#notice', /验证码已发送/);
        const code = await until('the code is sent', () => stack.codesTo(rider.mobile)[sent]?.code);
        await page.type('#code', code);
        await page.click('#login-form button');
    }

    test('shows why it refuses, in words', async () => {
        await page.type('#mobile', '12345');
        await page.click('#code-form button');
        await page.shows('#notice', /手机号码不正确/);
    });

    test('a member signs in, and is not yet verified', async () => {
        await signIn();
        await page.shows('#who', /未认证/);
        assert.equal(await page.text('#sign-in'), '');
    });

    test('she may not take a coupon before she is verified', async () => {
        await page.shows('#offers', /骑手餐券　5\.00 元/);
        await page.click('#offers button');
        await page.shows('#notice', /仅限已认证的工会会员/);
        assert.equal(await page.text('#coupons'), '');
    });

    test('she is verified against the roster', async () => {
        await page.type('#name', rider.name);
        await page.type('#resident-id', rider.residentId);
        await page.click('#verify-form button');
        await page.shows('#who', /石湾外卖骑手工会/);
        assert.equal(await page.text('#verify-form'), '');
        assert.ok(!(await page.text('body')).includes(rider.residentId), 'her resident ID is not shown');
    });

    test('she takes her coupon, once', async () => {
        await page.click('#offers button');
        await page.shows('#coupons', /5\.00 元　券码 [0-9A-Z]{13}/);
        await page.shows('#offers', /已领取/);
        assert.equal(await page.value('document.querySelector("#offers button")'), null);
        assert.deepEqual(await stack.query('coupon', 'SELECT count(*) AS n FROM claim'), [{ n: 1 }]);
    });

    test('she signs out, and the page forgets her', async () => {
        await page.click('#sign-out');
        await page.shows('#sign-in', /登录/);
        assert.equal(await page.value('sessionStorage.length'), 0);
        assert.equal(await page.text('#coupons'), '');
    });

    test('nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/status of 40[03]/.test(line)), []);
    });
});
