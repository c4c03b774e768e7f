// The pages in WeChat's browser: the member's signs in by the official account, binds it, and asks WeChat where she
// stands; the staff's reads codes by WeChat's own camera.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { asked, branchOf, couponPass, openMerchant } from '../system/merchants.mjs';
import { mobile } from '../system/people.mjs';
import { claimer, openRelease } from '../system/releases.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { go, signInByCode } from './member.mjs';
import { enterWechat } from './wx.mjs';

const ACCOUNT = 'wx000000000000000a', SECRET = 'abcdef0123456789abcdef0123456789';

describe('the page within WeChat', () => {
    let wechat, stack, chrome, page, branchId;

    before(async () => {
        wechat = await Wechat.start();
        stack = await Stack.start({
            wechat: { url: wechat.url, apps: [], account: [ACCOUNT, SECRET] },
            settings: { gateway: { HUIGONG_WEB: web } },
        });
        wechat.addApp({ appid: ACCOUNT, secret: SECRET, pages: [`127.0.0.1:${stack.port}`] });
        wechat.addUser('li', { phone: mobile(1) });
        wechat.visitor = 'li';
        chrome = new Chrome();
        page = await chrome.open('about:blank');
        await enterWechat(page);
        await page.send('Page.navigate', { url: `http://127.0.0.1:${stack.port}/` });
        await page.shows('main', /微信登录/);
    });
    after(async () => {
        await chrome?.close();
        await stack?.close();
        await wechat.close();
    });

    test('whose WeChat is not bound is told so', async () => {
        await page.press('main', '微信登录');
        await page.shows('[role=alert]', /尚未绑定账号/);
        assert.equal(await page.value('location.search'), '', 'the code is gone from the address');
    });

    test('signed in by a code she binds it, and it lets her in from then on', async () => {
        await signInByCode(stack, page, mobile(1));
        await page.shows('.union', /未实名/);
        await go(page, '/mine/doors');
        await page.shows('main', /绑定微信/);
        await page.type('#bind-mobile', mobile(1));
        await page.press('main', '获取验证码');
        const { code } = await until('the code is sent', () => stack.codesTo(mobile(1)).find((line) => line.purpose === 'CODE_BIND'));
        await page.type('#bind-code', code);
        await page.press('main', '绑定微信');
        await page.shows('.said', /微信已绑定/);
        await go(page, '/mine/doors');
        await page.shows('main', /绑定[^]*解绑/);
        await go(page, '/mine');
        await page.press('main', '退出登录');
        await page.press('main', '微信登录');
        await page.shows('.union', /未实名/);
        assert.deepEqual(await stack.query('identity', 'SELECT count(*) AS n FROM member'), [{ n: 1 }]);
    });

    const signedFor = async (one, path) => {
        const configured = await one.value('globalThis.configured');
        assert.equal(wechat.config(`http://127.0.0.1:${stack.port}${path}`, { ...configured, appid: configured.appId }), 'ok', 'the page is signed for');
        assert.deepEqual(configured.jsApiList, ['checkJsApi', 'scanQRCode', 'getLocation', 'requestMerchantTransfer']);
    };

    test('where she stands WeChat says, by her leave, as on the maps of China', async () => {
        const { merchantId } = await openMerchant(stack);
        branchId = await branchOf(stack, merchantId, [], { name: '远店', latE6: 24000000, lonE6: 113120000 });
        await branchOf(stack, merchantId, [], { name: '近店', latE6: 23021000, lonE6: 113120000 });
        await go(page, '/places');
        await page.shows('[aria-label=门店]', /近店[^]*远店/);
        await page.value('globalThis.stood = false');
        await page.press('main', '按距离排列');
        await page.shows('main', /没有得到您的位置，仍按名称排列/);
        await signedFor(page, '/');
        await page.value('globalThis.stood = true');
        await page.press('main', '按距离排列');
        await page.shows('main', /已按距离排列[^]*近店\s+111 米[^]*远店\s+109\.\d 公里/);
        assert.equal(await page.value('globalThis.locatedAs'), 'gcj02');
    });

    test("what is shown to staff is read by WeChat's own camera, once for each tap", async () => {
        const number = mobile(7400);
        const { memberId } = (await stack.call('identity', 'Identity.CompleteWechatLogin', { appid: ACCOUNT, openid: 'the-cashier', mobile: number })).member;
        await asked(stack, `/v1/branches/${branchId}:setStaff`, { memberId });
        const releaseId = await openRelease(stack, { title: '餐券', faceFen: '500', thresholdFen: '1500', validDays: 7 });
        assert.equal((await claimer(stack, releaseId)(11)).status, 201);
        const staff = await chrome.open('about:blank');
        await enterWechat(staff);
        await staff.send('Page.navigate', { url: `http://127.0.0.1:${stack.port}/staff/` });
        await staff.press('#sign-in', '商户、领取点');
        await staff.type('#member-mobile', number);
        const sent = stack.codesTo(number).length;
        await staff.press('#member-form', '获取验证码');
        await staff.type('#member-code', await until('the code is sent', () => stack.codesTo(number)[sent]?.code));
        await staff.press('#member-form', '登录');
        await staff.shows('#sales-state', /还没有收券/);
        await staff.type('#purchase', '20');
        await staff.press('#sale-form', '用摄像头扫码'); // she thinks better of it
        await until('WeChat was asked', () => staff.value('Boolean(globalThis.configured)'));
        assert.equal(await staff.value("document.querySelector('#pass').value"), '');
        await signedFor(staff, '/staff/');
        await staff.value(`globalThis.seen = '${await couponPass(stack, 11)}'`);
        await staff.press('#sale-form', '用摄像头扫码');
        await staff.shows('#sale', /减 5 元，应收 15 元/);
        assert.equal(await staff.value("document.querySelector('video:not([hidden])')"), null); // no camera of the page's own
    });
});
