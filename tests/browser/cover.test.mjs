// The accident cover of who joins an industry union, on her telephone: none before, then a policy with its time, a claim
// that is refused for a day before it and goes on for one of it, and its end when she leaves.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mint, mobile, personName, residentId, unionCoded, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone, go } from './member.mjs';

const number = mobile(812), TITLE = '意外医疗互助理赔';

describe('her accident cover', () => {
    let stack, chrome, page, city, company, industryId;
    const office = (memberId, role) => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: city.path }] }) });
    const ok = (answer) => {
        assert.ok(answer.status < 300, answer.text);
        return answer.json;
    };
    const at = (ms) => new Date(Date.now() + ms).toISOString();
    /** A day in China, so many from now. */
    const day = (days) => at(days * 864e5 + 8 * 36e5).slice(0, 10);
    const setDay = (id, value) => page.value(`(() => { const field = document.querySelector('#field-${id}'); field.value = '${value}'; field.dispatchEvent(new Event('input')); })()`);

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        [city, company] = await Promise.all(['440600', '440604-001-0001'].map((code) => unionCoded(stack, code)));
        ({ unionId: industryId } = ok(await stack.post('/v1/unions', { code: '440600-X', name: '新就业形态行业工会联合会', parentId: city.unionId, trades: ['FOOD_DELIVERY'] },
            { ...office(2, 'UNION_ADMIN'), key: 'industry' })));
        await until('subsidy knows the union', async () => (await stack.query('subsidy', `SELECT path FROM tree_union WHERE union_id = ${industryId}`))[0]);
        const { schemeId } = ok(await stack.post('/v1/schemes', { scheme: {
            unionId: city.unionId, title: TITLE, basis: '因意外伤害就医的，凭票据申请。', once: 'ONCE_ANY', amount: { field: 'bill', mostFen: '200000' }, coverCheck: { field: 'hurt' },
            fields: [{ name: 'hurt', label: '受伤日期', kind: 'DATE' }, { name: 'bill', label: '自付金额', kind: 'FEN', least: '1', most: '200000' }],
            steps: [{ title: '市总工会核赔', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }], opensAt: at(300), closesAt: at(20 * 864e5),
        } }, { ...office(901, 'BENEFIT_MANAGER'), key: 'scheme' }));
        for (const official of [901, 902])
            ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, office(official, 'BENEFIT_MANAGER')));
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });
    const noBarriers = async (name) => assert.deepEqual(await barriersOnTelephone(page, name), []);

    /** The page has this session from now on. */
    async function enter(session) {
        await page.value(`sessionStorage.setItem('session', ${JSON.stringify(JSON.stringify(session))})`);
        await page.page.reload();
        await page.shows('nav', /我的/);
    }

    let she;
    test('who joins an industry union has a policy, and was in no need to ask for it', async () => {
        const { token, refreshToken } = await stack.login(number);
        const form = { unionId: company.unionId, trade: 'FOOD_DELIVERY', threeInOne: true, name: personName(812), residentId: residentId(812) };
        const { requestId } = ok(await stack.post('/v1/me/join-requests', form, { token }));
        assert.equal(ok(await stack.post(`/v1/unions/${industryId}/join-requests:decide`, { requestIds: [requestId], approve: true }, office(2, 'UNION_ADMIN'))).done, 1);
        she = ok(await stack.post('/v1/sessions:refresh', { refreshToken }));
        await enter({ token: she.token });
        await go(page, '/mine');
        await page.press('main', '我的互助保障');
        await page.shows('[aria-label=保障]', /保障中[^]*保单号\s+HZ\d+[^]*参保工会\s+新就业形态行业工会联合会[^]*有效期至/);
        await page.shows('[aria-label=报销]', /意外医疗互助理赔\s+报销/);
        await noBarriers('cover');
    });

    test('a claim is for a day on which she was covered, and its progress is told here', async () => {
        await page.press('[aria-label=报销]', '报销');
        await page.shows('form', /受伤日期[^]*自付金额/);
        await setDay('hurt', day(-2));
        await page.type('#field-bill', '120.5');
        await page.press('main', '检查并提交');
        await page.shows('#findings', /受伤日期：受伤当天您没有有效的意外医疗互助保障/);
        await noBarriers('cover-claim-refused');
        await setDay('hurt', day(0));
        await page.press('main', '检查并提交');
        await page.shows('.standing', /审核中/);
        await go(page, '/cover');
        await page.shows('[aria-label=我的报销]', /意外医疗互助理赔[^]*120\.50 元[^]*审核中[^]*现在在\s+佛山市总工会/);
        await noBarriers('cover-claims');
    });

    test('leaving the union ends it, and she is told when', async () => {
        ok(await stack.post('/v1/me:leave', { confirmed: true }, { token: she.token }));
        await enter({ token: mint(stack.tokenKey(), { memberId: she.member.memberId, unionPath: '' }) });
        await go(page, '/cover');
        await page.shows('[aria-label=保障]', /没有保障[^]*您的保障已于 .+ 离开工会时终止[^]*我的工会/);
        await page.click('[aria-label=保障] summary');
        await page.shows('[aria-label=保障]', /HZ\d+[^]*生效[^]*离开工会时终止/);
        await noBarriers('cover-ended');
    });
});
