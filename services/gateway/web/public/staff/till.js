// A merchant's branch: staff scan what a member shows, enter her purchase, see the best set of her coupons, and take them.
import { get, isOffline, post, words } from '../api.js';
import { $, act, actions, button, card, clock, element, facts, fill, say, showVerdict, time, unfold, yuan } from '../dom.js';
import { offerCamera } from './camera.js';
import { enterSale, handIn, openTill, waiting } from './counter.js';

const REVERSE_MS = 86400000;
let till = null;

const GOODS = {
  MEALS: '餐饮', COOL_DRINKS: '饮品', GROCERIES: '商超、便利店', CINEMA: '电影', BOOKS: '图书', SPORTS: '运动健身', MEDICINE: '药店', VEHICLES: '加油、充电、车辆', HOTELS: '住宿、疗休养',
  TRAVEL: '交通、旅游', TELECOMS: '通信', HOUSEHOLD: '家电、日用品', SUPPORTED: '帮扶地区产品', SERVICES: '生活服务', OTHER_GOODS: '其他',
};
const STATE = { SALE_LOCKED: '待确认', SALE_REDEEMED: '已收券', SALE_REVERSED: '已撤销', SALE_CANCELLED: '已放弃', SALE_LAPSED: '超时未确认，券已放回', SALE_REFUSED: '未收' };

const sums = ({ purchaseFen, discountFen, paysFen }) => facts(['消费', yuan(purchaseFen)], ['减', yuan(discountFen)], ['应收', yuan(paysFen)]);
const couponLines = (coupons, more) => (coupons.length ? element('ul', { className: 'plain' }, ...coupons.map((one) => element('li', {}, more(one)))) : null);
const verdict = (good, title, ...lines) => showVerdict($('sale'), good, title, ...lines);

// ---- one purchase ----

async function confirm(sale) {
  const done = await post(`/v1/sales/${sale.saleId}:confirm`);
  verdict(true, `✓ 已收券，应收 ${yuan(done.paysFen)}`, `消费 ${yuan(done.purchaseFen)}，减 ${yuan(done.discountFen)}。`);
  await showSales();
}
async function cancel(sale) {
  await post(`/v1/sales/${sale.saleId}:cancel`);
  verdict(false, '已放弃', '券没有使用，会员可以重新出示。');
  await showSales();
}
const decide = (sale) => actions(button('确认收券', () => confirm(sale)), button('放弃', () => cancel(sale), { className: 'quiet' }));

// The best set of her coupons, before it is taken.
function propose(sale) {
  const { coupons, leftOut } = sale;
  verdict(null, `减 ${yuan(sale.discountFen)}，应收 ${yuan(sale.paysFen)}`, sums(sale), element('h3', {}, `用 ${coupons.length} 张券`), couponLines(coupons, (one) => `${one.title}　减 ${yuan(one.fen)}`),
    leftOut.length ? element('details', {}, element('summary', {}, `另有 ${leftOut.length} 张没有用`), couponLines(leftOut, (one) => `${one.title}：${one.words}`)) : null,
    element('p', { className: 'fine' }, `请在 ${time(sale.lockedUntil)} 前确认，过时券自动放回。`), decide(sale));
}

/** Asks for the best set and shows it, or why there is none; whether the service has answered. */
async function take(purchase) {
  $('sale').className = 'verdict';
  $('sale').textContent = '正在计算…';
  const { sale, refusal, kept, refused } = await enterSale(till, purchase).catch((error) => {
    verdict(false, '✗ 没有收券', words(error));
    throw error;
  });
  if (sale) propose(sale);
  else if (kept) verdict(null, '已记在本机，未确认', `消费 ${yuan(kept.purchaseFen)}。没有网络：能减多少要联网上传后才知道，会员会收到通知。`);
  else verdict(false, '✗ 没有收券', refused ?? refusal.message, refusal?.missingFen ? `还差 ${yuan(refusal.missingFen)}。` : null);
  return Boolean(sale || refusal);
}

/** Fen of an amount as it is typed; null when it is none. */
const fenOf = (text) => (/^\d{1,6}([.．]\d{1,2})?$/.test(text.trim()) ? Math.round(Number(text.trim().replace('．', '.')) * 100) : null);

async function enterPurchase() {
  const text = $('pass').value.trim(), purchaseFen = fenOf($('purchase').value), goods = $('goods').value;
  if (!purchaseFen) return verdict(false, '✗ 没有收券', '消费金额请写成 15 或 15.50。');
  const answered = await take({ text, purchaseFen, ...goods && { goods } });
  $('pass').value = $('purchase').value = ''; // before the list comes: she may be at the next one by then
  $('pass').focus();
  await (answered ? showSales() : showNetwork(false));
}

// ---- what was taken ----

function reversePanel(sale) {
  const reason = element('input', { required: true, maxLength: 200 });
  const form = element('form', {}, element('label', {}, '撤销的原因（会员会看到已撤销） ', reason), element('button', {}, '确认撤销'));
  form.addEventListener('submit', act(async () => {
    await post(`/v1/sales/${sale.saleId}:reverse`, { reason: reason.value });
    form.closest('.panel').hidden = true;
    await showSales();
    say('已撤销，券已退回会员');
  }));
  return [form];
}

function saleCard(sale) {
  const fresh = sale.state === 'SALE_REDEEMED' && Date.now() - Date.parse(sale.at) < REVERSE_MS;
  const one = card(`${clock(sale.at)}　${STATE[sale.state]}`, sums(sale), couponLines(sale.coupons, (coupon) => `${coupon.title}　减 ${yuan(coupon.fen)}`),
    facts(sale.words ? ['原因', sale.words] : null, sale.offline ? ['方式', '离线收券后上传'] : null, sale.reversedAt ? ['撤销', `${time(sale.reversedAt)}　${sale.reverseReason}`] : null),
    sale.state === 'SALE_LOCKED' ? decide(sale) : actions(fresh ? button('撤销', (event) => unfold(event.currentTarget, '撤销这笔收券', () => reversePanel(sale)), { className: 'quiet' }) : null));
  one.dataset.key = sale.saleId;
  return one;
}

async function showNetwork(online) {
  const left = (await waiting()).length;
  $('till-network').textContent = [online ? null : '没有网络，仍可记下消费，联网后上传。', left ? `有 ${left} 笔离线消费等待上传。` : null].filter(Boolean).join('');
}
const showSales = () => Promise.all([showNetwork(true), fill('sales', async () => (await get(`/v1/branches/${till.branchId}/sales?pageSize=20`)).sales, saleCard, '还没有收券。')]);

/** Hands in what waits, and shows what is new; says so when there is no network. */
export async function renew() {
  try {
    const handed = await handIn(), refused = handed.filter((one) => one.state !== 'SALE_REDEEMED').length;
    await showSales();
    if (handed.length) say(`已上传 ${handed.length} 笔离线消费${refused ? `，其中 ${refused} 笔没有收成，见“最近收券”` : ''}`, !refused);
  } catch (error) {
    await showNetwork(!isOffline(error));
    if (!isOffline(error)) say(words(error), false);
  }
}

// ---- entering, and what is common to all counters (staff.js) ----

export const part = 'till', kept = 'tills', list = '/v1/me/branches?pageSize=100&state=BRANCH_OPEN', keyOf = (branch) => branch.branchId;
export const places = ({ branches }) => branches.map(({ branchId, name, merchantName }) => ({ branchId, name: merchantName === name ? name : `${merchantName} ${name}` }));
export { waiting };

export async function enter({ branchId }, before) {
  // Without network, what was taken along the last time.
  till = await openTill(branchId, before).catch((error) => {
    if (!isOffline(error) || !before) throw error;
    return before;
  });
  // What a branch has one kind of need not be said.
  $('goods').replaceChildren(element('option', { value: '' }, '不区分'), ...till.goods.map((value) => element('option', { value }, GOODS[value] ?? value)));
  $('goods-label').hidden = till.goods.length < 2;
  $('sale').className = $('sale').textContent = '';
  await renew();
}

export const leave = offerCamera('till-video', 'till-camera', (text) => {
  $('pass').value = text;
  ($('purchase').value ? $('sale-form') : null)?.requestSubmit();
  $('purchase').focus();
});
$('sale-form').addEventListener('submit', act(enterPurchase));
$('refresh-sales').addEventListener('click', act(renew));
