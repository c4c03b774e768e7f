// Subsidies at the desk, as the hands would: schemes from an example to their opening, the inbox of the reviewers, funds, the
// guided run of a draw, the public notice with an objection, and a run of payments by WeChat.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { enrol, grant, mint, PASSWORD, person, rosterCsv, totp, unionCoded, unionsCsv } from '../system/people.mjs';
import { sha256 } from '../system/reports.mjs';
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
        await told(/须由另一位经办人确认公布/);
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

    // ---- what members hand in ----

    const byApi = (memberId, role = 'BENEFIT_MANAGER') => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: city.path }] }) });
    const ok = (answer, code = 200) => {
        assert.equal(answer.status, code, answer.text);
        return answer.json;
    };
    const at = (ms) => new Date(ms).toISOString();
    /** Opened by two who are not at these desks: its id. */
    async function openScheme(more) {
        const opensAt = Date.now() + 3000, scheme = {
            unionId: city.unionId, basis: '取得证书的会员。', once: 'ONCE_EVER', amount: { fen: '15000' }, opensAt: at(opensAt), closesAt: at(opensAt + 864e5),
            fields: [{ name: 'certificate', label: '证书编号', kind: 'CERTIFICATE' }, { name: 'fee', label: '培训费用', kind: 'FEN' }, { name: 'day', label: '发证日期', kind: 'DATE' }, { name: 'proof', label: '证书照片', kind: 'FILE', optional: true }],
            steps: [{ title: '区总工会初审', level: 2, role: 'BENEFIT_MANAGER', hands: 2, days: 5 }], ...more(opensAt),
        };
        const { schemeId } = ok(await stack.post('/v1/schemes', { scheme }, { ...byApi(901), key: `scheme-${opensAt}` }), 201);
        await until('the first hand opens it', async () => (await stack.post(`/v1/schemes/${schemeId}:open`, {}, byApi(901))).status === 200);
        assert.equal(ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, byApi(902))).state, 'SCHEME_OPEN');
        return schemeId;
    }
    let written = 0;
    const write = (who, applicationId) => stack.post(`/v1/me/applications/${applicationId}:save`, {
        answers: [{ field: 'certificate', text: `ZS-2026-${String(++written).padStart(4, '0')}` }, { field: 'fee', number: '120050' }, { field: 'day', date: '2026-05-01' }],
    }, { token: who.token });
    const handIn = (who, applicationId) => stack.post(`/v1/me/applications/${applicationId}:submit`, {}, { token: who.token });
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(2000, 7)]);
    async function upload({ token }, applicationId) {
        const { evidenceId } = ok(await stack.post(`/v1/me/applications/${applicationId}/evidence`, { field: 'proof', kind: 'PNG', size: png.length }, { token, key: `proof-${applicationId}` }), 201);
        ok(await stack.post(`/v1/me/evidence/${evidenceId}/parts`, { part: 0, content: png.toString('base64') }, { token }));
        await until('it is whole', async () => (await stack.post(`/v1/me/evidence/${evidenceId}:finish`, { sha256: sha256(png).toString('hex') }, { token })).status === 200);
    }
    async function declare(who, schemeId, withFile) {
        const { applicationId } = await until('it is open', async () => {
            const begun = await stack.post(`/v1/schemes/${schemeId}/applications`, {}, { token: who.token });
            return begun.status === 201 && begun.json;
        });
        ok(await write(who, applicationId));
        if (withFile)
            await upload(who, applicationId);
        ok(await handIn(who, applicationId));
        return applicationId;
    }
    const hers = async (who, applicationId) => ok(await stack.get(`/v1/me/applications/${applicationId}`, { token: who.token }));
    const row = (applicationId) => `[...document.querySelectorAll('[aria-label=申请] tbody tr')].find((one) => one.querySelector('a')?.getAttribute('href').endsWith('/${applicationId}'))`;
    const tick = (applicationId) => page.clickOn('it can be chosen', `${row(applicationId)}?.querySelector('input')`);
    const marksOf = (applicationId) => page.value(`${row(applicationId)}?.innerText`);
    const says = (applicationId, pattern) => until(`it says ${pattern}`, async () => pattern.test(await marksOf(applicationId) ?? ''));
    const verdict = (text) => page.clickOn(text, `[...document.querySelectorAll('[aria-label=审核结论] label.pick')].find((one) => one.innerText.trim() === ${JSON.stringify(text)})`);

    describe('reviewers', () => {
        let schemeId, ids;

        before(async () => {
            schemeId = await openScheme(() => ({ title: '学历补贴' }));
            ids = [];
            for (const who of people)
                ids.push(await declare(who, schemeId, ids.length < 2));
        });

        test('read with which others it is not had', async () => {
            const other = await openScheme(() => ({ title: '培训津贴', notBeside: [{ schemeId, days: 365 }] }));
            await change(managers[0]);
            await go(page, `/schemes/${other}`);
            await page.shows('[aria-label=项目条款]', /365 天内领过“学历补贴”的不再发[^]*建立新版本/);
        });

        test('have one inbox over all unions, and take, leave and give back what is in it', async () => {
            await change(managers[0]);
            await go(page, '/reviews');
            await page.shows('.tiles', /待审核\s*4[^]*逾期转来\s*0/);
            await page.shows('[aria-label=申请]', /学历补贴[^]*150 元[^]*区总工会初审（0 \/ 2 人）[^]*禅城区总工会/);
            await choose('项目', '职工技能等级补贴');
            await page.shows('[aria-label=申请]', /没有待审核的申请/);
            await choose('项目', '学历补贴');
            await opensToAll(page, 'reviews');
            await page.clickOn('hers', `${row(ids[0])}?.querySelector('a')`);
            await page.shows('[aria-label=申报内容]', /证书编号\s+ZS-2026-0001\s+培训费用\s+1,200.50 元\s+发证日期\s+2026年5月1日/);
            const [{ seq, hash }] = (await hers(people[0], ids[0])).steps;
            await page.shows('[aria-label=办理经过]', new RegExp(`提交[^]*第 ${seq} 行　${hash}`));
            assert.deepEqual(await stack.query('subsidy', `SELECT lower(hex(hash)) AS hash FROM journal WHERE seq = ${seq}`), [{ hash }]);
            assert.equal((await hers(people[0], ids[0])).looks.length, 1);
            const folder = mkdtempSync(join(tmpdir(), 'huigong-evidence-'));
            page.keepDownloads(folder);
            await page.press('[aria-label=申报内容]', '下载');
            await page.shows('[aria-label=申报内容]', new RegExp(`证书照片\\s+图片 2 KB[^]*同一个文件也在申请 ${ids[1]}里`));
            await until('she has the file', () => { try { return readFileSync(join(folder, '证书照片-1.png')).equals(png); } catch { return false; } });
            rmSync(folder, { recursive: true });
            assert.equal((await hers(people[0], ids[0])).looks.length, 2);
            await page.press('[aria-label=办理]', '由我办理');
            await page.shows('[aria-label=办理]', /放回给他人/);
            await change(managers[1]);
            await go(page, `/reviews/${ids[0]}`);
            await page.shows('[aria-label=办理]', /另一位审核人正在办理/);
            await change(managers[0]);
            await page.press('[aria-label=办理]', '放回给他人');
            await page.shows('[aria-label=办理]', /由我办理/);
            await verdict('退回补正');
            await page.press('[aria-label=办理]', '证书编号与平台不符');
            await opensToAll(page, 'review');
            await page.press('[aria-label=办理]', '作出结论');
            await confirm();
            await page.shows('.work h1', /^补贴审核$/);
            const { state, remark } = await hers(people[0], ids[0]);
            assert.deepEqual([state, remark], ['APPLICATION_GIVEN_BACK', '证书编号与平台不符，请核对后重新提交']);
            ok(await write(people[0], ids[0]));
            ok(await handIn(people[0], ids[0]));
        });

        test('decide many at once, and are told which was not', async () => {
            const taken = await stack.post(`/v1/applications/${ids[3]}:take`, {}, byApi(911));
            assert.equal(taken.status, 200, taken.text);
            await go(page, '/');
            await go(page, '/reviews');
            await page.shows('.tiles', /待审核\s*4/);
            await page.click('[aria-label=申请] label.check input');
            await page.shows('[aria-label=办理]', /已选 4 件/);
            await verdict('同意');
            await opensToAll(page, 'reviews-many');
            await page.press('[aria-label=办理]', '对这 4 件');
            await confirm();
            await told(/已办理 3 件/);
            await page.shows('.work', /没有办成：[^]*另一位审核人正在办理/);
            await says(ids[3], /他人在办理/);
            ok(await stack.post(`/v1/applications/${ids[3]}:leave`, {}, byApi(911)));
            await change(managers[1]);
            await go(page, '/reviews');
            for (const id of ids.slice(0, 2))
                await tick(id);
            await verdict('同意');
            await page.press('[aria-label=办理]', '对这 2 件');
            await confirm();
            await told(/已办理 2 件/);
            // Each may have a reason of her own.
            for (const id of ids.slice(2))
                await tick(id);
            await verdict('退回补正');
            await page.press('[aria-label=办理]', '填写的金额与票据不符');
            await page.click('[aria-label=办理] details summary');
            await page.type('[aria-label=办理] details p:nth-of-type(2) textarea', '发证日期与证书不一致');
            await opensToAll(page, 'reviews-reasons');
            await page.press('[aria-label=办理]', '对这 2 件');
            await confirm();
            const given = await until('both are given back', async () => {
                const both = await Promise.all([2, 3].map((i) => hers(people[i], ids[i])));
                return both.every(({ state }) => state === 'APPLICATION_GIVEN_BACK') && both.map(({ remark }) => remark);
            });
            assert.deepEqual(given.sort(), ['填写的金额与票据不符', '发证日期与证书不一致'].sort());
            for (const i of [2, 3]) {
                ok(await write(people[i], ids[i]));
                ok(await handIn(people[i], ids[i]));
            }
            ok(await stack.post(`/v1/applications/${ids[2]}:decide`, { verdict: 'REFUSE', remark: '不符合申报条件' }, byApi(911)));
            assert.equal((await hers(people[2], ids[2])).state, 'APPLICATION_REFUSED');
            assert.deepEqual((await Promise.all([0, 1].map((i) => hers(people[i], ids[i])))).map(({ state }) => state), ['APPLICATION_APPROVED', 'APPLICATION_APPROVED']);
            await choose('状态', '审核通过');
            await until('those approved are listed', async () => /审核通过/.test(await marksOf(ids[0]) ?? '') && !await marksOf(ids[2]));
        });

        test('see what was asked again, and what came from below because it was late', async () => {
            ok(await stack.post(`/v1/me/applications/${ids[2]}:again`, {}, { token: people[2].token }));
            await stack.stop('subsidy');
            const { code, stderr } = await stack.inside('subsidy', ['sqlite3', stack.store('subsidy'), `UPDATE application SET due_at = 1 WHERE application_id = ${ids[3]}`]);
            assert.equal(code, 0, stderr);
            stack.spawn('subsidy');
            await stack.serves('subsidy');
            await until('it went to the union above', async () => (await hers(people[3], ids[3])).officeId === city.unionId);
            await go(page, '/');
            await go(page, '/reviews');
            await page.shows('.tiles', /待审核\s*2[^]*逾期转来\s*1/);
            await says(ids[2], /佛山市总工会[^]*申请复核/);
            await says(ids[3], /佛山市总工会[^]*下级逾期转来/);
            await opensToAll(page, 'reviews-late');
        });
    });

    let fundId;
    test('two of finance put a fund in place', async () => {
        await change(payers[0]);
        await go(page, '/subsidy-funds');
        await page.press('.work', '设立资金');
        await fill('名称', '职工补贴');
        await fill('金额（元）', '10000');
        await opensToAll(page, 'new-subsidy-fund');
        await page.press('[aria-label=设立资金]', '提出');
        await page.shows('[aria-label=资金] table', /职工补贴[^]*待第二人确认[^]*10,000 元/);
        await page.press('[aria-label=资金详情]', '第二人确认');
        await confirm();
        await told(/须由另一人确认/);
        await change(payers[1]);
        await go(page, '/waiting');
        await page.press('[aria-label=种类]', '补贴复核 1');
        await page.press('table', '补贴复核');
        await page.shows('[aria-label=办理]', /补贴资金[^]*您可以复核/);
        await page.press('[aria-label=办理]', '去办理');
        await page.shows('.work h1', /补贴资金/);
        await page.press('[aria-label=资金] table', '查看');
        await page.press('[aria-label=资金详情]', '第二人确认');
        await confirm();
        await page.shows('[aria-label=资金] table', /职工补贴[^]*使用中[^]*10,000 元[^]*10,000 元/);
        await page.shows('[aria-label=各项目的账]', /还没有项目使用这笔资金/);
        [{ fundId }] = await stack.query('subsidy', 'SELECT CAST(fund_id AS TEXT) AS fundId FROM fund');
    });

    const approveAll = async (ids) => {
        for (const applicationId of ids)
            for (const official of [911, 912])
                ok(await stack.post(`/v1/applications/${applicationId}:decide`, { verdict: 'APPROVE' }, byApi(official)));
    };
    const payment = { way: 'BY_WECHAT', scene: 'SCENE_SUBSIDY', report: ['培训补贴'], remark: '培训补贴', dayFen: '40000' };

    describe('a draw', () => {
        let schemeId, ids, shown;

        before(async () => {
            schemeId = await openScheme((opensAt) => ({
                title: '技能提升补贴', funding: { fundId, fen: '30000' }, showing: { workingDays: 5 }, payment,
                closesAt: at(opensAt + 30000), selection: { kind: 'BY_LOT', places: 2, waiting: 2, listAt: at(opensAt + 30000), until: at(opensAt + 864e5), publicName: '双色球第 2026140 期', valueFormat: '## ##', valueAt: at(opensAt + 50000), drawAt: at(opensAt + 50000) },
            }));
            ids = [];
            for (const who of people)
                ids.push(await declare(who, schemeId));
            await approveAll(ids);
        });

        test('is led from the fixed list over its public value, which two read, to the places', async () => {
            await change(managers[0]);
            await go(page, '/');
            await go(page, `/schemes/${schemeId}`);
            await page.shows('[aria-label=产生名单]', /名单上待定\s*4[^]*承诺\s+[0-9a-f]{64}/);
            // Its list has to be published before the value is there.
            await until('the value is asked for', async () => /请照 双色球第 2026140 期 填写公开数值[^]*4 人/.test(await page.text('[aria-label=产生名单]')), { ms: 90000 });
            await page.press('[aria-label=产生名单]', '填写公开数值');
            await page.type('[role=dialog] input', '07 21');
            await confirm();
            await page.shows('[aria-label=产生名单]', /第一人已填，待第二人核对/);
            await opensToAll(page, 'draw-value');
            await change(managers[1]);
            await go(page, `/schemes/${schemeId}`);
            await page.press('[aria-label=产生名单]', '第二人核对数值');
            await page.type('[role=dialog] input', '07 22');
            await confirm();
            await told(/与已录入的公开数值不一致/);
            await page.press('[aria-label=产生名单]', '第二人核对数值');
            await page.type('[role=dialog] input', '07 21');
            await confirm();
            await until('it is drawn', async () => (await stack.query('subsidy', `SELECT stage FROM selection WHERE scheme_id = ${schemeId}`))[0].stage >= 5);
            await go(page, '/');
            await go(page, `/schemes/${schemeId}`);
            await page.press('[aria-label=产生名单]', '公布结果');
            await confirm();
            await page.shows('[aria-label=产生名单]', /入选\s*2\s*候补\s*2[^]*公开数值\s+07 21（两人一致）[^]*公开的秘密\s+[0-9a-f]{64}/);
            await page.shows('[aria-label=项目的账]', /未占用\s+0 元\s+公示中\s+300 元/);
            await page.shows('[aria-label=公示]', /现在公示 2 人，共 300 元[^]*1[^]*王\*[^]*150 元/);
            await opensToAll(page, 'scheme-shown');
            shown = ok(await stack.get(`/v1/schemes/${schemeId}/notice`)).shown;
            await change(payers[1]);
            await go(page, '/');
            await go(page, '/subsidy-funds');
            await page.press('[aria-label=资金] table', '查看');
            await page.shows('[aria-label=各项目的账]', /技能提升补贴[^]*0 元[^]*300 元/);
            await opensToAll(page, 'subsidy-funds');
        });

        test('whom somebody objects to loses her place when two find so alike, and the next has it', async () => {
            const [{ applicationId }] = shown, by = people[ids.findIndex((id) => !shown.some((one) => one.applicationId === id))];
            ok(await stack.post(`/v1/notices/${applicationId}/objections`, { text: '此人去年已在外市领取同一补贴，可查公示。' }, { token: by.token }), 201);
            await change(payers[0]);
            await go(page, '/objections');
            await page.press('[aria-label=异议] table', '查看');
            await page.shows('[aria-label=处理]', /技能提升补贴[^]*此人去年已在外市领取[^]*两人作出同样的结论/);
            await opensToAll(page, 'objections');
            const say = async (how, why) => {
                await page.clickOn(how, `[...document.querySelectorAll('[aria-label=处理] label.pick')].find((one) => one.innerText.trim().startsWith('${how}'))`);
                await page.type('[aria-label=处理] textarea', why);
                await page.click('[aria-label=处理] form button[type=submit]');
                await confirm();
            };
            await say('成立', '外市公示属实');
            await told(/须由另一人作出同样的结论/);
            assert.equal((await hers(people[ids.indexOf(applicationId)], applicationId)).state, 'APPLICATION_OBJECTED');
            await change(payers[1]);
            await go(page, '/objections');
            await page.shows('[aria-label=异议] table', /待第二人（一人认为成立）/);
            await page.press('[aria-label=异议] table', '查看');
            await say('成立', '外市公示属实');
            await page.shows('[aria-label=处理]', /状态\s+成立[^]*外市公示属实/);
            await go(page, `/schemes/${schemeId}`);
            await page.shows('[aria-label=产生名单]', /入选\s*2\s*候补\s*1/);
            await page.shows('[aria-label=公示]', /现在公示 2 人[^]*2\s+(姓名\s+)?王\*[^]*3\s+(姓名\s+)?王\*/);
        });
    });

    describe('a run of payments', () => {
        let schemeId, ids;
        const lineOf = async (n) => (await stack.query('subsidy', `SELECT CAST(order_id AS TEXT) AS orderId FROM run_line ORDER BY run_id DESC, nth LIMIT 1 OFFSET ${n}`))[0].orderId;
        const numberOf = (orderId) => until('it is ordered', async () => (await stack.query('bridge', `SELECT number FROM payout WHERE order_id = ${orderId}`))[0]?.number);

        before(async () => {
            schemeId = await openScheme(() => ({ title: '培训补贴', funding: { fundId, fen: '100000' }, selection: { kind: 'ALL' }, showing: { workingDays: 0 }, payment }));
            ids = [];
            for (const who of people.slice(0, 2))
                ids.push(await declare(who, schemeId));
            await approveAll(ids);
            await until('they are to be paid', async () => ok(await stack.get(`/v1/schemes/${schemeId}/selection`, byApi(921, 'FINANCE'))).payableFen === '30000');
        });

        test('is prepared, and released by two who have decided on nobody in it', async () => {
            await change(payers[0]);
            await go(page, '/');
            await go(page, `/schemes/${schemeId}`);
            await page.press('[aria-label=发放]', '编制一批发放');
            await confirm();
            await page.shows('.work', /培训补贴 · 发放\s+名单已冻结，待放款[^]*300 元[^]*每日最多 400 元[^]*名单摘要\s+[0-9a-f]{64}/);
            await page.shows('[aria-label=名单]', /王\*[^]*150 元[^]*未下单/);
            await opensToAll(page, 'run');
            await page.press('[aria-label=这一批]', '提出放款');
            await confirm();
            await told(/须由另一名财务放款/);
            await page.press('[aria-label=这一批]', '第二人放款');
            await confirm();
            await told(/须由另一名财务放款/);
            const runId = (await page.value('location.hash')).split('/').at(-1);
            // Who has decided on somebody in it has no say, and is told why.
            const decided = await stack.post(`/v1/runs/${runId}:release`, {}, byApi(911, 'FINANCE'));
            assert.equal(decided.json.reason, 'DECIDED_ON_A_LINE');
            await change(payers[1]);
            await go(page, `/runs/${runId}`);
            await page.shows('[aria-label=这一批]', /一名财务已提出，等待第二人放款/);
            await page.press('[aria-label=这一批]', '第二人放款');
            await confirm();
            await page.shows('[aria-label=名单]', /待本人在微信确认[^]*待本人在微信确认/);
        });

        test('tells each line, and what did not reach her goes into the next', async () => {
            const [paid, back] = [await numberOf(await lineOf(0)), await numberOf(await lineOf(1))];
            paying.pay.transfers.confirm(paid);
            paying.pay.transfers.fail(paying.pay.transfers.one(back), 'OVERDUE_CLOSE');
            await page.shows('[aria-label=名单]', /已到账[^]*没有付成，下一批再付[^]*24小时/);
            await page.shows('.work', /已办结[^]*有 1 人没有付成/);
            await opensToAll(page, 'run-ended');
            await page.press('[aria-label=这一批]', '回到项目');
            await page.shows('[aria-label=项目的账]', /待发放\s+150 元\s+发放中\s+0 元\s+已到账\s+150 元/);
            await page.shows('[aria-label=发放]', /已办结/);
            await opensToAll(page, 'scheme-paid');
            await page.press('[aria-label=发放]', '编制一批发放');
            await confirm();
            await page.shows('.work', /名单已冻结，待放款[^]*人数\s*1/);
            await page.press('[aria-label=这一批]', '提出放款');
            await confirm();
            await told(/当日发放限额/);
            await page.press('[aria-label=这一批]', '撤销这一批');
            await confirm();
            await page.shows('[aria-label=这一批]', /这一批已撤销，没有付出任何钱/);
        });
    });

    test('nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/status of (40[0139]|429)/.test(line)), []);
    });
});
