// A union's shop in a real browser: points, what they buy, an order that is handed over by a code made on her telephone, one by
// post, one that she cancels; a fair.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { UNION } from '../system/checkups.mjs';
import { asked } from '../system/merchants.mjs';
import { mint, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { unionAt } from '../system/unions.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone, go, signIn } from './member.mjs';

const GIVER = 860;

describe('the shop on her telephone', () => {
    const rider = person(1);
    let stack, chrome, page, cornerId, unionId;

    const here = async (path, pattern) => {
        await go(page, path);
        await page.send('Page.reload');
        await page.shows('main', pattern);
    };
    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider]));
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signIn(stack, page, rider);
        unionId = await unionAt(stack, UNION, 'coupon');
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    test('says what there will be while there is nothing', async () => {
        await here('/points', /您还没有积分/);
        assert.deepEqual(await barriersOnTelephone(page, 'points-none'), []);
        await here('/shop', /还没有上架商品/);
        assert.deepEqual(await barriersOnTelephone(page, 'shop-none'), []);
        await here('/orders', /还没有订过商品/);
    });

    test('shows points with what expires when, and each entry', async () => {
        const [{ memberId }] = await stack.query('identity', 'SELECT CAST(member_id AS TEXT) AS memberId FROM member');
        const { ledgerId } = await asked(stack, '/v1/point-ledgers', { ledger: { unionId, name: '惠工积分' } });
        for (const [points, validDays] of [[100, 30], [400, 365]]) {
            const { giftId } = await asked(stack, `/v1/point-ledgers/${ledgerId}/gifts`, { gift: { memberIds: [memberId], points, validDays, remark: '五一慰问' } });
            await asked(stack, `/v1/point-gifts/${giftId}:confirm`, {}, 902);
        }
        const corner = { unionId, name: '一楼职工e家', address: '祖庙路1号', hours: '工作日 9:00–17:30' };
        ({ cornerId } = await asked(stack, '/v1/corners', { corner }));
        await asked(stack, `/v1/corners/${cornerId}:setStaff`, { memberId: GIVER });
        const offer = async (goods) => {
            const { goodsId } = await asked(stack, '/v1/shop-goods', { goods: { unionId, ledgerId, stock: 5, cornerIds: [cornerId], ...goods } });
            await asked(stack, `/v1/shop-goods/${goodsId}:offer`, {});
            return goodsId;
        };
        const cup = await offer({ title: '保温杯', about: '不锈钢，500 毫升', points: 80, priceFen: '1000', marketFen: '3900', perPerson: 2 });
        await offer({ title: '夏日骑手包', points: 120, parts: [{ goodsId: cup, count: 1 }] });
        await offer({ title: '乡村蜂蜜', points: 60, posted: true, cornerIds: [] });
        await offer({ title: '电动车', points: 9999 });
        await here('/points', /惠工积分[^]*500[^]*到期\s+100[^]*到期\s+400/);
        assert.deepEqual(await barriersOnTelephone(page, 'points'), []);
        await page.press('main', '积分明细');
        await page.shows('main', /五一慰问[^]*\+400[^]*工会赠送[^]*\+100/);
        assert.deepEqual(await barriersOnTelephone(page, 'points-entries'), []);
    });

    test('shows goods and bundles with prices and why not, and makes an order', async () => {
        await here('/shop', /电动车[^]*9999 积分[^]*积分余额不足[^]*夏日骑手包[^]*福利包[^]*保温杯\s+80 积分 \+ 10 元[^]*39 元/);
        assert.deepEqual(await barriersOnTelephone(page, 'shop'), []);
        await page.press('[aria-label=商品]', '保温杯');
        await page.shows('main', /不锈钢，500 毫升[^]*每人限\s+2 件[^]*一楼职工e家/);
        await page.type('input[type=number]', '2');
        await page.shows('main', /共 160 积分，领取时付 20 元/);
        assert.deepEqual(await barriersOnTelephone(page, 'goods'), []);
        await page.press('main', '确认下单');
        await page.shows('main', /出示给领取点[^]*[\w-]{32}[^]*保温杯 × 2[^]*待领取[^]*领取时付\s+20 元[^]*一楼职工e家/);
        assert.deepEqual(await barriersOnTelephone(page, 'order-open'), []);
    });

    test('it is handed over by a code made on her telephone without network, and says so', async () => {
        await page.page.context().setOffline(true);
        const first = await page.text('.digits');
        await until('the telephone has made the next code', async () => { const now = await page.text('.digits'); return now && now !== first; }, { ms: 45000 });
        const code = await page.text('.digits');
        const staff = mint(stack.tokenKey(), { memberId: GIVER });
        const done = await stack.post(`/v1/corners/${cornerId}/orders:handOver`, { code, paidFen: '2000' }, { token: staff });
        assert.equal(done.json.state, 'ORDER_HANDED_OVER', done.text);
        await page.page.context().setOffline(false);
        await page.shows('main', /保温杯 × 2[^]*已领取/);
        assert.equal(await page.text('.digits'), '');
    });

    test('by post it goes to an address; what could not be sent stays typed; one is cancelled and its points come back', async () => {
        await here('/shop', /乡村蜂蜜/);
        await page.press('[aria-label=商品]', '乡村蜂蜜');
        await page.shows('main', /邮寄给我[^]*收件人[^]*地址加密保存/);
        await page.type('input[autocomplete=name]', '王小明');
        await page.type('input[autocomplete=tel]', rider.mobile);
        await page.type('textarea', '佛山市禅城区某路 1 号');
        assert.deepEqual(await barriersOnTelephone(page, 'goods-post'), []);
        await stack.stop('coupon');
        await page.press('main', '确认下单');
        await page.shows('.form [role=alert]', /服务暂时不可用/);
        assert.equal(await page.value("document.querySelector('textarea').value"), '佛山市禅城区某路 1 号');
        stack.spawn('coupon');
        await stack.serves('coupon');
        await page.press('main', '确认下单');
        await page.shows('main', /乡村蜂蜜 × 1[^]*待寄出[^]*地址被查看\s+0 次/);
        assert.equal((await page.text('main')).includes('某路'), false);
        await page.press('main', '取消订单');
        await page.press('[role=dialog]', '取消订单');
        await page.shows('main', /已取消[^]*退回积分\s+60/);
        assert.deepEqual(await barriersOnTelephone(page, 'order-cancelled'), []);
        await here('/orders', /乡村蜂蜜 × 1[^]*已取消[^]*保温杯 × 2[^]*已领取/);
        assert.deepEqual(await barriersOnTelephone(page, 'orders'), []);
    });

    test('a fair makes it cheaper', async () => {
        await asked(stack, '/v1/shop-fairs', { fair: { unionId, title: '年货节', percentOff: 30, ceilingFen: '10000', from: new Date(Date.now() + 1000).toISOString(), until: new Date(Date.now() + 86400000).toISOString() } });
        await until('the fair has begun', async () => { await here('/shop', /保温杯/); return /80 积分 \+ 7 元/.test(await page.text('main')); });
        await page.shows('main', /保温杯[^]*80 积分 \+ 7 元[^]*优惠 3 元/);
        assert.deepEqual(await barriersOnTelephone(page, 'shop-fair'), []);
    });

    test('nothing went wrong in the browser', () => assert.deepEqual(chrome.errors.filter((line) => !/status of (40\d|503)|ERR_INTERNET_DISCONNECTED/.test(line)), []));
});
