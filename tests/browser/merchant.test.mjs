// A merchant's own pages in a real browser: its keeper applies, sees how far that is, enters a branch, says who takes coupons
// there, sees what was taken today, and reads what the union owes it, beside a file of its own.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { claimer, publishRelease } from '../system/releases.mjs';
import { enrol, grant, mint, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { cashier, creditCode, done, manager, memberOf, onSale, passOf, sell } from '../system/merchants.mjs';
import { placed, unionAt } from '../system/unions.mjs';
import { Chrome } from './chrome.mjs';
import { agree, opensToAll, signInAtDesk } from './desk.mjs';
import { barriersOnTelephone, go, signIn } from './member.mjs';

const CASHIER = 7001, CODE = creditCode(77);

describe("a merchant's own pages", () => {
    const keeper = person(1), official = person(300);
    let stack, chrome, page, office, union, merchantId, branchId, desk, settlementId;
    const sales = [];

    const finance = (memberId) => mint(stack.tokenKey(), { memberId, unionPath: union.path, grants: [{ role: 'FINANCE', unionPath: union.path }] });
    const china = (n) => new Date(Date.now() + 8 * 3600000 + n * 86400000).toISOString().slice(0, 10);

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([keeper, official]));
        for (const role of ['BENEFIT_MANAGER', 'FINANCE'])
            await grant(stack, official.mobile, role, '440600');
        const { secret } = await enrol(stack, official);
        union = await placed(stack, '440600');
        await unionAt(stack, union.path, 'coupon');
        chrome = new Chrome();
        office = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        await signInAtDesk(office, { ...official, secret });
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signIn(stack, page, keeper);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    test('she finds the way from her own page, and applies; a wrong code is said beside its field', async () => {
        await go(page, '/mine');
        await page.press('main', '商户服务');
        await page.shows('main', /还没有商户/);
        assert.deepEqual(await barriersOnTelephone(page, 'merchants-none'), []);
        await page.press('main', '申请成为商户');
        await page.shows('main', /向哪个工会申请/);
        await page.type('#union', '440600');
        await page.press('main', '查找');
        await page.shows('main', /向佛山市总工会申请/);
        await page.type('section:nth-of-type(2) label:nth-of-type(1) input', '好味餐厅');
        await page.type('section:nth-of-type(2) label:nth-of-type(2) input', '92440600MA0000000X');
        await page.press('section:nth-of-type(2)', '提交申请');
        await page.shows('section:nth-of-type(2)', /统一社会信用代码.*\S/);
        await page.shows('.field-problem', /./);
        assert.deepEqual(await barriersOnTelephone(page, 'merchant-apply'), []);
        await page.type('section:nth-of-type(2) label:nth-of-type(2) input', CODE);
        await page.type('section:nth-of-type(2) textarea', '粤菜小馆');
        await page.press('section:nth-of-type(2)', '提交申请');
        await page.shows('main', /好味餐厅[^]*等待工会审核[^]*还没有经办审核[^]*佛山市总工会/);
        [{ merchantId }] = await stack.query('coupon', 'SELECT CAST(merchant_id AS TEXT) AS merchantId FROM merchant');
        assert.deepEqual(await barriersOnTelephone(page, 'merchant-waits'), []);
    });

    test('while it waits she enters a branch, with its hours', async () => {
        await page.press('main', '新增门店');
        await page.shows('form', /名称/);
        await page.type('form > label:nth-of-type(1) input', '禅城店');
        await page.type('form > label:nth-of-type(2) input', '亲仁路6号');
        await page.type('fieldset label:nth-of-type(1) input[type=number]', '23.02475');
        await page.type('fieldset label:nth-of-type(2) input[type=number]', '113.11658');
        await page.press('form', '保存门店');
        await page.shows('form', /./);
        assert.equal((await stack.query('coupon', 'SELECT count(*) AS n FROM branch'))[0].n, 0, 'what it sells is not said yet');
        await page.click('input[value=MEALS]');
        await page.press('form', '添加时段');
        await page.value("(() => { const [from, until] = document.querySelectorAll('input[type=time]'); from.value = '00:00'; until.value = '00:00'; for (const one of [from, until]) one.dispatchEvent(new Event('change')); })()");
        assert.deepEqual(await barriersOnTelephone(page, 'merchant-branch-form'), []);
        await page.press('form', '保存门店');
        await page.shows('main', /禅城店[^]*亲仁路6号/);
        [{ branchId }] = await stack.query('coupon', 'SELECT CAST(branch_id AS TEXT) AS branchId FROM branch');
        await page.press('main [aria-label=门店]', '修改');
        await page.shows('form', /时段 1/);
        assert.equal(await page.value("document.querySelector('form > label input').value"), '禅城店');
        await page.type('form > label:nth-of-type(3) input', '0757-82000000');
        await page.press('form', '保存门店');
        await page.shows('main', /禅城店/);
        const { json } = await stack.get(`/v1/branches/${branchId}`, { token: manager(stack, union.path) });
        assert.deepEqual([json.phone, json.goods, json.hours[0].untilMinute], ['0757-82000000', ['MEALS'], 1440]);
    });

    test('it says that one hand was given, then that it is open', async () => {
        await done(stack, `/v1/merchants/${merchantId}:approve`, {}, manager(stack, union.path, 901));
        await page.send('Page.reload');
        await page.shows('main', /一名经办已通过/);
        await done(stack, `/v1/merchants/${merchantId}:approve`, {}, manager(stack, union.path, 902));
        await page.send('Page.reload');
        await page.shows('main', /已开通[^]*结算单[^]*现在可收券/);
        assert.deepEqual(await barriersOnTelephone(page, 'merchant-open'), []);
    });

    test('she says who takes coupons there, sees by which device and what was taken today', async () => {
        await page.press('main [aria-label=门店]', '收券和人员');
        await page.shows('main', /今天还没有收券[^]*还没有人员[^]*没有在用的设备/);
        await page.type('[aria-labelledby=staff] input', String(CASHIER));
        await page.press('[aria-labelledby=staff]', '添加');
        await page.shows('[aria-label=收券人员]', new RegExp(`会员 ${CASHIER}`));
        desk = await cashier(stack, union, branchId, CASHIER);
        const releaseId = await publishRelease(stack, { title: '清凉餐券', stock: 9, unionId: union.unionId, validDays: 30, spending: { merchantPercent: 20 } });
        for (const memberId of [5001, 5002, 5003]) {
            await until('she has one', async () => (await claimer(stack, releaseId)(memberId)).status < 300);
            const sold = await sell(stack, desk, `merchant-${memberId}`, (await passOf(stack, memberId)).code, '2000', { atOnce: true });
            assert.equal(sold.json.state, 'SALE_REDEEMED', sold.text);
            sales.push(sold.json);
        }
        await onSale(stack, desk, sales[2].saleId, 'reverse', { reason: '退货' });
        await page.press('main', '刷新');
        await page.shows('main', /今天收券[^]*10 元[^]*收券笔数\s+2[^]*消费合计\s+40 元[^]*会员自付\s+30 元/);
        await page.shows('[aria-label=今天的收券]', /已撤销[^]*清凉餐券[^]*原因：退货[^]*已收券/);
        await page.shows('[aria-label=收券设备]', new RegExp(`${CASHIER} 号台[^]*会员 ${CASHIER}[^]*登记`));
        assert.deepEqual(await barriersOnTelephone(page, 'merchant-branch'), []);
    });

    test('what is owed is there before it is settled, then as a settlement with its lines', async () => {
        await go(page, `/merchants/${merchantId}/statements`);
        await page.shows('main', /还没有结算的[^]*2\s+8 元[^]*还没有结算单/);
        const made = await stack.post(`/v1/merchants/${merchantId}/settlements`, { fromDay: china(-1), untilDay: china(0) }, { token: finance(801) });
        assert.equal(made.status, 201, made.text);
        ({ settlementId } = made.json);
        await page.send('Page.reload');
        await page.shows('main', /没有待结算的券[^]*8 元[^]*2 笔[^]*工会复核中/);
        assert.deepEqual(await barriersOnTelephone(page, 'merchant-statements'), []);
        await page.press('main', '明细和对账');
        await page.shows('main', /8 元[^]*工会复核中[^]*未付款[^]*券面优惠合计\s+10 元[^]*其中商户承担\s+2 元/);
        await page.shows('[aria-label=明细]', new RegExp(`4 元[^]*核销号 ${sales[0].coupons[0].redemptionId}`));
        await done(stack, `/v1/coupon-settlements/${settlementId}:confirm`, undefined, finance(802));
        await page.send('Page.reload');
        await page.shows('main', /已确认[^]*请开具发票并在这里登记，还差 8 元/);
    });

    test('she enters her invoice, takes a wrong one back, and it counts when finance has accepted it', async () => {
        const enter = async (number, yuan) => {
            for (const [label, text] of [['发票号码', number], ['抬头', '佛山市总工会'], ['价税合计', yuan]]) {
                await page.value(`[...document.querySelectorAll('[aria-labelledby=invoices] label')].find((one) => one.innerText.startsWith('${label}')).querySelector('input').id = 'typed'`);
                await page.type('#typed', text);
                await page.value("document.querySelector('#typed').removeAttribute('id')");
            }
            await page.press('[aria-labelledby=invoices]', '登记发票');
        };
        await enter('1234', '8');
        await page.shows('[aria-labelledby=invoices]', /发票号码应为8位或20位数字/);
        await enter('87654321', '3');
        await page.shows('[aria-labelledby=invoices]', /还差 5 元[^]*87654321[^]*3 元[^]*待财务核对/);
        assert.deepEqual(await barriersOnTelephone(page, 'merchant-invoice'), []);
        await page.press('[aria-label=已登记的发票]', '撤回');
        await page.press('[role=dialog]', '撤回');
        await page.shows('[aria-labelledby=invoices]', /还差 8 元[^]*87654321[^]*已作废/);
        await enter('12345678', '8');
        await page.shows('[aria-labelledby=invoices]', /发票已登记，等待工会财务核对[^]*12345678[^]*8 元/);
        await go(office, '/waiting');
        await office.shows('[aria-label=种类]', /商户发票核对 1/);
        await office.press('table', '商户发票核对');
        await office.shows('[aria-label=办理]', /12345678[^]*佛山市总工会[^]*8 元/);
        await opensToAll(office, 'waiting-invoice');
        await office.press('[aria-label=办理]', '去办理');
        await office.shows('[aria-label=发票]', /12345678[^]*商户登记，待财务核对[^]*还差 8 元/);
        await opensToAll(office, 'coupon-invoice-offered');
        await office.press('[aria-label=发票]', '核对无误');
        await agree(office, '确定');
        await office.shows('[aria-label=发票]', /还差 0 元/);
        assert.ok(!(await office.text('[aria-label=发票]')).includes('待财务核对'));
        assert.deepEqual(await stack.query('coupon', 'SELECT count(*) AS n FROM invoice WHERE state = 1'), [{ n: 1 }]);
        await page.send('Page.bringToFront');
        await page.send('Page.reload');
        await page.shows('[aria-labelledby=invoices]', /发票已齐，等待付款[^]*12345678[^]*8 元/);
    });

    test('its lines are downloaded, and her own file is compared', async () => {
        page.keepDownloads(stack.path('.'));
        await page.press('main', '下载明细');
        const lines = await until('it is there', () => { try { return readFileSync(stack.path(`settlement-${settlementId}.csv`), 'utf8'); } catch { return ''; } });
        assert.match(lines, new RegExp(sales[0].coupons[0].redemptionId));
        const file = stack.path('own.csv');
        writeFileSync(file, `核销号,金额\n${sales[0].coupons[0].redemptionId},4.00\n77,4.00\n`);
        await page.choose('[aria-labelledby=own] input[type=file]', file);
        await page.press('[aria-labelledby=own]', '比对');
        await page.shows('[aria-labelledby=own]', /一致 1 笔，不同 2 笔[^]*只在您的清单里[^]*核销号 77[^]*只在结算单里/);
        assert.deepEqual(await barriersOnTelephone(page, 'merchant-statement'), []);
    });

    test('at the desk of the union a device is put out of use', async () => {
        await go(office, `/merchants/${merchantId}`);
        await office.press('[aria-label=门店] table', '人员和设备');
        await office.shows('[aria-label=收券设备]', new RegExp(`${CASHIER} 号台　会员 ${CASHIER}，.* 登记`));
        await opensToAll(office, 'merchant-devices');
        await office.press('[aria-label=收券设备]', '停用');
        await agree(office, '停用');
        await office.shows('[aria-label=人员]', /没有在用的设备/);
        const refused = await sell(stack, desk, 'merchant-lost', 'x'.repeat(32), '2000');
        assert.equal(refused.json.reason, 'COUNTER_REVOKED');
    });

    test('a lost device is made useless at once, and a cashier taken off', async () => {
        desk = await cashier(stack, union, branchId, CASHIER); // another device
        await go(page, `/merchants/${merchantId}/branches/${branchId}`);
        await page.press('[aria-label=收券设备]', '停用');
        await page.press('[role=dialog]', '停用设备');
        await page.shows('[aria-labelledby=devices]', /没有在用的设备/);
        const refused = await sell(stack, desk, 'merchant-again', 'x'.repeat(32), '2000');
        assert.equal(refused.json.reason, 'COUNTER_REVOKED');
        await page.press('[aria-label=收券人员]', '撤销');
        await page.press('[role=dialog]', '撤销');
        await page.shows('[aria-labelledby=staff]', /还没有人员/);
    });

    test('nobody else is shown any of it', async () => {
        const stranger = { token: memberOf(stack, 9999) };
        for (const path of [`/v1/merchants/${merchantId}/settlements`, `/v1/branches/${branchId}/counters`, `/v1/branches/${branchId}/sales`, `/v1/branches/${branchId}/staff`, `/v1/coupon-settlements/${settlementId}`])
            assert.equal((await stack.get(path, stranger)).status, 403, path);
    });

    test('nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/status of 40[0139]/.test(line)), []);
    });
});
