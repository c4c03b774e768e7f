// What services tell a member is in her one inbox, once each, whichever daemon dies meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { soon, won } from './bookings.mjs';
import { member } from './checkups.mjs';
import { assertProblem } from './http.mjs';
import { mobile, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';
import { placed, takenIn } from './unions.mjs';

const APP = 'wx0000000000000001', SECRET = '0123456789abcdef0123456789abcdef';

describe('a member’s inbox', () => {
    let wechat, stack, hers, another, riders, campaign;

    before(async () => {
        wechat = await Wechat.start();
        wechat.addApp({ appid: APP, secret: SECRET, paths: [] });
        wechat.addTemplate({ id: 'tpl-won', appid: APP, fields: ['thing1'] });
        stack = await Stack.start({ wechat: { url: wechat.url, apps: [[APP, SECRET]], templates: [`CHECKUP_WON ${APP} tpl-won - thing1=title`] } });
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        riders = await placed(stack, '440604-001-0001');
        hers = await stack.login(mobile(1));
        another = await stack.login(mobile(2));
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    const id = () => hers.member.memberId;
    const inbox = async (who = member(stack, id()), query = '') => {
        const { status, json, text } = await stack.get(`/v1/me/inbox${query}`, { token: who });
        assert.equal(status, 200, text);
        return json.items;
    };
    const unread = async (who = member(stack, id())) => (await stack.get('/v1/me/inbox/unread', { token: who })).json.unread;
    const told = (...kinds) => until(`she is told ${kinds}`, async () => {
        const items = await inbox();
        return items.length >= kinds.length && (assert.deepEqual(items.map(({ kind }) => kind), kinds), items);
    });

    test('has what a union has decided and that she has won, and nobody else’s has', async () => {
        const requestId = await takenIn(stack, riders, 7, { token: hers.token });
        const [joined] = await told('ACCOUNT_JOIN_APPROVED');
        assert.deepEqual([joined.service, joined.aboutId, joined.text], ['identity', requestId, '您的入会申请已通过，欢迎加入工会']);
        campaign = await won(stack, [id()], { open: 2500 });
        const [victory] = await told('CHECKUP_WON', 'ACCOUNT_JOIN_APPROVED');
        assert.deepEqual([victory.service, victory.title, victory.state], ['health', campaign.title, 'INBOX_UNREAD']);
        assert.equal(await unread(), 2);
        assert.deepEqual(await inbox(another.token), []);
        assert.equal(await unread(another.token), 0);
        assertProblem(await stack.post(`/v1/me/inbox/${victory.itemId}:read`, {}, { token: another.token }), 404, 'INBOX_ITEM_NOT_FOUND');
        assertProblem(await stack.post('/v1/me/inbox:read', { uptoId: victory.itemId }, { token: another.token }), 404, 'INBOX_ITEM_NOT_FOUND');
        assertProblem(await stack.get('/v1/me/inbox'), 401, 'MISSING_TOKEN');
    });

    test('keeps what she has read, also when the portal dies', async () => {
        const [, joined] = await inbox();
        const read = await stack.post(`/v1/me/inbox/${joined.itemId}:read`, {}, { token: member(stack, id()) });
        assert.equal(read.json.state, 'INBOX_READ', read.text);
        await stack.kill('portal');
        stack.spawn('portal');
        await stack.serves('portal');
        const [still] = await inbox(undefined, '?state=INBOX_READ');
        assert.deepEqual([still.itemId, still.readAt], [joined.itemId, read.json.readAt]);
        assert.equal(await unread(), 1);
    });

    test('has once what was told while it was dead, and its source died too', async () => {
        await stack.kill('portal');
        const second = await won(stack, [id()], { open: 2500 });
        await stack.kill('health');
        stack.spawn('portal');
        await stack.serves('portal');
        assert.equal((await inbox()).length, 2, 'nobody tells it yet');
        stack.spawn('health');
        await stack.serves('health');
        await told('CHECKUP_WON', 'CHECKUP_WON', 'ACCOUNT_JOIN_APPROVED');
        await stack.kill('health');
        await stack.kill('portal');
        stack.spawn('health');
        stack.spawn('portal');
        await Promise.all(['health', 'portal'].map((name) => stack.serves(name)));
        // What is told after it shows that the journal has been read past it.
        await stack.post(`/v1/checkups/${second.campaignId}/bookings`, { slotId: await soon(stack, second) }, { token: member(stack, id()) });
        const items = await until('what she was told to book is withdrawn', async () => {
            const all = await inbox();
            return all.some(({ state }) => state === 'INBOX_WITHDRAWN') && all;
        });
        assert.deepEqual(items.map(({ kind, state }) => [kind, state]), [
            ['CHECKUP_WON', 'INBOX_WITHDRAWN'], ['CHECKUP_WON', 'INBOX_UNREAD'], ['ACCOUNT_JOIN_APPROVED', 'INBOX_READ']]);
        assert.equal(await unread(), 1);
        const upto = await stack.post('/v1/me/inbox:read', { uptoId: items[0].itemId }, { token: member(stack, id()) });
        assert.equal(upto.json.unread, 0, upto.text);
    });

    test('says of what she is reminded outside, and WeChat is told of nothing else', async () => {
        wechat.addUser('another', { phone: mobile(2) });
        const login = await stack.post('/v1/sessions:wechat', { appid: APP, code: wechat.loginCode(APP, 'another'), phoneCode: wechat.phoneCode(APP, 'another') });
        assert.equal(login.status, 201, login.text);
        wechat.subscribe(APP, 'another', 'tpl-won', 5);
        const { memberId } = login.json.member, token = member(stack, memberId);
        assertProblem(await stack.post('/v1/me/reminders:set', { off: ['ACCOUNT_WECHAT_BOUND'] }, { token }), 400, 'REMINDER_NEEDED', 'off');
        const set = await stack.post('/v1/me/reminders:set', { off: ['CHECKUP_WON'] }, { token });
        assert.deepEqual(set.json.reminders.filter(({ on }) => !on).map(({ kind }) => kind), ['CHECKUP_WON'], set.text);
        await until('the bridge has heard', async () => (await stack.query('bridge', 'SELECT off FROM mute')).length === 1);
        await won(stack, [memberId], { open: 2500 });
        await until('the bridge has ended it', async () =>
            (await stack.query('bridge', `SELECT state, reason FROM message WHERE member_id = ${memberId} AND kind = 1`))
                .some(({ state, reason }) => state === 4 && reason === 90035));
        assert.equal(wechat.sent.length, 0);
        assert.ok(await until('her inbox has it', async () => (await inbox(token)).some(({ kind }) => kind === 'CHECKUP_WON')));
    });

    test('every audit is clean', () => stack.assertCleanAudits());
});
