// A merchant before those who keep it: what states are called, hours as they are entered, and one day's purchases.
import { api, got, type Said, type Schemas } from '../../shared/api';

export type Branch = Schemas['coupon.Branch'];
export type Sale = Schemas['coupon.Sale'];
export type Hours = Schemas['asked.coupon.OpenHours'];

export const MERCHANT: Record<string, string> = { MERCHANT_WAITS: '等待工会审核', MERCHANT_OPEN: '已开通', MERCHANT_REFUSED: '未通过', MERCHANT_CLOSED: '已停用' } satisfies Said<'coupon.MerchantState'>;
export const merchantColour = (state: string) => ({ MERCHANT_OPEN: '', MERCHANT_WAITS: 'gold' }[state] ?? 'grey');
export const SALE: Record<string, string> = {
  SALE_LOCKED: '待确认', SALE_REDEEMED: '已收券', SALE_REVERSED: '已撤销', SALE_CANCELLED: '已放弃', SALE_LAPSED: '逾时未确认', SALE_REFUSED: '离线收券未通过',
} satisfies Said<'coupon.SaleState'>;
export const saleColour = (state: string) => ({ SALE_REDEEMED: '', SALE_LOCKED: 'gold', SALE_REFUSED: 'red' }[state] ?? 'grey');
/** What a settlement is called before the one who is paid. */
export const STATEMENT: Record<string, string> = { PREPARED: '工会复核中', CONFIRMED: '已确认', REJECTED: '工会已退回，将重新编制' } satisfies Said<'settlement.State'>;
export const PAYMENT: Record<string, string> = { PAYMENT_NONE: '未付款', PAYMENT_MADE: '已付款', PAYMENT_RETURNED: '银行已退回' } satisfies Said<'settlement.PaymentState'>;
export const LINE: Record<string, string> = { DUE: '用券', CORRECTION: '冲回' } satisfies Said<'settlement.LineKind'>;
export const DIFFERENCE: Record<string, string> = { ONLY_OURS: '只在结算单里', ONLY_THEIRS: '只在您的清单里', OTHER_AMOUNT: '金额不同' } satisfies Said<'settlement.DifferenceKind'>;

// ---- one day ----

const CHINA_MS = 8 * 3600000, DAY_MS = 86400000, PAGES_MAX = 20;
const dayOf = (instant: string | null) => Math.floor((Date.parse(instant ?? '') + CHINA_MS) / DAY_MS);

/** The purchases of a branch on the day of an instant; not all of them where there were too many to be read at once. */
export async function salesOfDay(branchId: string, instant: number): Promise<{ sales: Sale[]; all: boolean }> {
  const today = Math.floor((instant + CHINA_MS) / DAY_MS), found: Sale[] = [];
  let pageToken = '';
  for (let n = 0; n < PAGES_MAX; n++) {
    const { sales, nextPageToken } = await got(api.GET('/v1/branches/{branchId}/sales', { params: { path: { branchId }, query: { pageToken, pageSize: 100 } } }));
    const those = sales.filter(({ at }) => dayOf(at) === today);
    found.push(...those);
    pageToken = nextPageToken;
    if (!pageToken || !those.length) return { sales: found, all: true };
  }
  return { sales: found, all: false };
}

export const sum = (sales: Sale[], of: 'discountFen' | 'purchaseFen' | 'paysFen') => sales.reduce((all, one) => all + Number(one[of]), 0);
