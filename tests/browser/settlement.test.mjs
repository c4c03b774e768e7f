// How a site is paid, at the desk of a second official of finance: she finds what waits for her, confirms it, enters its
// invoice and the bank's word, and compares it with the site's own file.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { book, passOf, scan, scanner, soon, won } from '../system/bookings.mjs';
import { enrol, grant, PASSWORD, person, rosterCsv, totp, unionsCsv } from '../system/people.mjs';
import * as reports from '../system/reports.mjs';
import { Stack, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriers, go, picture, violationsInBothLooks } from './member.mjs';

describe('a settlement at the desk', () => {
    const official = person(200);
    let stack, chrome, page, campaign, settlementId, bookings = [];

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([official]));
        for (const role of ['FINANCE', 'BENEFIT_MANAGER']) await grant(stack, official.mobile, role, '440600');
        const { secret } = await enrol(stack, official);
        campaign = await won(stack, 2, { open: 2500 });
        const slotId = await soon(stack, campaign, { minutes: 2 }), { siteId } = campaign.sites[0], door = await scanner(stack, siteId, 7000);
        for (const id of campaign.people) {
            const { bookingId } = (await book(stack, campaign, slotId, id)).json;
            const scanned = await scan(stack, door, `scan-of-${id}`, (await passOf(stack, bookingId, id)).text);
            assert.equal(scanned.json.outcome, 'ACCEPTED', scanned.text);
            bookings.push(bookingId);
        }
        ({ settlementId } = (await reports.prepareSettlement(stack, campaign, 701)).json);
        const token = (memberId) => reports.official(stack, memberId, 'FINANCE');
        const payee = await stack.post(`/v1/checkup-sites/${siteId}/payees`, { name: '市中医院', bank: '佛山农商银行', number: '6222021234567890123' }, { token: token(701) });
        const confirmed = await stack.post(`/v1/checkup-payees/${payee.json.payeeAccountId}:confirm`, {}, { token: token(702) });
        assert.equal(confirmed.status, 200, confirmed.text);
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        await page.shows('main', /工作人员登录/);
        await page.type('#mobile', official.mobile);
        await page.type('#password', PASSWORD);
        await page.type('#totp', totp(secret, 1));
        await page.click('form button[type=submit]');
        await page.shows('.work h1', /总览/);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    async function hinders(name) {
        await picture(page, `console-${name}`);
        await page.send('Emulation.setDeviceMetricsOverride', { width: 320, height: 640, deviceScaleFactor: 1, mobile: true });
        const small = await barriers(page);
        await page.send('Emulation.clearDeviceMetricsOverride');
        return [...small, ...await barriers(page), ...await violationsInBothLooks(page)];
    }

    test('what waits for a second hand leads to it, and is confirmed', async () => {
        await go(page, '/waiting');
        await page.shows('[aria-label=种类]', /体检复核 1/);
        await page.press('table', '体检复核');
        await page.shows('[aria-label=办理]', /结算单[^]*您可以复核/);
        await page.press('[aria-label=办理]', '去办理');
        await page.shows('[aria-label=结算单]', /职工免费体检[^]*待第二人确认[^]*232 元/);
        await page.press('[aria-label=结算单]', '第二人确认');
        await page.press('[role=dialog]', '确定');
        await page.shows('[aria-label=结算单]', /已确认/);
        await page.shows('[aria-label=付款]', /发票与结算金额相符后才能付款/);
    });

    test('it is paid for its invoice', async () => {
        await page.type('[aria-label=发票] label:nth-of-type(1) input', '12345678');
        await page.type('[aria-label=发票] label:nth-of-type(2) input', '佛山市总工会');
        await page.type('[aria-label="价税合计（元）"] input, input[aria-label="价税合计（元）"]', '232');
        assert.deepEqual(await hinders('settlement-invoice'), []);
        await page.press('[aria-label=发票]', '登记发票');
        await page.shows('[aria-label=发票]', /12345678[^]*还差 0 元/);
        await page.type('[aria-label=付款] label input', 'CCB20261127-000001');
        await page.press('[aria-label=付款]', '登记付款');
        await page.press('[role=dialog]', '确定');
        await page.shows('[aria-label=付款]', /已付款[^]*CCB20261127-000001[^]*232 元/);
        assert.deepEqual((await stack.query('health', 'SELECT count(*) AS n FROM payment')), [{ n: 1 }]);
    });

    test("the site's own file is compared, and changes nothing", async () => {
        const file = stack.path('site.csv');
        writeFileSync(file, `预约号,金额\n${bookings[0]},116.00\n77,116\n`);
        await page.choose('[aria-label=对账] input[type=file]', file);
        await page.shows('[aria-label=对账]', /一致 1 笔[^]*仅对方有[^]*仅结算单有/);
        assert.deepEqual(await hinders('settlement'), []);
    });

    test('it is found by its campaign too', async () => {
        await go(page, '/settlements');
        await page.shows('.work h1', /^结算$/);
        await page.type('[aria-label=体检活动编号]', campaign.campaignId);
        await page.press('.work', '查找');
        await page.press('[aria-label=查找结算单]', '办理');
        await page.shows('[aria-label=结算单]', new RegExp(settlementId));
    });

    test('a visit is struck out by two who say the same, from what waits or from the site', async () => {
        const { siteId } = campaign.sites[0], another = { token: reports.official(stack, 703, 'BENEFIT_MANAGER') };
        const { scans: [{ scanId }] } = (await stack.get(`/v1/checkup-sites/${siteId}/scans`, another)).json;
        const struck = () => stack.query('health', 'SELECT CAST(scan_id AS TEXT) AS scanId FROM door_scan WHERE undone_at > 0');
        const first = await stack.post(`/v1/checkup-scans/${scanId}:strike`, { reason: '本人没有到检' }, another);
        assert.equal(first.status, 200, first.text);
        await go(page, '/waiting');
        await page.press('table', '体检复核');
        await page.shows('[aria-label=办理]', /撤销到检核验[^]*您可以复核/);
        const choose = async (label, i) => {
            await page.click(`.el-select__wrapper:has([aria-label=${label}])`);
            await page.click(`.el-popper[aria-hidden=false] .el-select-dropdown__item:nth-child(${i})`);
        };
        await choose('撤销的原因', 2);
        await page.press('[aria-label=办理]', '以此原因撤销');
        await page.press('[role=dialog]', '确定');
        await page.shows('.el-message', /内容有变/); // another reason is another deed
        await page.press('table', '体检复核');
        await choose('撤销的原因', 1);
        assert.deepEqual(await hinders('striking'), []);
        await page.press('[aria-label=办理]', '以此原因撤销');
        await page.press('[role=dialog]', '确定');
        await page.shows('main', /没有待办事项/);
        assert.deepEqual((await struck()).map((one) => one.scanId), [scanId]);
        await go(page, `/checkups/${campaign.campaignId}`);
        await page.press('[aria-label=体检点]', '核验记录');
        await page.shows('[aria-label=核验记录]', /已撤销：本人没有到检/);
        await page.press('[aria-label=核验记录] table', '撤销');
        await choose('原因', 3);
        assert.deepEqual(await hinders('site-scans'), []);
        await page.press('[aria-label=撤销到检]', '提出或确认撤销');
        await page.press('[role=dialog]', '撤销');
        await page.shows('.el-message', /等待第二人/);
        assert.equal((await struck()).length, 1); // one hand is none
        await go(page, '/waiting');
        await page.shows('main', /撤销到检核验/);
    });

    test('a device that was lost is found at its site and put out of use', async () => {
        const live = () => stack.query('health', 'SELECT name FROM door_device WHERE revoked_at = 0');
        assert.deepEqual(await live(), [{ name: '7000 号' }]);
        await go(page, '/sites');
        await page.press('[aria-label=体检点] table', '人员和设备');
        await page.shows('[aria-label=人员]', /核验设备[^]*7000 号　会员 7000/);
        assert.deepEqual(await hinders('site-devices'), []);
        await page.press('[aria-label=核验设备]', '停用');
        await page.press('[role=dialog]', '停用');
        await page.shows('[aria-label=人员]', /没有在用的设备/);
        assert.deepEqual(await live(), []);
    });

    test('nothing went wrong in the console', () => assert.deepEqual(chrome.errors.filter((line) => !/status of 40[013]|409 .*:strike$/.test(line)), []));
});
