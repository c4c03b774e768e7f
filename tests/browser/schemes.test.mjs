// Schemes of subsidies at the desk, beside their life (subsidy_desk): how one went, for those who run it and who audit it; and that
// the form has a field for every term, so that none is lost by it.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { enrol, grant, mint, person, rosterCsv, unionCoded, unionsCsv } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { go, opensToAll, signInAtDesk } from './desk.mjs';

const CITY = '440600', DAY = 864e5;

describe('schemes at the desk', () => {
    const manager = person(310), auditor = person(311), desks = new Map();
    let stack, chrome, page, city, fundId;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([manager, auditor]));
        await grant(stack, manager.mobile, 'BENEFIT_MANAGER', CITY);
        await grant(stack, auditor.mobile, 'AUDIT_ADMIN', CITY);
        for (const one of [manager, auditor])
            one.secret = (await enrol(stack, one)).secret;
        city = await known(CITY);
        chrome = new Chrome();
        const fund = ok(await stack.post(`/v1/unions/${city.unionId}/subsidy-funds`, { name: '职工补贴', fen: '100000000000' }, { ...finance(931), key: 'fund' }), 201);
        ({ fundId } = ok(await stack.post(`/v1/subsidy-funds/${fund.fundId}:confirm`, {}, finance(932))));
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    /** A union with its path, once hg-subsidy knows it. */
    async function known(code) {
        const union = await unionCoded(stack, code);
        const [{ path }] = await until('subsidy knows the union', async () => {
            const rows = await stack.query('subsidy', `SELECT path FROM tree_union WHERE union_id = ${union.unionId}`);
            return rows.length && rows;
        });
        return { ...union, path };
    }
    const office = (memberId, role) => ({ token: mint(stack.tokenKey(), { memberId, unionPath: city.path, grants: [{ role, unionPath: city.path }] }) });
    const manages = (memberId) => office(memberId, 'BENEFIT_MANAGER'), finance = (memberId) => office(memberId, 'FINANCE');
    const ok = (answer, code = 200) => {
        assert.equal(answer.status, code, answer.text);
        return answer.json;
    };
    const at = (ms) => new Date(ms).toISOString();
    // Each has a window of her own: a one-time password is good once.
    async function change(to) {
        page = desks.get(to) ?? await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        if (!desks.has(to))
            await signInAtDesk(page, to);
        desks.set(to, page);
    }

    describe('the numbers of one', () => {
        let schemeId, applied, folder;

        // Twelve declare in one district and eleven in another; two are refused, one withdraws, two have it.
        before(async () => {
            folder = mkdtempSync(join(tmpdir(), 'huigong-steps-'));
            const opensAt = Date.now() + 2000;
            ({ schemeId } = ok(await stack.post('/v1/schemes', { scheme: {
                unionId: city.unionId, title: '学历补贴', basis: '取得学历的会员。', once: 'ONCE_EVER', amount: { fen: '100000' }, opensAt: at(opensAt), closesAt: at(opensAt + 30 * DAY), fields: [],
                steps: [{ title: '市总工会审核', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }], funding: { fundId, fen: '1000000' }, selection: { kind: 'ALL' },
            } }, { ...manages(901), key: 'scheme' }), 201));
            for (const memberId of [901, 902])
                ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, manages(memberId)));
            const [here, there] = await Promise.all(['440604-001-0001', '440606'].map(known));
            applied = [];
            for (let i = 0; i < 23; i++) {
                const her = { token: mint(stack.tokenKey(), { memberId: 2000 + i, unionPath: (i < 12 ? here : there).path }) };
                const { applicationId } = await until('it is open', async () => {
                    const begun = await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her);
                    assert.ok(begun.status === 201 || begun.json.reason === 'NOT_YET_TIME', begun.text);
                    return begun.status === 201 && begun.json;
                });
                ok(await stack.post(`/v1/me/applications/${applicationId}:submit`, {}, her));
                applied.push({ applicationId, her });
            }
            const decide = async (nth, memberId, verdict, remark = '') => ok(await stack.post(`/v1/applications/${applied[nth].applicationId}:decide`, { verdict, remark }, manages(memberId)));
            for (const nth of [0, 1])
                for (const memberId of [911, 912])
                    await decide(nth, memberId, 'APPROVE');
            for (const nth of [2, 3])
                await decide(nth, 911, 'REFUSE', '不符合条件');
            ok(await stack.post(`/v1/me/applications/${applied[4].applicationId}:withdraw`, {}, applied[4].her));
        });
        after(() => rmSync(folder, { recursive: true }));

        test('are told to who audits, who finds it in the list', async () => {
            await change(auditor);
            await go(page, '/schemes');
            await page.shows('table', /学历补贴[^]*1,000 元[^]*已公布/);
            assert.doesNotMatch(await page.text('.work'), /新建项目/);
            await page.press('table', '查看');
            await page.shows('[aria-label=项目条款]', /取得学历的会员/);
            await page.press('.work > header', '数据和导出');
            await page.shows('[aria-label=从申报到到账]', /申报\s*23[^]*审核通过\s*2[^]*入选\s*2\s*2,000 元[^]*到账\s*0[^]*未占用的资金\s*8,000 元\s*共 10,000 元/);
            await until('the bars are drawn', () => page.value("document.querySelector('[aria-label=\"从申报到到账：申报 23，审核通过 2，入选 2，到账 0\"] svg') !== null"));
            await page.shows('[aria-label=没有得到的原因]', /审核不同意（市总工会审核）\s+2 件\s+本人撤回\s+1 件/);
            await page.shows('[aria-label=各级审核用时]', /市总工会审核\s+5 件\s+0 天\s+0 天/);
            await page.click('[aria-label=时段] .el-checkbox input');
            await page.shows('[aria-label=分下级工会] table', /禅城区总工会\s+12\s+2\s+2\s+0（0 元）\s+3[^]*顺德区总工会\s+11\s+0\s+0\s+0（0 元）\s+0/);
            await opensToAll(page, 'scheme-numbers');
        });

        test('of days on which nothing happened are none', async () => {
            await page.page.fill('[aria-label=到哪天]', '2020-01-01');
            await page.click('[aria-label=时段] button[type=submit]');
            await page.shows('[aria-label=从申报到到账]', /申报\s*0/);
            await page.shows('[aria-label=没有得到的原因]', /这一时段没有/);
        });

        test('are a file of all steps with their hashes', async () => {
            page.keepDownloads(folder);
            await page.press('[aria-label=审计导出]', '下载全部步骤');
            const text = await until('she has the file', () => { try { return readFileSync(join(folder, `补贴步骤-${schemeId}.csv`), 'utf8'); } catch { return ''; } });
            const lines = text.trimEnd().split('\r\n'), { steps } = ok(await stack.get(`/v1/me/applications/${applied[0].applicationId}`, applied[0].her));
            const [{ n }] = await stack.query('subsidy', 'SELECT count(*) AS n FROM application_step');
            assert.equal(lines.length, n + 1);
            for (const { seq, hash } of steps)
                assert.ok(lines.some((line) => line.startsWith(`${applied[0].applicationId},`) && line.endsWith(`,1000.00,${seq},${hash}`)), `row ${seq}`);
        });

        test('are given as no file to who has no business with it', async () => {
            await change(manager);
            await go(page, `/schemes/${schemeId}/numbers`);
            await page.shows('[aria-label=从申报到到账]', /申报\s*23/);
            assert.doesNotMatch(await page.text('.work'), /审计导出/);
        });
    });

    describe('the form of one', () => {
        const folder = new URL('../../deploy/demo/schemes/', import.meta.url), files = readdirSync(folder).filter((name) => name.endsWith('.json')).sort();
        const termsOf = async (schemeId) => (await stack.query('subsidy', `SELECT hex(terms) AS terms, hex(terms_hash) AS hash FROM scheme WHERE scheme_id = ${schemeId}`))[0];
        let nth = 0, before;

        /** A draft of the terms of a file, whose days are counted from now. */
        async function draft(scheme) {
            const day = (text) => at(Date.now() + DAY * (Number(text.slice(1)) + 1) + 123), { selection, ...rest } = scheme;
            const body = { scheme: {
                ...rest, unionId: city.unionId, opensAt: day(scheme.opensAt), closesAt: day(scheme.closesAt), funding: { ...scheme.funding, fundId },
                selection: { ...selection, ...selection.listAt && { listAt: day(selection.listAt), until: day(selection.until) } },
            } };
            const { schemeId } = ok(await stack.post('/v1/schemes', body, { ...manages(901), key: `draft-${++nth}` }), 201);
            return schemeId;
        }
        async function edit(schemeId) {
            await go(page, `/schemes/${schemeId}`);
            before = await termsOf(schemeId);
            await page.press('.work', '修改草稿');
            await page.shows('[aria-label=修改草稿]', /保存草稿/);
        }
        async function keep() {
            await page.press('[aria-label=修改草稿]', '保存草稿');
            await page.shows('[aria-label=项目条款]', /修改草稿/);
        }

        for (const name of files)
            test(`gives ${name} back as it was, to the byte`, async () => {
                await change(manager);
                await edit(await draft(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))));
                await keep();
                assert.deepEqual(await termsOf((await page.value('location.hash')).split('/').at(-1)), before);
            });

        test('has a field for every term that the files do not use', async () => {
            const [other] = await stack.query('subsidy', 'SELECT CAST(scheme_id AS TEXT) AS id FROM scheme WHERE state = 2');
            const file = JSON.parse(readFileSync(new URL('education.json', folder), 'utf8')), [{ choices, ...degree }, ...fields] = file.fields;
            const schemeId = await draft({
                ...file, skill: undefined, title: '分组抽签的补贴', once: 'ONCE_ANY', correctDays: 7, againDays: 9, notBeside: [{ schemeId: other.id, days: 180 }],
                counts: { group: { name: '学历类', atMost: 2, period: 'YEAR', notWithinDays: 30 }, ceiling: { name: '普惠', fen: '500050' } },
                fields: [{ ...degree, choices, sensitive: true }, { name: 'years', label: '工龄', kind: 'NUMBER', least: '0', most: '60' }, ...fields.map((one) => (one.kind === 'FILE' ? { ...one, fileKinds: ['PNG', 'PDF'], least: '1', most: '3' } : one))],
                steps: [...file.steps, { title: '抽查', level: 2, role: 'FINANCE', hands: 1, days: 3, perMille: 50, elsewhere: true }], showing: { workingDays: 3, objectionDays: 20 },
                selection: {
                    ...file.selection, waiting: 0, strataField: 'degree', points: [{ field: 'degree', choice: '本科', points: 2 }, { field: 'years', points: 1, most: 9 }],
                    strata: [{ title: '大专组', choices: ['大专'], places: 9000, waiting: 100 }, { title: '本科以上组', choices: ['研究生', '本科'], places: 10958 }],
                },
                amount: { by: 'degree', of: [{ choice: '研究生', fen: '100000' }, { choice: '大专', fen: '80050' }, { choice: '本科', fen: '90000' }] },
            });
            await edit(schemeId);
            await opensToAll(page, 'scheme-draft-whole');
            await keep();
            assert.deepEqual(await termsOf(schemeId), before);
            // Who confirms it reads each of them.
            await page.shows('[aria-label=项目条款]', new RegExp(['看“取得的学历”：研究生 1,000 元、大专 800.50 元、本科 900 元', '180 天内领过“学历补贴”的不再发', '学历类，每年最多 2 次，30 天内享受过的不再发', '普惠，每人每年合计 5,000.50 元', '每千件抽 50 件由其他工会复核',
                '单选；涉及家庭或医疗信息，须本人同意后填写', '材料文件；选填；只收 PNG、PDF', '大专组（大专）：9000 名，候补 100 名\\s+本科以上组（研究生、本科）：10958 名', '“取得的学历”是本科：2 签\\s+“工龄”每 1：1，最多 9 签'].join('[^]*')));
            await opensToAll(page, 'scheme-terms');
        });

        test('takes them from who types them', async () => {
            const file = JSON.parse(readFileSync(new URL('innovation.json', folder), 'utf8')), schemeId = await draft(file);
            await edit(schemeId);
            await page.clickOn('the union chair', "[...document.querySelectorAll('[aria-label=由谁申报] .el-checkbox input')].at(0)");
            await page.press('[aria-label=技能档案]', '不记入'); // what a union is given is no skill of hers
            await page.clickOn('carrying', "[...document.querySelectorAll('.el-checkbox')].find((one) => one.innerText.includes('沿用到下一期'))");
            const row = "[...document.querySelectorAll('fieldset.rows')].find((one) => one.querySelector('legend').innerText === '第 1 条' && one.innerText.includes('得几分'))";
            await page.clickOn('删除', `[...${row}.querySelectorAll('button')].at(-1)`);
            await until('one is gone', async () => await page.value(`${row}.querySelector('.el-select').innerText.includes('推广范围') && ${row}.innerText.includes('本行业')`));
            await keep();
            const saved = ok(await stack.get(`/v1/schemes/${schemeId}`, manages(901)));
            assert.ok(!saved.skill);
            assert.deepEqual([saved.applicantRoles, saved.carries, saved.selection.points.map(({ field, choice }) => `${field} ${choice}`)], [['UNION_ADMIN'], true, ['spread 本行业', 'months ', 'saved ']]);
        });
    });

    test('nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/status of (40[0139]|429)/.test(line)), []);
    });
});
