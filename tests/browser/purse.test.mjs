// A member's coupons in a real browser: her rotating pass, made on her telephone with network and without, and what a
// counter makes of it, told as it happens.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { claimer, openRelease } from '../system/releases.mjs';
import { branchOf, counterAt, openMerchant } from '../system/merchants.mjs';
import { person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone, go, signIn } from './member.mjs';

const CASHIER = 852;

describe('coupons on her telephone', () => {
    const rider = person(1);
    let stack, chrome, page, memberId, counter;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider]));
        const { merchantId } = await openMerchant(stack);
        counter = await counterAt(stack, await branchOf(stack, merchantId, [CASHIER], { name: '好味餐厅禅城店' }), CASHIER);
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signIn(stack, page, rider);
        [{ memberId }] = await stack.query('identity', 'SELECT CAST(member_id AS TEXT) AS memberId FROM member');
        for (const more of [{ title: '清凉券', faceFen: '299', thresholdFen: '300' }, { title: '餐券', faceFen: '500' }, { title: '大额券', faceFen: '5000', thresholdFen: '20000' }])
            assert.ok((await claimer(stack, await openRelease(stack, more))(memberId)).status < 300);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });
    const code = () => page.text('.pass .digits');
    const offline = async (yes) => (await page.page.context()).setOffline(yes);
    /** What is true of `all`, the asked-for record of what her telephone keeps. */
    const kept = (truth) => page.value(`new Promise((done) => { const open = indexedDB.open('purse', 1); open.onsuccess = () => {
        const all = open.result.transaction('purse').objectStore('purse').get('kept'); all.onsuccess = () => done(${truth}); }; })`);
    const again = async (selector, pattern) => {
        await page.send('Page.reload');
        await page.shows(selector, pattern);
    };

    test('are listed with what they are worth and until when', async () => {
        await go(page, '/coupons');
        await page.shows('main', /大额券[^]*餐券[^]*清凉券/);
        await page.shows('.coupon', /2\.99\s+满 3 元可用[^]*券码 [0-9A-Z]{13}[^]*有效期至[^]*可用/);
        assert.deepEqual(await barriersOnTelephone(page, 'coupons-three'), []);
    });

    test('one that is shown at a counter is spent, and she sees where and when at once', async () => {
        await page.press('.coupon:last-child', '只用这张');
        await page.shows('.pass', /清凉券[^]*[\w-]{32}[^]*每 30 秒更新/);
        assert.deepEqual(await barriersOnTelephone(page, 'coupon-pass'), []);
        const sale = await counter.sale(await code(), 1000);
        assert.deepEqual([sale.state, sale.discountFen, sale.coupons.map(({ title }) => title)], ['SALE_LOCKED', '299', ['清凉券']]);
        await page.shows('main', /好味餐厅禅城店正在结账[^]*清凉券，减 2\.99 元/);
        await page.shows('.coupon .chip', /^正在结账$/);
        assert.deepEqual(await barriersOnTelephone(page, 'coupon-locked'), []);
        await counter.on(sale, 'confirm');
        await page.shows('.proof', /已使用：清凉券，减 2\.99 元/);
        await page.shows('main', /好味餐厅禅城店/);
        assert.deepEqual(await barriersOnTelephone(page, 'coupon-spent'), []);
        await counter.on(sale, 'reverse', { reason: '顾客退货' });
        await page.shows('.proof', /已撤销：清凉券退回给您/);
        await page.press('main', '用券记录');
        await page.shows('main', /好味餐厅禅城店[^]*−2\.99 元[^]*清凉券[^]*使用[^]*已撤销/);
        assert.deepEqual(await barriersOnTelephone(page, 'coupons-spent'), []);
    });

    test('open without network, where each code is made on her telephone, and is good', async () => {
        await go(page, '/coupons');
        await page.shows('main', /出示券码/);
        await until('the app is kept', () => page.value("caches.open('app').then((cache) => cache.keys()).then((keys) => keys.length > 5)"));
        await until('the passes are kept', () => kept('Object.keys(all.result?.passes ?? {}).length === 4'));
        await offline(true);
        await again('main', /网络不通[^]*这台手机[^]*存下的[^]*大额券[^]*餐券[^]*清凉券/);
        assert.deepEqual(await barriersOnTelephone(page, 'coupons-offline'), []);
        await page.press('main', '出示券码');
        await page.shows('.pass', /我的全部券[^]*[\w-]{32}[^]*没有连上服务/);
        assert.deepEqual(await barriersOnTelephone(page, 'pass-offline'), []);
        await again('.pass', /[\w-]{32}/);
        // The counter has network: the best set of all that she has is taken.
        const first = await code(), sale = await counter.sale(first, 1000, { atOnce: true });
        assert.deepEqual([sale.state, sale.discountFen], ['SALE_REDEEMED', '799']);
        assert.deepEqual(sale.leftOut.map(({ title, reason }) => [title, reason]), [['大额券', 'BELOW_THRESHOLD']]);
        assert.equal((await page.value("document.querySelector('.pass img').src")).startsWith('data:image/svg+xml'), true);
        await until('the code has changed by itself', async () => (await code()) !== first, { ms: 40000 });
        await offline(false);
        await page.shows('.proof', /已使用/);
    });

    test('nothing is kept on a device that others use, and of an earlier one every code is worthless', async () => {
        await go(page, '/coupons');
        await page.shows('main', /大额券/);
        await page.click('.check input');
        await until('nothing is kept', () => kept('!all.result'));
        await page.press('main', '出示券码');
        await page.shows('.pass', /[\w-]{32}/);
        const old = await code();
        await page.press('main', '手机丢过');
        await page.press('[role=dialog]', '换发新码');
        await page.shows('.said', /旧码作废/);
        assert.notEqual(await code(), old);
        await assert.rejects(counter.sale(old, 30000), /COUPON_PASS_WRONG/);
        assert.equal((await counter.sale(await code(), 30000)).discountFen, '5000');
        await go(page, '/coupons');
        await page.click('.check input');
    });

    test('open in a window of its own that has no session, and are gone when she signs out', async () => {
        await go(page, '/coupons');
        await page.shows('main', /大额券/);
        await until('it is kept again', () => kept('!!all.result'));
        await offline(true);
        const other = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await other.shows('main', /这台手机上存有您的券/);
        assert.deepEqual(await barriersOnTelephone(other, 'sign-in-offline'), []);
        await other.press('main', '出示券码');
        await other.shows('.pass', /[\w-]{32}/);
        await offline(false);
        await go(page, '/mine');
        await page.press('main', '退出登录');
        await page.shows('#code-form', /获取验证码/);
        await other.send('Page.reload');
        await other.shows('#code-form', /获取验证码/);
        assert.ok(!/存有您的券/.test(await other.text('main')));
        await other.page.close();
    });

    test('nothing left the machine but to the service, and nothing went wrong', () => {
        assert.deepEqual(chrome.requests.filter((url) => !url.startsWith(`http://127.0.0.1:${stack.port}/`) && !/^(data|about):/.test(url)), []);
        assert.deepEqual(chrome.errors.filter((line) => !/ERR_INTERNET_DISCONNECTED|status of 40[013]/.test(line)), []);
    });
});
