// Transfers to a person's balance (商家转账): bills, their states, money and callbacks.
import { chinaTime, digest, openOaep } from './crypto.mjs';
import { Refusal, needText, onlyFields, wrong } from './refusal.mjs';

const DAY_MS = 86400000;
const PATH = '/v3/fund-app/mch-transfer/transfer-bills';
const RECEIPTS = '/v3/fund-app/mch-transfer/elecsign/out-bill-no';

// What each scene wants reported, word for word, and what may be shown to the payee.
export const SCENES = {
    1000: { infos: ['活动名称', '奖励说明'], perceptions: ['活动奖励', '现金奖励'] },
    1002: { infos: ['补贴类型'], perceptions: ['行政补贴', '行政奖励'] },
    1004: { infos: ['保险产品备案编号', '保险名称', '保险操作单号'], perceptions: ['保险理赔款'] },
    1011: { infos: ['赔付原因'], perceptions: ['退款', '商家赔付'] },
};
const TERMINAL = ['SUCCESS', 'FAIL', 'CANCELLED'];
const FIELDS = ['appid', 'out_bill_no', 'transfer_scene_id', 'openid', 'user_name', 'transfer_amount', 'transfer_remark',
    'notify_url', 'user_recv_perception', 'user_recv_style', 'transfer_scene_report_infos'];

export class Transfers {
    bills = new Map();  // mchid/out_bill_no
    byNumber = new Map(); // transfer_bill_no
    receipts = new Map(); // mchid/out_bill_no: when it was asked for
    people = new Map(); // openid: { name, frozen }
    received = new Map(); // openid and day: fen
    next = 1;
    /**
     * How the world behaves: first, the state that a new bill is answered with (ACCEPTED: it waits until work());
     * confirm: payees confirm at once; shortRefuses: a short balance refuses a bill instead of keeping it waiting.
     * receiptMs, receiptBytes: how long a receipt is being made, and how long it is beyond its text; receiptSpoilt: it is not
     * what its hash says.
     */
    ways = { first: 'WAIT_USER_CONFIRM', confirm: false, shortRefuses: false, receiptMs: 0, receiptBytes: 0, receiptSpoilt: false };
    limits = { min: 10, max: 20000, personPerDay: 2000000 };

    constructor(pay) {
        this.pay = pay;
        this.routes = [
            ['POST', /^\/v3\/fund-app\/mch-transfer\/transfer-bills$/, 'transfer', (merchant, [], body, request) => this.create(merchant, body, request)],
            ['GET', /^\/v3\/fund-app\/mch-transfer\/transfer-bills\/out-bill-no\/([^/]+)$/, 'query', (merchant, [no]) => this.shown(this.find(merchant, no))],
            ['GET', /^\/v3\/fund-app\/mch-transfer\/transfer-bills\/transfer-bill-no\/([^/]+)$/, 'query', (merchant, [no]) => this.shown(this.find(merchant, this.byNumber.get(no)?.out_bill_no))],
            ['POST', /^\/v3\/fund-app\/mch-transfer\/transfer-bills\/out-bill-no\/([^/]+)\/cancel$/, 'cancel', (merchant, [no]) => this.cancel(merchant, no)],
            ['POST', /^\/v3\/fund-app\/mch-transfer\/elecsign\/out-bill-no$/, 'receipt', (merchant, [], body) => this.askReceipt(merchant, body)],
            ['GET', /^\/v3\/fund-app\/mch-transfer\/elecsign\/out-bill-no\/([^/]+)$/, 'receipt', (merchant, [no]) => this.receipt(merchant, no)],
        ];
    }

    find(merchant, no) {
        const bill = this.bills.get(`${merchant.mchid}/${no}`);
        if (!bill || this.pay.now() - bill.createdAt > 30 * DAY_MS)
            throw new Refusal(404, 'NOT_FOUND', '记录不存在');
        return bill;
    }

    shown(bill) {
        const { mchid, out_bill_no, transfer_bill_no, appid, state, transfer_amount, transfer_remark, openid, user_name: userName, fail_reason: reason } = bill;
        return {
            mch_id: mchid, out_bill_no, transfer_bill_no, appid, state, transfer_amount, transfer_remark, openid, ...userName && { user_name: userName },
            ...reason && { fail_reason: reason }, create_time: chinaTime(bill.createdAt), update_time: chinaTime(bill.updatedAt),
        };
    }

    /** Every rule of the fields, as the interface has them. */
    check(merchant, body, request) {
        onlyFields(body, FIELDS);
        needText(body, 'appid', 32);
        if (!merchant.appids.includes(body.appid))
            throw new Refusal(400, 'APPID_MCHID_NOT_MATCH');
        needText(body, 'out_bill_no', 32, { pattern: /^[0-9A-Za-z]+$/ });
        needText(body, 'transfer_remark', 32);
        needText(body, 'openid', 64);
        if (!Number.isSafeInteger(body.transfer_amount) || body.transfer_amount < 1)
            throw wrong('transfer_amount', 'fen, a positive integer', body.transfer_amount);
        if (body.notify_url !== undefined)
            this.pay.checkNotifyUrl(body.notify_url);
        const scene = SCENES[body.transfer_scene_id];
        if (!scene || !merchant.scenes.includes(body.transfer_scene_id))
            throw new Refusal(400, 'INVALID_REQUEST', '转账场景未开通');
        const infos = body.transfer_scene_report_infos;
        if (!Array.isArray(infos) || infos.length !== scene.infos.length
            || !scene.infos.every((type) => infos.filter(({ info_type: given }) => given === type).length === 1))
            throw new Refusal(400, 'PARAM_ERROR', '未传入完整且对应的转账场景报备信息');
        infos.forEach((info) => { onlyFields(info, ['info_type', 'info_content']); needText(info, 'info_content', 32); });
        if (body.user_recv_perception !== undefined && !scene.perceptions.includes(body.user_recv_perception))
            throw new Refusal(400, 'INVALID_REQUEST', '暂不支持展示当前传入的用户收款感知');
        return this.checkName(body, request);
    }

    checkName({ user_name: sealed, transfer_amount: fen }, request) {
        if (sealed === undefined) {
            if (fen >= 200000)
                throw wrong('user_name', 'needed from 2000 yuan on');
            return null;
        }
        const key = this.pay.keyOf(request.headers['wechatpay-serial']);
        if (fen < 30 || !key)
            throw wrong('user_name', key ? 'not below 0.3 yuan' : 'Wechatpay-Serial');
        const name = openOaep(key.privateKey, sealed);
        if (name === null)
            throw wrong('user_name', 'does not open', sealed);
        return name;
    }

    create(merchant, body, request) {
        const name = this.check(merchant, body, request), key = `${merchant.mchid}/${body.out_bill_no}`, old = this.bills.get(key);
        const same = JSON.stringify([...FIELDS.filter((field) => field !== 'user_name').map((field) => body[field] ?? null), name]);
        if (old && this.pay.now() - old.createdAt > 3 * DAY_MS)
            throw new Refusal(400, 'INVALID_REQUEST', '对应单号已超出重试期,请查单确认后决定是否换单请求');
        if (old && old.same !== same)
            throw new Refusal(400, 'INVALID_REQUEST', '单号已存在但信息不一致,请查单后比较确认');
        if (old)
            return this.answer(old);
        const person = this.people.get(body.openid);
        if (!person)
            throw new Refusal(400, 'INVALID_REQUEST', 'openid与商户appid不匹配');
        if (this.ways.shortRefuses && merchant.balance < body.transfer_amount)
            throw new Refusal(403, 'NOT_ENOUGH', '资金不足');
        const now = this.pay.now(), number = `1330000${String(this.next++).padStart(33, '0')}`;
        const bill = { ...body, mchid: merchant.mchid, same, transfer_bill_no: number, state: 'ACCEPTED', createdAt: now, updatedAt: now, held: 0 };
        this.bills.set(key, bill);
        this.byNumber.set(number, bill);
        this.pay.count('bills', body.out_bill_no);
        const day = `${body.openid} ${chinaTime(now).slice(0, 10)}`, sum = (this.received.get(day) ?? 0) + body.transfer_amount;
        if (body.transfer_amount < this.limits.min || body.transfer_amount > this.limits.max)
            this.fail(bill, 'TRANSFER_QUOTA_EXCEED');
        else if (sum > this.limits.personPerDay)
            this.fail(bill, 'DAY_RECEIVED_QUOTA_EXCEED');
        else if (name !== null && name !== person.name)
            this.fail(bill, 'NAME_NOT_CORRECT');
        else if (person.frozen)
            this.fail(bill, 'ACCOUNT_FROZEN');
        else {
            this.received.set(day, sum);
            if (this.ways.first !== 'ACCEPTED')
                this.hold(bill);
        }
        return this.answer(bill);
    }

    answer(bill) {
        const { out_bill_no, transfer_bill_no, state, fail_reason: reason, package_info: info } = bill;
        return {
            out_bill_no, transfer_bill_no, create_time: chinaTime(bill.createdAt), state, ...reason && { fail_reason: reason },
            ...state === 'WAIT_USER_CONFIRM' && { package_info: info },
        };
    }

    // ---- the life of a bill ----

    set(bill, state) {
        Object.assign(bill, { state, updatedAt: this.pay.now() });
        if (TERMINAL.includes(state))
            this.tell(bill);
    }

    /** Takes the money from the merchant's balance, or leaves the bill waiting for it. */
    hold(bill) {
        const merchant = this.pay.merchants.get(bill.mchid);
        if (merchant.balance < bill.transfer_amount)
            return this.set(bill, 'PROCESSING');
        this.pay.move(bill.mchid, -bill.transfer_amount, bill.transfer_bill_no, '商家转账', bill.out_bill_no);
        bill.held = bill.transfer_amount;
        bill.package_info = `affffddafdfafddffda==${digest('sha256', bill.transfer_bill_no).slice(0, 40)}`;
        this.set(bill, 'WAIT_USER_CONFIRM');
        bill.waitsSince = this.pay.now();
        if (this.ways.confirm)
            this.confirm(bill.out_bill_no, bill.mchid);
    }

    giveBack(bill) {
        if (bill.held)
            this.pay.move(bill.mchid, bill.held, bill.transfer_bill_no, '商家转账退回', bill.out_bill_no);
        bill.held = 0;
    }

    fail(bill, reason) {
        this.giveBack(bill);
        bill.fail_reason = reason;
        this.set(bill, 'FAIL');
    }

    /** What happens by itself: bills get on, are paid when there is money, and end when nobody confirms in a day. */
    work() {
        for (const bill of this.bills.values()) {
            if (bill.state === 'ACCEPTED' || bill.state === 'PROCESSING')
                this.hold(bill);
            else if (bill.state === 'CANCELING') {
                this.giveBack(bill);
                bill.fail_reason = 'MCH_CANCEL';
                this.set(bill, 'CANCELLED');
            } else if (bill.state === 'TRANSFERING')
                this.pays(bill);
            if (bill.state === 'WAIT_USER_CONFIRM' && this.pay.now() - bill.waitsSince >= DAY_MS)
                this.fail(bill, 'OVERDUE_CLOSE');
        }
    }

    pays(bill) {
        this.pay.credit(bill.openid, bill.held);
        bill.held = 0;
        this.set(bill, 'SUCCESS');
    }

    one(no, mchid) {
        return [...this.bills.values()].find((bill) => bill.out_bill_no === no && (!mchid || bill.mchid === mchid));
    }

    /** The payee confirms; by steps, the bill stays TRANSFERING until work(). */
    confirm(no, mchid, { steps = false } = {}) {
        const bill = mchid ? this.bills.get(`${mchid}/${no}`) : this.one(no);
        if (bill?.state !== 'WAIT_USER_CONFIRM')
            throw new Error(`${no} does not wait to be confirmed`);
        this.set(bill, 'TRANSFERING');
        if (!steps)
            this.pays(bill);
    }

    cancel(merchant, no) {
        const bill = this.find(merchant, no);
        if (['ACCEPTED', 'PROCESSING', 'WAIT_USER_CONFIRM'].includes(bill.state))
            this.set(bill, 'CANCELING');
        else if (!['CANCELING', 'CANCELLED'].includes(bill.state))
            throw new Refusal(400, 'INVALID_REQUEST', '当前状态不能撤销');
        return { out_bill_no: no, transfer_bill_no: bill.transfer_bill_no, state: bill.state, update_time: chinaTime(bill.updatedAt) };
    }

    tell(bill) {
        const { mchid, out_bill_no, transfer_bill_no, state, transfer_amount, openid, fail_reason: reason } = bill;
        if (bill.notify_url)
            this.pay.notify(mchid, bill.notify_url, 'MCHTRANSFER.BILL.FINISHED', 'mch_payment', {
                mchid, out_bill_no, transfer_bill_no, state, transfer_amount, openid, ...reason && { fail_reason: reason },
                create_time: chinaTime(bill.createdAt), update_time: chinaTime(bill.updatedAt),
            });
    }

    // ---- receipts ----

    askReceipt(merchant, body) {
        onlyFields(body, ['out_bill_no']);
        const bill = this.find(merchant, needText(body, 'out_bill_no', 32));
        if (bill.state !== 'SUCCESS')
            throw new Refusal(400, 'INVALID_REQUEST', '单据未成功');
        const key = `${merchant.mchid}/${bill.out_bill_no}`;
        if (this.receipts.has(key))
            throw new Refusal(400, 'ALREADY_EXISTS', '已申请');
        this.receipts.set(key, this.pay.now());
        return { state: 'GENERATING', create_time: chinaTime(this.pay.now()) };
    }

    receipt(merchant, no) {
        const bill = this.find(merchant, no), at = this.receipts.get(`${merchant.mchid}/${no}`);
        if (at === undefined)
            throw new Refusal(404, 'NOT_FOUND', '未申请');
        if (this.pay.now() - at < this.ways.receiptMs)
            return { state: 'GENERATING', create_time: chinaTime(at) };
        const file = Buffer.from(`%PDF-1.4\n% ${bill.transfer_bill_no} ${bill.transfer_amount}\n${'%'.repeat(this.ways.receiptBytes)}\n%%EOF\n`);
        return {
            state: 'FINISHED', create_time: chinaTime(at), update_time: chinaTime(at), hash_type: 'SHA256', hash_value: digest('sha256', this.ways.receiptSpoilt ? `${file} ` : file),
            download_url: this.pay.offer(merchant, file),
        };
    }

    controls() {
        return {
            people: ({ openid, ...person }) => { this.people.set(openid, { ...this.people.get(openid), ...person }); },
            confirm: ({ out_bill_no: no, steps }) => this.confirm(no, undefined, { steps }),
            fail: ({ out_bill_no: no, reason = 'PAYEE_ACCOUNT_ABNORMAL' }) => this.fail(this.one(no), reason),
            work: () => this.work(),
            ways: (given) => { Object.assign(this.ways, given); },
            'transfer-limits': (given) => { Object.assign(this.limits, given); },
            bills: () => [...this.bills.values()].map((bill) => ({ ...this.shown(bill), package_info: bill.package_info, held: bill.held })),
        };
    }
}

export { PATH as TRANSFER_PATH, RECEIPTS as RECEIPT_PATH };
