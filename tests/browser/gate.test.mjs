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
import { film, forget, newFilm, throughCamera } from './film.mjs';
import { barriersOnTelephone } from './member.mjs';

describe('the gate of a departure', () => {
    const official = person(300), guard = mobile(7801), HOUR = 3600000, SHE = 2000, FRIEND = 2001, NOBODY = 2002;
    const seen = newFilm();
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
        chrome = new Chrome(['--enable-blink-features=BarcodeDetector', ...throughCamera(seen)]);
        desk = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        await signInAtDesk(desk, { ...official, secret });
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
        forget(seen);
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

    // This browser has a class for it that reads nothing, as one without the system's part has.
    test('a ticket that is held before the camera is let in', async () => {
        assert.deepEqual(await page.value('BarcodeDetector.getSupportedFormats()'), []);
        film(seen, (await passOf(stack, FRIEND)).svg);
        await page.press('#gate-form', '用摄像头扫码');
        await page.shows('#boarding', /✓ 二等座/);
        await page.shows('#gate-count', /已进 2 人/);
        assert.deepEqual(await barriersOnTelephone(page, 'gate-camera'), []);
        await page.press('#gate-form', '关闭摄像头');
        assert.ok(await page.value("document.querySelector('#gate-video').hidden"));
        await page.press('#boardings', '撤销');
        await page.shows('#gate-count', /已进 1 人/);
    });

    test('without network tickets are kept, also when the page is loaded anew, and told honestly', async () => {
        await until('the page is kept', () => page.value("caches.open('desk').then((cache) => cache.match('/staff/boarding.js')).then(Boolean)"));
        const good = await shown(FRIEND), twice = await shown(SHE); // who was taken back, and who is aboard
        await stack.stop('gateway');
        await scan(good);
        await page.shows('#boarding', /已记在本机，未确认/);
        assert.deepEqual(await barriersOnTelephone(page, 'gate-kept'), []);
        await scan(good);
        await page.shows('#boarding', /✗ 不能进\s+这个券码刚才已在本机检过/);
        await scan('https://example.com');
        await page.shows('#boarding', /✗ 不能进\s+这不是会员的券码/);
        await page.send('Page.reload');
        await page.shows('#place', /返乡专列 G4821/); // the one that was taken along
        await page.shows('#gate-network', /没有网络[^]*有 1 张离线检票等待上传/);
        await scan(twice);
        await page.shows('#gate-network', /有 2 张离线检票等待上传/);
        assert.deepEqual(await barriersOnTelephone(page, 'gate-offline'), []);
        stack.spawn('gateway');
        await stack.ready();
        await page.value('dispatchEvent(new Event("online"))');
        await page.shows('#notice', /已上传 2 张离线检票，其中 1 张不能进/);
        await page.shows('#boardings', /不能进：[^]*离线检票后上传[^]*二等座\s+离线检票后上传/);
        await page.shows('#gate-count', /已进 2 人/);
        assert.equal(await page.text('#gate-network'), '');
        assert.deepEqual(await stack.query('coupon', 'SELECT count(*) AS n FROM boarding WHERE offline = 1 AND refusal = 0'), [{ n: 1 }]);
        await stack.assertCleanAudits();
    });

    test('the official sees who came', async () => {
        await go(desk, '/releases');
        await desk.shows('[aria-label=检票]', /^$/); // left, and its numbers with it
        await go(desk, `/releases/${releaseId}`);
        await desk.shows('[aria-label=检票]', /G4821\s+二等座\s+2\s+2\s/);
    });

    test('she finds a device that was lost and puts it out of use; whoever stands there goes on with another', async () => {
        const live = () => stack.query('coupon', 'SELECT CAST(device_id AS TEXT) AS id FROM door_device WHERE revoked_at = 0');
        const before = await live();
        assert.equal(before.length, 1);
        await desk.shows('[aria-label=检票设备]', new RegExp(`检票 返乡专列 G4821　会员 ${guardId}`));
        await opensToAll(desk, 'gate-devices');
        await desk.press('[aria-label=检票设备]', '停用');
        await desk.press('[role=dialog]', '停用');
        await desk.shows('[aria-label=检票]', /没有在用的设备/);
        assert.deepEqual(await live(), []);
        await scan(await shown(SHE));
        await page.shows('#boarding', /✗ 不能进[^]*已于[^]*进过/); // judged, so by a device in use
        assert.notDeepEqual(await live(), before);
    });

    test('nothing went wrong but the refusals', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/status of 4\d\d|ERR_CONNECTION/.test(line)), []);
    });
});
