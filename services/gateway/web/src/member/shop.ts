// How goods and orders of a union's shop read to her.
import { api, got, type Said, type Schemas } from '../shared/api';
import { yuan } from '../shared/format';

export type ShopOffer = Schemas['coupon.ShopOffer'];
export type Order = Schemas['coupon.Order'];

export const ORDER: Record<string, string> = {
  ORDER_OPEN: '待领取', ORDER_HANDED_OVER: '已领取', ORDER_POSTED: '已寄出', ORDER_CANCELLED: '已取消', ORDER_LAPSED: '过期未领，已退回', ORDER_REFUSED: '工会未能提供，已退回', ORDER_ENDED: '已失效',
} satisfies Said<'coupon.OrderState'>;
export const isPosted = ({ cornerId }: Order) => cornerId === '0';
export const orderWords = (order: Order) => (order.state === 'ORDER_OPEN' && isPosted(order) ? '待寄出' : ORDER[order.state] ?? '');

/** "120 积分 + 9.90 元", or that it costs nothing. */
export const price = (points: string, fen: string) => [Number(points) && `${points} 积分`, Number(fen) && yuan(fen)].filter(Boolean).join(' + ') || '免费';

const PAGES = 20;
/** All that is offered to her, as far as anybody would scroll. */
export async function wholeShop() {
  const all: ShopOffer[] = [];
  for (let pageToken = '', left = PAGES; left > 0; left--) {
    const { offers, nextPageToken } = await got(api.GET('/v1/me/shop', { params: { query: { pageSize: 50, pageToken } } }));
    all.push(...offers);
    if (!(pageToken = nextPageToken)) break;
  }
  return all;
}

export type Corner = Schemas['coupon.Corner'];
/** The corners of these ids, as long as there are such. */
export async function cornersOf(ids: string[]) {
  const found: Corner[] = [];
  for (let pageToken = '', left = PAGES; left > 0 && found.length < ids.length; left--) {
    const { corners, nextPageToken } = await got(api.GET('/v1/corners', { params: { query: { pageSize: 100, pageToken } } }));
    found.push(...corners.filter(({ cornerId }) => ids.includes(cornerId)));
    if (!(pageToken = nextPageToken)) break;
  }
  return found;
}
