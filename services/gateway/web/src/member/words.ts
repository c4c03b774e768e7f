// What states are called before members.
import type { Said, Schemas } from '../shared/api';
import { now } from '../shared/api';

export const CAMPAIGN: Record<string, string> = {
  DRAFT: '准备中', ANNOUNCED: '即将报名', OPEN: '报名中', FROZEN: '名单已冻结，等待抽签', DRAWN: '已抽签，等待公布', PUBLISHED: '结果已公布', CLOSED: '已结束', VOID: '已作废',
} satisfies Said<'health.CampaignState'>;
export const ENTITLEMENT: Record<string, string> = {
  WON: '已中签，请在期限内预约', BOOKED: '已中签，已预约', ATTENDED: '已体检', LAPSED: '已中签，没有在期限内预约，名额已失效', DECLINED: '您放弃了名额', NO_SHOW: '预约后没有到检', TAKEN_BACK: '您的年度福利已达上限，名额已收回',
} satisfies Said<'health.EntitlementState'>;
export const BOOKING: Record<string, string> = { ACTIVE: '已预约', ARRIVED: '已到检', CANCELLED: '已取消', NOT_COME: '未到检' } satisfies Said<'health.BookingState'>;
export const LEVEL: Record<string, string> = { MOBILE: '未实名', REAL_NAME: '已实名，未入会', MEMBER: '会员', CATEGORY: '会员' } satisfies Said<'rpc.Level'>;
export const REPORT: Record<string, string> = {
  REPORT_STATE_UPLOADING: '医院正在上传', REPORT_STATE_ABANDONED: '上传中断', REPORT_STATE_READY: '可以查看', REPORT_STATE_SUPERSEDED: '有更新的版本', REPORT_STATE_EXPIRED: '保存期满，已销毁', REPORT_STATE_ERASED: '已按您的要求删除',
} satisfies Said<'health.ReportState'>;

export type Campaign = Schemas['health.Campaign'];
export type CheckupOffer = Schemas['health.Offer'] & { campaign: Campaign };
export type Booking = Schemas['health.Booking'];

/** The service takes a moment to say that an hour has come. */
export function stateOf({ state, opensAt, closesAt }: Campaign) {
  if (state === 'ANNOUNCED' && now() >= Date.parse(opensAt!)) return 'OPEN';
  return state === 'OPEN' && now() >= Date.parse(closesAt!) ? 'FROZEN' : state;
}
const quotaOf = ({ strata }: Campaign) => strata.reduce((sum, one) => sum + one.quota, 0);
/** How many places there are, and for how many who have entered by now. */
export const placesWords = ({ campaign, entered }: CheckupOffer) => `${quotaOf(campaign)} 个名额${entered ? ` · 已有 ${entered.toLocaleString('zh-CN')} 人报名` : ''}`;

/** Where a campaign stands. */
export const campaignWords = (campaign: Campaign) => (campaign.firstCome && campaign.state === 'PUBLISHED' ? '先到先得，直接预约' : CAMPAIGN[stateOf(campaign)]);
/** Whether she may book at once, since there is no lot. */
export const mayBook = ({ campaign, reason, result }: CheckupOffer) => campaign.firstCome && !reason && !/BOOKED|ATTENDED|NO_SHOW/.test(result?.state ?? '');

/** What came out for her. */
export function resultWords({ result, entry, campaign }: CheckupOffer) {
  if (result && campaign.firstCome) return ENTITLEMENT[result.state].replace('已中签，', '');
  if (!result || !entry) return '';
  if (result.state !== 'ENTITLEMENT_NONE') return ENTITLEMENT[result.state];
  if (result.waitingPosition > 0) return `候补第 ${result.waitingPosition} 位：前面有人放弃或逾期，依次递补`;
  return result.place > 0 && result.place <= campaign.strata[entry.stratum].quota ? '已中签，名额正在发放，请稍后刷新' : '未中签';
}

/** The steps from entry to report, and which is next. */
export const STEPS = ['报名', '冻结名单', '抽签', '预约', '体检', '报告'];
export function stepOf({ campaign, result }: CheckupOffer, booking?: Booking, reports = 0) {
  if (reports) return 6;
  if (booking?.state === 'ARRIVED' || result?.state === 'ATTENDED') return 5;
  if (booking?.state === 'ACTIVE') return 4;
  if (campaign.state === 'PUBLISHED' || campaign.state === 'CLOSED') return 3;
  if (campaign.state === 'FROZEN' || campaign.state === 'DRAWN') return 2;
  return stateOf(campaign) === 'FROZEN' ? 1 : 0;
}

export const activeBooking = (bookings: Booking[], campaignId: string) =>
  bookings.find((one) => one.campaignId === campaignId && (one.state === 'ACTIVE' || one.state === 'ARRIVED'));
