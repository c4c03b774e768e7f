// The counter of a merchant in a real browser: staff sign in, scan what a member shows, see the best set of her coupons,
// take it, undo it, go on without network, and hand out what was ordered.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mint, mobile } from '../system/people.mjs';
import { asked, branchOf, couponPass, openMerchant } from '../system/merchants.mjs';
import { claimer, openRelease } from '../system/releases.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone } from './member.mjs';

describe("the staff's page at a merchant's counter", () => {
    const MEMBERS = [11, 12, 13, 14, 15, 16], number = mobile(7300);
    let stack, chrome, page, branchId, other, cornerId, unionId, staffId, claims = {};

    const sales = () => stack.query('coupon', 'SELECT state, purchase_fen AS fen, discount_fen AS off, offline FROM sale ORDER BY sale_id');
    const show = (memberId) => couponPass(stack, memberId);
    async function enter(text, amount) {
        await page.type('#pass', text);
        await page.type('#purchase', amount);
        await page.press('#sale-form', '计算优惠');
    }

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        const made = await openMerchant(stack);
        ({ unionId } = made);
        branchId = await branchOf(stack, made.merchantId, [], { goods: ['MEALS', 'COOL_DRINKS'] });
        other = await branchOf(stack, made.merchantId, [], { name: '岭南店' });
        const { cornerId: corner } = await asked(stack, '/v1/corners', { corner: { unionId, name: '一楼职工e家', address: '岭南大道1号' } });
        cornerId = corner;
        const meal = await openRelease(stack, { title: '餐券', faceFen: '500', thresholdFen: '1500', validDays: 7 });
        const cool = await openRelease(stack, { title: '清凉券', faceFen: '299', thresholdFen: '300', validDays: 7, spending: { goods: ['COOL_DRINKS'] } });
        for (const memberId of MEMBERS)
            for (const releaseId of [meal, cool]) {
                const { status, text } = await claimer(stack, releaseId)(memberId);
                assert.equal(status, 201, text);
            }
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/staff/`);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    async function signIn() {
        const sent = stack.codesTo(number).length;
        await page.press('#sign-in', '商户、领取点');
        await page.type('#member-mobile', number);
        await page.press('#member-form', '获取验证码');
        const code = await until('the code is sent', () => stack.codesTo(number)[sent]?.code);
        await page.type('#member-code', code);
        await page.press('#member-form', '登录');
    }

    test('who takes coupons nowhere is told so', async () => {
        await page.press('#sign-in', '商户、领取点');
        assert.deepEqual(await barriersOnTelephone(page, 'till-sign-in'), []);
        await signIn();
        await page.shows('#choice', /您没有负责的体检点、门店、领取点或检票口/);
        staffId = (await stack.query('identity', 'SELECT CAST(max(member_id) AS TEXT) AS id FROM member'))[0].id;
        for (const one of [branchId, other])
            await asked(stack, `/v1/branches/${one}:setStaff`, { memberId: staffId });
        await asked(stack, `/v1/corners/${cornerId}:setStaff`, { memberId: staffId });
        await page.press('#leaving', '换工作地点');
        await page.shows('#sites', /甲餐饮公司 祖庙店[^]*甲餐饮公司 岭南店[^]*一楼职工e家/);
        assert.deepEqual(await barriersOnTelephone(page, 'till-choice'), []);
        await page.press('#sites', '甲餐饮公司 祖庙店');
        await page.shows('#sales-state', /还没有收券/);
    });

    test('the best set is proposed, says why not the others, and is taken once', async () => {
        await enter(await show(11), '20.5');
        await page.shows('#sale', /减 5 元，应收 15.50 元[^]*餐券　减 5 元[^]*另有 1 张没有用/);
        await page.click('#sale summary');
        await page.shows('#sale', /清凉券：这张券不能用于这类商品或服务/);
        assert.deepEqual(await barriersOnTelephone(page, 'till-proposed'), []);
        assert.deepEqual((await sales()).map((one) => one.state), [1]);
        await page.press('#sale', '确认收券');
        await page.shows('#sale', /✓ 已收券，应收 15.50 元/);
        await page.shows('#sales', /已收券[^]*消费\s+20.50 元\s+减\s+5 元[^]*餐券/);
        assert.deepEqual((await sales()).map((one) => one.state), [2]);
        assert.deepEqual(await barriersOnTelephone(page, 'till-taken'), []);
    });

    test('what is not good has its own reason, and nothing is taken', async () => {
        const there = (await sales()).length;
        await enter(await show(12), '十五');
        await page.shows('#sale', /✗ 没有收券[^]*请写成 15 或 15.50/);
        await enter(await show(12), '14.99');
        await page.shows('#sale', /✗ 没有收券[^]*没有可用于这笔消费的券|未达到这张券的使用门槛/);
        await enter('https://example.com', '20');
        await page.shows('#sale', /不是有效的券码/);
        await enter(await show(99), '20');
        await page.shows('#sale', /没有可用于这笔消费的券/);
        assert.equal((await sales()).length, there);
    });

    test('for other goods it is another set; what is not confirmed is given up', async () => {
        await page.value("document.querySelector('#goods').value = 'COOL_DRINKS'");
        await enter(await show(12), '20');
        await page.shows('#sale', /减 7.99 元，应收 12.01 元/);
        await page.press('#sale', '放弃');
        await page.shows('#sale', /已放弃/);
        await page.shows('#sales', /已放弃[^]*已收券/);
        await enter(await show(12), '20');
        await page.shows('#sale', /减 7.99 元/);
        // What waits is in the list too, as after the page was loaded anew.
        await page.press('#sales .card:first-child', '确认收券');
        await page.shows('#sale', /✓ 已收券，应收 12.01 元/);
        await page.value("document.querySelector('#goods').value = ''");
    });

    test('a purchase is undone with its reason, and the coupons are good again', async () => {
        await page.press('#sales .card:first-child', '撤销');
        await page.type('#sales .panel input', '顾客退货');
        assert.deepEqual(await barriersOnTelephone(page, 'till-reversing'), []);
        await page.click('#sales .panel form button');
        await page.shows('#notice', /已撤销/);
        await page.shows('#sales', /已撤销[^]*顾客退货/);
        await enter(await show(12), '20');
        await page.shows('#sale', /减 5 元/);
        await page.press('#sale', '确认收券');
        await page.shows('#sale', /✓ 已收券/);
    });

    test('without network it is kept, also when the page is loaded anew, and told honestly', async () => {
        await until('the page is kept', () => page.value("caches.open('desk').then((cache) => cache.match('/staff/till.js')).then(Boolean)"));
        const texts = [await show(13), await show(11)]; // the second has spent hers
        await stack.stop('gateway');
        await enter(texts[0], '30');
        await page.shows('#sale', /已记在本机，未确认[^]*30 元/);
        await enter(texts[0], '30');
        await page.shows('#sale', /✗ 没有收券[^]*已在本机收过/);
        await enter('https://example.com', '20');
        await page.shows('#sale', /不是会员的券码/);
        await page.send('Page.reload');
        await page.shows('#place', /甲餐饮公司 祖庙店/); // the one that was taken along
        await page.shows('#till-network', /没有网络[^]*有 1 笔离线消费等待上传/);
        assert.deepEqual(await barriersOnTelephone(page, 'till-offline'), []);
        await enter(texts[1], '40');
        await page.shows('#till-network', /有 2 笔离线消费等待上传/);
        stack.spawn('gateway');
        await stack.ready();
        await page.value('dispatchEvent(new Event("online"))');
        await page.shows('#notice', /已上传 2 笔离线消费，其中 1 笔没有收成/);
        await page.shows('#sales', /未收[^]*这张券不能用于这类商品或服务[^]*离线收券后上传/);
        assert.deepEqual((await sales()).filter((one) => one.offline).map((one) => [one.state, one.fen, one.off]), [[2, 3000, 500], [6, 4000, 0]]);
        assert.equal(await page.text('#till-network'), '');
        await stack.assertCleanAudits();
    });

    test('another of her branches has purchases of its own', async () => {
        await page.press('#leaving', '换工作地点');
        await page.press('#sites', '甲餐饮公司 岭南店');
        await page.shows('#sales-state', /还没有收券/);
        await enter(await show(14), '20');
        await page.shows('#sale', /减 5 元/);
        await page.press('#sale', '确认收券');
        await page.shows('#sale', /✓ 已收券/);
        const devices = await stack.query('coupon', 'SELECT count(DISTINCT device_id) AS n FROM sale');
        assert.deepEqual(devices, [{ n: 2 }]);
    });

    test('where the browser reads codes, the camera is enough', async () => {
        await page.page.addInitScript(`globalThis.BarcodeDetector = class { static async getSupportedFormats() { return ['qr_code']; } async detect(video) { return video.videoWidth ? [{ rawValue: '${await show(15)}' }] : []; } };`);
        await page.send('Page.reload');
        await page.press('#sites', '甲餐饮公司 岭南店');
        await page.shows('#sales', /已收券/);
        await page.type('#purchase', '20');
        await page.press('#sale-form', '用摄像头扫码');
        await page.shows('#sale', /减 5 元，应收 15 元/);
    });

    test('an order is handed over to who shows its code', async () => {
        const goods = { unionId, title: '大米 5 公斤', about: '', priceFen: '3000', marketFen: '5000', stock: 10, cornerIds: [cornerId] };
        const { goodsId } = await asked(stack, '/v1/shop-goods', { goods });
        await asked(stack, `/v1/shop-goods/${goodsId}:offer`, {});
        const token = mint(stack.tokenKey(), { memberId: 16 });
        const ordered = await stack.post(`/v1/shop-goods/${goodsId}/orders`, { count: 2, cornerId }, { token, key: 'order-of-16' });
        assert.equal(ordered.status, 201, ordered.text);
        const code = async () => (await stack.get(`/v1/me/shop-orders/${ordered.json.orderId}/code`, { token })).json.code;
        await page.press('#leaving', '换工作地点');
        await page.press('#sites', '一楼职工e家');
        const tryCode = async (text) => {
            await page.type('#order-code', text);
            await page.press('#order-form', '查找订单');
        };
        await tryCode('https://example.com');
        await page.shows('#order', /✗ 不能交付[^]*领取码无效/);
        const shown = await code();
        await tryCode(shown);
        await page.shows('#order', /大米 5 公斤　2 件[^]*应收\s+60 元/);
        assert.deepEqual(await barriersOnTelephone(page, 'corner-order'), []);
        await page.press('#order', '已收 60 元，交付');
        await page.shows('#order', /✓ 已交付/);
        await tryCode(shown);
        await page.shows('#order', /✗ 不能交付[^]*大米 5 公斤：已经交付/);
    });

    test('signed out she sees nothing more', async () => {
        await page.press('#leaving', '退出登录');
        await page.shows('#sign-in', /工作人员登录/);
        assert.equal(await page.text('#corner'), '');
    });

    test('nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/status of 40[0139]|ERR_CONNECTION/.test(line)), []);
    });
});
