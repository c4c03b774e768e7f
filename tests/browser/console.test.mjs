// The console in a real browser: officials sign in with their second factor, see what their offices allow
// and nothing else, decide what waits, and put coupons out.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { enrol, EVERY_ROLE, grant, mint, mobile, PASSWORD, person, residentId, rosterCsv, totp, unionCoded, unionsCsv, verify } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { gb18030 } from '../system/tables.mjs';
import { Chrome } from './chrome.mjs';
import { barriers, go, picture, violationsInBothLooks } from './member.mjs';

const ROOT = '440600', UNION = '440604-001-0001';
// What the menu has for each role, beside 总览.
const MENUS = {
    UNION_ADMIN: ['/waiting', '/unions', '/members', '/roster', '/imports', '/cadres', '/companies', '/schemes', '/reviews', '/objections', '/skills'],
    BENEFIT_MANAGER: ['/waiting', '/unions', '/checkups', '/chains', '/sites', '/releases', '/release-numbers', '/publishing', '/funds', '/merchants', '/wechat-stocks', '/schemes', '/reviews', '/objections', '/skills', '/subsidy-funds', '/shop', '/corners', '/points'],
    SECURITY_ADMIN: ['/waiting', '/unions', '/grants', '/proposals', '/heads', '/system'],
    SYSTEM_ADMIN: ['/heads', '/system', '/policies'],
    AUDIT_ADMIN: ['/unions', '/cadres', '/companies', '/chains', '/settlements', '/release-numbers', '/funds', '/merchants', '/coupon-settlements', '/wechat-stocks', '/schemes', '/subsidy-funds', '/payments', '/bank-batches', '/pay-cases', '/grants', '/proposals', '/stories', '/journals', '/heads'],
    FINANCE: ['/waiting', '/unions', '/settlements', '/payees', '/funds', '/merchants', '/coupon-settlements', '/wechat-stocks', '/schemes', '/reviews', '/objections', '/subsidy-funds', '/payments', '/bank-batches', '/pay-cases', '/shop', '/points'],
    COMPANY_AGENT: ['/company'],
    REPORT_CLERK: ['/reports'],
};
const ROUTES = [...new Set(Object.values(MENUS).flat())];
// Who has the pages that are reached from others.
const BEYOND = {
    '/checkups/1': ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'], '/sites/1': ['BENEFIT_MANAGER'], '/settlements/1': ['FINANCE', 'AUDIT_ADMIN'], '/releases/1': ['BENEFIT_MANAGER', 'AUDIT_ADMIN'],
    '/merchants/1': ['BENEFIT_MANAGER'], '/coupon-settlements/1': ['FINANCE', 'AUDIT_ADMIN'], '/shop/1': ['BENEFIT_MANAGER'],
    '/schemes/1': ['BENEFIT_MANAGER', 'FINANCE', 'UNION_ADMIN', 'AUDIT_ADMIN'], '/schemes/1/numbers': ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'], '/reviews/1': ['BENEFIT_MANAGER', 'FINANCE', 'UNION_ADMIN'], '/runs/1': ['BENEFIT_MANAGER', 'FINANCE', 'AUDIT_ADMIN'],
};

describe('the console', () => {
    const officials = Object.keys(MENUS).map((role, i) => ({ ...person(100 + i, UNION), role })), workers = [person(1, UNION), person(2, UNION)], [worker] = workers;
    let stack, chrome, page;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([...workers, ...officials]));
        // The command line gives offices only until there is a security administrator.
        const { unionId } = await unionCoded(stack, UNION);
        await stack.call('identity', 'Companies.RegisterCompany', { unionId, creditCode: '91350100M000100Y43', name: '佛山某配送公司' });
        for (const one of officials)
            if (one.role === 'COMPANY_AGENT')
                await stack.call('identity', 'Companies.SetAgent', { unionId, mobile: one.mobile, kind: 'AGENT_HANDLER' });
            else
                await grant(stack, one.mobile, one.role, one.role === 'UNION_ADMIN' ? UNION : ROOT);
        for (const one of officials)
            one.secret = (await enrol(stack, one)).secret;
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        // The desk is in China, whatever the device's clock says.
        await page.send('Emulation.setTimezoneOverride', { timezoneId: 'America/New_York' });
        await page.send('Page.reload');
        await page.shows('main', /工作人员登录/);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    const rosterRows = async () => (await stack.query('identity', 'SELECT count(*) AS n FROM roster'))[0].n;
    const official = (role) => officials.find((one) => one.role === role);
    async function signIn(role, steps = 1) {
        const { mobile: number, secret } = official(role);
        await page.shows('main', /工作人员登录/);
        await page.type('#mobile', number);
        await page.type('#password', PASSWORD);
        await page.type('#totp', totp(secret, steps));
        await page.click('form button[type=submit]');
        await page.shows('.work h1', /总览/);
    }
    /** What keeps somebody out of the page as it is now, on a desk and on a telephone; keeps its picture. */
    async function hinders(name) {
        await picture(page, `console-${name}`);
        await page.send('Emulation.setDeviceMetricsOverride', { width: 320, height: 640, deviceScaleFactor: 1, mobile: true });
        const small = (await barriers(page)).map((one) => `on a telephone: ${one}`);
        await page.send('Emulation.setDeviceMetricsOverride', { width: 1440, height: 900, deviceScaleFactor: 1, mobile: false });
        return [...small, ...await barriers(page), ...await violationsInBothLooks(page)];
    }
    /** Chooses in a list of Element Plus. */
    async function choose(label, text) {
        await page.click(`.el-select__wrapper:has([aria-label=${label}])`);
        await page.clickOn(`${text} can be chosen`, `[...document.querySelectorAll('.el-select-dropdown__item')].find((one) => one.checkVisibility() && one.innerText.trim() === '${text}')`);
    }
    const signOut = () => page.press('.desk-head', '退出');
    const paths = (selector) => page.value(`[...document.querySelectorAll('${selector} a')].map((one) => one.getAttribute('href').replace(/^.*#/, ''))`);

    test('lets nobody in without the second factor', async () => {
        await page.type('#mobile', official('UNION_ADMIN').mobile);
        await page.type('#password', PASSWORD);
        await page.type('#totp', '000000');
        await page.click('form button[type=submit]');
        await page.shows('[role=alert]', /./);
        assert.deepEqual(await hinders('sign-in'), []);
    });

    async function visit(role, menu) {
        assert.deepEqual(await paths('.menu'), ['/', ...menu]);
        for (const path of ['/', ...menu]) {
            await go(page, path);
            await page.shows('.menu [aria-current=page]', /./);
            await until(`${path} has loaded`, () => page.value("!document.body.innerText.includes('正在加载')"));
            assert.equal(await page.text('.bad[role=alert]'), '', path);
            await until('what was told is gone', () => page.value("document.querySelector('.el-message') === null")); // it fades
            assert.deepEqual(await hinders(`${role}${path.replaceAll('/', '-')}`), [], path);
        }
        for (const path of [...ROUTES.filter((one) => !menu.includes(one)), ...Object.keys(BEYOND).filter((one) => !BEYOND[one].includes(role))]) {
            await go(page, path);
            await until(`${path} is not hers`, () => page.value("location.hash === '#/'"));
        }
    }

    const work = {
        // Puts coupons out from a template, and sees what they cost at most.
        async BENEFIT_MANAGER() {
            await go(page, '/releases');
            await page.press('.work', '新建发放');
            assert.deepEqual(await hinders('new-release'), []);
            await page.press('.work', '统计人数');
            await page.shows('[role=status]', /^\s*符合条件的(不足 10 人|有 \d+ 人)/); // told by the numbers of unions
            await page.type('[aria-label=年龄从]', '18');
            await page.type('[aria-label=名称]', '骑手餐券');
            await page.press('.work', '统计人数');
            await page.shows('[role=status]', /^\s*符合条件的(不足 10 人|有 \d+ 人)/); // by looking at everybody
            await page.type('[aria-label=同类福利]', '餐补');
            await page.type('[aria-label=年度上限]', '普惠');
            await page.shows('.work', /每人最多（次）[^]*每月[^]*上限（元）/);
            assert.deepEqual(await hinders('new-release-counted'), []);
            await page.shows('.work', /最多花费\s+150,000 元/);
            await page.type('[aria-label=开始时间]', '2036-12-24 10:00');
            await page.enter();
            await page.press('.work', '保存草稿');
            await page.shows('.work', /骑手餐券\s+草稿[^]*12月24日[^]*10:00[^]*最多花费 150,000 元/);
            await page.press('.work', '发布');
            await page.press('[role=dialog]', '确定');
            await page.shows('.work', /骑手餐券\s+已发布/);
            assert.deepEqual(await stack.query('coupon', 'SELECT opens_at FROM release'), [{ opens_at: Date.parse('2036-12-24T10:00:00+08:00') }]);
            assert.deepEqual(await stack.query('coupon', 'SELECT level, age_from FROM audience'), [{ level: 3, age_from: 18 }]);
            await go(page, '/sites');
            await page.press('.work', '登记体检点');
            await page.type('[aria-label=名称]', '市中医院');
            await page.type('[aria-label=地址]', '亲仁路6号');
            assert.deepEqual(await hinders('new-site'), []);
            await page.click('form button[type=submit]');
            await page.shows('table', /市中医院/);
            await go(page, '/checkups');
            await page.press('.work', '新建活动');
            await choose('从模板开始', '女职工两癌筛查（抽签）');
            await until('the form is filled', () => page.value("document.querySelector('[aria-label=年龄从]').value === '35' && document.querySelector('[aria-label=名称]').value === '女职工两癌筛查'"));
            await page.shows('[aria-label=预览]', /先“统计人数”[^]*名额（含现场）\s*100[^]*28,000 元（最多花费）/);
            await choose('从模板开始', '年度免费体检（抽签）');
            await page.press('form', '统计人数');
            await page.shows('[aria-label=预览]', /符合条件\s*(不足 10 人，名额够用|\d+ 人，名额够用)[^]*30,000 元（最多花费）/);
            await choose('体检点', '市中医院');
            assert.deepEqual(await hinders('new-checkup'), []);
            await page.press('form', '保存草稿');
            await page.shows('.work', /年度免费体检[^]*下一步：检查条款[^]*市中医院/);
            // Before it is announced its terms can be changed, and after that another is begun like it.
            await page.press('.work', '修改草稿');
            await page.shows('[aria-label=修改草稿]', /名称[^]*预算/);
            await page.type('[aria-label=修改草稿] [aria-label=名称]', '职工免费体检');
            await page.type('[aria-label=修改草稿] [aria-label=说明]', '本市工会会员每人一次');
            assert.deepEqual(await hinders('change-checkup'), []);
            await page.press('[aria-label=修改草稿]', '保存');
            await page.shows('.work h1', /职工免费体检/);
            assert.equal(Number((await stack.query('health', 'SELECT count(*) AS n FROM package'))[0].n), 1);
            await go(page, '/checkups');
            await page.press('table', '复制');
            await until('the form is as the other', () => page.value("document.querySelector('form [aria-label=名称]')?.value === '职工免费体检'"));
            await page.type('form [aria-label=名称]', '明年的体检');
            await page.press('form', '保存草稿');
            await page.shows('.work', /明年的体检[^]*下一步：检查条款[^]*市中医院/);
            // What was put together before is chosen again; changed, it is another one.
            await go(page, '/checkups');
            await page.press('.work', '新建活动');
            await choose('套餐', '年度免费体检（10 项）');
            await until('its items are in the form', () => page.value("document.querySelector('[aria-label=项目]').value.split('\\n').length === 10"));
            assert.deepEqual(await hinders('new-checkup-package'), []);
            await page.type('form [aria-label=名称]', '后年的体检');
            await page.type('form [aria-label=说明]', '本市工会会员每人一次');
            await choose('体检点', '市中医院');
            await page.press('form', '保存草稿');
            await page.shows('.work', /后年的体检[^]*下一步：检查条款[^]*市中医院/);
            assert.equal(Number((await stack.query('health', 'SELECT count(*) AS n FROM package'))[0].n), 1);
            await page.press('.work', '修改草稿');
            await page.shows('[aria-label=修改草稿]', /名称[^]*预算/);
            await page.type('[aria-label=项目]', '血压');
            await page.shows('[aria-label=修改草稿]', /项目已改，保存时另存为新套餐/);
            await page.press('[aria-label=修改草稿]', '保存');
            await until('there is another package', async () => Number((await stack.query('health', 'SELECT count(*) AS n FROM package'))[0].n) === 2);
            // Secrets for lots to come are committed to at once; the first of them serves this one.
            await go(page, '/chains');
            await page.press('.work', '生成密钥链');
            await page.type('[aria-label=抽签次数]', '3');
            assert.deepEqual(await hinders('new-chain'), []);
            await page.press('form', '生成');
            await page.press('[role=dialog]', '确定');
            await page.shows('table', /3 次\s+未用\s+3 次\s+[0-9a-f]{64}/);
            await go(page, '/checkups');
            await page.clickOn('the first campaign', "[...document.querySelectorAll('table tr')].find((row) => row.innerText.includes('职工免费体检'))?.querySelector('a')");
            await page.click('.el-select__wrapper:has([aria-label=抽签的密钥])');
            await page.clickOn('the chain can be chosen', "[...document.querySelectorAll('.el-select-dropdown__item')].find((one) => one.checkVisibility() && one.innerText.includes('还有 3 次'))");
            await page.press('.work', '公告活动');
            await page.shows('[role=dialog]', /用密钥链第 1 次的密钥/);
            await page.press('[role=dialog]', '确定');
            await page.shows('.work', /已公告[^]*报名截止，系统自动冻结名单[^]*已报名\s+0[^]*承诺/);
            assert.deepEqual(await hinders('checkup'), []);
            await go(page, '/chains');
            await page.shows('table', /3 次\s+第 1 次\s+2 次/);
            assert.deepEqual(await hinders('chains'), []);
            // What another does meanwhile is seen without a hand.
            const another = { token: mint(stack.tokenKey(), { memberId: 4711, grants: EVERY_ROLE }) }, done = ({ status, text, json }) => { assert.ok(status < 300, text); return json; };
            await go(page, '/checkups');
            await page.clickOn('the first campaign', "[...document.querySelectorAll('table tr')].find((row) => row.innerText.includes('职工免费体检'))?.querySelector('a')");
            await page.shows('.work', /已公告[^]*报名截止，系统自动冻结名单/);
            const campaignId = await page.value("location.hash.split('/').pop()");
            done(await stack.post(`/v1/checkups/${campaignId}:void`, { reason: '体检点停业' }, another));
            await page.shows('.work', /已作废：体检点停业/);
            const day = 86400000, opens = Math.ceil(Date.now() / day) * day + day, at = (ms) => new Date(ms).toISOString();
            const { release: { releaseId } } = done(await stack.post('/v1/releases', { release: { title: '疗休养名额', faceFen: '500', stockPerDay: 1, opensAt: at(opens), way: 'LOT',
                lot: { season: true, closesAt: at(opens + day), publicName: '福彩3D', valueFormat: '## ## ##', valueAt: at(opens + day + 3600000), waiting: 20, acceptDays: 3, until: at(opens + 9 * day) } } }, { ...another, key: 'season' }));
            done(await stack.post(`/v1/releases/${releaseId}:publish`, undefined, another));
            await go(page, `/releases/${releaseId}`);
            await page.shows('[aria-label=抽签]', /登记截止，系统自动冻结名单/);
            const { lots: [{ lotId }] } = done(await stack.get(`/v1/releases/${releaseId}/lots`));
            done(await stack.post(`/v1/lots/${lotId}:void`, { reason: '名额取消' }, another));
            await page.shows('[aria-label=抽签]', /已作废：名额取消/);
        },
        // Decides what waits, with its facts in sight.
        async UNION_ADMIN() {
            const tokens = [];
            for (const one of workers) {
                const { token } = await verify(stack, one);
                tokens.push(token);
                const claim = await stack.post('/v1/me/trades', { trade: 'COURIER', proof: 'PROOF_WORK_CARD', platform: '快递公司', workNumber: '88' }, { token });
                assert.equal(claim.status, 201, claim.text);
            }
            await go(page, '/waiting');
            await page.shows('[aria-label=种类]', /全部 2\s+职业认证 2/);
            await page.press('[aria-label=种类]', '职业认证');
            await page.press('table', '职业认证');
            await page.shows('[aria-label=办理]', /快递公司[^]*88/);
            assert.deepEqual(await hinders('deciding'), []);
            await page.press('[aria-label=办理]', '查看完整资料');
            await page.press('[role=dialog]', '确定');
            await page.shows('[aria-label=办理]', new RegExp(worker.name));
            for (const i of [1, 2]) await page.click(`table tr:nth-child(${i}) input`);
            await page.shows('[aria-label=办理]', /已选 2 件/);
            await page.press('[aria-label=办理]', '同意');
            await page.press('[role=dialog]', '确定');
            await page.shows('main', /没有待办事项/);
            // Somebody is found by her whole name, and by nothing less; her record is shown.
            await go(page, '/members');
            await page.type('[aria-label=查找会员] form input', workers[1].name.slice(0, 2));
            await page.press('[aria-label=查找会员]', '查找');
            await page.shows('[aria-label=查找结果]', /没有符合的会员/);
            await page.type('[aria-label=查找会员] form input', workers[1].name);
            await page.press('[aria-label=查找会员]', '查找');
            await page.shows('[aria-label=查找结果]', /王\*\*丙/);
            await page.click('[aria-label=查找结果] tbody tr');
            await page.shows('[aria-label=会员资料]', /入会经历[^]*石湾外卖骑手工会[^]*职业认证[^]*快递员\s+已认证/);
            assert.deepEqual(await hinders('member-record'), []);
            // A table of the old kind with 17 bad rows of 1,000: rehearsed, reported line by line, loaded.
            const people = Array.from({ length: 1000 }, (_, i) => ({ ...person(i, UNION), residentId: residentId(i, { birth: '19910307' }), mobile: mobile(3000 + i) }));
            for (const one of people.slice(0, 17)) one.residentId = `${one.residentId.slice(0, 17)}${one.residentId.endsWith('1') ? '2' : '1'}`;
            const file = stack.path('table.csv'), there = await rosterRows();
            writeFileSync(file, gb18030(rosterCsv(people)));
            await go(page, '/imports');
            await page.choose('input[type=file]', file);
            await page.shows('[aria-label=这次导入]', /待您确认[^]*GB18030[^]*1000 行[^]*可导入\s+983 行\s+不导入\s+17 行/);
            assert.equal(await rosterRows(), there);
            assert.deepEqual(await hinders('import'), []);
            const folder = stack.path('downloads');
            page.keepDownloads(folder);
            await page.press('[aria-label=这次导入]', '下载逐行报告');
            await until('the report is there, whole, with 17 rows that are not taken', () => { // it has its name before all of it is written
                const report = existsSync(folder) && readdirSync(folder).find((name) => /^import-\d+\.csv$/.test(name));
                return report && readFileSync(join(folder, report), 'utf8').match(/未导入,身份证/g)?.length === 17;
            });
            await page.press('[aria-label=这次导入]', '确认导入');
            await page.press('[role=dialog]', '确定');
            await page.shows('[aria-label=这次导入]', /已导入\s+983 行/);
            assert.equal(await rosterRows(), there + 983);
            for (const token of tokens) {
                const { json } = await stack.get('/v1/me/trades', { token });
                assert.ok(json.trades.some((one) => one.trade === 'COURIER' && one.state === 'TRADE_PROVEN'), JSON.stringify(json));
            }
        },
    };

    Object.assign(work, {
        // Enters the account of a site, which another has to confirm.
        async FINANCE() {
            await go(page, '/payees');
            await page.press('[aria-label=体检点]', '收款账户');
            await page.shows('[aria-label=收款账户]', /还没有收款账户/);
            for (const [i, text] of ['佛山市中医院', '佛山农商银行', '6222021234567890123'].entries())
                await page.type(`[aria-label=收款账户] form p:nth-of-type(${i + 1}) input`, text);
            await page.press('[aria-label=收款账户]', '提交');
            await page.press('[role=dialog]', '提交');
            await page.shows('[aria-label=收款账户]', /待第二人确认[^]*6222021234567890123/);
            assert.deepEqual(await hinders('payee'), []);
            await page.press('[aria-label=收款账户]', '第二人确认');
            await page.press('[role=dialog]', '确定');
            await page.shows('.el-message', /须由另一人确认/);
            await go(page, '/waiting');
            await page.shows('[aria-label=种类]', /体检复核 1/);
            await page.press('table', '体检复核');
            await page.shows('[aria-label=办理]', /收款账户[^]*须由另一人复核/);
            await page.press('[aria-label=办理]', '去办理');
            await page.shows('.work h1', /收款账户/);
        },
        // Checks a journal in her own browser, up to a signed head; what was changed on the way is seen.
        async AUDIT_ADMIN() {
            await go(page, '/journals');
            await page.shows('[aria-label=日志]', /50 行已在本机核对，全部相符[^]*第 1 行　[^]*相符/);
            await page.press('[aria-label=日志]', '连续核对到签名');
            await page.shows('[aria-label=日志] [role=status].hand', /第 1 行至第 \d+ 行共 \d+ 行逐行相连，与 identity 在第 \d+ 行的签名一致/);
            assert.deepEqual(await hinders('journal'), []);
            const [{ memberId }] = await stack.query('identity', 'SELECT CAST(min(member_id) AS TEXT) AS memberId FROM member');
            await page.type('[aria-label=查找日志] label:nth-of-type(2) input', memberId);
            await page.press('[aria-label=查找日志]', '查找');
            await page.shows('[aria-label=日志]', new RegExp(`全部相符[^]*"memberId":"${memberId}"`));
            await page.page.route('**/v1/journals/**', async (route) => {
                const answer = await route.fetch(), body = await answer.json();
                body.rows[0].actor = '4711';
                await route.fulfill({ response: answer, json: body });
            });
            await page.press('[aria-label=查找日志]', '查找');
            await page.shows('[aria-label=日志]', /1 行有问题[^]*内容与摘要不符/);
            await page.press('[aria-label=日志]', '连续核对到签名');
            await page.shows('[aria-label=日志] .bad[role=status]', /行内容与摘要不符，请立即上报/);
            await page.page.unroute('**/v1/journals/**');
        },
        // Sees every daemon well, and one that stops; publishes what members are told.
        async SYSTEM_ADMIN() {
            await go(page, '/system');
            await page.shows('.tiles', /全部正常[^]*今日验证码[^]*最近一次完整备份\s+没有记录/);
            await page.shows('[aria-label=服务]', /福利券\s+正常[^]*日志\s+\d+ 行[^]*消息总线\s+正常/);
            await page.shows('[aria-label=计数] tbody', /huigong_codes_day_budget/);
            await stack.stop('portal');
            await page.press('.work > header', '刷新');
            await page.shows('.tiles', /1 个异常/);
            await page.shows('.work', /消息没有应答或正在停止[^]*消息\s+没有运行/);
            assert.deepEqual(await hinders('system-sick'), []);
            stack.spawn('portal');
            await stack.ready();
            await go(page, '/policies');
            for (const [name, text] of [['名称', '账号使用规则'], ['处理者', '佛山市总工会'], ['联系方式', '0757-12351'], ['数据种类', '姓名、手机号码'], ['保存期限', '注销后六个月'], ['全文', '我们只为您办理工会业务使用这些资料。']])
                await page.type(`[aria-label=${name}]`, text);
            await page.press('[aria-label=发布新版本]', '发布');
            await page.press('[role=dialog]', '发布');
            await page.shows('[aria-label=各版本]', /账号\s+账号使用规则\s+1/);
            await page.value("document.querySelector('[aria-label=各版本] tbody button').focus()"); // without a mouse
            await page.enter();
            await page.shows('[aria-label=告知全文]', /第 1 版[^]*佛山市总工会[^]*我们只为您/);
            assert.deepEqual(await hinders('policy'), []);
        },
        // Proposes an office, sees where an official is signed in and ends it.
        async SECURITY_ADMIN() {
            await go(page, '/grants');
            await page.type('[aria-label=手机号码]', official('FINANCE').mobile);
            await page.press('[aria-label=提议授权]', '发起');
            await page.press('[role=dialog]', '发起');
            await page.shows('.el-message', /等待第二人确认/);
            await page.press('[aria-label=现有职权] table', '登录会话');
            await page.shows('[aria-label=登录会话]', /密码和动态口令登录/);
            assert.deepEqual(await hinders('sessions'), []);
            await page.press('[aria-label=登录会话]', '全部下线');
            await page.press('[role=dialog]', '全部下线');
            await page.shows('[aria-label=登录会话]', /现在没有登录/);
            await go(page, '/proposals');
            await page.shows('[aria-label=复核记录] ol', /授予职权：工会管理员\s+待决定[^]*提议[^]*最迟/);
            assert.deepEqual(await hinders('proposals'), []);
        },
        // Says that somebody has left her company.
        async COMPANY_AGENT() {
            await go(page, '/company');
            await page.shows('[aria-label=人员]', /王\*\*乙/);
            await page.press('[aria-label=人员] table', '申报离职');
            await page.press('[role=dialog]', '申报');
            await page.shows('[aria-label=申报]', /王\*\*甲[^]*申报/);
            assert.deepEqual(await hinders('company'), []);
            await page.press('[aria-label=申报]', '确认');
            await page.press('[role=dialog]', '确定');
            await page.shows('.el-message', /审批人/);
            // Somebody new: what was typed stays when the network is away, and is declared once when it is back.
            const fresh = person(9, UNION), form = '[aria-label=申报人员] form';
            const fill = async (...texts) => { for (const [i, text] of texts.entries()) if (text) await page.type(`${form} p:nth-of-type(${i + 1}) input`, text); };
            await fill(fresh.name, '', fresh.residentId, '12');
            await page.click(`${form} button[type=submit]`);
            await page.shows('[aria-label=申报人员] [role=alert]', /手机号码不正确/);
            await fill('', '', '', fresh.mobile);
            await page.send('Network.emulateNetworkConditions', { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
            await page.click(`${form} button[type=submit]`);
            await page.shows('[aria-label=申报人员] [role=alert]', /网络不通/);
            await page.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
            await page.click(`${form} button[type=submit]`);
            await page.shows('[aria-label=申报记录]', /新增人员[^]*\*[^]*\*{4}[^]*待工会审批/);
            await page.press('[aria-label=人员] table', '更正或移出');
            await page.shows('[aria-label=申报人员]', /名单中的会员/);
            assert.deepEqual(await hinders('declaring'), []);
            await fill('', '王大改');
            await page.click(`${form} button[type=submit]`);
            await page.shows('[aria-label=申报记录]', /更正登记[^]*待工会审批[^]*新增人员/);
            assert.equal((await stack.query('identity', 'SELECT count(*) AS n FROM declaration WHERE state = 1'))[0].n, 2);
            await page.press('[aria-label=申报记录] table', '撤回'); // the latest: of her who is known
            await page.press('[role=dialog]', '撤回');
            await page.shows('[aria-label=申报记录]', /更正登记[^]*已撤回[^]*新增人员/);
        },
    });

    for (const [role, menu] of Object.entries(MENUS)) {
        test(`${role} sees her pages, each without a barrier, and no other, and does her work`, async () => {
            await signIn(role);
            try {
                await visit(role, menu);
                await work[role]?.();
            } finally {
                await signOut();
            }
        });
    }

    test('what a company declares is decided among what waits, by who sees whom it is about', async () => {
        await signIn('UNION_ADMIN');
        await go(page, '/waiting');
        await page.press('[aria-label=种类]', '企业申报人员 1');
        await page.press('table', '企业申报：新增人员');
        await page.shows('[aria-label=办理]', /姓名[^]*\*[^]*需要第二人复核/);
        await page.press('[aria-label=办理]', '查看完整资料');
        await page.press('[role=dialog]', '确定');
        await page.shows('[aria-label=办理]', new RegExp(`申请证件\\s+${person(9, UNION).residentId}`));
        assert.deepEqual(await hinders('deciding-declared'), []);
        const there = await rosterRows();
        await page.press('[aria-label=办理]', '同意');
        await page.press('[role=dialog]', '确定');
        await until('she is on the roster', async () => await rosterRows() === there + 1);
        await signOut();
    });

    test('no request leaves the machine, and nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.requests.filter((url) => !url.startsWith(`http://127.0.0.1:${stack.port}/`) && !/^(data|about):/.test(url)), []);
        // The network was cut once, while a company declared somebody; a daemon was stopped once, before who runs the system.
        assert.deepEqual(chrome.errors.filter((line) => !/status of 40[013]|status of 503 .*daemons\/portal\/health$|ERR_INTERNET_DISCONNECTED .*company:declare$/.test(line)), []);
    });
});
