// Coupons at the desk: merchants approved by two hands, with branches and staff; releases of every way of giving, from the
// form to their numbers.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { enrol, grant, mint, PASSWORD, person, rosterCsv, totp, unionCoded, unionsCsv } from '../system/people.mjs';
import { asked, branchOf, counterAt, couponPass, creditCode, openMerchant } from '../system/merchants.mjs';
import { claimer, openRelease } from '../system/releases.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { barriers, go, picture, violationsInBothLooks } from './member.mjs';

describe('coupons at the desk', () => {
    const first = person(300), second = person(301);
    let stack, chrome, page, unionId;

    const releases = (columns) => stack.query('coupon', `SELECT ${columns} FROM release ORDER BY release_id`);

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([first, second]));
        for (const role of ['FINANCE', 'BENEFIT_MANAGER'])
            for (const one of [first, second])
                await grant(stack, one.mobile, role, '440600');
        for (const one of [first, second])
            one.secret = (await enrol(stack, one)).secret;
        ({ unionId } = await unionCoded(stack, '440600'));
        chrome = new Chrome();
        await change(first);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    // Each has a window of her own: a one-time password is good once.
    const desks = new Map();
    async function signIn({ mobile, secret }) {
        await page.shows('main', /工作人员登录/);
        await page.type('#mobile', mobile);
        await page.type('#password', PASSWORD);
        await page.type('#totp', totp(secret, 1));
        await page.click('form button[type=submit]');
        await page.shows('.work h1', /总览/);
    }
    async function change(to) {
        page = desks.get(to) ?? await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        if (desks.has(to))
            return;
        desks.set(to, page);
        await signIn(to);
    }
    async function hinders(name) {
        await picture(page, `console-${name}`);
        await page.send('Emulation.setDeviceMetricsOverride', { width: 320, height: 640, deviceScaleFactor: 1, mobile: true });
        const small = (await barriers(page)).map((one) => `on a telephone: ${one}`);
        await page.send('Emulation.setDeviceMetricsOverride', { width: 1440, height: 900, deviceScaleFactor: 1, mobile: false });
        return [...small, ...await barriers(page), ...await violationsInBothLooks(page)];
    }
    const field = (label) => `:is(input, textarea)[aria-label="${label}"]`;
    async function fill(label, text) {
        await until(`there is ${label}`, () => page.value(`document.querySelector(${JSON.stringify(field(label))}) !== null`));
        await page.type(field(label), text);
    }
    async function choose(label, ...options) {
        await page.click(`.el-select__wrapper:has([aria-label="${label}"])`);
        for (const option of options)
            await page.clickOn(option, `[...document.querySelectorAll('.el-popper[aria-hidden=false] .el-select-dropdown__item')].find((one) => one.innerText.includes(${JSON.stringify(option)}))`);
        await page.send('Input.dispatchKeyEvent', { type: 'keyDown', key: 'Escape', code: 'Escape', windowsVirtualKeyCode: 27 });
    }
    const way = (text) => page.clickOn(text, `[...document.querySelectorAll('[aria-label=发放方式] label')].find((one) => one.innerText === ${JSON.stringify(text)})`);
    const at = async (label, time) => { await fill(label, time); await page.enter(); };
    const confirm = () => page.press('[role=dialog]', '确定');
    const reason = async (text) => { await page.type('[role=dialog] input', text); await confirm(); };
    async function drafting(kind, title) {
        await go(page, '/');
        await go(page, '/releases');
        await page.shows('.work h1', /^福利券$/);
        await page.press('.work', '新建发放');
        await way(kind);
        await fill('名称', title);
        await at('开始时间', '2036-12-01 10:00');
    }
    async function drafted(title) {
        await page.press('.work', '保存草稿');
        await page.shows('.work', new RegExp(`${title}\\s+草稿[^]*最多花费`));
    }
    async function published(name, title) {
        await page.press('.work', '发布');
        await confirm();
        await page.shows('.work', new RegExp(`${title}\\s+已发布`));
        assert.deepEqual(await hinders(name), []);
    }

    /** Opens what waits among all that waits, and goes where it is decided. */
    async function waits(what, whose) {
        await go(page, '/waiting');
        await page.shows('[aria-label=种类]', /福利券复核 1/);
        await page.press('table', '福利券复核');
        await page.shows('[aria-label=办理]', new RegExp(`${what}[^]*${whose.source}`));
        await page.press('[aria-label=办理]', '去办理');
    }

    test('a merchant is entered by one and approved by another', async () => {
        await go(page, '/merchants');
        await page.press('.work', '录入商户');
        await fill('名称', '甲餐饮公司');
        await fill('统一社会信用代码', '91350100M000100Y44');
        await page.press('[aria-label=录入商户]', '录入');
        await page.shows('.el-message', /统一社会信用代码有误/);
        await fill('统一社会信用代码', '91350100M000100Y43');
        assert.deepEqual(await hinders('new-merchant'), []);
        await page.press('[aria-label=录入商户]', '录入');
        await page.shows('table', /甲餐饮公司[^]*待审核（1 \/ 2）/);
        await page.press('table', '审核');
        await page.press('[aria-label=商户资料]', '通过');
        await confirm();
        await page.shows('[aria-label=商户资料]', /已有 1 人通过；同一人不能审核两次/);
        assert.deepEqual(await stack.query('coupon', 'SELECT state FROM merchant'), [{ state: 1 }]);
        await change(second);
        await waits('商户开通', /您可以复核/);
        await page.press('[aria-label=商户资料]', '通过');
        await confirm();
        await page.shows('.work', /甲餐饮公司\s+已开通/);
    });

    test('it has a branch with place, hours and staff', async () => {
        await page.press('[aria-label=商户资料]', '新增门店');
        await fill('名称', '祖庙店');
        await fill('地址', '祖庙路1号');
        await choose('经营类别', '餐饮', '饮品');
        await page.press('[aria-label=门店资料]', '添加时段');
        assert.deepEqual(await hinders('new-branch'), []);
        await page.press('[aria-label=门店资料]', '保存门店');
        await page.shows('[aria-label=门店] table', /祖庙店[^]*餐饮、饮品[^]*09:00[^]*21:00[^]*可用/);
        await page.press('[aria-label=门店] table', '修改');
        await fill('名称', '祖庙一店');
        await page.press('[aria-label=门店资料]', '保存门店');
        await page.shows('[aria-label=门店] table', /祖庙一店/);
        await page.press('[aria-label=门店] table', '人员');
        await page.shows('[aria-label=人员]', /祖庙一店的人员[^]*还没有人员/);
        const [{ id }] = await stack.query('identity', 'SELECT CAST(max(member_id) AS TEXT) AS id FROM member');
        await fill('会员编号', id);
        await page.press('[aria-label=人员]', '添加');
        await page.shows('[aria-label=人员]', new RegExp(`会员 ${id}　收券`));
        assert.deepEqual(await hinders('merchant'), []);
        await page.press('[aria-label=人员]', '撤销');
        await page.shows('[aria-label=人员]', /还没有人员/);
        await page.press('[aria-label=商户资料]', '停用商户');
        await reason('合作到期');
        await page.shows('.work', /甲餐饮公司\s+已停用[^]*合作到期/);
    });

    test('a fund is proposed by one, confirmed by another, and changed by two', async () => {
        await go(page, '/funds');
        await page.press('.work', '设立资金');
        await fill('名称', '冬送温暖');
        await choose('来源', '银行');
        await fill('出资方', '佛山农商银行');
        await fill('总额（元）', '200000');
        await fill('单日上限（元）', '300000');
        await page.press('[aria-label=资金条款]', '提出');
        await page.shows('.el-message', /单日上限不能超过资金总额/);
        await fill('单日上限（元）', '6000');
        assert.deepEqual(await hinders('new-fund'), []);
        await page.press('[aria-label=资金条款]', '提出');
        await page.shows('[aria-label=资金] table', /冬送温暖[^]*佛山农商银行[^]*待第二人确认/);
        await page.press('[aria-label=资金详情]', '第二人确认');
        await confirm();
        await page.shows('.el-message', /须由另一人确认/);
        await change(first);
        await waits('发放资金', /您可以复核/);
        await page.press('[aria-label=资金] table', '查看');
        await page.shows('[aria-label=资金详情]', /200,000 元[^]*6,000 元/);
        await page.press('[aria-label=资金详情]', '第二人确认');
        await confirm();
        await page.shows('[aria-label=资金] table', /冬送温暖[^]*使用中[^]*200,000 元[^]*0 元/);
        await page.press('[aria-label=资金详情]', '变更条款');
        await fill('总额（元）', '250000');
        await page.press('[aria-label=资金条款]', '提出');
        await page.shows('[aria-label=资金] table', /变更待确认/);
        assert.deepEqual(await hinders('fund'), []);
        await page.press('[aria-label=资金详情]', '退回');
        await confirm();
        await page.shows('[aria-label=资金] table', /使用中[^]*200,000 元/);
    });

    test('a release is paid from it, and not more than there is', async () => {
        await drafting('先到先得', '暖心券');
        await choose('资金', '冬送温暖');
        await fill('每天张数', '2000');
        await drafted('暖心券');
        await page.shows('.work', /一天最多 10,000 元；资金可用 200,000 元[^]*现在不能发布/);
        await page.press('.work', '发布');
        await confirm();
        await page.shows('.el-message', /预算不足|预算余额不足|资金不足/);
        await drafting('先到先得', '暖心券');
        await choose('资金', '冬送温暖');
        await drafted('暖心券');
        await page.press('.work', '发布');
        await confirm();
        await page.shows('.work', /暖心券\s+已发布[^]*占用 150,000 元/);
        await go(page, '/funds');
        await page.press('[aria-label=资金] table', '查看');
        await page.shows('[aria-label=资金的使用] table', /暖心券\s+150,000 元\s+150,000 元/);
        assert.deepEqual(await hinders('fund-uses'), []);
    });

    test('it is ruled what a level may publish', async () => {
        await go(page, '/publishing');
        await fill('工会层级', '3');
        await fill('一张最多（元）', '100');
        await page.press('[aria-label=发布规则]', '设定');
        await page.shows('[aria-label=发布规则] table', /本工会\s+第 3 级工会\s+一张最多 100 元/);
        assert.deepEqual(await hinders('publishing'), []);
    });

    test('the shop has a corner with staff, goods, a bundle and a fair', async () => {
        await go(page, '/corners');
        await page.press('.work', '登记领取点');
        await fill('名称', '一楼职工e家');
        await fill('地址', '岭南大道1号');
        await page.press('[aria-label=登记领取点]', '登记');
        await page.shows('[aria-label=领取点] table', /一楼职工e家[^]*可用/);
        await page.press('[aria-label=领取点] table', '人员');
        await page.shows('[aria-label=人员]', /还没有人员/);
        await fill('会员编号', '4711');
        await page.press('[aria-label=人员]', '添加');
        await page.shows('[aria-label=人员]', /会员 4711　交付/);
        assert.deepEqual(await hinders('corner'), []);
        await go(page, '/shop');
        for (const title of ['大米 5 公斤', '菜籽油 5 升']) {
            await page.press('.work', '新增商品');
            await fill('名称', title);
            await fill('会员价（元）', '30');
            await choose('领取点', '一楼职工e家');
            await page.press('[aria-label=商品资料]', '保存草稿');
            await page.shows('[aria-label=商品] table', new RegExp(`${title}\\s+30 元\\s+100\\s+0\\s+草稿`));
        }
        await page.press('.work', '新增组合');
        await fill('名称', '粮油大礼包');
        await choose('组合商品 1', '大米');
        await page.press('[aria-label=商品资料]', '添加商品');
        await choose('组合商品 2', '菜籽油');
        await choose('领取点', '一楼职工e家');
        assert.deepEqual(await hinders('new-bundle'), []);
        await page.press('[aria-label=商品资料]', '保存草稿');
        await page.shows('[aria-label=商品] table', /粮油大礼包（2 种组合）\s+免费/);
        await page.press('[aria-label=商品] table', '上架');
        await confirm();
        await page.shows('[aria-label=商品] table', /粮油大礼包[^]*在售/);
        await page.press('[aria-label=商品] table', '改库存');
        await reason('60');
        await page.shows('[aria-label=商品] table', /粮油大礼包（2 种组合）\s+免费\s+60/);
        await page.press('.work', '新增促销');
        await fill('名称', '年货节');
        await page.press('[aria-label=新增促销]', '公布');
        await page.shows('[aria-label=促销] table', /年货节\s+30 %，每人一年最多 200 元/);
        assert.deepEqual(await hinders('shop'), []);
        await page.press('[aria-label=促销] table', '结束');
        await confirm();
        await page.shows('[aria-label=促销] table', /年货节[^]*已结束/);
    });

    test('orders by post: the address is looked at, on record, and the parcel is sent', async () => {
        const goods = await asked(stack, '/v1/shop-goods', { goods: { unionId, title: '春联', stock: 10, posted: true } });
        await asked(stack, `/v1/shop-goods/${goods.goodsId}:offer`, {});
        for (const memberId of [61, 62]) {
            const answer = await stack.post(`/v1/shop-goods/${goods.goodsId}/orders`, { address: { name: '王小明', mobile: '13800138000', text: '岭南大道2号' } },
                { token: mint(stack.tokenKey(), { memberId }), key: `order-${memberId}` });
            assert.equal(answer.status, 201, answer.text);
        }
        await go(page, `/shop/${goods.goodsId}`);
        await page.press('[aria-label=订单] table', '地址');
        await confirm();
        await page.shows('[aria-label=收货地址]', /王小明[^]*13800138000[^]*岭南大道2号/);
        assert.deepEqual(await hinders('order-address'), []);
        await page.press('[aria-label=收货地址]', '已寄出');
        await reason('SF1234567890');
        await page.shows('[aria-label=订单] table', /已邮寄：SF1234567890/);
        await page.press('[aria-label=订单] table', '退单');
        await reason('缺货');
        await page.shows('[aria-label=订单] table', /已退单：缺货/);
        assert.deepEqual(await hinders('orders'), []);
    });

    test('points: a rule and a gift take two', async () => {
        await go(page, '/points');
        await fill('积分的名称', '惠工积分');
        await page.press('[aria-label=积分账本]', '设立');
        await page.press('.work', '提出规则');
        await fill('名称', '加入工会');
        await fill('每次积分', '100');
        await fill('总共最多', '100');
        assert.deepEqual(await hinders('new-rule'), []);
        await page.press('[aria-label=积分规则]', '提出');
        await page.shows('[aria-label=规则] table', /加入工会\s+会员与工会：加入工会\s+100\s+共 100\s+待第二人确认/);
        await page.press('[aria-label=规则] table', '第二人确认');
        await confirm();
        await page.shows('.el-message', /须由另一人确认/);
        await page.press('.work', '人工发放');
        await fill('事由', '运动会志愿者');
        await fill('会员编号', '61\n62');
        await page.press('[aria-label=人工发放]', '提出');
        await page.shows('[aria-label=人工发放记录] table', /运动会志愿者\s+2\s+10/);
        await change(second);
        await go(page, '/waiting');
        await page.shows('main', /积分规则[^]*积分发放|积分发放[^]*积分规则/);
        assert.deepEqual(await hinders('waiting-coupons'), []);
        await go(page, '/points');
        await page.press('[aria-label=规则] table', '第二人确认');
        await confirm();
        await page.shows('[aria-label=规则] table', /生效中/);
        await page.press('[aria-label=人工发放记录] table', '第二人确认');
        await confirm();
        await page.shows('[aria-label=人工发放记录] table', /已发放/);
        await page.shows('.tiles', /发放\s+20[^]*结余\s+20/);
        assert.deepEqual(await hinders('points'), []);
    });

    test('a fair release has its lot each day', async () => {
        await drafting('公平领取', '观影券');
        await fill('登记时间（分钟）', '0.5');
        await choose('限类别', '电影');
        assert.deepEqual(await hinders('new-release-fair'), []);
        await drafted('观影券');
        assert.deepEqual(await hinders('release-draft'), []);
        await published('release-fair', '观影券');
        assert.deepEqual((await releases('way, stock_per_day AS stock')).at(-1), { way: 1, stock: 1000 });
    });

    test('a daily lot is published with its committed secret', async () => {
        await drafting('每日抽签', '五元爱心餐');
        await page.shows('.work', /登记时间（分钟）/);
        await drafted('五元爱心餐');
        await published('release-daily', '五元爱心餐');
        await page.shows('[aria-label=抽签]', /发布时已承诺秘密：[0-9a-f]{64}/);
    });

    test('a season is one lot with its public value', async () => {
        await drafting('整期抽签', '职工疗休养');
        await fill('名额', '100');
        await at('登记截止', '2036-12-08 10:00');
        await at('数值产生', '2036-12-09 21:30');
        await at('抽签时间', '2036-12-09 22:00');
        await at('递补截止', '2036-12-01 09:00');
        await fill('公开数值', '双色球第 2036140 期开奖号码');
        await page.press('.work', '保存草稿');
        await page.shows('.el-message', /抽签时间不成立/);
        await at('递补截止', '2036-12-30 09:00');
        assert.deepEqual(await hinders('new-release-season'), []);
        await drafted('职工疗休养');
        await published('release-season', '职工疗休养');
        await page.shows('[aria-label=抽签]', /下一步：[^]*登记截止，系统自动冻结名单[^]*整期\s+已公告/);
        await page.press('[aria-label=抽签]', '作废');
        await reason('活动取消');
        await page.shows('[aria-label=抽签]', /已作废：活动取消/);
    });

    test('an entitlement is for whom it fits, once a year', async () => {
        await drafting('人人有份', '生日蛋糕券');
        await page.clickOn('每年一张', "[...document.querySelectorAll('[aria-label=每人] label')].find((one) => one.innerText === '每年一张')");
        await choose('生日', '生日当月');
        await drafted('生日蛋糕券');
        await page.shows('.work', /生日当月[^]*共 1,000 份/);
    });

    test('tickets have classes and departures', async () => {
        await drafting('票务', '返乡专列');
        await page.type('[aria-label=新建发放] p.find label:nth-of-type(1) input', '二等座');
        await page.press('[aria-label=新建发放]', '添加席别');
        await page.type('[aria-label=新建发放] p.find:nth-of-type(2) label:nth-of-type(1) input', '一等座');
        await page.type('fieldset label:nth-of-type(1) input', 'G4821 广州南—贵阳北');
        await at('班次 1 出发时间', '2036-12-20 08:00');
        await fill('可带同行人', '2');
        assert.deepEqual(await hinders('new-release-tickets'), []);
        await drafted('返乡专列');
        await page.shows('[aria-label=班次]', /G4821[^]*余 50 \/ 50[^]*余 50 \/ 50/);
        await published('release-tickets', '返乡专列');
    });

    test('codes of a partner are imported, and a bad one is void by two', async () => {
        await drafting('兑换码', '电影票');
        await fill('合作方', '大地影院');
        await fill('每天最多（张）', '0');
        assert.deepEqual(await hinders('new-release-codes'), []);
        await drafted('电影票');
        const file = stack.path('codes.csv');
        writeFileSync(file, '券码,密码\nAAAA-0001,1111\nAAAA-0002,\nAAAA-0001,3333\n');
        await page.choose('[aria-label=兑换码] input[type=file]', file);
        await page.shows('[aria-label=兑换码]', /待您确认：共 3 行，可导入 2 行，不导入 1 行/);
        await page.press('[aria-label=兑换码]', '确认导入');
        await confirm();
        await page.shows('[aria-label=兑换码]', /已导入\s+2\s+未发出\s+2[^]*已导入 2 行/);
        await page.type('[aria-label=兑换码] form label:nth-of-type(1) input', 'AAAA-0002');
        await page.type('[aria-label=兑换码] form label:nth-of-type(2) input', '影院提示已使用');
        await page.press('[aria-label=兑换码] form', '提出作废');
        await page.shows('[aria-label=兑换码] table', /影院提示已使用\s+未发出[^]*待第二人确认/);
        assert.deepEqual(await hinders('release-codes'), []);
        await page.press('[aria-label=兑换码] table', '第二人确认');
        await confirm();
        await page.shows('.el-message', /须由另一人确认/);
        await page.press('[aria-label=兑换码] table', '退回');
        await confirm();
        await page.shows('[aria-label=兑换码] table', /未作废/);
    });

    test('a form that does not fit is refused with its own reason, and nothing is kept', async () => {
        const there = (await releases('release_id')).length;
        await drafting('先到先得', '坏券');
        await fill('减（元）', '20');
        await page.press('.work', '保存草稿');
        await page.shows('.el-message', /使用门槛不能低于券面金额/);
        assert.equal((await releases('release_id')).length, there);
    });

    test('what was made once is made again: from a template, and like another', async () => {
        await drafting('先到先得', '骑手餐券');
        await page.press('.work', '存为模板');
        await page.shows('.el-message', /已存为模板/);
        await page.press('.work', '从模板新建');
        await choose('模板', '骑手餐券');
        await fill('名称', '冬季骑手餐券');
        await at('开始时间', '2036-12-02 10:00');
        assert.deepEqual(await hinders('release-template'), []);
        await page.press('[aria-label=从模板新建]', '保存草稿');
        await page.shows('.work', /冬季骑手餐券\s+草稿/);
        await page.press('.work', '照此新建');
        await reason('2036-12-03 10:00');
        await page.shows('.work', /冬季骑手餐券\s+草稿[^]*12月3日/);
    });

    test('its numbers are told, and of a few people none', async () => {
        const releaseId = await openRelease(stack, { title: '清凉券', faceFen: '299', thresholdFen: '300', stock: 12, unionId });
        for (let i = 0; i < 30; i++)
            await claimer(stack, releaseId)(5000 + i);
        await go(page, `/releases/${releaseId}`);
        await page.shows('[aria-label=数据]', /申领\s+30[^]*发放\s+12[^]*核销\s+0\s+0 元[^]*已经领完\s+18 次/);
        assert.deepEqual(await hinders('release-numbers'), []);
        await page.clickOn('按职业', "[...document.querySelectorAll('[aria-label=分组] label')].find((one) => one.innerText === '按职业')");
        await page.shows('[aria-label=数据] table', /外卖配送员\s+30\s+12/);
        await go(page, '/release-numbers');
        await page.shows('[aria-label=数据] table', /清凉券\s[^]*30\s+12/);
        assert.deepEqual(await hinders('union-numbers'), []);
    });

    test('what was spent at a merchant is settled by two, and paid to the account that two have entered', async () => {
        const { merchantId } = await openMerchant(stack, { name: '乙餐饮公司', creditCode: creditCode(7) });
        const branchId = await branchOf(stack, merchantId, [72]), counter = await counterAt(stack, branchId, 72);
        const releaseId = await openRelease(stack, { title: '工作餐券', faceFen: '500', thresholdFen: '1500', unionId, spending: { merchantPercent: 20 } });
        await claimer(stack, releaseId)(71);
        await counter.sale(await couponPass(stack, 71), 2000, { atOnce: true });
        await go(page, `/releases/${releaseId}`);
        await page.shows('[aria-label=数据]', /发放\s+1\s+5 元\s+核销\s+1\s+5 元/);
        await page.shows('[aria-label=数据] table', /核销\s+核销金额[^]*第 1 天[^]*1\s+5 元\s+1\s+5 元/);
        assert.deepEqual(await hinders('release-numbers-spent'), []);
        await go(page, '/coupon-settlements');
        await choose('商户', '乙餐饮公司');
        await page.shows('[aria-label=待结算]', /1 笔　4 元/);
        assert.deepEqual(await hinders('coupon-settlements'), []);
        await page.press('[aria-label=待结算]', '编制结算单');
        await confirm();
        await page.shows('[aria-label=结算单]', /乙餐饮公司[^]*待第二人确认[^]*4 元[^]*优惠合计\s+5 元\s+商户承担\s+1 元/);
        await page.press('[aria-label=结算单]', '第二人确认');
        await confirm();
        await page.shows('.el-message', /须由另一人确认/);
        const payee = async () => {
            await go(page, '/payees');
            await page.clickOn('商户', "[...document.querySelectorAll('[aria-label=付给谁] label')].find((one) => one.innerText === '商户')");
            await page.press('[aria-label=商户] table', '收款账户');
            await page.shows('[aria-label=收款账户]', /乙餐饮公司/);
        };
        await payee();
        for (const [i, text] of ['佛山乙餐饮公司', '佛山农商银行', '6222021234567890123'].entries())
            await page.type(`[aria-label=收款账户] form p:nth-of-type(${i + 1}) input`, text);
        await page.press('[aria-label=收款账户]', '提交');
        await page.press('[role=dialog]', '提交');
        await page.shows('[aria-label=收款账户]', /待第二人确认[^]*6222021234567890123/);
        assert.deepEqual(await hinders('merchant-payee'), []);
        await change(first);
        await go(page, '/waiting');
        await page.shows('main', /结算单[^]*收款账户|收款账户[^]*结算单/);
        await payee();
        await page.press('[aria-label=收款账户]', '第二人确认');
        await confirm();
        await page.shows('[aria-label=收款账户]', /使用中/);
        await go(page, '/coupon-settlements');
        await page.press('[aria-label=结算单] table', '办理');
        await page.press('[aria-label=结算单]', '第二人确认');
        await confirm();
        await page.shows('[aria-label=结算单]', /已确认/);
        await page.type('[aria-label=发票] label:nth-of-type(1) input', '12345678');
        await page.type('[aria-label=发票] label:nth-of-type(2) input', '佛山市总工会');
        await page.type('input[aria-label="价税合计（元）"]', '4');
        await page.press('[aria-label=发票]', '登记发票');
        await page.shows('[aria-label=发票]', /12345678[^]*还差 0 元/);
        await page.type('[aria-label=付款] label input', 'CCB20261127-000001');
        await page.press('[aria-label=付款]', '登记付款');
        await confirm();
        await page.shows('[aria-label=付款]', /已付款[^]*CCB20261127-000001[^]*4 元/);
        assert.deepEqual(await hinders('coupon-settlement'), []);
        await go(page, '/coupon-settlements');
        await page.shows('[aria-label=结算单] table', /乙餐饮公司[^]*4 元\s+已确认，已付款/);
        await stack.assertCleanAudits();
        await page.press('.desk-head', '退出');
    });

    test('nothing went wrong in the console but the refusals', () => assert.deepEqual(chrome.errors.filter((line) => !/status of 40[0139]/.test(line)), []));
});
