// Registers at the desk of a union's administrator: single rows of rosters, offices, changes of the union; and what she
// typed when the network is cut: it stays, her form says so, and it is done once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { enrol, grant, mobile, PASSWORD, person, rosterCsv, totp, unionsCsv, verify } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { agree, choose, fill, go, opensToAll, signInAtDesk } from './desk.mjs';

describe('registers at the desk', () => {
    const official = person(300), worker = person(1), fresh = person(2);
    let stack, chrome, page;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([official, worker]));
        for (const role of ['UNION_ADMIN', 'BENEFIT_MANAGER']) await grant(stack, official.mobile, role, '440600');
        const { secret } = await enrol(stack, official);
        await verify(stack, worker);
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        await signInAtDesk(page, { ...official, secret });
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    const rows = async () => Number((await stack.query('identity', 'SELECT count(*) AS n FROM roster'))[0].n);
    const offline = (now) => page.send('Network.emulateNetworkConditions', { offline: now, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    /** From now on what is sent there arrives, and its answer is lost: until it is called again. */
    async function losingAnswers(pattern) {
        const handler = async (route) => { await route.fetch(); await route.abort('connectionreset'); };
        await page.page.route(pattern, handler);
        return () => page.page.unroute(pattern, handler);
    }
    /** The keys that go with what is sent to an address. */
    function keysTo(pattern) {
        const keys = [];
        page.page.on('request', (request) => { if (request.method() === 'POST' && pattern.test(request.url())) keys.push(request.headers()['idempotency-key']); });
        return keys;
    }

    test('somebody is listed, found, listed otherwise and taken off', async () => {
        const there = await rows(), form = '[aria-label=登记一人] form';
        await go(page, '/roster');
        await fill(page, form, { 姓名: fresh.name, 证件号码: fresh.residentId, 手机号: '12', 工会编码: fresh.union });
        await page.press(form, '检查并登记');
        await page.shows(`${form} [role=alert]`, /手机/);
        await opensToAll(page, 'roster-refused');
        assert.equal(await rows(), there);
        await fill(page, form, { 手机号: fresh.mobile });
        await page.press(form, '检查并登记');
        await page.shows('[role=dialog]', /将新列入名册/);
        await agree(page, '登记');
        await until('she is on the roster', async () => await rows() === there + 1);
        await fill(page, '[aria-label=查找登记] form', { 证件号码: fresh.residentId });
        await page.press('[aria-label=查找登记]', '查找');
        await page.shows('[aria-label=名册上的登记]', /王\*[^]*石湾外卖骑手工会[^]*其他职业[^]*尚未认证/);
        await opensToAll(page, 'roster');
        await page.press('[aria-label=名册上的登记]', '更改');
        await fill(page, form, { 姓名: fresh.name, 手机号: fresh.mobile });
        await choose(page, '职业', '快递员');
        await page.press(form, '检查并登记');
        await page.shows('[role=dialog]', /将按填写的更改/);
        await agree(page, '登记');
        await page.shows('[aria-label=名册上的登记]', /石湾外卖骑手工会[^]*快递员/);
        assert.equal(await rows(), there + 1);
        await page.press('[aria-label=名册上的登记]', '移出名册');
        await agree(page, '移出');
        await page.shows('[aria-label=名册上的登记]', /没有这个人/);
        assert.equal(await rows(), there);
    });

    test('an office is entered in place of the one before, which stays in the history', async () => {
        const form = '[aria-label=登记任职]';
        await go(page, '/cadres');
        for (const post of ['副主席', '主席']) {
            await fill(page, form, { 工会编码: worker.union, 本人手机号: worker.mobile });
            await choose(page, '职务', post);
            await page.press(form, '登记');
            await agree(page, '登记');
            await page.shows('[aria-label=干部] table', new RegExp(`石湾外卖骑手工会[^]*\\s${post}`));
        }
        await page.press('[aria-label=干部] table', '任职经历');
        await page.shows('[aria-label=任职] ol, [aria-label=任职] ul', /主席[^]*至今[^]*副主席[^]*止/);
        await opensToAll(page, 'cadre-history');
    });

    test('the unions below stand with their numbers, on the screen and in a file', async () => {
        await go(page, '/unions');
        const pattern = /编码\s+(\d{6})\s+名称\s+(\S+)\s+下级\s+(\d+)\s+会员\s+([\d,]+)\s+名册\s+([\d,]+)\s+实名\s+([\d,]+)/;
        await page.shows('[aria-label=下级工会]', pattern);
        const [, code, name, below, members, listed] = pattern.exec(await page.text('[aria-label=下级工会]'));
        assert.ok(Number(listed.replaceAll(',', '')) > 0, 'there are rows of rosters below');
        page.keepDownloads(stack.path('.'));
        let tooOften = 0; // what is refused for it is asked again
        await page.page.route('**/v1/batch', (route) => (tooOften++ ? route.fallback() : route.fulfill({ status: 429, headers: { 'Retry-After': '1' }, contentType: 'application/problem+json',
            body: JSON.stringify({ status: 429, reason: 'RATE_LIMITED', errcode: 10301, errmsg: '操作过于频繁，请稍后再试' }) })));
        await page.press('[aria-label=下级工会]', '导出下级工会');
        const file = await until('the file is there', () => { try { return readFileSync(stack.path('下级工会-440600.csv'), 'utf8'); } catch { return ''; } });
        assert.ok(file.startsWith('\ufeff编码,名称,下级,会员,名册,实名\r\n'), file);
        assert.ok(file.includes(`"${code}","${name}","${below}","${members.replaceAll(',', '')}","${listed.replaceAll(',', '')}",`), file);
        await page.page.unroute('**/v1/batch');
        assert.equal(tooOften, 2);
        await opensToAll(page, 'unions');
    });

    test('a file of more unions than it holds says so', async () => {
        const union = { unionId: '1', code: '1', name: '甲', children: 0, trades: [] }, answers = (route) => route.fulfill({ json: { answers: JSON.parse(route.request().postData()).paths.map(() => ({ status: 200, body: {} })) } });
        await page.page.route('**/children*', (route) => route.fulfill({ json: { unions: Array(5000).fill(union), nextPageToken: 'more' } }));
        await page.page.route('**/v1/batch', answers);
        await page.press('[aria-label=下级工会]', '导出下级工会');
        await page.shows('.el-message', /只导出了前 5000 个/);
        await page.page.unroute('**/children*');
        await page.page.unroute('**/v1/batch');
    });

    test('a union is found by a piece of its name, by its region and by its code, and its members are listed', async () => {
        await go(page, '/unions');
        const find = async (text) => {
            await page.type('.work input[placeholder]', text);
            await page.press('.work > header', '查找');
        };
        await find('骑手');
        await page.shows('[aria-label=查找结果]', /名称有“骑手”的工会[^]*石湾外卖骑手工会/);
        await opensToAll(page, 'unions-found');
        await find('440606');
        await page.shows('[aria-label=查找结果]', /地区 440606 的工会[^]*顺德区总工会/);
        await page.press('[aria-label=查找结果] table', '查看');
        await page.shows('[aria-label=本级]', /^顺德区总工会/);
        await find('440604-001-0001');
        await page.shows('[aria-label=本级]', /^石湾外卖骑手工会/);
        await page.press('[aria-label=本级]', '会员名单');
        await page.shows('.work > header', /会员[^]*石湾外卖骑手工会/);
        await page.shows('[aria-label=本级会员] table', /王\*\*乙/);
        await opensToAll(page, 'members-below');
        await page.press('.work > header', '回到本级');
        await page.shows('[aria-label=本级会员]', /本级还没有会员/);
    });

    test('a change of a union: what was typed stays when the network is cut, and it is asked for once', async () => {
        const form = '[aria-label=申请变更]', keys = keysTo(/\/changes$/), asked = async () => Number((await stack.query('identity', 'SELECT count(*) AS n FROM union_change'))[0].n);
        const submit = async () => {
            await page.press(form, '提交申请');
            await agree(page, '提交');
        };
        await go(page, '/unions');
        await page.press('[aria-label=下级工会] table', '进入');
        await page.shows('[aria-label=变更]', /没有申请过变更/);
        await fill(page, form, { 新名称: '禅城区职工总会' });
        await offline(true);
        await submit();
        await page.shows(`${form} [role=alert]`, /网络不通，没有收到答复。填写的内容都还在/);
        await offline(false);
        assert.equal(await asked(), 0);
        const heal = await losingAnswers('**/changes');
        await submit();
        await until('it has arrived', async () => await asked() === 1);
        await page.shows(`${form} [role=alert]`, /网络不通/);
        await opensToAll(page, 'network-cut');
        assert.equal(await page.value(`document.querySelector('${form} input[maxlength="100"]').value`), '禅城区职工总会');
        await heal();
        await submit();
        await page.shows('[aria-label=变更]', /更名　待上级批准[^]*禅城区职工总会/);
        assert.equal(await page.text(`${form} [role=alert]`), '');
        assert.deepEqual([await asked(), keys.length, new Set(keys).size], [1, 3, 1]);
    });

    test('who says another thing after an answer was lost is told that the first was done', async () => {
        const form = '[aria-label=登记体检点] form', sites = async () => Number((await stack.query('health', 'SELECT count(*) AS n FROM site'))[0].n);
        await go(page, '/sites');
        await page.press('.work', '登记体检点');
        await page.type('[aria-label=名称]', '市中医院');
        await page.type('[aria-label=地址]', '亲仁路6号');
        const heal = await losingAnswers('**/checkup-sites');
        await page.click(`${form} button[type=submit]`);
        await page.shows(`${form} [role=alert]`, /网络不通/);
        await until('it has arrived', async () => await sites() === 1);
        await heal();
        await page.type('[aria-label=名称]', '市二中医院');
        await page.click(`${form} button[type=submit]`);
        await page.shows('.el-message', /上一次提交其实已经办成/);
        assert.equal(await sites(), 1);
        await page.click(`${form} button[type=submit]`); // meant anew
        await page.shows('table', /市中医院[^]*市二中医院/);
        assert.equal(await sites(), 2);
    });

    test('an official enrols in the page: her authenticator reads the secret as a picture', async () => {
        const number = mobile(5301);
        await grant(stack, number, 'UNION_ADMIN', '440600');
        await page.press('.desk-head', '退出');
        await page.press('main', '首次登录');
        await page.type('#mobile', number);
        await page.press('form', '获取验证码');
        await page.type('#code', (await until('the code is sent', () => stack.codesTo(number)[0])).code);
        await page.type('#password', PASSWORD);
        await page.press('form', '下一步');
        await until('the picture is drawn', () => page.value("document.querySelector('.qr')?.naturalWidth > 0"));
        // Of as many modules as the address needs, which the link beside it has too.
        const [drawn, uri, secret] = await page.value("[decodeURIComponent(document.querySelector('.qr').src), document.querySelector('form a').href, document.querySelector('#secret').innerText]");
        assert.match(drawn, /^data:image\/svg\+xml,<svg [^]*viewBox="0 0 \d+ \d+"/);
        assert.ok(uri.startsWith('otpauth://totp/') && uri.includes(`secret=${secret}`), uri);
        assert.ok(Number(/viewBox="0 0 (\d+)/.exec(drawn)[1]) >= 33 + 8, drawn.slice(0, 100));
        await page.type('#totp', totp(secret));
        await page.press('form', '完成');
        await page.shows('.work h1', /总览/);
        await page.press('.desk-head', '退出');
        await signInAtDesk(page, { mobile: number, secret });
    });

    test('what was typed into a dialog is there again after the network was cut', async () => {
        await go(page, '/unions');
        await page.shows('[aria-label=本级]', /新建下级工会/);
        const add = async (texts) => {
            await page.press('[aria-label=本级]', '新建下级工会');
            for (const text of texts) {
                if (text) await page.type('[role=dialog] input', text);
                await agree(page, '确定');
                await until('the dialog is answered', () => page.value(`document.querySelector('[role=dialog] input')?.value !== ${JSON.stringify(text)}`));
            }
        };
        await offline(true);
        await add(['南海区总工会', '440605']);
        await page.shows('.cut.afloat', /网络不通/);
        await offline(false);
        await page.press('[aria-label=本级]', '新建下级工会');
        await until('its name is there', () => page.value("document.querySelector('[role=dialog] input')?.value === '南海区总工会'"));
        await agree(page, '确定');
        await until('its code is there', () => page.value("document.querySelector('[role=dialog] input')?.value === '440605'"));
        await agree(page, '确定');
        await page.shows('[aria-label=下级工会]', /南海区总工会/);
    });

    test('who has left her company is kept by the level above', async () => {
        await go(page, '/members');
        await page.shows('[aria-label=本级会员]', /./);
        await page.type('[aria-label=查找会员] form input', worker.name);
        await page.press('[aria-label=查找会员]', '查找');
        await page.shows('[aria-label=查找结果]', /石湾外卖骑手工会/);
        await page.click('[aria-label=查找结果] tbody tr');
        await page.press('[aria-label=会员资料]', '离开单位（上挂）');
        await agree(page, '上挂');
        await page.shows('[aria-label=查找结果]', /石湾镇街道总工会/);
    });

    test('nothing went wrong but what was cut', () => {
        assert.deepEqual(chrome.errors.filter((line) => !/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_RESET|status of 4(22|01|29)/.test(line)), []); // 429: said for the gateway once
    });
});
