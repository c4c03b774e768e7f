// How subsidies read to her: what a scheme gives, until when, where an application stands and what has become of it.
import { api, got, type Said, type Schemas } from '../../shared/api';
import { day, moment } from '../../shared/format';

export type Scheme = Schemas['subsidy.Scheme'];
export type SchemeForMe = Schemas['subsidy.SchemeForMe'];
export type Application = Schemas['subsidy.Application'];

/** Until when one may apply, or from when on. */
export function whenWords({ opensAt, closesAt, state }: Scheme, at: number) {
  if (state !== 'SCHEME_OPEN') return '已停止申请';
  if (Date.parse(opensAt!) > at) return `${moment(opensAt)} 开始申请`;
  return Date.parse(closesAt!) > at ? `${moment(closesAt)} 截止` : `已于 ${moment(closesAt)} 截止`;
}

const PERIOD: Record<string, string> = { DAY: '每天', WEEK: '每周', MONTH: '每月', SEASON: '每季度', YEAR: '每年' } satisfies Said<'granted.Period'>;
/** How often one may have it. */
export function onceWords({ once, period }: Scheme) {
  if (once === 'ONCE_EVER') return '每人一次';
  return once === 'ONCE_PERIOD' ? `每人${PERIOD[period] ?? '每期'}一次` : '办结后可以再申请';
}

/** How those are chosen who get it. */
export function chosenWords({ selection }: Scheme) {
  if (!selection) return '审核通过就有';
  if (selection.kind === 'ALL') return '审核通过就有，直到资金用完';
  const places = selection.places ? `共 ${selection.places} 个名额` : '直到资金用完';
  if (selection.kind === 'BY_LOT') return `审核通过后抽签，${places}`;
  return selection.kind === 'IN_ORDER' ? `按提交先后，${places}` : `审核通过后择优，${places}`;
}

export const paidWords = ({ payment }: Scheme) => (!payment ? '由工会线下发放' : payment.way === 'BY_BANK' ? '银行转账' : payment.way === 'IN_KIND' ? `实物：${payment.remark}` : '微信转账，到账前在微信里确认');

/** The last day on which something is shown, of the instant at which that ends. */
export const lastDay = (until: string | null) => day(Date.parse(until!) - 1);

// ---- applications ----

export const STATE: Record<string, string> = {
  APPLICATION_DRAFT: '草稿，还没提交', APPLICATION_IN_REVIEW: '审核中', APPLICATION_GIVEN_BACK: '请补正', APPLICATION_APPROVED: '审核通过', APPLICATION_REFUSED: '未通过', APPLICATION_WITHDRAWN: '已撤回',
  APPLICATION_LAPSED: '已失效', APPLICATION_WAITING: '候补', APPLICATION_SHOWN: '公示中', APPLICATION_OBJECTED: '有异议，正在核实', APPLICATION_PAYABLE: '等待发放', APPLICATION_ORDERED: '发放中',
  APPLICATION_PAID: '已发放', APPLICATION_NOT_CHOSEN: '未入选',
} satisfies Said<'subsidy.ApplicationState'>;
export const colourOf = ({ state }: Application) =>
  (/GIVEN_BACK|DRAFT/.test(state) ? 'red' : /IN_REVIEW|WAITING|OBJECTED|ORDERED/.test(state) ? 'gold' : /REFUSED|WITHDRAWN|LAPSED|NOT_CHOSEN/.test(state) ? 'grey' : '');
export const isWritable = ({ state }: Application) => state === 'APPLICATION_DRAFT' || state === 'APPLICATION_GIVEN_BACK';

export const STEP: Record<string, string> = {
  STEP_SUBMITTED: '提交申请', STEP_TAKEN: '审核人开始办理', STEP_LEFT: '审核人转交他人', STEP_APPROVED: '一位审核人同意', STEP_PASSED_ON: '转到下一级审核', STEP_GIVEN_BACK: '退回补正', STEP_REFUSED: '未通过',
  STEP_DECIDED: '审核通过', STEP_WITHDRAWN: '本人撤回', STEP_LAPSED: '已失效', STEP_OVERDUE: '超过期限未办，转上级工会', STEP_ASKED_AGAIN: '申请上级工会复核', STEP_CHOSEN: '入选，开始公示',
  STEP_WAITS: '列入候补', STEP_NOT_CHOSEN: '未入选', STEP_SHOWN: '公示期满', STEP_OBJECTED: '收到异议，正在核实', STEP_OBJECTION_UPHELD: '异议成立', STEP_OBJECTION_UNFOUNDED: '异议不成立',
  STEP_ORDERED: '开始发放', STEP_TO_CONFIRM: '等待本人在微信确认收款', STEP_PAID: '已到账', STEP_CAME_BACK: '款项退回', STEP_ABOVE_CEILING: '加上已领的福利超过全年上限，未入选', STEP_CARRIED_OVER: '工会沿用了上期的申报', STEP_FOLLOWED_UP: '工会回访',
} satisfies Said<'subsidy.StepKind'>;

const WAY = { hand: '提交', review: '审核', choose: '定名单', show: '公示', pay: '发放' };
type Stage = keyof typeof WAY;
const STAGE: Record<string, Stage> = { DRAFT: 'hand', IN_REVIEW: 'review', GIVEN_BACK: 'review', APPROVED: 'choose', WAITING: 'choose', SHOWN: 'show', OBJECTED: 'show', PAYABLE: 'pay', ORDERED: 'pay' };
/** The way of an application by its scheme, and how far this one is; null when it came to nothing. */
export function wayOf({ state }: Application, { selection, showing, payment }: Scheme) {
  const stages = (Object.keys(WAY) as Stage[]).filter((one) => (one === 'choose' ? selection && selection.kind !== 'ALL' : one === 'show' ? showing : one === 'pay' ? payment : true));
  const name = state.replace('APPLICATION_', ''), stage = STAGE[name], at = stage && stages.indexOf(stage);
  if (name !== 'PAID' && !stage) return null;
  return { steps: stages.map((one) => (one === 'choose' && selection?.kind === 'BY_LOT' ? '抽签' : WAY[one])), at: at === undefined || at < 0 ? stages.length : at };
}

// ---- names of unions ----

const names = new Map<string, Promise<string>>();
/** A union's name; asked for once. */
export function unionName(unionId: string): Promise<string> {
  if (!names.has(unionId))
    names.set(unionId, got(api.GET('/v1/unions/{unionId}', { params: { path: { unionId } } })).then(({ name }) => name, () => { names.delete(unionId); return ''; }));
  return names.get(unionId)!;
}
/** The names of these, by their ids. */
export async function unionNames(unionIds: string[]) {
  const ids = [...new Set(unionIds.filter((id) => id !== '0'))];
  return new Map(await Promise.all(ids.map(async (id) => [id, await unionName(id)] as const)));
}
