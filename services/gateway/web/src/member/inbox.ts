// What she has not read, for the badge of the tab; and what a message is about.
import { ref, watch } from 'vue';
import { api, got, type Schemas } from '../shared/api';
import { session } from '../shared/session';

export type InboxItem = Schemas['portal.InboxItem'];

export const unread = ref(0);
const REST = 30000; // between two questions that nobody waits for
let asked = 0;

/** Counts anew; what nobody waits for only once in a while, and without a word when it fails. */
export async function readUnread() {
  asked = Date.now();
  unread.value = (await got(api.GET('/v1/me/inbox/unread'))).unread;
}
export const glanceUnread = () => { if (session.value && Date.now() - asked > REST) readUnread().catch(() => {}); };

watch(session, (now) => {
  unread.value = 0;
  asked = 0;
  if (now) glanceUnread();
}, { immediate: true });
document.addEventListener('visibilitychange', () => { if (!document.hidden) glanceUnread(); });

// A kind without a page fails the build.
type Kind = Exclude<Schemas['notice.NoticeKind'], 'NOTICE_NONE'>;
type Place = string | ((item: InboxItem) => string | Promise<string>);

/** Of a place that she has won: its campaign. */
async function won({ aboutId }: InboxItem) {
  const { offers } = await got(api.GET('/v1/me/checkups'));
  const campaign = offers.find(({ result }) => result?.entitlementId === aboutId)?.campaign;
  return campaign ? `/checkups/${campaign.campaignId}` : '/history';
}
/** Of a booking that must move: its campaign, where she books anew. */
async function booked({ aboutId }: InboxItem) {
  const { campaignId } = await got(api.GET('/v1/me/bookings/{bookingId}', { params: { path: { bookingId: aboutId } } }));
  return `/checkups/${campaignId}`;
}
/** Of what she applied for. */
const application = ({ aboutId }: InboxItem) => `/applications/${aboutId}`;
/** Of a coupon: what gives it. */
const releaseOf = async (couponId: string) => (await got(api.GET('/v1/me/coupons/{couponId}', { params: { path: { couponId } } }))).releaseId;
const PLACES: Record<Kind, Place> = {
  CHECKUP_WON: won, CHECKUP_BOOK_SOON: won, CHECKUP_SOON: ({ aboutId }) => `/bookings/${aboutId}/pass`, CHECKUP_SITE_CHANGED: booked,
  CHECKUP_SLOT_CHANGED: booked, CHECKUP_REPORT_READY: ({ aboutId }) => `/reports/${aboutId}`,
  ACCOUNT_WECHAT_BOUND: '/mine/doors', ACCOUNT_MERGE_ASKED: '/mine/merge', ACCOUNT_NAME_CONTESTED: '/mine/name', ACCOUNT_CONTEST_DECIDED: '/mine/name',
  ACCOUNT_PROOF_TAKEN_BACK: '/mine/name', ACCOUNT_DOCUMENT_TAKEN: '/mine/name', ACCOUNT_JOIN_APPROVED: '/mine/union', ACCOUNT_JOIN_REFUSED: '/mine/union',
  ACCOUNT_TRANSFER_DONE: '/mine/union', ACCOUNT_TRANSFER_REFUSED: '/mine/union', ACCOUNT_CORRECTION_DONE: '/mine/data', ACCOUNT_CORRECTION_REFUSED: '/mine/data',
  ACCOUNT_MERGED: '/mine/doors', ACCOUNT_MERGE_REFUSED: '/mine/merge', ACCOUNT_TRADE_PROVEN: '/mine/trade', ACCOUNT_TRADE_REFUSED: '/mine/trade',
  ACCOUNT_TRADE_OVER: '/mine/trade', ACCOUNT_DECLARATION_DONE: '/mine/union', ACCOUNT_DECLARATION_REFUSED: '/mine/union', ACCOUNT_LISTED: '/mine/union', ACCOUNT_UNLISTED: '/mine/union',
  SUBSIDY_GIVEN_BACK: application, SUBSIDY_APPROVED: application, SUBSIDY_REFUSED: application, SUBSIDY_CHOSEN: application, SUBSIDY_NOT_CHOSEN: application,
  SUBSIDY_TO_CONFIRM: '/payouts', SUBSIDY_PAID: '/payouts', SUBSIDY_NOT_PAID: application, // which says why, and what she can do
  SUBSIDY_OBJECTION_DECIDED: '/objections',
  COUPON_ENDED: '/coupons', COUPON_WITHDRAWN: '/coupons', COUPON_WON: async ({ aboutId }) => `/offers/${await releaseOf(aboutId)}`, COUPON_NOT_SENT: '/coupons', COUPON_CODE_REPLACED: '/coupons', CHECKUP_WITHDRAWN: '/history',
  TICKET_INVITED: '/benefits', TICKET_GOT: async ({ aboutId }) => `/tickets/${await releaseOf(aboutId)}`, TICKET_COMPANION_OUT: '/benefits', COUPON_SPENT: '/coupons/spent', COUPON_UNSPENT: '/coupons/spent', ORDER_ENDED: ({ aboutId }) => `/orders/${aboutId}`, ORDER_POSTED: ({ aboutId }) => `/orders/${aboutId}`,
};

/** The page of what a message is about; what is over leads to what there was of it, or nowhere. */
export async function placeOf(item: InboxItem) {
  const place = PLACES[item.kind as Kind];
  return typeof place === 'function' ? place(item) : place;
}
