// The console in a real browser: officials sign in with their second factor, see what their offices allow
// and nothing else, decide what waits, and put coupons out.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { enrol, grant, mobile, PASSWORD, person, residentId, rosterCsv, totp, unionsCsv, verify } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { gb18030 } from '../system/tables.mjs';
import { Chrome } from './chrome.mjs';
import { barriers, go, picture, violationsInBothLooks } from './member.mjs';

const ROOT = '440600', UNION = '440604-001-0001';
// What the menu has for each role, beside 总览.
const MENUS = {
    UNION_ADMIN: ['/waiting', '/unions', '/members', '/imports', '/cadres'],
    BENEFIT_MANAGER: ['/unions', '/checkups', '/sites', '/releases'],
    SECURITY_ADMIN: ['/waiting', '/unions', '/grants', '/heads'],
    AUDIT_ADMIN: ['/unions', '/cadres', '/settlements', '/grants', '/stories', '/heads'],
    FINANCE: ['/unions', '/settlements'],
};
const ROUTES = [...new Set(Object.values(MENUS).flat())];

describe('the console', () => {
    const officials = Object.keys(MENUS).map((role, i) => ({ ...person(100 + i, UNION), role })), worker = person(1, UNION);
    let stack, chrome, page;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([worker, ...officials]));
        // The command line gives offices only until there is a security administrator.
        for (const one of officials)
            await grant(stack, one.mobile, one.role, one.role === 'UNION_ADMIN' ? UNION : ROOT);
        for (const one of officials)
            one.secret = (await enrol(stack, one)).secret;
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
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
        for (const path of ROUTES.filter((one) => !menu.includes(one))) {
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
            await page.type('[aria-label=名称]', '骑手餐券');
            await page.shows('.work', /最多花费\s+150,000 元/);
            await page.press('.work', '保存草稿');
            await page.shows('table', /骑手餐券[^]*草稿/);
            await page.press('table', '发布');
            await page.press('[role=dialog]', '确定');
            await page.shows('table', /骑手餐券[^]*已发布/);
            assert.deepEqual(await stack.query('coupon', 'SELECT count(*) AS n FROM release'), [{ n: 1 }]);
            await go(page, '/sites');
            await page.press('.work', '登记体检点');
            await page.type('[aria-label=名称]', '市中医院');
            await page.type('[aria-label=地址]', '亲仁路6号');
            assert.deepEqual(await hinders('new-site'), []);
            await page.click('form button[type=submit]');
            await page.shows('table', /市中医院/);
            await go(page, '/checkups');
            await page.press('.work', '新建活动');
            await page.type('[aria-label=名称]', '职工免费体检');
            await page.type('[aria-label=说明]', '本市工会会员每人一次');
            await page.click('.el-select__wrapper');
            await page.click('.el-select-dropdown__item');
            assert.deepEqual(await hinders('new-checkup'), []);
            await page.press('form', '保存草稿');
            await page.shows('.work', /职工免费体检[^]*下一步：检查条款[^]*市中医院/);
            await page.press('.work', '公告活动');
            await page.press('[role=dialog]', '确定');
            await page.shows('.work', /已公告[^]*报名截止，系统自动冻结名单[^]*承诺/);
            assert.deepEqual(await hinders('checkup'), []);
        },
        // Decides what waits, with its facts in sight.
        async UNION_ADMIN() {
            const { token } = await verify(stack, worker);
            const claim = await stack.post('/v1/me/trades', { trade: 'COURIER', proof: 'PROOF_WORK_CARD', platform: '快递公司', workNumber: '88' }, { token });
            assert.equal(claim.status, 201, claim.text);
            await go(page, '/waiting');
            await page.press('table', '职业认证');
            await page.shows('[aria-label=办理]', /快递公司[^]*88/);
            assert.deepEqual(await hinders('deciding'), []);
            await page.press('[aria-label=办理]', '查看完整资料');
            await page.press('[role=dialog]', '确定');
            await page.shows('[aria-label=办理]', new RegExp(worker.name));
            await page.press('[aria-label=办理]', '同意');
            await page.press('[role=dialog]', '确定');
            await page.shows('main', /没有待办事项/);
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
            await chrome.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
            await page.press('[aria-label=这次导入]', '下载逐行报告');
            const report = await until('the report is there', () => existsSync(folder) && readdirSync(folder).find((name) => /^import-\d+\.csv$/.test(name)));
            assert.equal(readFileSync(join(folder, report), 'utf8').match(/未导入,身份证/g).length, 17);
            await page.press('[aria-label=这次导入]', '确认导入');
            await page.press('[role=dialog]', '确定');
            await page.shows('[aria-label=这次导入]', /已导入\s+983 行/);
            assert.equal(await rosterRows(), there + 983);
            const { json } = await stack.get('/v1/me/trades', { token });
            assert.ok(json.trades.some((one) => one.trade === 'COURIER' && one.state === 'TRADE_PROVEN'), JSON.stringify(json));
        },
    };

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

    test('no request leaves the machine, and nothing went wrong in the console but the refusals', () => {
        assert.deepEqual(chrome.requests.filter((url) => !url.startsWith(`http://127.0.0.1:${stack.port}/`) && !/^(data|about):/.test(url)), []);
        assert.deepEqual(chrome.errors.filter((line) => !/status of 40[013]/.test(line)), []);
    });
});
