// Check-ups at the desk after they were announced: hours of a site opened, changed and withdrawn; and a hospital's clerk
// who enters reports, also when the network is cut on the way.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { book, passOf, scan, scanner, soon, won } from '../system/bookings.mjs';
import { manager, post } from '../system/checkups.mjs';
import { enrol, grant, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { pdfOf } from '../system/reports.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { agree, choose, fill, go, opensToAll, signInAtDesk } from './desk.mjs';

describe('slots and reports at the desk', () => {
    const official = person(200);
    let stack, chrome, page, campaign, siteId, passes = [];

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([official]));
        for (const role of ['REPORT_CLERK', 'BENEFIT_MANAGER']) await grant(stack, official.mobile, role, '440600');
        const { secret, member } = await enrol(stack, official);
        campaign = await won(stack, 2, { open: 2500 });
        ({ siteId } = campaign.sites[0]);
        const slotId = await soon(stack, campaign, { minutes: 2 }), door = await scanner(stack, siteId, 7000);
        for (const id of campaign.people) {
            const { bookingId } = (await book(stack, campaign, slotId, id)).json;
            passes.push((await passOf(stack, bookingId, id)).text);
        }
        assert.equal((await scan(stack, door, 'scan-of-1', passes[0])).json.outcome, 'ACCEPTED'); // the other has not come
        await post(stack, `/v1/checkup-sites/${siteId}:setStaff`, { memberId: member.memberId, duty: 'REPORTS' }, manager(stack));
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        await signInAtDesk(page, { ...official, secret });
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    const slots = (where) => stack.query('health', `SELECT capacity, walk_ins, withdrawn FROM time_slot WHERE ${where} ORDER BY starts_at`);

    test('hours are opened, take more, and are withdrawn; then the site is', async () => {
        const there = (await slots('1')).length;
        await go(page, `/checkups/${campaign.campaignId}`);
        await page.press('[aria-label=体检点]', '时段');
        await page.shows('[aria-label=时段]', /可约余 8 人[^]*开放时段/);
        await page.press('[aria-label=时段] form', '开放时段');
        await page.shows('[role=dialog]', /起 5 天，每天 3 个时段，每段 20 人，共 300 人/);
        await agree(page, '开放');
        await until('they are open', async () => (await slots('1')).length === there + 15);
        await page.shows('[aria-label=时段]', /可约余 20 人/);
        await opensToAll(page, 'slots');
        const list = '[aria-label=时段] .chain li:nth-child(2)';
        await page.click(`${list} .el-input-number__increase`);
        await page.press(list, '更改人数');
        await page.shows(list, /可约余 21 人/);
        assert.deepEqual((await slots('capacity = 21')).length, 1);
        await page.press(list, '撤销时段');
        await agree(page, '撤销');
        await page.shows(list, /已撤销/);
        assert.deepEqual((await slots('withdrawn = 1')).length, 1);
        // No fewer than have booked.
        const first = '[aria-label=时段] .chain li:nth-child(1)';
        await page.type(`${first} input`, '1');
        await page.enter();
        await page.press(first, '更改人数');
        await page.shows('.el-message--error', /./);
        assert.deepEqual((await slots('capacity = 1')).length, 0);
    });

    test('who has not come has no report', async () => {
        await go(page, '/reports');
        await page.shows('[aria-label=查找到检的人]', /体检点/);
        await choose(page, '体检点', '市中医院');
        await fill(page, '[aria-label=查找到检的人] form', { 预约码: passes[1] });
        await page.press('[aria-label=查找到检的人]', '查找');
        await page.shows('[aria-label=报告]', /没有到检[^]*不能录入报告/);
        await opensToAll(page, 'report-not-come');
    });

    test('a report is entered by its pass; what broke off on the way goes on', async () => {
        const pdf = pdfOf(300000, 7), file = stack.path('report.pdf');
        writeFileSync(file, pdf);
        await fill(page, '[aria-label=查找到检的人] form', { 预约码: passes[0] });
        await page.press('[aria-label=查找到检的人]', '查找');
        await page.shows('[aria-label=报告]', /已到检[^]*胸部X线/);
        await fill(page, '[aria-label=报告] fieldset:first-of-type', { 结果: '未见异常' });
        await page.choose('[aria-label=报告] input[type=file]', file);
        await opensToAll(page, 'report');
        let parts = 0;
        const handler = (route) => (++parts === 2 ? route.abort('connectionreset') : route.continue());
        await page.page.route('**/parts', handler);
        await page.press('[aria-label=报告] form', '提交报告');
        await page.shows('[role=dialog]', /1 项结果，PDF 一份（293 KB）/);
        await agree(page, '提交');
        await page.shows('[aria-label=报告] [role=alert]', /网络不通，没有收到答复/);
        await page.shows('[aria-label=报告]', /33%[^]*继续上传/);
        await page.press('[aria-label=报告] form', '继续上传');
        await page.shows('main', /第 1 份报告已完成，本人可以查看/);
        await opensToAll(page, 'report-done');
        const [one] = await stack.query('health', 'SELECT state, size FROM vault_file');
        assert.deepEqual(one, { state: 2, size: pdf.length }); // and the service has found its digest right
    });

    test('the site is withdrawn from the campaign', async () => {
        await go(page, `/checkups/${campaign.campaignId}`);
        await page.press('[aria-label=体检点]', '时段');
        await page.press('[aria-label=时段] form', '体检点退出活动');
        await agree(page, '退出');
        await page.shows('[aria-label=体检点]', /市中医院[^]*已退出活动/);
    });
});
