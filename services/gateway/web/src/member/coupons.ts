// How a coupon of hers reads, on every page that shows one.
import { now, type Said } from '../shared/api';
import { moment, time } from '../shared/format';
import type { Coupon } from './purse';

const STATE: Record<string, string> = { GRANTED: '可用', LOCKED: '正在结账', REDEEMED: '已使用', EXPIRED: '已过期', VOID: '已失效', FROZEN: '已冻结' } satisfies Said<'coupon.CouponState'>;

const isEarly = ({ goodFrom }: Coupon) => Date.parse(goodFrom ?? '') > now();
/** As far as can be told without asking: what was good when it was seen may have expired since. */
export const stateOf = ({ state, expiresAt }: Coupon) => (state === 'GRANTED' && Date.parse(expiresAt ?? '') <= now() ? 'EXPIRED' : state);
export const isGood = (coupon: Coupon) => stateOf(coupon) === 'GRANTED' && !isEarly(coupon);
/** Good where our codes are read: a partner's code and WeChat's coupon are used elsewhere. */
export const isShown = (coupon: Coupon) => isGood(coupon) && !coupon.partnerCode && !coupon.voucher;

const VOUCHER: Record<string, string> = {
  VOUCHER_PENDING: '正在发到微信卡包', VOUCHER_SENT: '已到微信卡包', VOUCHER_USED: '已使用', VOUCHER_OVER: '已过期', VOUCHER_FAILED: '微信没有发成', VOUCHER_WITHDRAWN: '已失效',
} satisfies Said<'coupon.VoucherState'>;
/** Of one that is WeChat's: how she uses it, or why she has it not. */
export function voucherWords({ voucher }: Coupon) {
  if (!voucher) return '';
  if (voucher.state === 'VOUCHER_SENT') return '在微信“卡包”里，用微信支付付款时自动减免';
  if (voucher.state === 'VOUCHER_FAILED') return `${voucher.words || '微信没有发成'}，名额已退回`;
  return voucher.state === 'VOUCHER_PENDING' ? voucher.words : '';
}

export const couponWords = (coupon: Coupon) => (coupon.voucher && stateOf(coupon) !== 'EXPIRED' ? VOUCHER[coupon.voucher.state] ?? '' : stateOf(coupon) === 'GRANTED' && isEarly(coupon) ? '未到使用时间' : STATE[stateOf(coupon)] ?? '');
export function couponTime(coupon: Coupon) {
  if (coupon.voucher && coupon.state === 'REDEEMED') return `${moment(coupon.redeemedAt)} 用微信支付使用`;
  if (coupon.state === 'REDEEMED') return `${moment(coupon.redeemedAt)} 在${coupon.branchName || '商户'}使用`;
  if (coupon.state === 'LOCKED') return `${coupon.branchName || '商户'}正在结账，${moment(coupon.lockedUntil)} 前未完成会退回`;
  if (coupon.state === 'FROZEN') return coupon.words;
  if (coupon.state === 'VOID') return `${moment(coupon.endedAt)} 失效`;
  return isEarly(coupon) ? `${time(coupon.goodFrom)} 起可用，至 ${time(coupon.expiresAt)}` : `有效期至 ${time(coupon.expiresAt)}`;
}
