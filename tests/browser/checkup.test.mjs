// The member's check-up in a real browser, from one tap to the report: she enters, checks her receipt,
// wins, checks the proof, books the nearest site, shows her pass, reads her report.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { passOf, scan, scanner, soon } from '../system/bookings.mjs';
import { announced, enter, giveValue, manager, member, post, publish, receipt, UNION } from '../system/checkups.mjs';
import { mint, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { unionAt } from '../system/unions.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone, go, signIn } from './member.mjs';

const HERE = { latitude: 23.03, longitude: 113.11 };
const pdf = Buffer.from('%PDF-1.7\n体检报告');
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

describe("a member's check-up on her page", () => {
    const rider = person(1);
    let stack, chrome, page, campaign, near, far, van, me, bookingId, reportId;

    const official = (memberId, role) => mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: UNION }] });
    const site = async (name, latE6, lonE6, more) =>
        (await post(stack, '/v1/checkup-sites',
            { site: { unionId: await unionAt(stack, UNION, 'health'), name, address: `${name}1号`, latE6, lonE6, ...more } })).siteId;
    const here = async (path, pattern) => {
        await go(page, path);
        await page.send('Page.reload');
        await page.shows('main', pattern);
    };
    const checkup = (pattern) => here(`/checkups/${campaign.campaignId}`, pattern);

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider]));
        far = await site('甲远体检点', 23200000, 113400000);
        near = await site('乙近体检点', 23031000, 113111000);
        van = await site('乙远流动体检车', 24000000, 114000000, {
            kind: 'VAN', stopsFrom: new Date().toISOString(), stopsUntil: new Date(Date.now() + 3600000).toISOString(), capacity: 4, walkIns: 2 });
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signIn(stack, page, rider);
        await go(page, '/benefits');
        await page.shows('main', /目前没有面向您的体检活动/);
        await announced(stack, { opens: 1000, open: 3600000, title: '快递员体检', audience: { trades: ['COURIER'] } });
        campaign = await announced(stack, { opens: 1000, open: 9000, quota: 2, waiting: 0, cancelHours: 0, budgetFen: 11600 * 4, sites: [{ siteId: far }, { siteId: near }, { siteId: van }] });
        await until('entries open', async () => (await enter(stack, campaign, 500)).status < 300);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    test('shows what is open for her, and why another is not', async () => {
        await here('/benefits', /职工免费体检[^]*报名中/);
        await page.shows('main', /快递员体检[^]*您的职业不在本次活动范围内/);
        assert.deepEqual(await barriersOnTelephone(page, 'benefits-open'), []);
        await here('/', /职工免费体检正在报名/);
        await page.press('.cards', '职工免费体检正在报名');
        await page.shows('main', /报名[^]*冻结名单[^]*抽签[^]*一键报名/);
        assert.deepEqual(await barriersOnTelephone(page, 'checkup-open'), []);
    });

    test('she enters by one tap, withdraws, and enters again', async () => {
        await page.press('main', '一键报名');
        await page.shows('.said', /报名成功，您的号签是 [0-9a-f]{32}/);
        await page.press('main', '取消报名');
        await page.press('[role=dialog]', '取消报名');
        await page.shows('.said', /已取消报名/);
        await page.shows('main', /2 个名额 · 已有 1 人报名/);
        await page.press('main', '一键报名');
        await page.shows('main', /2 个名额 · 已有 2 人报名[^]*已报名[^]*号签/);
        [{ member_id: me }] = await stack.query('health', 'SELECT CAST(member_id AS TEXT) AS member_id FROM lottery_entry WHERE withdrawn_at = 0 AND member_id <> 500');
    });

    test('once the list is frozen, her receipt proves in the page that she is in it', async () => {
        await until('the list is frozen', async () => (await stack.get(`/v1/checkups/${campaign.campaignId}/draw`)).json.root);
        await checkup(/名单已冻结/);
        await page.press('main', '我的凭据');
        await page.shows('main', /核对无误：您在冻结的名单中[^]*共 2 人/);
    });

    test('her result is proven in the page, and the whole list on a page of its own', async () => {
        await giveValue(stack, campaign);
        await publish(stack, campaign, 2);
        await checkup(/已中签/);
        await page.press('main', '核对我的结果');
        await page.shows('main', /您的手机已自行核算：按公布的方法，您中签[^]*03 07 11 18 22 30 09/);
        assert.deepEqual(await barriersOnTelephone(page, 'checkup-proven'), []);
        const whole = await chrome.open(`http://127.0.0.1:${stack.port}/draw/#${campaign.campaignId}`);
        await whole.shows('#result', /2 人报名，2 人中签[^]*计算无误/);
        assert.deepEqual(await barriersOnTelephone(whole, 'draw-verified'), []);
        await page.send('Page.bringToFront');
    });

    test('a receipt in which anything is changed is found out', async () => {
        const text = await receipt(stack, campaign, me);
        const own = (await stack.query('health', `SELECT lower(hex(ticket)) AS ticket FROM lottery_entry WHERE member_id = ${me} AND withdrawn_at = 0`))[0].ticket;
        const said = (changed, of = own) => page.value(`import('/draw/verify.js').then(() =>
            drawVerifier.verifyReceipt(new TextEncoder().encode(${JSON.stringify(changed)}), ${JSON.stringify(of)}))
            .then((read) => String(read.won), (error) => error.message)`);
        assert.equal(await said(text), 'true');
        assert.match(await said(text, '0'.repeat(32)), /不是您的号签/);
        for (const [from, to, problem] of [[/^rules .*$/m, 'rules 只限亲友', /名单指纹/], [/^(stratum 0) 2/m, '$1 1', /名额与公告不符/],
            [/^value .*$/m, 'value 01', /抽签号/], [/^end$/m, 'end\n', /结尾之后/], [/^secret ./m, 'secret x', /不应是这一行/], [new RegExp(`^${own} 0 1`, 'm'), `${own} 0 2`, /不是公告所许的报名/],
            [/^(outcome 0 2 2) .*$/m, `$1 ${'0'.repeat(64)}`, /中签线/], [/^entries 2/m, 'entries 3', /人数与名单不符/]])
            assert.match(await said(text.replace(from, to)), problem, String(from));
    });

    test('where a receiver says she stands is put on the maps of the sites', async () => {
        // Of the published examples of this conversion.
        const on = await page.value("import('/gcj02.js').then(({ gcj02 }) => gcj02({ latitude: 31.1774276, longitude: 121.5272106 }))");
        assert.deepEqual([on.latitude.toFixed(7), on.longitude.toFixed(7)], ['31.1753040', '121.5315419']);
        assert.equal(await page.value("import('/gcj02.js').then(({ gcj02 }) => gcj02({ latitude: 37, longitude: -122 }).latitude)"), 37);
    });

    test('she books at the site nearest to where she stands, and moves', async () => {
        const slot = await soon(stack, { campaignId: campaign.campaignId, sites: [{ siteId: near }] }, { minutes: 20, capacity: 5 });
        await soon(stack, { campaignId: campaign.campaignId, sites: [{ siteId: near }] }, { minutes: 60, capacity: 1 });
        await soon(stack, { campaignId: campaign.campaignId, sites: [{ siteId: far }] }, { minutes: 20, capacity: 5 });
        await checkup(/已中签/);
        await page.press('main', '选择体检点');
        await page.shows('main', /按名称排列[^]*甲远体检点[^]*乙近体检点/);
        await page.press('.site:last-child', '现场登记码');
        await page.shows('main', /流动体检车[^]*B[\w-]{31}[^]*每 30 秒自动更换/);
        assert.deepEqual(await barriersOnTelephone(page, 'walk-in'), []);
        await page.value('history.back()');
        await page.shows('main', /流动体检车，停靠[^]*现场名额 2 个/);
        await chrome.standAt(page, HERE.latitude, HERE.longitude);
        await page.press('main', '按距离排列');
        await page.shows('main', /已按距离排列[^]*乙近体检点\s+\d+ 米[^]*余 6 个名额[^]*甲远体检点\s+3\d\.\d 公里/);
        await page.press('.site:first-child', '选择时段');
        await page.shows('main', /–\d\d:\d\d 余 5[^]*–\d\d:\d\d 余 1/);
        assert.deepEqual(await barriersOnTelephone(page, 'sites-slots'), []);
        await page.click('.site:first-child [role=group]:last-child .slots .btn:last-child');
        await page.shows('.said', /预约成功/);
        assert.deepEqual(await barriersOnTelephone(page, 'checkup-booked'), []);
        await page.press('main', '改约');
        await page.press('.site:nth-child(2)', '选择时段');
        await page.shows('main', /–\d\d:\d\d 余 5/);
        await page.click('.site:nth-child(2) .slots .btn');
        await page.shows('.said', /已改约到/);
        const [booking] = await stack.query('health', 'SELECT CAST(booking_id AS TEXT) AS booking_id, CAST(slot_id AS TEXT) AS slot_id FROM booked_slot');
        assert.equal(booking.slot_id, slot);
        bookingId = booking.booking_id;
        assert.ok(!chrome.requests.some((url) => url.includes('23.03') || url.includes('latE6')), 'her position is in no address');
    });

    test('she shows a code that changes, or without network one that does not', async () => {
        await page.press('main', '出示预约码');
        await page.shows('main', /乙近体检点[^]*AwAB[\w-]{28}[^]*每 30 秒自动更换/);
        assert.ok(await page.value("document.querySelector('.pass img').naturalWidth > 0"), 'the code is drawn');
        await page.press('main', '离线码');
        await page.shows('main', new RegExp((await passOf(stack, bookingId, me)).text));
        assert.deepEqual(await barriersOnTelephone(page, 'pass-offline'), []);
    });

    test('after the scan her report waits for her consent, and is opened', async () => {
        const door = await scanner(stack, near, 7000);
        const scanned = await scan(stack, door, 'by-the-door', (await passOf(stack, bookingId, me)).text);
        assert.equal(scanned.status, 201, scanned.text);
        await post(stack, `/v1/checkup-sites/${near}:setStaff`, { memberId: 800, duty: 'REPORTS' }, manager(stack));
        const clerk = official(800, 'REPORT_CLERK');
        ({ reportId } = await post(stack, `/v1/checkup-bookings/${bookingId}/reports`,
            { size: pdf.length, items: [{ code: '2345-7', name: '血糖', value: '9.8', unit: 'mmol/L', range: '3.9-6.1', abnormal: true }] }, clerk));
        await post(stack, `/v1/checkup-reports/${reportId}/parts`, { part: 0, content: pdf.toString('base64') }, clerk);
        await until('it is finished', async () =>
            (await stack.post(`/v1/checkup-reports/${reportId}:finish`, { sha256: hash(pdf) }, { token: clerk })).status === 200);
        const root = await stack.call('identity', 'Unions.GetUnionByCode', { code: '440600' });
        await post(stack, `/v1/unions/${root.unionId}/policies`, {
            purpose: 'PURPOSE_HEALTH_REPORT', title: '体检报告', text: '您的体检报告只供您本人查看。', controller: '佛山市总工会',
            contact: '0757-12351', kinds: '体检报告', retention: '两年',
        }, mint(stack.tokenKey(), { memberId: 77, grants: [{ role: 'SYSTEM_ADMIN', unionPath: '' }] }));
        await checkup(/已体检/);
        await here('/reports', /乙近体检点|甲远体检点/);
        await page.click('main a.card');
        await page.shows('main', /查看前请单独同意[^]*只供您本人查看/);
        assert.doesNotMatch(await page.text('body'), /9\.8/);
        assert.deepEqual(await barriersOnTelephone(page, 'report-consent'), []);
        await page.press('main', '我同意');
        await page.shows('main', /血糖\s+9\.8 mmol\/L\s+3\.9-6\.1\s+异常/);
        assert.deepEqual(await barriersOnTelephone(page, 'report-open'), []);
    });

    test('she sees who has looked at it, the story of her booking, and all of the past', async () => {
        await page.shows('main', /谁看过[^]*只有您本人能查看[^]*登录编号/);
        await here('/history', /职工免费体检[^]*已到检/);
        await page.press('main', '办理过程');
        await page.shows('main', /获得体检名额[^]*预约时段[^]*体检点核验预约码[^]*报告可以查看/);
        assert.deepEqual(await barriersOnTelephone(page, 'story'), []);
        const hashes = await page.text('main code');
        const rows = await stack.query('health', 'SELECT lower(hex(hash)) AS hash FROM journal WHERE kind = 36');
        assert.ok(rows.length === 1 && hashes.includes(rows[0].hash), 'the hash is the row of the journal');
    });

    test('without a lot she books at once, gives her place back, and sees that there is one again', async () => {
        const open = await announced(stack, { quota: 1, title: '流动车体检', firstCome: true, cancelHours: 0, sites: [{ siteId: near }] });
        await soon(stack, { campaignId: open.campaignId, sites: [{ siteId: near }] }, { minutes: 90, capacity: 5 });
        await until('booking is open', async () =>
            (await stack.get(`/v1/me/checkups/${open.campaignId}`, { token: member(stack, 600) })).json.reason === '');
        await here('/', /流动车体检：先到先得/);
        await page.press('.cards', '流动车体检：先到先得');
        await page.shows('main', /1 个名额 · 先到先得，直接预约/);
        assert.deepEqual(await barriersOnTelephone(page, 'first-come'), []);
        await page.press('main', '选择体检点，直接预约');
        await page.press('.site:first-child', '选择时段');
        await page.shows('main', /–\d\d:\d\d 余 5/);
        await page.click('.site:first-child .slots .btn');
        await page.shows('.said', /预约成功/);
        await page.shows('main', /已预约/);
        await page.press('main', '取消预约');
        await page.press('[role=dialog]', '取消预约');
        await page.shows('.said', /已取消预约/);
        await page.shows('main', /选择体检点，直接预约/);
    });

    test('without network a page says so, and shows itself again when told to', async () => {
        await stack.stop('gateway');
        await go(page, '/benefits');
        await page.shows('main', /网络不通，请稍后再试[^]*重试[^]*网络不通/);
        assert.deepEqual(await barriersOnTelephone(page, 'offline'), []);
        stack.spawn('gateway');
        await stack.ready();
        await page.press('main', '重试');
        await page.shows('main', /职工免费体检/);
    });

    test('nothing of her is left in the browser or in an address', async () => {
        const kept = await page.value('JSON.stringify([{ ...localStorage }, Object.keys(sessionStorage)])');
        assert.equal(kept, '[{},["session"]]');
        for (const secret of [rider.name, encodeURIComponent(rider.name), rider.mobile, rider.residentId])
            assert.ok(!chrome.requests.some((url) => url.includes(secret)));
        assert.deepEqual(chrome.errors.filter((line) => !/status of 40[039]|ERR_CONNECTION/.test(line)), []);
    });
});
