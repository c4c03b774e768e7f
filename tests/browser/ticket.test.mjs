// Seats in a real browser: a member chooses a departure and a class, has her seat, gives it back; who waits gets it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { person, rosterCsv, unionsCsv, verify } from '../system/people.mjs';
import { openRelease } from '../system/releases.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone, go, signIn } from './member.mjs';

describe('a ticket', () => {
    const [rider, other] = [person(1), person(2)];
    let stack, chrome, page, releaseId, token;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider, other]));
        ({ token } = await verify(stack, other));
        releaseId = await openRelease(stack, { title: '春节返乡专列', way: 'TICKETS', stockPerDay: 0, audience: { level: 'MEMBER' }, tickets: {
            classes: [{ title: '二等座', priceFen: '0' }, { title: '卧铺', priceFen: '10000' }], companions: 2,
            departures: [{ title: 'G4821 广州南—贵阳北', place: '广州南站', departsAt: new Date(Date.now() + 20 * 86400000).toISOString(), quotas: [1, 5] }] } });
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signIn(stack, page, rider);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });
    const holders = () => stack.query('coupon', 'SELECT count(*) AS n FROM claim');

    test('is chosen by departure and class, and shows what she has', async () => {
        await go(page, '/benefits');
        await page.press('.coupon', '选班次和座位');
        await page.shows('main', /G4821[^]*二等座　免费　余 1 张[^]*卧铺　100 元　余 5 张/);
        assert.deepEqual(await barriersOnTelephone(page, 'ticket-choice'), []);
        await page.click('input[value="0 0"]');
        await page.press('main', '订这个座位');
        await page.shows('[aria-label=我的座位]', /G4821[^]*二等座[^]*广州南站[^]*邀请同行/);
        assert.deepEqual(await holders(), [{ n: 1 }]);
        assert.deepEqual(await barriersOnTelephone(page, 'ticket-seat'), []);
        await page.type('[aria-label=我的座位] input', '12');
        await page.press('[aria-label=我的座位]', '邀请同行');
        await page.shows('[aria-label=我的座位] [role=alert]', /./); // nobody has that number
        assert.equal(await page.value("document.querySelector('[aria-label=我的座位] input').value"), '12');
    });

    test('goes to who waits when she gives it back', async () => {
        const waits = await stack.post(`/v1/releases/${releaseId}/waiting`, { departure: 0, class: 0 }, { token });
        assert.equal(waits.status < 300, true, waits.text);
        await page.press('[aria-label=我的座位]', '退票');
        await page.press('[role=dialog]', '退票');
        await page.shows('main', /二等座　免费　已订完/);
        await until('who waited has it', async () => (await stack.get('/v1/me/offers', { token })).json.offers[0].coupon?.seat);
    });

    test('nothing went wrong in the browser', () => assert.deepEqual(chrome.errors.filter((line) => !/status of 4\d\d/.test(line)), []));
});
