// Schemes of subsidies at the desk, beside their life (subsidy_desk): how one went, for those who run it and who audit it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

    test('nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/status of (40[0139]|429)/.test(line)), []);
    });
});
