// A member's inbox, her card and her data in a real browser: nothing yet, then what she has won; what she has read; of what she is reminded.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { soon, won } from '../system/bookings.mjs';
import { member, UNION } from '../system/checkups.mjs';
import { mint, person, rosterCsv, unionCoded, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone, go, signIn } from './member.mjs';

describe("a member's inbox on her page", () => {
    const rider = person(1);
    let stack, chrome, page, memberId, campaign;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider]));
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signIn(stack, page, rider);
        [{ memberId }] = await stack.query('identity', 'SELECT CAST(member_id AS TEXT) AS memberId FROM member');
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    const again = async (pattern) => {
        await page.send('Page.reload');
        await page.shows('main', pattern);
    };

    test('says what will be in it while there is nothing', async () => {
        await page.press('nav', '消息');
        await page.shows('main', /还没有消息/);
        assert.deepEqual(await barriersOnTelephone(page, 'inbox-empty'), []);
    });

    test('says why it is not there when the portal is away, and tries again', async () => {
        await stack.stop('portal');
        await again(/服务暂时不可用/);
        assert.deepEqual(await barriersOnTelephone(page, 'inbox-away'), []);
        stack.spawn('portal');
        await stack.serves('portal');
        await page.press('main', '重试');
        await page.shows('main', /还没有消息/);
    });

    test('shows what she has won, with how many she has not read on the tab', async () => {
        campaign = await won(stack, [memberId], { open: 2500 });
        await won(stack, [memberId], { open: 2500, title: '第二次体检' });
        await until('she is told', async () => (await stack.get('/v1/me/inbox/unread', { token: member(stack, memberId) })).json.unread === 2);
        await go(page, '/');
        await again(/我的券/);
        await page.shows('nav .on', /首页/);
        await page.shows('nav b', /2/);
        await page.press('nav', '消息');
        await page.shows('.message.unread', /已中签[^]*您已中签，请在截止时间前预约[^]*第二次体检[^]*请在此前预约：\d+月\d+日/);
        assert.deepEqual(await barriersOnTelephone(page, 'inbox'), []);
    });

    test('opening one goes to what it is about, and it stays read', async () => {
        await page.click('li:last-child .message');
        await page.shows('h1', /免费体检/);
        assert.equal(await page.value('location.hash'), `#/checkups/${campaign.campaignId}`);
        await page.shows('nav b', /^1/);
        await page.press('nav', '消息');
        await page.shows('.message:not(.unread)', /职工免费体检/);
        await page.press('main', '只看未读');
        await until('one is left', async () => (await page.value("document.querySelectorAll('.message').length")) === 1);
        await page.press('main', '全部已读');
        await page.shows('main', /没有未读消息/);
        await until('the tab says nothing more', () => page.value("!document.querySelector('nav b')"));
        await again(/您已中签/);
        assert.equal(await page.value("document.querySelectorAll('.message.unread').length"), 0);
    });

    test('what is not true any more says so', async () => {
        const { text, status } = await stack.post(`/v1/checkups/${campaign.campaignId}/bookings`, { slotId: await soon(stack, campaign) }, { token: member(stack, memberId) });
        assert.ok(status < 300, text);
        await until('it is withdrawn', async () => (await stack.get('/v1/me/inbox?state=INBOX_WITHDRAWN', { token: member(stack, memberId) })).json.items.length === 1);
        await again(/已失效/);
        await page.shows('.message.over', /职工免费体检/);
        assert.deepEqual(await barriersOnTelephone(page, 'inbox-over'), []);
    });

    test('she turns off of what she is reminded, and not what guards her account', async () => {
        await page.press('main', '提醒设置');
        await page.shows('main', /始终提醒[^]*新微信可登录您的账号/);
        assert.deepEqual(await barriersOnTelephone(page, 'reminders'), []);
        const { json: { reminders } } = await stack.get('/v1/me/reminders', { token: member(stack, memberId) });
        assert.equal(await page.value("document.querySelectorAll('.check input, .plain li').length"), reminders.length, 'none is left out');
        await page.shows('main', /补贴\s[^]*补正/);
        await page.click('.check input');
        const off = async () => (await stack.get('/v1/me/reminders', { token: member(stack, memberId) })).json.reminders.filter(({ on }) => !on).map(({ kind }) => kind);
        await until('it is off', async () => (await off()).length === 1);
        assert.deepEqual(await off(), ['CHECKUP_WON']);
        await again(/体检/);
        assert.equal(await page.value("document.querySelector('.check input').checked"), false);
        await stack.stop('portal'); // what cannot be kept is not shown as kept
        await page.click('.check input');
        await page.shows('.said', /服务暂时不可用/);
        assert.equal(await page.value("document.querySelector('.check input').checked"), false);
        await go(page, '/mine'); // what was refused on a page is not said on the next, nor that nothing can be counted
        await page.shows('h1', /我的/);
        assert.equal(await page.text('.said'), '');
        stack.spawn('portal');
        await stack.serves('portal');
    });

    test('her card shows a code that changes, by which staff sees that she is a member', async () => {
        await go(page, '/');
        await page.press('.union', '会员码');
        await page.shows('main', /石湾外卖骑手工会[^]*No\. \d+[^]*向工会或体检点的工作人员出示[^]*每 30 秒自动更换/);
        assert.deepEqual(await barriersOnTelephone(page, 'card'), []);
        const code = await page.text('.digits');
        const staff = mint(stack.tokenKey(), { memberId: 800, grants: [{ role: 'CHECKUP_STAFF', unionPath: UNION }] });
        const { json, text } = await stack.post('/v1/cards:verify', { code }, { token: staff });
        assert.deepEqual([json.valid, json.memberId, json.unionName, json.level], [true, memberId, '石湾外卖骑手工会', 'ANONYMOUS'], text);
        const { unionId } = await unionCoded(stack, rider.union), administrator = { token: mint(stack.tokenKey(), { memberId: 801, grants: [{ role: 'UNION_ADMIN', unionPath: UNION }] }) };
        const listed = await stack.get(`/v1/unions/${unionId}/members`, administrator);
        assert.equal(listed.status, 200, listed.text);
        await page.press('main', '谁看过我的资料');
        await page.shows('main', /查看会员名单[^]*您出示会员码时核验会员身份/);
        assert.doesNotMatch(await page.text('main'), /[A-Z][a-z]+\.[A-Z]/); // by no name of an operation
        await stack.stop('identity');
        await go(page, '/card');
        await page.shows('main [role=alert]', /服务暂时不可用/);
        assert.deepEqual(await barriersOnTelephone(page, 'card-away'), []);
        assert.equal(await page.text('.said'), '', 'it is said once, in its place');
        stack.spawn('identity');
        await stack.serves('identity');
        await page.shows('.digits', /^[\w-]{32}$/);
    });

    test('she takes along what every service keeps of her, in one file', async () => {
        await go(page, '/mine/data');
        await page.shows('main', /导出我的资料/);
        await page.value("URL.createObjectURL = (blob) => { window.saved = blob.text(); return 'data:,'; }");
        const sent = stack.codesTo(rider.mobile).length;
        await page.type('input[autocomplete=tel]', rider.mobile);
        await page.press('.form', '获取验证码');
        const { code } = await until('the code is sent', () => stack.codesTo(rider.mobile)[sent]);
        await page.type('input[autocomplete=one-time-code]', code);
        await stack.stop('coupon'); // then nothing is taken, and the code stays good
        await page.press('.form', '导出我的资料');
        await page.shows('.said', /服务暂时不可用/);
        assert.equal(await page.value('window.saved'), undefined);
        stack.spawn('coupon');
        await stack.serves('coupon');
        await page.press('.form', '导出我的资料');
        const all = JSON.parse(await until('the file is there', () => page.value('window.saved')));
        assert.deepEqual(Object.keys(all), ['identity', 'bridge', 'coupon', 'health', 'match', 'portal', 'subsidy']);
        assert.equal(all.identity.account.memberId, memberId);
        assert.ok(all.portal.some(({ type, value }) => type === 'portal.InboxItem' && value.kind === 'CHECKUP_WON'));
        assert.ok(all.health.length > 0);
    });

    test('nothing of it left this machine, and no page complained', () => {
        assert.deepEqual(chrome.requests.filter((url) => !url.startsWith(`http://127.0.0.1:${stack.port}/`) && !/^(data|about):/.test(url)), []);
        assert.deepEqual(chrome.errors.filter((line) => !/status of (40[13]|503)/.test(line)), []);
    });
});
