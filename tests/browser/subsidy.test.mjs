// A member's whole way to a subsidy in a real browser: what she qualifies for, a form kept as she types, correction,
// asking again, the draw that she computes herself, the public notice with an objection, and the hint to her money.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { mint, person, rosterCsv, unionCoded, unionsCsv, verify } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriersOnTelephone, go, signIn } from './member.mjs';

const FEN = 100000, LIST_MS = 60000; // what is drawn for, and how long one applies for it

describe('subsidies on her telephone', () => {
    const she = person(1), another = person(2);
    let stack, chrome, page, her, other, city, district;
    const office = (memberId, role, union) => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: union.path }] }) });
    const manager = (memberId, union = city) => office(memberId, 'BENEFIT_MANAGER', union);
    const at = (ms) => new Date(ms).toISOString();
    const ok = (answer) => {
        assert.ok(answer.status < 300, answer.text);
        return answer.json;
    };
    const decide = async (applicationId, verdict, who, remark = '') => ok(await stack.post(`/v1/applications/${applicationId}:decide`, { verdict, remark }, who));

    async function openScheme(more) {
        const scheme = {
            unionId: city.unionId, once: 'ONCE_EVER', amount: { fen: '50000' }, opensAt: at(Date.now() + 300), closesAt: at(Date.now() + 20 * 864e5),
            steps: [{ title: '区总工会初审', level: 2, role: 'BENEFIT_MANAGER', days: 5 }, { title: '市总工会复核', role: 'FINANCE', days: 10 }], ...more,
        };
        const { schemeId } = ok(await stack.post('/v1/schemes', { scheme }, { ...manager(901), key: `scheme ${++schemes}` }));
        for (const official of [901, 902])
            ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(official)));
        return schemeId;
    }
    async function openFund() {
        const { fundId } = await until('the union is known', async () => {
            const answer = await stack.post(`/v1/unions/${city.unionId}/subsidy-funds`, { name: '专项补贴', fen: '10000000' }, { ...office(931, 'FINANCE', city), key: 'fund' });
            return answer.status === 201 && answer.json;
        });
        ok(await stack.post(`/v1/subsidy-funds/${fundId}:confirm`, {}, office(932, 'FINANCE', city)));
        return fundId;
    }
    const hers = async (title) => ok(await stack.get('/v1/me/applications', { token: her.token })).applications.find(({ schemeTitle }) => schemeTitle === title);
    /** Two of the city decide on what is handed in. */
    async function approve(applicationId, hands = [manager(911), manager(912)]) {
        for (const who of hands) await decide(applicationId, 'APPROVE', who);
    }

    let shown, fundId, schemes = 0;
    const twice = [{ title: '市总工会审核', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }];
    const SKILLS = '技能等级补贴', LOT = '学历补贴', SHOWN = '先进操作法奖励', OLD = '困难帮扶', FILES = '金点子奖励';

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([she, another]));
        city = await unionCoded(stack, '440600');
        district = await unionCoded(stack, '440604');
        other = await verify(stack, another);
        fundId = await openFund();
        await openScheme({
            title: SKILLS, basis: '取得职业技能等级证书的会员，按培训费用补贴。\n每人最高 3000 元，每个证书只能用一次。', amount: { field: 'fee', mostFen: '300000' },
            fields: [
                { name: 'level', label: '技能等级', kind: 'CHOICE', choices: ['初级工', '中级工', '高级工'] },
                { name: 'unit', label: '评价机构', kind: 'TEXT', most: '60', askedWith: 'level', askedFor: ['高级工'], hint: '证书上的发证单位' },
                { name: 'certificate', label: '证书编号', kind: 'CERTIFICATE' }, { name: 'fee', label: '培训费用', kind: 'FEN', least: '1', most: '1000000' },
                { name: 'began', label: '开始日期', kind: 'DATE' }, { name: 'ended', label: '结束日期', kind: 'DATE' }, { name: 'place', label: '培训地点', kind: 'REGION', optional: true },
                { name: 'hours', label: '课时', kind: 'NUMBER', least: '8', most: '400', optional: true },
            ],
            rules: [{ smaller: 'began', greater: 'ended', words: '结束日期早于开始日期' }],
        });
        await openScheme({ title: OLD, basis: '困难职工家庭。', audience: { unionId: city.unionId, bornUntil: 1950, trades: ['SANITATION'] } });
        shown = await openScheme({
            title: SHOWN, basis: '经评选的先进操作法，每项奖励 2000 元。', amount: { fen: '200000' }, steps: twice,
            funding: { fundId, fen: '1000000' }, selection: { kind: 'ALL' }, showing: { workingDays: 5 },
        });
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await signIn(stack, page, she);
        her = JSON.parse(await page.value("sessionStorage.getItem('session')"));
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });
    const noBarriers = async (name) => assert.deepEqual(await barriersOnTelephone(page, name), []);
    const offline = async (yes) => (await page.page.context()).setOffline(yes);
    const openFrom = async (path, text) => {
        await go(page, path);
        await page.press('main', text);
    };

    test('what she qualifies for stands among the benefits, with all reasons why not', async () => {
        await go(page, '/benefits');
        await page.shows('[aria-label=补贴]', /先进操作法奖励\s+2,000 元[^]*审核通过就有[^]*困难帮扶[^]*暂不能申请[^]*职业不在范围内[^]*出生年份不在范围内[^]*技能等级补贴\s+最高 3,000 元[^]*截止[^]*您可以申请/);
        await noBarriers('subsidies');
        await page.press('main', OLD);
        await page.shows('main', /有 2 个原因：\s*您的职业不在范围内\s*您的出生年份不在范围内/);
        assert.ok(!/^申请$/m.test(await page.text('main .btn')));
        await noBarriers('scheme-not-hers');
    });

    test('a form is kept as she types, asks what is chosen, and says all that is wrong at its fields', async () => {
        await openFrom('/benefits', SKILLS);
        await page.shows('main', /每人最高 3000 元[^]*区总工会初审\s+5 天内办理[^]*市总工会复核/);
        await noBarriers('scheme');
        await page.press('main', '申请');
        await page.shows('main', /证书编号/);
        assert.ok(!/评价机构/.test(await page.text('form')));
        await page.press('main', '检查并提交');
        await page.shows('#findings', /还不能提交，有 5 处[^]*技能等级：此项必填[^]*证书编号：此项必填[^]*培训费用：此项必填[^]*开始日期[^]*结束日期/);
        await page.click('#field-level input[value=高级工]');
        await page.shows('form', /评价机构[^]*证书上的发证单位/);
        await page.type('#field-certificate', 'ZS');
        await page.type('#field-fee', '3500.5');
        await page.value(`for (const [id, day] of [['began', '2026-05-02'], ['ended', '2026-05-01']]) {
            const field = document.querySelector('#field-' + id); field.value = day; field.dispatchEvent(new Event('input')); }`);
        await page.type('#field-hours', '五');
        await page.shows('form', /证书编号须为4至40位[^]*金额超过项目上限[^]*结束日期早于开始日期[^]*请填写整数/);
        await page.shows('form', /已保存 \d\d:\d\d/);
        await noBarriers('application-form');
        await page.page.reload();
        await page.shows('form', /评价机构/);
        await until('what she typed is there again', () => page.value("document.querySelector('#field-fee').value === '3500.50' && document.querySelector('#field-ended').value === '2026-05-01'"));
    });

    test('what is typed while the network is cut is kept when it is back, and handed in', async () => {
        await page.type('#field-unit', '佛山市职业技能鉴定中心');
        await page.type('#field-certificate', 'ZS-2026-0001');
        await page.type('#field-fee', '2800');
        await page.value("(() => { const field = document.querySelector('#field-ended'); field.value = '2026-05-20'; field.dispatchEvent(new Event('input')); })()");
        await page.page.selectOption('#field-place select >> nth=0', '440000');
        await until('the cities are there', () => page.value("document.querySelectorAll('#field-place select').length === 2"));
        await page.page.selectOption('#field-place select >> nth=1', '440600');
        await until('the districts are there', () => page.value("document.querySelectorAll('#field-place select').length === 3"));
        await offline(true);
        await page.page.selectOption('#field-place select >> nth=2', '440604');
        await page.type('#field-hours', '48');
        await page.shows('form', /网络不通，您填写的内容还在本页/);
        assert.ok(!/金额超过|此项必填/.test(await page.text('form')), 'nothing is said of what she has mended since');
        await page.press('main', '检查并提交');
        await page.shows('form [role=alert]', /网络不通，请稍后再试/);
        await noBarriers('application-form-offline');
        await offline(false);
        await page.shows('form', /可以申请 2,800 元/);
        await page.press('main', '检查并提交');
        await page.shows('.standing', /审核中/);
        const { applicationId } = await hers(SKILLS), told = ok(await stack.get(`/v1/me/applications/${applicationId}`, { token: her.token }));
        assert.deepEqual(told.answers.map(({ field, text, number, date }) => [field, text || (number !== '0' && number) || date]),
            [['level', '高级工'], ['unit', '佛山市职业技能鉴定中心'], ['certificate', 'ZS-2026-0001'], ['fee', '280000'], ['began', '2026-05-02'], ['ended', '2026-05-20'], ['place', '440604'], ['hours', '48']]);
    });

    test('she sees who has it until when, corrects what is given back, and withdraws nothing by accident', async () => {
        const { applicationId } = await hers(SKILLS), first = manager(911, district);
        await page.shows('main', /现在在\s+禅城区总工会[^]*审核环节\s+区总工会初审[^]*办理期限[^]*培训费用\s+2,800 元\s+开始日期\s+2026年5月2日[^]*培训地点\s+广东省佛山市禅城区/);
        await noBarriers('application');
        ok(await stack.get(`/v1/applications/${applicationId}`, first));
        await decide(applicationId, 'GIVE_BACK', first, '证书编号与平台不符，请核对');
        await until('she is told', async () => ok(await stack.get('/v1/me/inbox', { token: her.token })).items.some(({ kind }) => kind === 'SUBSIDY_GIVEN_BACK'));
        await go(page, '/inbox');
        await page.click('.message');
        await page.shows('main', /请补正[^]*证书编号与平台不符，请核对[^]*补正期限[^]*去补正[^]*工作人员查看记录[^]*一位办理人员查看/);
        await noBarriers('application-back');
        await page.press('main', '去补正');
        await page.shows('main', /前补正：证书编号与平台不符/);
        await page.type('#field-certificate', 'ZS-2026-0002');
        await page.press('main', '检查并提交');
        await page.shows('.standing', /审核中/);
        await decide(applicationId, 'REFUSE', first, '培训机构不在目录内');
        await openFrom('/applications', SKILLS);
        await page.shows('main', /未通过[^]*原因：培训机构不在目录内[^]*可申请复核至/);
        await page.press('main', '申请上级复核');
        await page.press('[role=dialog]', '申请复核');
        await page.shows('main', /审核中[^]*现在在\s+佛山市总工会/);
        await decide(applicationId, 'APPROVE', manager(921));
        await decide(applicationId, 'APPROVE', office(922, 'FINANCE', city));
        await openFrom('/applications', SKILLS);
        await page.shows('[aria-label=办理过程]', /提交申请[^]*退回补正[^]*证书编号与平台不符[^]*提交申请[^]*未通过[^]*申请上级工会复核[^]*审核通过/);
        await page.click('[aria-label=办理过程] summary');
        await page.shows('[aria-label=办理过程]', /日志第 \d+ 行\s+[0-9a-f]{64}/);
        await noBarriers('application-story');
    });

    test('her number in a draw is told, and its result she computes herself', async () => {
        const applications = [];
        const opensAt = Date.now() + 8000, closesAt = opensAt + LIST_MS;
        const lot = await openScheme({
            title: LOT, basis: '取得大专以上学历的会员，抽签发放。', amount: { fen: String(FEN) }, steps: twice, opensAt: at(opensAt), closesAt: at(closesAt),
            funding: { fundId, fen: String(FEN) }, selection: { kind: 'BY_LOT', places: 1, waiting: 1, listAt: at(closesAt), until: at(closesAt + 864e5) },
            showing: { workingDays: 3 },
        });
        await until('it is open', async () => ok(await stack.get('/v1/me/schemes', { token: her.token })).schemes.some(({ scheme, findings }) => scheme.schemeId === lot && !findings.length), { ms: 30000 });
        await openFrom('/benefits', LOT);
        await page.shows('main', /1,000 元[^]*审核通过后抽签，共 1 个名额[^]*公示\s+3 个工作日/);
        await page.press('main', '申请');
        await page.shows('main', /不用填表/);
        await page.press('main', '检查并提交');
        await page.shows('.standing', /审核中/);
        applications.push((await hers(LOT)).applicationId);
        const { applicationId } = ok(await stack.post(`/v1/schemes/${lot}/applications`, {}, { token: other.token }));
        ok(await stack.post(`/v1/me/applications/${applicationId}:submit`, {}, { token: other.token }));
        applications.push(applicationId);
        for (const id of applications) await approve(id);
        await openFrom('/applications', LOT);
        await page.shows('main', /审核通过[^]*名单于[^]*确定[^]*我的抽签[^]*号签\s+[0-9a-f]{32}/);
        await noBarriers('application-draw-before');
        await until('it is drawn', async () => /SHOWN|WAITING/.test((await hers(LOT)).state), { ms: LIST_MS + 90000, every: 500 });
        const { state } = await hers(LOT);
        await openFrom('/applications', LOT);
        await page.shows('main', state.endsWith('SHOWN') ? /公示中[^]*名次\s+第 1 名[^]*公示至/ : /候补[^]*依次递补/);
        await page.press('[aria-label=抽签]', '核对我的结果');
        await page.shows('[aria-label=抽签] .proof', state.endsWith('SHOWN') ? /您中签/ : /您没有中签/);
        await noBarriers('application-draw');
        const whole = await chrome.open(`http://127.0.0.1:${stack.port}/draw/#scheme-${lot}`);
        await whole.shows('#result', /学历补贴[^]*2 人[^]*计算无误/);
        await whole.page.close();
    });

    test('the notice is found without signing in, and who knows better objects', async () => {
        const { applicationId } = ok(await stack.post(`/v1/schemes/${shown}/applications`, {}, { token: other.token }));
        ok(await stack.post(`/v1/me/applications/${applicationId}:submit`, {}, { token: other.token }));
        await approve(applicationId);
        const nobody = await chrome.open('about:blank'); // a tab of its own, in which nobody has signed in
        await nobody.page.goto(`http://127.0.0.1:${stack.port}/`);
        await nobody.press('main', '补贴公示');
        await nobody.shows('[aria-label=正在公示]', /学历补贴\s+1 人，共 1,000 元[^]*先进操作法奖励\s+1 人，共 2,000 元/);
        assert.deepEqual(await barriersOnTelephone(nobody, 'notices-public'), []);
        await nobody.press('main', '先进操作法奖励');
        await nobody.shows('main', /先进操作法奖励[^]*正在公示 1 人，共 2,000 元[^]*\*[^]*公示至/);
        assert.ok(!/登录/.test(await nobody.text('h1')));
        assert.deepEqual(await barriersOnTelephone(nobody, 'notice-public'), []);
        await nobody.press('main', '提出异议');
        await nobody.shows('#code-form', /获取验证码/);
        await nobody.page.close();
        await openFrom('/benefits', SHOWN);
        await page.press('main', '公示和异议');
        await page.shows('main', /佛山市总工会[^]*共 2,000 元/);
        await page.press('[aria-label=公示名单]', '提出异议');
        await page.type('[aria-label=公示名单] textarea', '该操作法由班组其他人提出，车间有记录。');
        await noBarriers('notice-object');
        await page.press('[aria-label=公示名单]', '提交异议');
        await page.shows('[aria-label=我提出的异议]', /先进操作法奖励[^]*正在核实[^]*由班组其他人提出[^]*处理期限/);
        // What proves it is with it, and nobody's but who decides.
        const file = stack.path('proof.png');
        writeFileSync(file, Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(200000, 9)]));
        await page.choose('[aria-label=我提出的异议] input[type=file]', file);
        await page.shows('[aria-label=我提出的异议]', /1\. 图片\s*196 KB[^]*还可以传 4 个[^]*已上传：proof\.png/);
        await noBarriers('objections');
        const [{ objectionId, files }] = ok(await stack.get('/v1/me/objections', { token: her.token })).objections;
        assert.deepEqual(files.map(({ state }) => state), ['EVIDENCE_READY']);
        assert.deepEqual(ok(await stack.get(`/v1/me/applications/${applicationId}`, { token: other.token })).files, []);
        assert.equal(ok(await stack.get(`/v1/me/applications/${applicationId}`, { token: other.token })).state, 'APPLICATION_OBJECTED');
        // She is told when it is decided, and reads how.
        for (const memberId of [921, 922])
            ok(await stack.post(`/v1/objections/${objectionId}:decide`, { upheld: false, remark: '经核对车间记录，操作法由本人提出' }, manager(memberId)));
        await until('she is told', async () => ok(await stack.get('/v1/me/inbox', { token: her.token })).items.some(({ kind }) => kind === 'SUBSIDY_OBJECTION_DECIDED'));
        await go(page, '/inbox');
        await page.clickOn('the message', "[...document.querySelectorAll('.message')].find((one) => one.innerText.includes('异议已办结'))");
        await page.shows('[aria-label=我提出的异议]', /异议不成立[^]*处理意见：经核对车间记录，操作法由本人提出[^]*材料\s+1 份/);
        await noBarriers('objections-decided');
    });

    test('who has an office in several unions chooses for which she applies', async () => {
        const { memberId } = ok(await stack.get('/v1/me', { token: her.token }));
        const unions = await Promise.all(['440604-001-0001', '440604-001'].map(async (code) => {
            const { unionId, name } = await unionCoded(stack, code), [{ path }] = await stack.query('subsidy', `SELECT path FROM tree_union WHERE union_id = ${unionId}`);
            return { unionId, name, path };
        }));
        const token = mint(stack.tokenKey(), { memberId, unionPath: unions[0].path, grants: unions.map(({ path }) => ({ role: 'UNION_ADMIN', unionPath: path })) });
        const schemeId = await openScheme({ title: '工会主席补贴', basis: '工会主席履职补贴，每个工会一份。', applicantRoles: ['UNION_ADMIN'] });
        await until('it is open', async () => !ok(await stack.get(`/v1/me/schemes/${schemeId}`, { token })).findings.length);
        const chair = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await chair.shows('main', /补贴公示/);
        await chair.value(`sessionStorage.setItem('session', ${JSON.stringify(JSON.stringify({ token }))})`);
        await chair.page.reload();
        await go(chair, `/schemes/${schemeId}`);
        await chair.shows('main', /代表哪个单位申请\s*石湾外卖骑手工会\s*石湾镇街道总工会/);
        assert.deepEqual(await barriersOnTelephone(chair, 'scheme-for-union'), []);
        await chair.clickOn('the other union', "document.querySelectorAll('input[name=for-union]')[1]");
        await chair.press('main', '申请');
        await chair.shows('main', /不用填表/);
        await chair.press('main', '检查并提交');
        await chair.shows('.standing', /审核中/);
        assert.deepEqual(ok(await stack.get('/v1/me/applications', { token })).applications.filter((one) => one.schemeId === schemeId).map(({ forUnionId }) => forUnionId), [unions[1].unionId]);
        await go(chair, `/schemes/${schemeId}`);
        await chair.shows('main', /石湾镇街道总工会\s*您有一份同一项目的申请尚未办结/);
        assert.deepEqual(await chair.value("[...document.querySelectorAll('input[name=for-union]')].map((one) => [one.checked, one.disabled])"), [[true, false], [false, true]]);
        await chair.page.close();
    });

    test('files are sent in parts, also over a cut network, and taken away again', async () => {
        const file = stack.path('operation.png');
        writeFileSync(file, Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(300000, 7)]));
        await openScheme({ title: FILES, basis: '提交创新成果说明。', fields: [{ name: 'proof', label: '成果材料', kind: 'FILE', fileKinds: ['PDF', 'PNG'] }] });
        await until('it is open', async () => ok(await stack.get('/v1/me/schemes', { token: her.token })).schemes.some(({ scheme, findings }) => scheme.title === FILES && !findings.length), { ms: 30000 });
        await openFrom('/benefits', FILES);
        await page.press('main', '申请');
        await page.shows('main', /成果材料[^]*还可以传 5 个/);
        await page.press('main', '检查并提交');
        await page.shows('#findings', /成果材料：此项必填/);
        await offline(true);
        await page.choose('input[type=file]', file);
        await page.shows('form', /operation\.png：网络不通/);
        await noBarriers('application-files-cut');
        await offline(false);
        await page.press('main', '接着传');
        await page.shows('form', /1\. 图片\s*293 KB[^]*还可以传 4 个[^]*已上传：operation\.png/);
        await page.choose('input[type=file]', file);
        await page.shows('form', /2\. 图片/);
        await page.press('main', '删除');
        await page.shows('form', /已删除/);
        await noBarriers('application-files');
        await page.press('main', '检查并提交');
        await page.shows('main', /审核中[^]*材料\s+1 份/);
    });

    test('a draft is deleted, what is in review withdrawn, each only when she agrees', async () => {
        await openFrom('/benefits', SHOWN);
        await page.press('main', '申请');
        await page.shows('main', /不用填表/);
        await openFrom('/benefits', SHOWN);
        await page.press('main', '查看申请');
        await page.press('main', '删除草稿');
        await page.press('[role=dialog]', '删除草稿');
        await page.shows('.said', /已删除/);
        await openFrom('/benefits', SHOWN);
        await page.press('main', '申请');
        await page.shows('main', /不用填表/);
        await page.press('main', '检查并提交');
        await page.press('main', '撤回申请');
        await page.press('[role=dialog]', '再想想');
        assert.equal((await hers(SHOWN)).state, 'APPLICATION_IN_REVIEW');
        await page.press('main', '撤回申请');
        await page.press('[role=dialog]', '撤回申请');
        await page.shows('.standing', /已撤回/);
        await go(page, '/applications');
        await page.shows('[aria-label=我的补贴申请]', /先进操作法奖励[^]*已撤回[^]*学历补贴[^]*技能等级补贴[^]*审核通过/);
        await noBarriers('applications');
    });

    test('nothing left the machine but to the service, and nothing went wrong', () => {
        assert.deepEqual(chrome.requests.filter((url) => !url.startsWith(`http://127.0.0.1:${stack.port}/`) && !/^(data|about|blob):/.test(url)), []);
        assert.deepEqual(chrome.errors.filter((line) => !/ERR_INTERNET_DISCONNECTED|status of 40[0139]/.test(line)), []);
    });
});
