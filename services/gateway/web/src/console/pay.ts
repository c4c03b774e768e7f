// What payments, bank files, differences and WeChat's coupons are called at the desk, and what one can do about them.
import type { Said, Schemas } from '../shared/api';
import { me } from './me';

/** The merchant's account is everybody's: officials of a union without one above it look after it. */
export const keepsAccount = () => (me.value?.grants ?? []).some(({ role, union }) => /FINANCE|AUDIT_ADMIN/.test(role) && (!union || union.parentId === '0'));

export const PAYOUT: Record<string, string> = {
  PAYOUT_WAITING: '待付', PAYOUT_SENT: '已提交，待确认结果', PAYOUT_ACCEPTED: '微信已受理', PAYOUT_CONFIRM: '待本人确认', PAYOUT_PAID: '已到账', PAYOUT_FAILED: '未付成', PAYOUT_CANCELLED: '已撤销', PAYOUT_REFUSED: '未受理',
} satisfies Said<'bridge.PayoutState'>;
export const SOURCE: Record<string, string> = { subsidy: '补贴', coupon: '商户结算', health: '体检结算' };
const DO: Record<string, string> = {
  PAYOUT_ORDER_ODD: '请承办部门核对付款单后重新下单', PAYOUT_OVER_ORDER: '超过单笔限额：请申请提高额度，或改为银行付款', PAYOUT_OVER_DAY: '不用办理，次日自动继续', PAYOUT_NO_WECHAT: '请提醒收款人在惠工绑定微信，绑定后自动继续',
  PAYOUT_WECHAT_CHANGED: '收款人换了微信：可登录原来的微信确认；逾期退回后请承办部门换单重付，会付到现在的微信', PAYOUT_NO_NAME: '请提醒收款人完成实名认证，认证后自动继续', PAYOUT_PROVIDER_REFUSES: '请按微信的错误码核对商户号设置', PAYOUT_NO_BALANCE: '请向商户号充值，到账后自动继续', PAYOUT_WAITS_FOR_PROVIDER: '不用办理，自动重试，不会重复付款',
  PAYOUT_NOT_CONFIRMED: '钱已退回：请承办部门换单重付，并提醒收款人在 24 小时内确认', PAYOUT_WAY_NOT_SET_UP: '请系统管理员开通这种付款方式', PAYOUT_ACCOUNT_REFUSED: '请收款人检查微信账户，再由承办部门换单重付', PAYOUT_PROVIDER_FAILED: '由承办部门核对后换单重付',
  PAYOUT_ACCOUNT_ODD: '请收款人更正账户后重新提交', PAYOUT_BANK_FAILED: '请收款人核对账户后重新提交',
};
/** What one can do about a payment as it stands. */
export function toDo({ state, reason }: Schemas['bridge.Payout']) {
  if (DO[reason]) return DO[reason];
  if (state === 'PAYOUT_CONFIRM') return '请提醒收款人在 24 小时内到“我的收款”确认';
  if (state === 'PAYOUT_FAILED' || state === 'PAYOUT_REFUSED') return '由承办部门核对后换单重付';
  return state === 'PAYOUT_SENT' || state === 'PAYOUT_ACCEPTED' || state === 'PAYOUT_WAITING' ? '不用办理，系统自动查询' : '';
}

export const BANK: Record<string, string> = { BANK_PREPARED: '待第二人放行', BANK_RELEASED: '已放行，待银行回盘', BANK_DONE: '已办结', BANK_TAKEN_BACK: '已撤回' } satisfies Said<'bridge.BankBatchState'>;
export const LAYOUT: Record<string, string> = { BANK_LIST: '明细在前（UTF-8）', BANK_TOTALS: '汇总在前（GB18030，多数银行）' } satisfies Said<'bridge.BankLayout'>;
export const ODD_LINE: Record<string, string> = { BANK_LINE_UNKNOWN: '不是本批次的付款', BANK_LINE_AMOUNT: '金额与我方不同', BANK_LINE_STATE: '没有写明是否付成', BANK_LINE_CHANGED: '与上次回盘的结果不同' } satisfies Said<'bridge.BankOddity'>;

export const CASE: Record<string, string> = {
  PAY_CASE_ORDER_ODD: '付款单有误', PAY_CASE_DIFFERS: '金额或收款人不同', PAY_CASE_AFTER_END: '办结后又有变化', PAY_CASE_UNKNOWN_NUMBER: '对方有、我方没有的单号', PAY_CASE_LOST: '结果不明，已过查询期限',
  PAY_CASE_WECHAT_CHANGED: '收款人换了微信', PAY_CASE_BILL_MISSING: '已付，账单上没有扣款', PAY_CASE_BILL_KEPT: '未付成，账单上没有退回', PAY_CASE_USE_MISSING: '券已用，核销明细里没有',
} satisfies Said<'bridge.PayCaseKind'>;
export const CASE_STATE: Record<string, string> = { PAY_CASE_OPEN: '待核对', PAY_CASE_EXPLAINED: '已说明，待第二人', PAY_CASE_CLOSED: '已办结' } satisfies Said<'bridge.PayCaseState'>;

export const BACKING: Record<string, string> = { BACKING_DRAFTED: '未建批次', BACKING_READY: '已建，未启动', BACKING_RUNNING: '发放中', BACKING_PAUSED: '已暂停' } satisfies Said<'coupon.BackingState'>;
export const STEP: Record<string, string> = { STOCK_CREATE: '建立批次', STOCK_START: '启动发放', STOCK_PAUSE: '暂停发放', STOCK_RESTART: '恢复发放' } satisfies Said<'coupon.BackingStep'>;
/** What may be proposed of a stock next. */
export const NEXT_STEP: Partial<Record<string, Schemas['coupon.BackingStep']>> = { BACKING_DRAFTED: 'STOCK_CREATE', BACKING_READY: 'STOCK_START', BACKING_RUNNING: 'STOCK_PAUSE', BACKING_PAUSED: 'STOCK_RESTART' };
