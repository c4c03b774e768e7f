// What is open for a member in a real browser: why not, lots of a moment and of a season, checked by her telephone; and where
// and how well what she has is spent.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { branchOf, openMerchant } from '../system/merchants.mjs';
import { EVERY_ROLE, mint, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { claimer, openRelease } from '../system/releases.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone, go, signIn } from './member.mjs';

const OTHERS = [700, 701, 702], VALUE = '03 07 11';
const at = (ms) => new Date(ms).toISOString();

describe("what is open for her", () => {
    const rider = person(1);
    let stack, chrome, page, memberId, branchId;

    const here = async (path, pattern) => {
        await go(page, path);
        await page.send('Page.reload');
        await page.shows('main', pattern);
    };
    const official = (one) => mint(stack.tokenKey(), { memberId: one, grants: EVERY_ROLE });
    const token = (one) => mint(stack.tokenKey(), { memberId: one });
    /** A release by lot that opens so soon that all is published before. */
    async function lot(title, form) {
        for (let wait = 1500; ; wait *= 2) {
            const opens = Date.now() + wait;
            const { json: { release }, text } = await stack.post('/v1/releases', { release: { title, faceFen: '500', stockPerDay: 1, opensAt: at(opens), ...form(opens) } }, { token: official(901), key: `lot-${opens}` });
            const published = await stack.post(`/v1/releases/${release?.releaseId}:publish`, undefined, { token: official(901) });
            if (published.status === 200) {
                await until('it is open', () => Date.now() > opens);
                return release.releaseId;
            }
            assert.ok(release, text);
            assert.ok(published.json.reason === 'LOT_OPENS_TOO_SOON' && wait < 20000, published.text);
        }
    }
    const enter = async (releaseId, one) => {
        const { status, text, json } = await stack.post(`/v1/releases/${releaseId}/entries`, undefined, { token: token(one) });
        assert.ok(status < 300, text);
        return json;
    };

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider]));
        const { merchantId } = await openMerchant(stack);
        branchId = await branchOf(stack, merchantId, [], { name: '祖庙爱心饭堂', canteen: true, goods: ['MEALS', 'COOL_DRINKS'], phone: '0757-1' });
        await branchOf(stack, merchantId, [], { name: '深夜便利店', goods: ['GROCERIES'], hours: [{ fromMinute: 1, untilMinute: 2 }] });
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signIn(stack, page, rider);
        [{ memberId }] = await stack.query('identity', 'SELECT CAST(member_id AS TEXT) AS memberId FROM member');
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    test('says why not: the rule, and of what is gone when, and how many were before her', async () => {
        const gone = await openRelease(stack, { title: '一张清凉券', stock: 1 });
        assert.ok((await claimer(stack, gone)(OTHERS[0])).status < 300);
        await openRelease(stack, { title: '货车司机加油券', audience: { trades: ['TRUCK_DRIVER'] } });
        await openRelease(stack, { title: '满百券', faceFen: '2000', thresholdFen: '10000', days: 30, allowance: 'ONE_PER_DAY', spending: { branchIds: [branchId], goods: ['MEALS'] } });
        await here('/benefits', /货车司机加油券[^]*您的职业不在/);
        await page.shows('main', /一张清凉券[^]*最后一份于 \d\d:\d\d 领走，在您之前有 1 人领取/);
        assert.deepEqual(await barriersOnTelephone(page, 'benefits-why'), []);
        await page.press('[aria-label=可领取的券] li:has(.btn:not(.quiet))', '领取');
        await page.shows('main', /满百券[^]*已领取[^]*距下一场/);
        await page.press('[aria-label=可领取的券] li:has(.count)', '详情');
        await page.shows('main', /怎么领、怎么用[^]*领取后 30 天[^]*餐饮/);
        assert.deepEqual(await barriersOnTelephone(page, 'offer'), []);
    });

    test('who asks within the first moments is in a lot, once; her telephone checks what came out', async () => {
        const releaseId = await lot('公平抢餐券', () => ({ way: 'FAIR', lot: { entrySeconds: 12 }, spending: { goods: ['CINEMA'] } }));
        await here('/', /公平抢餐券[^]*登记/);
        await here(`/offers/${releaseId}`, /公平抢：同时登记/);
        await page.press('main', '登记');
        await page.shows('main', /您已登记[^]*距开奖/);
        assert.deepEqual(await barriersOnTelephone(page, 'lot-in'), []);
        for (const one of [...OTHERS, ...OTHERS])
            await enter(releaseId, one);
        await page.shows('main', /您(已|未)中签/);
        const won = /您已中签/.test(await page.text('main'));
        await page.shows('[aria-label=抽签]', /登记人次\s+7\s+参加抽签\s+4 人[^]*重复登记 3 次/);
        await page.shows('main', /怎么领、怎么用[^]*上次抽签\s+4 人参加，1 个名额（中签机会 25 %）/);
        await page.press('[aria-label=抽签]', '核对我的结果');
        await page.shows('.proof', won ? /您的手机已自行核算：按公布的方法，您中签/ : /您没有中签/);
        assert.deepEqual(await barriersOnTelephone(page, 'lot-proven'), []);
        await page.press('[aria-label=抽签]', '核对整份名单');
        await page.shows('#result', /4 人报名，1 人中签[^]*计算无误/);
        await page.value('history.back()');
        await page.shows('main', /公平抢餐券/);
    });

    test('of a season she waits for a place until it is her turn, accepts it, and gives it back', async () => {
        const season = (opens) => ({ way: 'LOT', lot: { season: true, closesAt: at(opens + 10000), publicName: '福彩3D', valueFormat: '## ## ##', valueAt: at(opens + 14000), waiting: 20, acceptDays: 3, until: at(opens + 5 * 86400000) } });
        const releaseId = await lot('疗休养名额', season), others = Array.from({ length: 6 }, (_, i) => 710 + i);
        for (const one of others)
            await enter(releaseId, one);
        await here(`/offers/${releaseId}`, /1 个名额[^]*候补\s+20 人/);
        await page.press('main', '登记');
        await page.shows('main', /您已登记/);
        const [{ lotId, decidedAt }] = (await stack.get(`/v1/releases/${releaseId}/lots`)).json.lots;
        await until('the value is there', () => Date.now() > Date.parse(decidedAt));
        await until('the value is entered', async () => (await stack.post(`/v1/lots/${lotId}:enterValue`, { value: VALUE }, { token: official(901) })).status === 200);
        await until('it is confirmed', async () => (await stack.post(`/v1/lots/${lotId}:confirmValue`, { value: VALUE }, { token: official(902) })).status === 200);
        await until('it is published', async () => (await stack.post(`/v1/lots/${lotId}:publish`, undefined, { token: official(901) })).status === 200);
        const entryOf = async (one) => (await stack.get(`/v1/me/releases/${releaseId}/entry`, { token: token(one) })).json;
        const settled = () => until('it is settled', async () => { const entry = await entryOf(memberId); return entry.state !== 'IN' && entry; });
        const first = await settled();
        if (first.state === 'WAITING') { // but for one lot of seven
            await here(`/offers/${releaseId}`, new RegExp(`您在候补名单中[^]*候补第 ${first.waitingPosition} 位`));
            assert.deepEqual(await barriersOnTelephone(page, 'season-waiting'), []);
        }
        while ((await settled()).state === 'WAITING')
            for (const one of others) {
                const { state, couponId } = await entryOf(one);
                if (state === 'MUST_ACCEPT')
                    assert.ok((await stack.post(`/v1/me/coupons/${couponId}:decline`, undefined, { token: token(one) })).status < 300);
            }
        await here('/', /疗休养名额：已中签，请在[^]*前确认/);
        assert.deepEqual(await barriersOnTelephone(page, 'home-season'), []);
        await page.press('.cards', '疗休养名额');
        await page.shows('main', /请在[^]*前确认，否则递补给下一位/);
        assert.deepEqual(await barriersOnTelephone(page, 'season-won'), []);
        await page.press('main', '确认名额');
        await page.shows('main', /您已中签/);
        await page.press('main', '核对我的结果');
        await page.shows('.proof', first.state === 'WAITING' ? /您没有中签/ : /您中签/); // it was somebody else's at first
        await page.press('main', '放弃名额');
        await page.press('[role=dialog]', '放弃名额');
        await page.shows('main', /您已放弃名额/);
    });
    test('shows where it is spent, by distance, with hours, and what a purchase there would cost her', async () => {
        await chrome.standAt(page, 23.001, 113.001);
        await here('/places', /深夜便利店[^]*祖庙爱心饭堂/);
        await page.shows('main', /00:01[^]*现在(不在用券时间|可用券)[^]*祖庙爱心饭堂[^]*爱心饭堂/);
        await page.press('.tools', '爱心饭堂');
        await until('one is left', async () => (await page.value("document.querySelectorAll('[aria-label=门店] li').length")) === 1);
        await page.press('main', '按距离排列');
        await page.shows('main', /已按距离排列，共 1 个[^]*\d+ 米|公里/);
        assert.deepEqual(await barriersOnTelephone(page, 'places'), []);
        // Since she has allowed it, the first page has the nearest too.
        await here('/', /离我最近的门店[^]*(祖庙爱心饭堂|深夜便利店)　[\d.]+ (米|公里)/);
        assert.deepEqual(await barriersOnTelephone(page, 'home-near'), []);
        await page.press('[aria-label=离我最近]', '祖庙爱心饭堂');
        await page.shows('main', /祖庙爱心饭堂[^]*用券时间/);
        await here('/places', /祖庙爱心饭堂/);
        await page.press('.tools', '爱心饭堂');
        await until('one is left again', async () => (await page.value("document.querySelectorAll('[aria-label=门店] li').length")) === 1);
        await page.press('[aria-label=门店]', '算算能省多少');
        await page.shows('main', /祖庙爱心饭堂[^]*用券时间\s+全天[^]*试算/);
        await page.type('input[type=number]', '99');
        await page.press('main', '试算');
        await page.shows('main', /没有可以用在这笔消费的券[^]*满百券[^]*未达到/);
        await page.type('input[type=number]', '120.5');
        await page.press('main', '试算');
        await page.shows('.proof', /可减 20 元，自付 100\.50 元/);
        assert.deepEqual(await barriersOnTelephone(page, 'place-best'), []);
    });

    test('nothing went wrong in the browser', () => assert.deepEqual(chrome.errors.filter((line) => !/status of 40[013]/.test(line)), []));
});
