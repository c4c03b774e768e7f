// The member's page in WeChat's browser: signs in by the official account, and binds it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { mobile } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { go, signInByCode } from './member.mjs';

const ACCOUNT = 'wx000000000000000a', SECRET = 'abcdef0123456789abcdef0123456789';

describe('the page within WeChat', () => {
    let wechat, stack, chrome, page;

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
        await page.send('Network.setUserAgentOverride', { userAgent: 'Mozilla/5.0 MicroMessenger/8.0' });
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
});
