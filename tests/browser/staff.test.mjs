// The page of a site's staff in a real browser: she signs in with her second factor, scans, sees why a code
// is not good, takes a mistake back, and works on when there is no network.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { book, passOf, scan, scanner, soon, won } from '../system/bookings.mjs';
import { manager, member, post, UNION } from '../system/checkups.mjs';
import { enrol, grant, mobile, PASSWORD, person, rosterCsv, totp, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { unionAt } from '../system/unions.mjs';
import { Chrome } from './chrome.mjs';
import { film, forget, newFilm, throughCamera } from './film.mjs';
import { barriersOnTelephone } from './member.mjs';

describe("the staff's page at a site", () => {
    const number = mobile(7000), seen = newFilm();
    let stack, chrome, page, campaign, siteId, other, van, secret, old, real, bookings = [];

    const passText = async (i) => (await passOf(stack, bookings[i], i + 1)).text;
    const scans = () => stack.query('health', 'SELECT outcome, offline FROM door_scan ORDER BY scan_id');
    async function tryCode(text) {
        await page.type('#code', text);
        await page.click('#scan-form button');
    }

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([person(1)]));
        const { token } = await stack.call('identity', 'Identity.CompleteWechatLogin',
            { appid: 'wx0000000000000001', openid: 'her-device', mobile: mobile(1) });
        real = (await stack.post('/v1/me:verify', { name: person(1).name, residentId: person(1).residentId }, { token })).json.member;
        await grant(stack, number, 'CHECKUP_STAFF', '440600');
        const official = await enrol(stack, number);
        ({ secret } = official);
        const unionId = await unionAt(stack, UNION, 'health');
        const site = async (name, more) => (await post(stack, '/v1/checkup-sites',
            { site: { unionId, name, address: `${name}1号`, latE6: 23000000, lonE6: 113000000, ...more } })).siteId;
        siteId = await site('市中医院');
        other = await site('丙体检点');
        van = await site('丁流动体检车', { kind: 'VAN', stopsFrom: new Date().toISOString(),
            stopsUntil: new Date(Date.now() + 3600000).toISOString(), capacity: 1, walkIns: 1 });
        campaign = await won(stack, 6, { open: 2500, budgetFen: 11600 * 8, sites: [{ siteId }, { siteId: van }] }); // two may walk in
        await post(stack, `/v1/checkups/${campaign.campaignId}/sites/${van}/slots`, {});
        const slot = await soon(stack, campaign, { minutes: 2 });
        for (const id of campaign.people)
            bookings.push((await book(stack, campaign, slot, id)).json.bookingId);
        for (const one of [siteId, other, van])
            await post(stack, `/v1/checkup-sites/${one}:setStaff`, { memberId: official.member.memberId, duty: 'SCANS' }, manager(stack));
        chrome = new Chrome(throughCamera(seen));
        page = await chrome.open(`http://127.0.0.1:${stack.port}/staff/`);
        await page.shows('#sign-in', /动态口令/);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
        forget(seen);
    });

    test('lets nobody in without the second factor', async () => {
        await page.type('#mobile', number);
        await page.type('#password', PASSWORD);
        await page.type('#totp', '000000');
        await page.click('#sign-in-form button');
        await page.shows('#notice', /不正确/);
        assert.deepEqual(await barriersOnTelephone(page, 'staff-sign-in'), []);
    });

    test('she signs in and chooses her site', async () => {
        await page.type('#password', PASSWORD);
        await page.type('#totp', totp(secret, 1));
        await page.click('#sign-in-form button');
        await page.shows('#sites', /市中医院[^]*丙体检点/);
        await page.press('#sites', '市中医院');
        await page.shows('#place', /市中医院/);
        await page.shows('#counts', /应到\s+6\s+已到\s+0\s+待到\s+6/);
        await page.shows('#roster', /^(\d\d:\d\d–\d\d:\d\d　未到　[0-9a-f]{16}\s*){6}$/);
    });

    test('she scans, and what is not good has its own reason', async () => {
        const text = await passText(0);
        await tryCode(text);
        await page.shows('#verdict', /✓ 通过[^]*代号 [0-9a-f]{16}/);
        await page.shows('#counts', /已到\s+1\s+待到\s+5/);
        await tryCode(text);
        await page.shows('#verdict', /✗ 未通过[^]*已经使用过[^]*在 市中医院 使用/);
        const forged = await passText(1);
        await tryCode(`${forged.slice(0, 100)}${forged[100] === 'A' ? 'B' : 'A'}${forged.slice(101)}`);
        await page.shows('#verdict', /预约码是伪造的/);
        await tryCode('https://example.com');
        await page.shows('#verdict', /这不是体检预约码/);
        old = await passText(1);
        await stack.post(`/v1/me/bookings/${bookings[1]}:reissue`, {}, { token: member(stack, 2), key: 'anew' });
        await tryCode(old);
        await page.shows('#verdict', /预约码已作废/);
        assert.deepEqual(await barriersOnTelephone(page, 'staff-scanned'), []);
    });

    test('a code from the screen is good as long as it is shown', async () => {
        const { json } = await stack.get(`/v1/me/bookings/${bookings[1]}/screen-code`, { token: member(stack, 2) });
        await tryCode(json.code);
        await page.shows('#verdict', /✓ 通过/);
        await page.shows('#counts', /已到\s+2/);
    });

    test('a member’s card says whether she is one, and takes no place of anybody', async () => {
        const token = member(stack, real.memberId);
        const { json, text } = await stack.get('/v1/me/card-code', { token });
        assert.ok(json.code, text);
        const before_ = await scans();
        await tryCode(json.code);
        await page.shows('#verdict', new RegExp(`✓ 有效会员[^]*王\\*[^]*石湾外卖骑手工会[^]*${real.memberId}[^]*不代表已预约`));
        assert.deepEqual(await barriersOnTelephone(page, 'staff-card'), []);
        await tryCode(`${json.code.slice(0, 20)}${json.code[20] === 'A' ? 'B' : 'A'}${json.code.slice(21)}`);
        await page.shows('#verdict', /✗ 未通过[^]*这不是会员码/);
        assert.deepEqual(await scans(), before_);
        const { json: { looks } } = await stack.get('/v1/me/looks', { token });
        assert.equal(looks[0].method, 'Cards.VerifyCard');
    });

    test('she takes a mistake back with its reason', async () => {
        await page.press('#scans .card:first-child', '撤销');
        await page.type('#scans .panel input', '扫错了人');
        // What she writes outlives a list that is drawn anew meanwhile.
        await page.value("document.querySelector('#scans .card:last-child').dataset.drawn = 'before'");
        await page.press('#counts-part', '刷新');
        await until('the list is drawn anew', () => page.value("!document.querySelector('[data-drawn]')"));
        assert.equal(await page.value("document.querySelector('#scans .panel input').value"), '扫错了人');
        await page.click('#scans .panel form button');
        await page.shows('#notice', /已撤销/);
        await page.shows('#scans', /已撤销[^]*扫错了人/);
        await page.shows('#counts', /已到\s+1\s+待到\s+5/);
    });

    test('without network she judges signed codes herself, also after the page was loaded anew', async () => {
        await until('the page is kept', () => page.value("caches.open('desk').then((cache) => cache.match('/staff/staff.js')).then(Boolean)"));
        const texts = [await passText(2), await passText(3), await passText(0)];
        const { code } = (await stack.get(`/v1/me/bookings/${bookings[4]}/screen-code`, { token: member(stack, 5) })).json;
        await page.press('#counts-part', '刷新'); // takes along what was revoked
        await until('it is taken along', () => page.value(`new Promise((done) => { indexedDB.open('scanner').onsuccess = ({ target }) => {
            target.result.transaction('desks').objectStore('desks').getAll().onsuccess = (got) => done(got.target.result[0].revoked.length); }; })`));
        await stack.stop('gateway');
        await tryCode(old);
        await page.shows('#verdict', /✗ 未通过[^]*预约码已作废/);
        await tryCode(texts[0]);
        await page.shows('#verdict', /✓ 通过[^]*已记在本机/);
        await page.send('Page.reload');
        await page.shows('#place', /市中医院/);
        await page.shows('#network', /没有网络[^]*有 1 次离线核验等待上传/);
        await tryCode(texts[0]);
        await page.shows('#verdict', /✗ 未通过[^]*本机已于/);
        await tryCode(texts[2]);
        await page.shows('#verdict', /✗ 未通过[^]*本机已于/);
        await tryCode(`${texts[1].slice(0, 100)}${texts[1][100] === 'A' ? 'B' : 'A'}${texts[1].slice(101)}`);
        await page.shows('#verdict', /预约码是伪造的/);
        await tryCode(code);
        await page.shows('#verdict', /请会员出示“离线码”/);
        await tryCode(texts[1]);
        await page.shows('#network', /有 2 次离线核验等待上传/);
    });

    test('back in the network she hands in, and a conflict stays visible', async () => {
        stack.spawn('gateway');
        await stack.ready();
        // Meanwhile somebody else's device at the same door took the fourth.
        const door = await scanner(stack, siteId, 7100);
        assert.equal((await scan(stack, door, 'elsewhere', await passText(3))).status, 201);
        await page.value('dispatchEvent(new Event("online"))');
        await page.shows('#notice', /已上传 2 次离线核验，其中 1 次未通过/);
        await page.shows('#scans', /重复：预约码已经使用过[^]*离线核验后上传/);
        assert.deepEqual((await scans()).filter((one) => one.offline).map((one) => one.outcome), [1, 2]);
        await page.shows('#counts', /已到\s+3\s+待到\s+3/);
        assert.equal(await page.text('#network'), '');
        await stack.assertCleanAudits();
    });

    test('where the browser has no reader of codes, one from here reads what the camera sees', async () => {
        assert.equal(await page.value('typeof BarcodeDetector'), 'undefined');
        film(seen, (await passOf(stack, bookings[5], 6)).svg);
        await page.press('#scan', '用摄像头扫码');
        await page.shows('#counts', /已到\s+4\s+待到\s+2/);
        await page.shows('#verdict', /✓ 通过[^]*代号 [0-9a-f]{16}/);
        assert.deepEqual(await barriersOnTelephone(page, 'staff-camera'), []);
        await page.press('#scan', '关闭摄像头');
        assert.ok(await page.value("document.querySelector('#video').hidden"));
        assert.deepEqual((await scans()).slice(-1), [{ outcome: 1, offline: 0 }]);
        await until('the reader is kept for when there is no network', () => page.value(`caches.open('desk').then((cache) => cache.keys())
            .then((all) => ['/staff/reader.js', '.wasm'].every((end) => all.some(({ url }) => url.endsWith(end))))`));
        const address = chrome.requests.find((url) => url.endsWith('.wasm')), { headers } = await fetch(address, { headers: { 'accept-encoding': 'br' } });
        assert.deepEqual(['content-type', 'content-encoding', 'cache-control'].map((name) => headers.get(name)), ['application/wasm', 'br', 'public,max-age=31536000,immutable']);
    });

    test('at a van who comes without a booking is taken in by her code, as long as there is room', async () => {
        const code = async (id) =>
            (await stack.post(`/v1/checkups/${campaign.campaignId}/walk-in-code`, {}, { token: member(stack, id) })).json.code;
        await page.send('Page.reload');
        await page.press('#sites', '丁流动体检车');
        await page.shows('#place', /丁流动体检车/);
        await tryCode(await code(real.memberId));
        await page.shows('#verdict', /✓ 通过[^]*代号 [0-9a-f]{16}/);
        assert.ok(!(await page.text('#verdict')).includes(person(1).name), 'nobody is shown unasked');
        const shows = async (last, verdict) => {
            await page.type('#verdict input', last);
            await page.press('#verdict', '核对证件');
            await page.shows('#verdict', verdict);
        };
        await shows('0000', /✗ 证件不符[^]*还可核对 4 次/);
        await shows(person(1).residentId.slice(14), /✓ 证件相符/);
        await page.press('#verdict', '核对姓名');
        await page.shows('#verdict', new RegExp(`${person(1).name}　${person(1).residentId.slice(0, 6)}\\*{8}${person(1).residentId.slice(14)}`));
        await page.shows('#counts', /现场登记\s+1/);
        await tryCode(await code(51));
        await page.shows('#verdict', /✗ 未通过[^]*现场名额已满/);
    });

    test('nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/status of 40[0139]|ERR_CONNECTION/.test(line)), []);
    });
});
