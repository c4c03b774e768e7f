// Subsidies at the desk, as the hands would: schemes from an example to their opening, the inbox of the reviewers, funds, the
// guided run of a draw, the public notice with an objection, and a run of payments by WeChat.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { enrol, grant, mint, PASSWORD, person, rosterCsv, totp, unionCoded, unionsCsv } from '../system/people.mjs';
import { until, web } from '../system/stack.mjs';
import { beginPaying } from '../system/wechatpays.mjs';
import { Chrome } from './chrome.mjs';
import { go, opensToAll } from './desk.mjs';

const CITY = '440600';

describe('subsidies at the desk', () => {
    // Two who manage benefits and review, and two of finance and administration, who pay and decide objections.
    const managers = [person(300), person(301)], payers = [person(302), person(303)];
    let paying, stack, chrome, page, people, city;

    before(async () => {
        paying = await beginPaying({ users: 4, standIn: false, settings: { gateway: { HUIGONG_WEB: web } } });
        ({ stack, people } = paying);
        await stack.import('unions', unionsCsv());
        const roster = people.map((_, n) => person(700 + n)); // by whose numbers they have signed in
        await stack.import('roster', rosterCsv([...managers, ...payers, ...roster]));
        for (const one of managers)
            await grant(stack, one.mobile, 'BENEFIT_MANAGER', CITY);
        for (const one of payers)
            for (const role of ['FINANCE', 'UNION_ADMIN'])
                await grant(stack, one.mobile, role, CITY);
        for (const one of [...managers, ...payers])
            one.secret = (await enrol(stack, one)).secret;
        for (const [n, who] of people.entries()) {
            const { name, residentId } = roster[n];
            const verified = await stack.post('/v1/me:verify', { name, residentId }, { token: who.token });
            assert.equal(verified.status, 200, verified.text);
            who.token = verified.json.token;
        }
        city = await unionCoded(stack, CITY);
        chrome = new Chrome();
        await change(managers[0]);
    });
    after(async () => {
        await chrome?.close();
        await paying.close();
    });

    // Each has a window of her own: a one-time password is good once.
    const desks = new Map();
    async function change(to) {
        page = desks.get(to) ?? await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        if (desks.has(to))
            return;
        desks.set(to, page);
        await page.shows('main', /工作人员登录/);
        await page.type('#mobile', to.mobile);
        await page.type('#password', PASSWORD);
        await page.type('#totp', totp(to.secret, 1));
        await page.click('form button[type=submit]');
        await page.shows('.work h1', /总览/);
    }
    const confirm = () => page.press('[role=dialog]', '确定');
    async function fill(label, text) {
        const field = `:is(input, textarea)[aria-label="${label}"]`;
        await until(`there is ${label}`, () => page.value(`document.querySelector(${JSON.stringify(field)}) !== null`));
        await page.type(field, text);
    }
    /** Types into a field of a row of the form, by the words before it. */
    async function fillIn(row, label, text) {
        const found = await page.value(`(() => {
            const rows = [...document.querySelectorAll('fieldset.rows')].filter((one) => one.querySelector('legend').innerText === ${JSON.stringify(row)});
            const at = rows.flatMap((one) => [...one.querySelectorAll('label')]).find((one) => one.innerText.trim().startsWith(${JSON.stringify(label)}));
            document.querySelector('[data-filled]')?.removeAttribute('data-filled');
            at?.querySelector('input, textarea').setAttribute('data-filled', '');
            return Boolean(at); })()`);
        assert.ok(found, `${row} has ${label}`);
        await page.type('[data-filled]', text);
    }
    async function choose(label, option) {
        await page.click(`.el-select__wrapper:has([aria-label="${label}"])`);
        await page.clickOn(option, `[...document.querySelectorAll('.el-popper[aria-hidden=false] .el-select-dropdown__item')].find((one) => one.innerText.includes(${JSON.stringify(option)}))`);
    }
    const told = (pattern) => page.shows('.el-message', pattern);

    test('a scheme is drafted from an example, tried out as its member sees it, and opened by two', async () => {
        await go(page, '/schemes');
        await page.shows('.work', /补贴项目[^]*还没有补贴项目/);
        await page.press('.work', '新建项目');
        await choose('参照', '技能等级补贴');
        await page.shows('.phone', /技能等级补贴[^]*最高 3,000 元[^]*技能等级\s*初级工[^]*证书编号[^]*培训开始/);
        // What is refused is said with the part of the form that it is about.
        await fillIn('第 5 项', '最多（元）', '0.001');
        await fillIn('第 5 项', '最少（元）', '9');
        await fillIn('第 1 级审核', '名称', '区总工会初审');
        await page.press('[aria-label=新建项目]', '保存草稿');
        await page.shows('[aria-label=新建项目] [role=alert]', /第 5 项“培训和认定费用”：字段的上下限不正确/);
        await fillIn('第 5 项', '最多（元）', '10000');
        // A field that is asked for one choice alone comes and goes in what the member sees.
        await page.press('[aria-label=新建项目]', '添加一项');
        await fillIn('第 6 项', '名称', '推荐单位');
        await choose('第 6 项什么情况下填写', '技能等级');
        await page.clickOn('the choice', "[...document.querySelectorAll('fieldset.rows .el-checkbox')].find((one) => one.innerText.includes('高级技师'))");
        assert.doesNotMatch(await page.text('.phone'), /推荐单位/);
        await page.clickOn('the choice tried', "[...document.querySelectorAll('.phone label.pick')].find((one) => one.innerText.trim() === '高级技师')");
        await page.shows('.phone', /推荐单位/);
        await opensToAll(page, 'scheme-draft');
        await page.press('[aria-label=新建项目]', '保存草稿');
        await page.shows('.work', /技能等级补贴\s+草稿[^]*区总工会初审[^]*5 天内[^]*推荐单位\s+文字；“技能等级”选了高级技师时填写/);
        await page.press('.work', '修改草稿');
        await fill('名称', '职工技能等级补贴');
        await page.press('[aria-label=修改草稿]', '保存草稿');
        await page.shows('.work h1', /职工技能等级补贴/);
        await page.press('.work', '提出公布');
        await confirm();
        await page.shows('.work', /需要第二人复核/);
        await page.press('.work', '第二人确认公布');
        await confirm();
        await told(/须由另一名福利经办确认/);
        await opensToAll(page, 'scheme-waits');
        await change(managers[1]);
        await go(page, '/schemes');
        await page.shows('table', /职工技能等级补贴[^]*待第二人公布/);
        await opensToAll(page, 'schemes');
        await page.press('table', '检查和公布');
        await page.press('.work', '第二人确认公布');
        await confirm();
        await page.shows('.work', /职工技能等级补贴\s+已公布[^]*停止申报/);
        const [{ state }] = await stack.query('subsidy', 'SELECT state FROM scheme');
        assert.equal(state, 2);
    });

    test('one that is open is changed by a new version alone', async () => {
        await page.press('.work', '建立新版本');
        await page.shows('[aria-label=新版本]', /政策说明/);
        await page.press('[aria-label=新版本]', '保存草稿');
        await page.shows('.work', /职工技能等级补贴\s+草稿[^]*前一版本/);
    });
});
