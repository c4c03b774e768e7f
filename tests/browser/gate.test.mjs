// The gate of a departure in a real browser: an official says who stands there, who lets each ticket in once and hears
// why another is not, and the official sees who came.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { enrol, grant, mobile, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { openRelease } from '../system/releases.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { done, memberOf, passOf } from '../system/merchants.mjs';
import { placed, unionAt } from '../system/unions.mjs';
import { Chrome } from './chrome.mjs';
import { go, opensToAll, signInAtDesk } from './desk.mjs';
import { barriersOnTelephone } from './member.mjs';

describe('the gate of a departure', () => {
    const official = person(300), guard = mobile(7801), HOUR = 3600000, SHE = 2000, FRIEND = 2001, NOBODY = 2002;
    let stack, chrome, desk, page, releaseId, guardId;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([official]));
        await grant(stack, official.mobile, 'BENEFIT_MANAGER', '440600');
        const { secret } = await enrol(stack, official), union = await placed(stack, '440600');
        await unionAt(stack, union.path, 'coupon');
        releaseId = await openRelease(stack, { title: '返乡专列', way: 'TICKETS', stockPerDay: 0, unionId: union.unionId, tickets: {
            classes: [{ title: '二等座' }], companions: 1,
            departures: [HOUR, 30 * HOUR].map((ms, i) => ({ title: `G482${1 + 2 * i}`, place: '佛山西站', departsAt: new Date(Date.now() + ms).toISOString(), quotas: [20] })),
        } });
        ({ memberId: guardId } = (await stack.call('identity', 'Identity.CompleteWechatLogin', { appid: 'wx0000000000000001', openid: 'the-guard', mobile: guard })).member);
        const { companions: [{ invitationId }] } = await done(stack, `/v1/releases/${releaseId}/seats`, { departure: 0, class: 0, companions: [String(FRIEND)] }, memberOf(stack, SHE));
        await done(stack, `/v1/me/ticket-invitations/${invitationId}:accept`, undefined, memberOf(stack, FRIEND));
        chrome = new Chrome();
        desk = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        await signInAtDesk(desk, { ...official, secret });
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    const shown = async (memberId) => (await passOf(stack, memberId)).code;
    async function scan(text) {
        await page.type('#ticket', text);
        await page.click('#gate-form button');
    }

    test('an official says who stands at which departure', async () => {
        await go(desk, `/releases/${releaseId}`);
        await desk.shows('[aria-label=检票]', /G4821\s+二等座\s+2\s+0\s+检票未结束[^]*还没有人员/);
        await desk.type('[aria-label=检票] [aria-label=会员编号]', guardId);
        await desk.press('[aria-label=检票]', '添加');
        await desk.shows('[aria-label=检票]', new RegExp(`会员 ${guardId}　检票`));
        await opensToAll(desk, 'release-gate');
    });

    test('who stands there signs in, and hears why a ticket is not good', async () => {
        page = await chrome.open(`http://127.0.0.1:${stack.port}/staff/`);
        await page.shows('#sign-in', /工作人员登录/);
        await page.click('#by-code');
        await page.type('#member-mobile', guard);
        const sent = stack.codesTo(guard).length;
        await page.click('#send-code');
        const code = await until('the code is sent', () => stack.codesTo(guard)[sent]?.code);
        await page.type('#member-code', code);
        await page.press('#member-form', '登录');
        await page.shows('#gate-count', /已进 0 人，共 2 人/);
        await scan('scrawl');
        await page.shows('#boarding', /✗ 不能进/);
        await scan(await shown(NOBODY));
        await page.shows('#boarding', /✗ 不能进\s+\S*票/);
        assert.deepEqual(await barriersOnTelephone(page, 'gate-refused'), []);
    });

    test('a ticket is let in once, and her companion with her; what was a mistake is taken back', async () => {
        await scan(await shown(SHE));
        await page.shows('#boarding', /✓ 二等座\s+同行 1 人，1 人还没有进/);
        await page.shows('#gate-count', /已进 1 人/);
        assert.deepEqual(await barriersOnTelephone(page, 'gate'), []);
        await page.press('#boarding', '同行 1 人一起进');
        await page.shows('#boarding', /✓ 同行 1 人已进/);
        await page.shows('#gate-count', /已进 2 人/);
        await scan(await shown(SHE));
        await page.shows('#boarding', /✗ 不能进[^]*已于[^]*进过/);
        await page.press('#boardings', '撤销');
        await page.shows('#boardings', /已撤销/);
        await page.shows('#gate-count', /已进 1 人/);
    });

    test('the official sees who came', async () => {
        await go(desk, '/releases');
        await desk.shows('[aria-label=检票]', /^$/); // left, and its numbers with it
        await go(desk, `/releases/${releaseId}`);
        await desk.shows('[aria-label=检票]', /G4821\s+二等座\s+2\s+1\s/);
    });

    test('nothing went wrong but the refusals', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/status of 4\d\d/.test(line)), []);
    });
});
