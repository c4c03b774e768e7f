// Payments: at the desk of an official of finance of the uppermost union, and in the app of her who is paid, within WeChat.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { favors } from '../system/favors.mjs';
import { enrol, grant, mobile, PASSWORD, person, rosterCsv, totp, unionCoded, unionsCsv } from '../system/people.mjs';
import { until, web } from '../system/stack.mjs';
import { beginPaying, finance, MCHID } from '../system/wechatpays.mjs';
import { Chrome } from './chrome.mjs';
import { barriers, go, picture, signInByCode, violations, violationsInBothLooks } from './member.mjs';
import { enterWechat } from './wx.mjs';

describe('payments', () => {
    const official = person(200);
    let paying, stack, chrome, desk, li, favor, unionId, orders;

    before(async () => {
        paying = await beginPaying({ pages: true, settings: { gateway: { HUIGONG_WEB: web } } });
        ({ stack, people: [li] } = paying);
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([official]));
        await grant(stack, official.mobile, 'FINANCE', '440600');
        const { secret } = await enrol(stack, official);
        favor = favors(paying);
        ({ unionId } = await unionCoded(stack, '440600'));
        orders = { paid: paying.order(li, 5000), waits: paying.order(li, 305), large: paying.order(li, 99000000), bank: paying.orderByBank({ id: 0 }, 10001, { name: '佛山餐饮有限公司', bank: '农业银行', number: '44010203040506070809' }) };
        const { number } = await paying.payout(orders.paid, 'CONFIRM');
        paying.pay.transfers.confirm(number, MCHID);
        await paying.payout(orders.paid, 'PAID');
        await paying.payout(orders.waits, 'CONFIRM');
        await paying.payout(orders.large, 'REFUSED', 'WAITING');
        chrome = new Chrome();
        desk = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        await desk.shows('main', /工作人员登录/);
        await desk.type('#mobile', official.mobile);
        await desk.type('#password', PASSWORD);
        await desk.type('#totp', totp(secret, 1));
        await desk.click('form button[type=submit]');
        await desk.shows('.work h1', /总览/);
    });
    after(async () => {
        await chrome?.close();
        await paying.close();
    });

    async function hinders(page, name) {
        await picture(page, name);
        await page.send('Emulation.setDeviceMetricsOverride', { width: 320, height: 640, deviceScaleFactor: 1, mobile: true });
        const small = await barriers(page);
        await page.send('Emulation.clearDeviceMetricsOverride');
        return [...small, ...await barriers(page), ...await violationsInBothLooks(page)];
    }

    test('every payment says where it stands, why, and what one can do', async () => {
        await go(desk, '/payments');
        await desk.shows('section[aria-label=付款]', /待付[^]*未受理[^]*待本人确认[^]*50 元[^]*已到账/);
        const look = (n) => desk.click(`section[aria-label=付款] tbody tr:nth-of-type(${n}) button`);
        await look(3);
        await desk.shows('section[aria-label=付款详情]', /3.05 元[^]*提醒收款人在 24 小时内/);
        await look(2);
        await desk.shows('section[aria-label=付款详情]', /金额超出单笔付款的限额[^]*改为银行付款/);
        assert.deepEqual(await hinders(desk, 'console-payments'), []);
        await look(4);
        desk.page.on('download', (download) => { desk.file = download.suggestedFilename(); });
        await desk.press('section[aria-label=付款详情]', '电子回单');
        await until('the receipt is there, or is being made', async () => {
            if (desk.file) return true;
            await desk.press('section[aria-label=付款详情]', '电子回单');
            return false;
        }, { every: 1000, ms: 30000 });
        assert.match(desk.file, /^电子回单-subsidy/);
    });

    test('a bank batch is made, released by another, handed out, and read back line by line', async () => {
        await go(desk, '/bank-batches');
        await desk.shows('main', /还没有批次/);
        await desk.press('main header', '编制批次');
        await desk.press('[role=dialog]', '确定');
        await desk.shows('[aria-label=批次详情]', /待第二人放行[^]*100.01 元[^]*您是第一人/);
        assert.deepEqual(await hinders(desk, 'console-bank-batch'), []);
        await go(desk, '/waiting');
        await desk.shows('[aria-label=种类]', /付款复核 1/);
        await desk.press('table', '付款复核');
        await desk.shows('[aria-label=办理]', /银行付款批次[^]*您是第一人/);
        const [{ batchId }] = (await stack.get('/v1/bank-batches', finance(stack, 92))).json.batches;
        const released = await stack.post(`/v1/bank-batches/${batchId}:release`, {}, finance(stack, 92, ''));
        assert.equal(released.status, 200, released.text);
        await desk.press('[aria-label=办理]', '去办理');
        await desk.press('[aria-label=批次]', '查看');
        desk.file = '';
        await desk.press('[aria-label=批次详情]', '下载付款文件');
        await until('the file is there', () => desk.file === `银行付款-${batchId}.csv`);
        const { number } = await paying.payout(orders.bank, 'SENT'), result = stack.path('result.csv');
        writeFileSync(result, `业务编号,金额,状态\n${number},100.02,成功\n${number},100.01,退票\n`);
        await desk.page.setInputFiles('input[type=file]', result);
        await desk.shows('[aria-label=回盘结果]', /未付成 1 笔[^]*第 2 行：金额与我方不同/);
        await desk.shows('[aria-label=批次详情]', /已办结/);
        assert.deepEqual(await hinders(desk, 'console-bank-results'), []);
    });

    test('a difference is explained by one and closed by another', async () => {
        const url = `http://127.0.0.1:${stack.port}/v1/callbacks/wechat-pay`;
        const plain = { mchid: MCHID, out_bill_no: 'subsidy000000000000000ff0001', state: 'SUCCESS', transfer_amount: 1000, openid: li.openid };
        assert.equal(await paying.pay.callbacks.forge({ mchid: MCHID, url, plain }), 200);
        await go(desk, '/pay-cases');
        await desk.press('[aria-label=差异]', '查看');
        await desk.shows('[aria-label=办理差异]', /对方有、我方没有的单号/);
        await desk.type('[aria-label=办理差异] textarea', '系微信测试通知，已与客服核对');
        await desk.press('[aria-label=办理差异]', '提出说明');
        await desk.shows('[aria-label=办理差异]', /已说明，待第二人[^]*您是第一人/);
        assert.deepEqual(await hinders(desk, 'console-pay-case'), []);
        const [{ caseId }] = (await stack.get('/v1/pay-cases', finance(stack, 92))).json.cases;
        const other = await stack.post(`/v1/pay-cases/${caseId}:explain`, { note: '系测试通知' }, finance(stack, 92, ''));
        assert.equal(other.status, 200, other.text);
        await go(desk, '/payments');
        await go(desk, '/pay-cases');
        await desk.click('[aria-label=状态] label:nth-of-type(2)');
        await desk.press('[aria-label=差异]', '查看');
        await desk.press('[aria-label=办理差异]', '第二人确认');
        await desk.press('[role=dialog]', '确定');
        await desk.shows('[aria-label=办理差异]', /已办结[^]*系测试通知/);
    });

    test('a stock of WeChat coupons is proposed, confirmed by another, and runs', async () => {
        const { releaseId } = (await favor.draft({ ms: 600000, unionId })).json.release;
        await go(desk, '/wechat-stocks');
        await desk.press('[aria-label=批次]', '查看');
        await desk.shows('[aria-label=批次详情]', /早餐立减金[^]*未建批次/);
        await desk.press('[aria-label=批次详情]', '建立批次');
        await desk.press('[role=dialog]', '确定');
        await desk.shows('[aria-label=批次详情]', /需要第二人复核\s+您已提出建立批次，等待另一名财务确认[^]*收回/);
        assert.doesNotMatch(await desk.text('[aria-label=批次详情]'), /第二人确认/); // hers is the first hand
        assert.deepEqual(await hinders(desk, 'console-wechat-stock'), []);
        assert.equal((await favor.on(releaseId, 'confirm', 902)).status, 200);
        await until('there is a stock', async () => (await favor.backing(releaseId)).state === 'BACKING_READY');
        assert.equal((await favor.on(releaseId, 'propose', 902, { step: 'STOCK_START' })).status, 200);
        await desk.press('main header', '刷新');
        await desk.press('[aria-label=批次详情]', '第二人确认');
        await desk.press('[role=dialog]', '确定');
        await until('it runs', async () => (await favor.backing(releaseId)).state === 'BACKING_RUNNING');
        await desk.press('main header', '刷新');
        await desk.shows('[aria-label=批次详情]', /发放中[^]*暂停发放[^]*与微信明细核对/);
    });

    test('she confirms what is paid to her within WeChat, and her coupon there says where it is', async () => {
        const app = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signInByCode(stack, app, mobile(700));
        await go(app, '/payouts');
        await app.shows('[aria-label=我的收款]', /3.05 元[^]*请确认收款[^]*还有 2\d 小时[^]*请在微信里打开/);
        await app.shows('[aria-label=我的收款]', /50 元[^]*已到账[^]*电子回单/);
        assert.deepEqual(await violations(app), []);
        await enterWechat(app);
        await app.page.reload();
        await app.shows('[aria-label=我的收款]', /确认收款/);
        assert.deepEqual(await hinders(app, 'app-payouts'), []);
        // As the service says it of one whose WeChat has changed meanwhile.
        await app.page.route('**/v1/me/payouts*', async (route) => {
            const answer = await route.fetch(), { payouts, ...rest } = await answer.json();
            await route.fulfill({ json: { ...rest, payouts: payouts.map((one) => ({ ...one, ...one.state === 'PAYOUT_CONFIRM' && { reason: 'PAYOUT_WECHAT_CHANGED' } })) } });
        });
        await app.page.reload();
        await app.shows('[aria-label=我的收款]', /请登录原来的微信确认[^]*逾期退回后由工会重新付到您现在的微信[^]*确认收款/);
        assert.deepEqual(await hinders(app, 'app-payouts-changed'), []);
        await app.page.unroute('**/v1/me/payouts*');
        await app.value("globalThis.answer = 'cancel'");
        await app.press('[aria-label=我的收款]', '确认收款');
        await app.shows('.said', /还没有确认/);
        const { name, given } = await app.value('globalThis.asked'), waits = await paying.payout(orders.waits, 'CONFIRM');
        assert.equal(name, 'requestMerchantTransfer');
        assert.equal(given.mchId, MCHID);
        assert.ok(given.package);
        const configured = await app.value('globalThis.configured');
        assert.equal(paying.wechat.config(`http://127.0.0.1:${stack.port}/`, { ...configured, appid: configured.appId }), 'ok', 'the page is signed for');
        assert.equal(configured.appId, given.appId);
        assert.ok(configured.jsApiList.includes('scanQRCode'));
        await app.value("globalThis.answer = 'ok'");
        paying.pay.transfers.confirm(waits.number, MCHID);
        await app.press('[aria-label=我的收款]', '确认收款');
        await app.shows('.said', /已确认/);
        await paying.payout(orders.waits, 'PAID');
        await go(app, '/mine');
        await go(app, '/payouts');
        await app.shows('[aria-label=我的收款]', /3.05 元[^]*已到账/);
        const { couponId } = (await favor.claim(await favor.open(), li)).json;
        await favor.coupon(li, couponId, 'SENT');
        await go(app, '/coupons');
        await app.shows('[aria-label=我的券]', /2.99[^]*用微信支付付款时自动减免[^]*已到微信卡包/);
        assert.ok(!/出示券码|只用这张/.test(await app.text('main')), 'it is no coupon for our counters');
        assert.deepEqual(await hinders(app, 'app-voucher'), []);
        assert.deepEqual(chrome.errors.filter((line) => !/status of 409|status of 501 .*me\/applications/.test(line)), [], 'a test source gives the orders, there is no hg-subsidy');
    });
});
