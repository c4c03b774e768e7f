// A file of skills: what an approval leaves in it, on her telephone, to take away; and found at the desk by whom she belongs to.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { enrol, grant, mint, person, rosterCsv, unionCoded, unionsCsv, verify } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { fill, opensToAll, signInAtDesk } from './desk.mjs';
import { barriersOnTelephone, go } from './member.mjs';

const OCCUPATION = '网约配送员', LEVEL = '高级工';

describe('a file of skills', () => {
    const manager = person(301), she = person(1);
    let stack, chrome, page, desk, city, her, applicationId;
    const folder = mkdtempSync(join(tmpdir(), 'huigong-skills-'));
    const office = (memberId, role = 'BENEFIT_MANAGER') => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: city.path }] }) });
    const ok = (answer) => {
        assert.ok(answer.status < 300, answer.text);
        return answer.json;
    };
    const at = (ms) => new Date(Date.now() + ms).toISOString();
    /** What was downloaded, once all of it is written, to its end. */
    const saved = (name, end) => until(`${name} is there`, () => existsSync(join(folder, name)) && (readFileSync(join(folder, name), 'utf8').match(end) ?? [])[0]);

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([she, manager]));
        city = await unionCoded(stack, '440600');
        await grant(stack, manager.mobile, 'BENEFIT_MANAGER', '440600');
        manager.secret = (await enrol(stack, manager)).secret;
        her = { token: (await verify(stack, she)).token };
        await until('subsidy knows the union', async () => (await stack.query('subsidy', `SELECT path FROM tree_union WHERE union_id = ${city.unionId}`))[0]);
        const { schemeId } = ok(await stack.post('/v1/schemes', { scheme: {
            unionId: city.unionId, title: '职业技能等级补贴', basis: '按证书等级补贴。', once: 'ONCE_EVER', amount: { fen: '100000' },
            fields: [
                { name: 'level', label: '技能等级', kind: 'CHOICE', choices: ['中级工', LEVEL] }, { name: 'trade', label: '职业（工种）', kind: 'TEXT', least: '2', most: '40' },
                { name: 'issued', label: '发证日期', kind: 'DATE' },
            ],
            skill: { kind: 'SKILL_CERTIFICATE', title: '职业技能等级证书', occupationField: 'trade', levelField: 'level', dayField: 'issued' },
            steps: [{ title: '市总工会审核', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }], opensAt: at(300), closesAt: at(20 * 864e5),
        } }, { ...office(901), key: 'scheme' }));
        for (const official of [901, 902])
            ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, office(official)));
        ({ applicationId } = await until('it is open', async () => {
            const begun = await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her);
            return begun.status === 201 && begun.json;
        }));
        ok(await stack.post(`/v1/me/applications/${applicationId}:save`, { answers: [{ field: 'level', text: LEVEL }, { field: 'trade', text: OCCUPATION }, { field: 'issued', date: '2025-06-20' }] }, her));
        ok(await stack.post(`/v1/me/applications/${applicationId}:submit`, {}, her));
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        page.keepDownloads(folder);
        await page.value(`sessionStorage.setItem('session', ${JSON.stringify(JSON.stringify({ token: her.token }))})`);
        await page.page.reload();
        await page.shows('nav', /我的/);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
        rmSync(folder, { recursive: true, force: true });
    });
    const noBarriers = async (name) => assert.deepEqual(await barriersOnTelephone(page, name), []);

    test('nothing is in it before an approval, and then what the certificate says', async () => {
        await go(page, '/mine');
        await page.press('main', '我的技能档案');
        await page.shows('main', /档案里还没有内容/);
        await noBarriers('skills-none');
        for (const official of [911, 912])
            ok(await stack.post(`/v1/applications/${applicationId}:decide`, { verdict: 'APPROVE' }, office(official)));
        await go(page, '/mine');
        await page.press('main', '我的技能档案');
        await page.shows('[aria-label=技能档案]', /职业技能等级证书\s+证书[^]*职业（工种）\s+网约配送员[^]*等级\s+高级工[^]*取得\s+2025-06-20[^]*认定\s+佛山市总工会/);
        await page.click('[aria-label=技能档案] summary');
        await page.shows('[aria-label=技能档案]', /日志第 \d+ 行\s+[0-9a-f]{64}/);
        await noBarriers('skills');
    });

    test('she takes it away, with what proves each entry', async () => {
        const { skills: [{ seq, hash }] } = ok(await stack.get('/v1/me/skills', her));
        await page.press('[aria-label=导出]', '导出表格');
        const [head, row] = (await saved('huigong-skills.csv', /^[^]+\r\n$/)).replace('\uFEFF', '').split('\r\n');
        assert.match(head, /^"类别","名称","职业（工种）"/);
        assert.ok(row.startsWith(`"证书","职业技能等级证书","${OCCUPATION}","${LEVEL}","2025-06-20","职业技能等级补贴","佛山市总工会",`), row);
        assert.ok(row.endsWith(`"${seq}","${hash}"`), row);
        await page.press('[aria-label=导出]', '导出 JSON');
        const [entry] = JSON.parse(await saved('huigong-skills.json', /^\[[^]+\]$/));
        assert.deepEqual([entry.title, entry.hash, entry.unionName], ['职业技能等级证书', hash, '佛山市总工会']);
    });

    test('her union finds it by occupation, level and year, and she sees who looked', async () => {
        desk = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        await signInAtDesk(desk, manager);
        await go(desk, '/skills');
        await desk.shows('[aria-label=查找结果]', /网约配送员[^]*高级工[^]*2025/);
        await fill(desk, '[aria-label=查找技能]', { '职业（工种）': OCCUPATION, 等级: '中级工' });
        await desk.press('[aria-label=查找技能]', '查找');
        await desk.shows('[aria-label=查找结果]', /没有符合的记录/);
        await fill(desk, '[aria-label=查找技能]', { 等级: LEVEL });
        await desk.press('[aria-label=查找技能]', '查找');
        await desk.press('[aria-label=查找结果]', '查看档案');
        await desk.shows('[aria-label=档案]', /职业技能等级证书[^]*网约配送员[^]*2025-06-20[^]*佛山市总工会/);
        await opensToAll(desk, 'skills-desk');
        await go(page, `/applications/${applicationId}`);
        await page.shows('[aria-label=谁看过]', /一位办理人员查看/);
    });
});
