// A member's account in a real browser: another number, two accounts that become one, the single pledge, a new union.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mint, mobile, person, rosterCsv, unionCoded, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { fill } from './desk.mjs';
import { barriersOnTelephone, go, signIn, signInByCode } from './member.mjs';

describe("a member's account", () => {
    const rider = person(1), second = mobile(5001), newer = mobile(5002), newest = mobile(5003);
    let stack, chrome, page;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider]));
        await stack.login(second); // an account of nothing but a number
        const { unionId } = await unionCoded(stack, '440600');
        const token = mint(stack.tokenKey(), { memberId: 77, grants: [{ role: 'SYSTEM_ADMIN', unionPath: '' }] });
        const published = await stack.post(`/v1/unions/${unionId}/policies`, { purpose: 'PURPOSE_SINGLE_PLEDGE', title: '单身承诺书', text: '本人承诺目前单身。', controller: '佛山市总工会',
            contact: '0757-12351', kinds: '婚姻状况', retention: '两年' }, { token, key: 'policy' });
        assert.equal(published.status, 201, published.text);
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signIn(stack, page, rider);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    /** Has a code sent to a number by the button after its field; the code. */
    async function codeTo(form, label, number, nth) {
        const sent = stack.codesTo(number).length;
        await fill(page, form, { [label]: number });
        await page.clickOn(`the code for ${number}`, `[...document.querySelectorAll('${form} .actions button')][${nth}]`);
        const code = await until('the code is sent', () => stack.codesTo(number)[sent]?.code);
        await fill(page, form, { [`${label}收到`]: code });
    }

    test('two accounts become one by codes to both numbers', async () => {
        await go(page, '/mine/merge');
        await page.shows('main', /没有合并申请/);
        assert.deepEqual(await barriersOnTelephone(page, 'merge'), []);
        await codeTo('#merge-form', '这个账号的号码', rider.mobile, 0);
        await codeTo('#merge-form', '另一个账号的号码', second, 1);
        await page.press('#merge-form', '合并两个账号');
        await page.press('.van-dialog', '合并');
        await page.shows('[aria-label=合并申请]', /已合并/);
        assert.equal((await stack.query('identity', 'SELECT count(*) AS n FROM member WHERE merged_into > 0'))[0].n, 1);
    });

    test('she pledges with her name, and takes it back', async () => {
        await go(page, '/mine/pledge');
        await page.shows('main', /单身承诺书[^]*本人承诺目前单身/);
        assert.deepEqual(await barriersOnTelephone(page, 'pledge'), []);
        await fill(page, '#pledge-form', { 签名: '王别人' });
        await page.press('#pledge-form', '我承诺');
        await page.shows('#pledge-form [role=alert]', /./);
        await fill(page, '#pledge-form', { 签名: rider.name });
        await page.press('#pledge-form', '我承诺');
        await page.shows('main', /承诺有效[^]*有效至/);
        assert.deepEqual(await barriersOnTelephone(page, 'pledged'), []);
        await page.press('main', '撤回承诺');
        await page.press('.van-dialog', '撤回承诺');
        await page.shows('[aria-label=历次承诺]', /已撤回/);
    });

    test('she asks for a new union below another', async () => {
        await go(page, '/mine/union');
        await page.press('main', '单位还没有工会');
        await fill(page, '#above-form', { 上级工会编码: '440604-001' });
        await page.press('#above-form', '查找');
        await page.shows('main', /在「石湾镇街道总工会」下成立/);
        await fill(page, '#new-union-form', { 工会名称: '石湾快递员工会', 工会编码: '440604-001-0002' });
        assert.deepEqual(await barriersOnTelephone(page, 'new-union'), []);
        await page.press('#new-union-form', '提交申请');
        await page.shows('[aria-label=我的申请]', /石湾快递员工会[^]*等待上级工会答复/);
    });

    test('another number at once, by codes to both', async () => {
        await go(page, '/mine/number');
        await page.shows('main', /现在的号码/);
        assert.deepEqual(await barriersOnTelephone(page, 'number'), []);
        await codeTo('#change-number', '旧号码', rider.mobile, 0);
        await codeTo('#change-number', '新号码', newer, 1);
        await page.press('#change-number', '换成新号码');
        await page.press('.van-dialog', '换号');
        await signInByCode(stack, page, newer);
        await page.shows('#who', /王\*\*乙/);
    });

    test('a lost number is changed by the union: she asks', async () => {
        await go(page, '/mine/number');
        await page.click('.check input');
        await page.shows('#lost-number', /姓名/);
        await fill(page, '#lost-number', { 姓名: rider.name, 证件号码: rider.residentId });
        await codeTo('#lost-number', '新号码', newest, 0);
        assert.deepEqual(await barriersOnTelephone(page, 'number-lost'), []);
        await page.press('#lost-number', '申请换号');
        await page.shows('main', /申请已在工会/);
        await page.press('main', '更正申请');
        await page.shows('[aria-label=更正申请]', /等待工会核对/);
    });
});
