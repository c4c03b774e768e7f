// Coupons of WeChat (代金券): stocks, what is sent of them, what is used, and the files of use and refund.
import { chinaTime } from './crypto.mjs';
import { Refusal, needText, onlyFields, wrong } from './refusal.mjs';

const DAY_MS = 86400000;
const STOCK_FIELDS = ['stock_name', 'comment', 'belong_merchant', 'available_begin_time', 'available_end_time', 'stock_use_rule',
    'pattern_info', 'coupon_use_rule', 'no_cash', 'stock_type', 'out_request_no'];
const SEND_FIELDS = ['stock_id', 'out_request_no', 'appid', 'stock_creator_mchid', 'coupon_value', 'coupon_minimum'];
const chinese = (text) => [...text].filter((char) => char.codePointAt(0) > 0x7f).length;

const needTime = (body, field) => {
    const value = body[field];
    if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value))
        throw wrong(field, 'RFC 3339', value);
    return Date.parse(value);
};
const needCount = (body, field, where) => {
    if (!Number.isSafeInteger(body?.[field]) || body[field] < 1)
        throw wrong(`${where}/${field}`, 'a positive integer', body?.[field]);
    return body[field];
};

export class Favor {
    stocks = new Map();
    requests = new Map(); // mchid/out_request_no: { same, stock } of stocks
    sends = new Map();    // mchid/out_request_no: { same, coupon }
    coupons = new Map();
    hers = new Map();     // stock, and openid or person: how many
    days = new Map();     // stock and day: fen
    sending = new Map();  // openid: how many requests of hers are being answered
    people = new Map();   // openid: { blocked, person }: who has several is one person
    moves = [];           // of purchases: { what: 'use' or 'refund', coupon, fen, total, at, paid }
    callbacks = new Map(); // mchid: url
    next = 1;
    /** flowsPerMinute: of one address; lateFlows: files are there from ten of the day after a stock's end on, as the real ones are. */
    limits = { sendsPerSecond: 500, stocksPerMinute: 60, flowsPerMinute: 1000, lateFlows: false };

    constructor(pay) {
        this.pay = pay;
        const stock = '/v3/marketing/favor/stocks/([^/]+)';
        this.routes = [
            ['POST', /^\/v3\/marketing\/favor\/coupon-stocks$/, 'stock', (merchant, [], body) => this.create(merchant, body)],
            ...['start', 'pause', 'restart'].map((what) => ['POST', new RegExp(`^${stock}/${what}$`), what, (merchant, [id], body) => this.turn(merchant, id, what, body)]),
            ['GET', new RegExp(`^${stock}$`), 'stock', (merchant, [id]) => this.shown(this.find(merchant, id))],
            ['GET', new RegExp(`^${stock}/(use|refund)-flow$`), 'flow', (merchant, [id, what]) => this.flow(merchant, id, what)],
            ['POST', /^\/v3\/marketing\/favor\/users\/([^/]+)\/coupons$/, 'send', (merchant, [openid], body) => this.send(merchant, openid, body)],
            ['GET', /^\/v3\/marketing\/favor\/users\/([^/]+)\/coupons\/([^/]+)$/, 'coupon', (merchant, [openid, id], body, request, url) => this.coupon(merchant, openid, id, url)],
            ['POST', /^\/v3\/marketing\/favor\/callbacks$/, 'callbacks', (merchant, [], body) => this.setCallback(merchant, body)],
        ];
    }

    checkStock(merchant, body) {
        onlyFields(body, STOCK_FIELDS);
        needText(body, 'stock_name', 20, { pattern: /^[^_,;|]+$/ });
        if (chinese(body.stock_name) > 9)
            throw wrong('stock_name', '9 Chinese characters or 20 letters', body.stock_name);
        if (body.belong_merchant !== merchant.mchid)
            throw new Refusal(400, 'MCH_NOT_EXISTS');
        needText(body, 'out_request_no', 128);
        const from = needTime(body, 'available_begin_time'), to = needTime(body, 'available_end_time');
        if (to <= from || to - from > 90 * DAY_MS)
            throw wrong('available_end_time', 'at most 90 days', body.available_end_time);
        if (body.stock_type !== 'NORMAL' || typeof body.no_cash !== 'boolean')
            throw wrong('stock_type', 'NORMAL, with no_cash', body.stock_type);
        const coupon = body.coupon_use_rule?.fixed_normal_coupon, rule = body.stock_use_rule;
        const amount = needCount(coupon, 'coupon_amount', 'coupon_use_rule/fixed_normal_coupon');
        if (needCount(coupon, 'transaction_minimum', 'coupon_use_rule/fixed_normal_coupon') <= amount)
            throw wrong('coupon_use_rule/fixed_normal_coupon/transaction_minimum', 'more than coupon_amount', coupon.transaction_minimum);
        const merchants = body.coupon_use_rule.available_merchants;
        if (!Array.isArray(merchants) || merchants.length < 1 || merchants.length > 50)
            throw wrong('coupon_use_rule/available_merchants', '1 to 50', merchants);
        const count = needCount(rule, 'max_coupons', 'stock_use_rule');
        if (needCount(rule, 'max_amount', 'stock_use_rule') !== count * amount)
            throw wrong('stock_use_rule/max_amount', '批次预算', rule.max_amount);
        if (rule.max_amount_by_day !== undefined && (needCount(rule, 'max_amount_by_day', 'stock_use_rule') % amount !== 0 || rule.max_amount_by_day > rule.max_amount))
            throw wrong('stock_use_rule/max_amount_by_day', '单天限额必须为面额整数倍', rule.max_amount_by_day);
        if (needCount(rule, 'max_coupons_per_user', 'stock_use_rule') > 60 || typeof rule.natural_person_limit !== 'boolean' || typeof rule.prevent_api_abuse !== 'boolean')
            throw wrong('stock_use_rule/max_coupons_per_user', '1 to 60', rule.max_coupons_per_user);
        needText(body.pattern_info ?? {}, 'description', 1000);
        return { from, to, amount, count };
    }

    create(merchant, body) {
        const rule = this.checkStock(merchant, body), key = `${merchant.mchid}/${body.out_request_no}`, same = JSON.stringify(body), old = this.requests.get(key);
        if (old && old.same !== same)
            throw new Refusal(400, 'INVALID_REQUEST', 'out_request_no');
        if (this.pay.over('stock', merchant.mchid, this.limits.stocksPerMinute, 60000))
            throw new Refusal(429, 'FREQUENCY_LIMITED');
        const stock = old?.stock ?? { ...rule, ...body, id: String(9000000 + this.next++), mchid: merchant.mchid, status: 'unactivated', sent: 0, createdAt: this.pay.now() };
        this.stocks.set(stock.id, stock);
        this.requests.set(key, { same, stock });
        return { stock_id: stock.id, create_time: chinaTime(stock.createdAt) };
    }

    find(merchant, id) {
        const stock = this.stocks.get(id);
        if (stock?.mchid !== merchant.mchid)
            throw new Refusal(404, 'RESOURCE_NOT_EXISTS', '批次不存在');
        return stock;
    }

    turn(merchant, id, what, body) {
        if (body.stock_creator_mchid !== merchant.mchid)
            throw new Refusal(400, 'MCH_NOT_EXISTS');
        const stock = this.find(merchant, id), to = what === 'pause' ? 'paused' : 'running';
        const from = { start: ['unactivated', 'running'], pause: ['running', 'paused'], restart: ['paused', 'running'] }[what];
        if (!from.includes(stock.status))
            throw new Refusal(400, 'INVALID_REQUEST', '批次状态');
        stock.status = to;
        const at = chinaTime(this.pay.now());
        return { [`${what}_time`]: at, stock_id: id };
    }

    shown(stock) {
        return {
            stock_id: stock.id, stock_creator_mchid: stock.mchid, stock_name: stock.stock_name, status: stock.status, create_time: chinaTime(stock.createdAt),
            available_begin_time: stock.available_begin_time, available_end_time: stock.available_end_time, distributed_coupons: stock.sent, no_cash: stock.no_cash,
            stock_use_rule: stock.stock_use_rule, stock_type: stock.stock_type,
        };
    }

    send(merchant, openid, body) {
        onlyFields(body, SEND_FIELDS);
        needText(body, 'out_request_no', 128);
        if (!merchant.appids.includes(body.appid))
            throw new Refusal(400, 'APPID_MCHID_NOT_MATCH');
        if (body.stock_creator_mchid !== merchant.mchid)
            throw new Refusal(400, 'MCH_NOT_EXISTS');
        const stock = this.find(merchant, body.stock_id), key = `${merchant.mchid}/${body.out_request_no}`, same = JSON.stringify([openid, body.stock_id, body.appid]), old = this.sends.get(key);
        if (old && old.same !== same)
            throw new Refusal(400, 'INVALID_REQUEST', 'out_request_no');
        if (old)
            return { coupon_id: old.coupon.id };
        if (this.sending.get(openid) > 1)
            throw new Refusal(403, 'RULE_LIMIT', '并发');
        if (this.pay.over('send', merchant.mchid, this.limits.sendsPerSecond, 1000))
            throw new Refusal(429, 'FREQUENCY_LIMITED');
        const now = this.pay.now(), mine = `${stock.id} ${openid}`, hers = this.hers.get(mine) ?? 0, rule = stock.stock_use_rule;
        if (!this.people.has(openid))
            throw new Refusal(400, 'APPID_MCHID_NOT_MATCH', '270079501');
        if (this.people.get(openid).blocked)
            throw new Refusal(400, 'INVALID_REQUEST', '暂时无法领取');
        if (stock.status !== 'running' || now < stock.from || now >= stock.to)
            throw new Refusal(400, 'INVALID_REQUEST', '270079533');
        if (stock.sent >= stock.count)
            throw new Refusal(400, 'INVALID_REQUEST', '270079534');
        const { person } = this.people.get(openid), ours = `${stock.id} person ${person}`, all = this.hers.get(ours) ?? 0;
        const today = `${stock.id} ${chinaTime(now).slice(0, 10)}`, given = this.days.get(today) ?? 0;
        if (rule.max_amount_by_day !== undefined && given + stock.amount > rule.max_amount_by_day)
            throw new Refusal(400, 'INVALID_REQUEST', '发券超过单天限额');
        if (hers >= rule.max_coupons_per_user)
            throw new Refusal(403, 'RULE_LIMIT', 'USER_AL_GET_COUPON');
        if (rule.natural_person_limit && person !== undefined && all >= rule.max_coupons_per_user)
            throw new Refusal(403, 'NATURELIMIT', '用户自然人限领');
        const coupon = { id: String(98674556 + this.next++), openid, stock, status: 'SENDED', sentAt: now, request: body.out_request_no };
        stock.sent++;
        this.hers.set(mine, hers + 1);
        this.hers.set(ours, all + 1);
        this.days.set(today, given + stock.amount);
        this.coupons.set(coupon.id, coupon);
        this.sends.set(key, { same, coupon });
        return { coupon_id: coupon.id };
    }

    /** What was sent ends when its stock does. */
    age(coupon) {
        if (coupon.status === 'SENDED' && this.pay.now() >= coupon.stock.to)
            coupon.status = 'EXPIRED';
        return coupon;
    }

    coupon(merchant, openid, id, url) {
        const coupon = this.coupons.get(id);
        if (coupon?.openid !== openid || coupon.stock.mchid !== merchant.mchid || !merchant.appids.includes(url.searchParams.get('appid')))
            throw new Refusal(404, 'RESOURCE_NOT_EXISTS');
        return this.told(this.age(coupon));
    }

    told(coupon) {
        const { stock } = coupon;
        return {
            stock_creator_mchid: stock.mchid, stock_id: stock.id, coupon_id: coupon.id, coupon_name: stock.stock_name, description: stock.pattern_info.description,
            status: coupon.status, create_time: chinaTime(coupon.sentAt), coupon_type: 'NORMAL', no_cash: stock.no_cash, singleitem: false,
            available_begin_time: stock.available_begin_time, available_end_time: stock.available_end_time, normal_coupon_information: stock.coupon_use_rule.fixed_normal_coupon,
            ...coupon.consumed && { consume_information: coupon.consumed },
        };
    }

    /** Its holder pays with it. */
    use(id, { total = 0, tell = true } = {}) {
        const coupon = this.age(this.coupons.get(id)), { stock } = coupon, now = this.pay.now();
        if (coupon.status !== 'SENDED')
            throw new Error(`${id} is ${coupon.status}`);
        coupon.status = 'USED';
        coupon.consumed = { consume_time: chinaTime(now), consume_mchid: stock.mchid, transaction_id: `42000${String(this.next++).padStart(23, '0')}` };
        this.moves.push({ what: 'use', coupon, fen: stock.amount, total: total || stock.coupon_use_rule.fixed_normal_coupon.transaction_minimum, at: now, paid: coupon.consumed });
        const url = this.callbacks.get(stock.mchid);
        if (url && tell)
            this.pay.notify(stock.mchid, url, 'COUPON.USE', 'coupon', this.told(coupon));
    }

    /** The purchase is given back, or a part of it: no callback says so, only the file of refunds. */
    refund(id, { fen } = {}) {
        const coupon = this.coupons.get(id), use = this.moves.findLast((move) => move.coupon === coupon && move.what === 'use');
        if (coupon?.status !== 'USED')
            throw new Error(`${id} was not used`);
        this.moves.push({ ...use, what: 'refund', fen: fen ?? use.fen, at: this.pay.now() });
        if (fen === undefined)
            this.age(Object.assign(coupon, { status: 'SENDED', consumed: undefined }));
    }

    flow(merchant, id, what) {
        const stock = this.find(merchant, id), yuan = (fen) => (fen / 100).toFixed(2);
        const next = new Date(chinaTime(stock.to + DAY_MS).replace(/T.*/, 'T10:00:00+08:00'));
        if (this.limits.lateFlows && this.pay.now() < next)
            throw new Refusal(400, 'INVALID_REQUEST', '活动结束后次日10点');
        if (this.pay.over('flow', merchant.mchid, this.limits.flowsPerMinute, 60000))
            throw new Refusal(429, 'FREQUENCY_LIMITED');
        const rows = this.moves.filter((move) => move.coupon.stock === stock && move.what === what).map(({ coupon, fen, total, at, paid }) => [
            id, coupon.id, '全场代金券', yuan(fen), yuan(total), '支付', paid.transaction_id, chinaTime(at).replace('T', ' ').slice(0, 19), paid.consume_mchid, '', '', '']);
        const head = ['批次ID', '优惠ID', '优惠类型', '优惠金额（元）', '订单总金额（元）', '交易类型', '支付单号', what === 'use' ? '消耗时间' : '退款时间', '消耗商户号', '设备号', '银行流水号', '单品信息'];
        const file = Buffer.from([head, ...rows].map((row) => `${row.join(',')}\r\n`).join(''));
        return { url: this.pay.offer(merchant, file, 30000), hash_value: this.pay.sha1(file), hash_type: 'SHA1' };
    }

    setCallback(merchant, body) {
        onlyFields(body, ['mchid', 'notify_url', 'switch']);
        if (body.mchid !== merchant.mchid)
            throw new Refusal(400, 'MCH_NOT_EXISTS');
        this.pay.checkNotifyUrl(body.notify_url);
        if (body.switch === false)
            this.callbacks.delete(merchant.mchid);
        else
            this.callbacks.set(merchant.mchid, body.notify_url);
        return { update_time: chinaTime(this.pay.now()), notify_url: body.notify_url };
    }

    controls() {
        return {
            use: ({ coupon_id: id, ...more }) => this.use(id, more),
            refund: ({ coupon_id: id, ...more }) => this.refund(id, more),
            'favor-people': ({ openid, ...person }) => { this.people.set(openid, person); },
            'favor-limits': (given) => { Object.assign(this.limits, given); },
            coupons: () => [...this.coupons.values()].map((coupon) => ({ ...this.told(this.age(coupon)), openid: coupon.openid, out_request_no: coupon.request })),
        };
    }
}
