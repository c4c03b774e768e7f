// How a release reads to her: how it is given, when it opens next, and why she may not take one.
import type { Said, Schemas } from '../shared/api';
import { clock, moment } from '../shared/format';
import { GOODS } from '../shared/words';

export type Offer = Schemas['coupon.Offer'];
type Entry = Schemas['coupon.LotEntry'];
export type Release = Schemas['coupon.Release'];

const DAY_MS = 86400000;
const WAY: Record<string, string> = { FIRST_COME: '先到先得', FAIR: '公平抢：同时登记，抽签决定', LOT: '抽签', ENTITLED: '符合条件就有', CODES: '合作商家券码', TICKETS: '选座' } satisfies Said<'coupon.Way'>;
export const releaseOf = (offer: Offer) => offer.status!.release!;
export const byLot = ({ way }: Release) => way === 'FAIR' || way === 'LOT';
export const wayWords = (release: Release) => (release.way === 'LOT' && !release.lot?.season ? '每天抽签' : WAY[release.way]);

/** When it opens next: for the first time, or once more after what there was today is gone; null when it is open, or never again. */
export function opensNext(offer: Offer, at: number): number | null {
  const { opensAt, days, lot } = releaseOf(offer), first = Date.parse(opensAt!), next = first + (offer.status!.day + 1) * DAY_MS;
  if (first > at) return first;
  const over = offer.reason === 'SOLD_OUT' || offer.reason === 'LOT_ENTRIES_CLOSED' || offer.lot?.state === 'LOST' || offer.coupon || offer.lot?.state === 'WON';
  return over && !lot?.season && offer.status!.day + 1 < days && next > at ? next : null;
}

/** Why she may not take one; of what is gone when the last one went and how many were before her. That it is not time yet says the countdown. */
export function why({ reason, words, status, cameBefore }: Offer) {
  if (!reason || reason === 'NOT_OPEN_YET') return '';
  if (reason !== 'SOLD_OUT' || !status?.soldOutAt) return words;
  return `${words}，最后一份于 ${clock(status.soldOutAt)} 领走${Number(cameBefore) ? `，在您之前有 ${cameBefore} 人领取` : ''}`;
}

/** What each day or all of it has, as a union says it. */
export function stockWords({ status }: Offer) {
  const { stockPerDay, days, way, lot } = status!.release!;
  if (way === 'TICKETS') return `余 ${status!.left} 个座位`;
  if (way === 'LOT') return lot?.season ? `${stockPerDay} 个名额` : `每天 ${stockPerDay} 份`;
  return days > 1 && way !== 'ENTITLED' ? `今天剩 ${status!.left} 份，每天 ${stockPerDay} 份` : `剩 ${status!.left} 份`;
}

/** Where she stands with the lot, with the instant that matters next. */
export function lotTime({ state, closesAt, decidedAt, acceptBy, waitingPosition }: Entry) {
  if (state === 'MAY_ENTER') return `登记截止 ${moment(closesAt)}`;
  if (state === 'IN') return `${moment(decidedAt)} 开奖`;
  if (state === 'MUST_ACCEPT') return `请在 ${moment(acceptBy)} 前确认，否则递补给下一位`;
  if (state === 'WAITING') return `候补第 ${waitingPosition} 位，前面有人放弃就轮到您`;
  return '';
}
export const lotColour = ({ state }: Entry) => (state === 'WON' ? '' : state === 'MUST_ACCEPT' || state === 'MAY_ENTER' ? 'red' : state === 'IN' || state === 'WAITING' ? 'gold' : 'grey');

export const goodsWords = (goods: string[]) => goods.map((one) => GOODS[one]).join('、');
export const GOODS_CLASSES = Object.entries(GOODS);

/** Until when what she takes is good. */
export function validWords({ validDays, spending, lot }: Release) {
  if (lot?.thatDay) return '当天有效';
  if (spending?.validUntil) return `${spending.validFrom ? moment(spending.validFrom) : '领取后'}至 ${moment(spending.validUntil)}`;
  return spending?.validAfterDays ? `领取 ${spending.validAfterDays} 天后起，至第 ${validDays} 天` : `领取后 ${validDays} 天`;
}
