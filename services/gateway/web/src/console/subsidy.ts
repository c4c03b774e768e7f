// What schemes, applications, objections and runs of subsidies are called at the desk.
import type { Said, Schemas } from '../shared/api';
import { PERIOD } from './words';

export const SCHEME: Record<string, string> = { SCHEME_DRAFT: '草稿', SCHEME_OPEN: '已公布', SCHEME_CLOSED: '已停止申报' } satisfies Said<'subsidy.SchemeState'>;
export const FIELD: Record<string, string> = {
  TEXT: '文字', NUMBER: '数字', FEN: '金额', DATE: '日期', CHOICE: '单选', REGION: '行政区划', RESIDENT_ID: '公民身份号码', BANK_ACCOUNT: '银行账号', CERTIFICATE: '证书编号', FILE: '材料文件',
} satisfies Said<'subsidy.FieldKind'>;
export const ONCE: Record<string, string> = { ONCE_ANY: '办结后可再申报', ONCE_EVER: '只能一次', ONCE_PERIOD: '每期一次' } satisfies Said<'subsidy.Once'>;
export const SELECTION: Record<string, string> = { ALL: '符合即得', IN_ORDER: '按提交先后', BY_LOT: '抽签', BY_SCORE: '按得分' } satisfies Said<'subsidy.SelectionKind'>;
export const SELECTION_HINT: Record<string, string> = {
  ALL: '审核通过的都给，资金用完为止。', IN_ORDER: '到时间固定名单，先提交的先得，资金或名额用完为止，其余候补。', BY_LOT: '到时间固定名单，用事先承诺的秘密抽签，任何人都能重算。', BY_SCORE: '到时间固定名单，得分高的先得，同分先提交的先得。',
};
/** By which offices one applies for a union. */
export const APPLIES_BY: Record<string, string> = { UNION_ADMIN: '工会主席', FINANCE: '工会财务', COMPANY_AGENT: '企业经办' };
export const FILE_KIND: Record<string, string> = { PDF: 'PDF', JPEG: 'JPEG 照片', PNG: 'PNG 图片' } satisfies Said<'subsidy.FileKind'>;
export const SCENE: Record<string, string> = { SCENE_SUBSIDY: '行政补贴', SCENE_PRIZE: '现金营销（奖励）', SCENE_INSURANCE: '保险理赔' };
export const WAY: Record<string, string> = { BY_WECHAT: '微信转账', BY_BANK: '银行转账', IN_KIND: '实物' } satisfies Said<'payout.Way'>;
/** What WeChat wants to be told with each, in its order. */
export const REPORTS: Record<string, string[]> = { SCENE_SUBSIDY: ['补贴类型'], SCENE_PRIZE: ['活动名称', '奖励说明'], SCENE_INSURANCE: ['保险产品备案编号', '保险名称', '保险操作单号'] };
export const APPLICATION: Record<string, string> = {
  APPLICATION_DRAFT: '填写中', APPLICATION_IN_REVIEW: '审核中', APPLICATION_GIVEN_BACK: '退回补正', APPLICATION_APPROVED: '审核通过', APPLICATION_REFUSED: '未通过', APPLICATION_WITHDRAWN: '本人撤回', APPLICATION_LAPSED: '逾期失效', APPLICATION_WAITING: '候补',
  APPLICATION_SHOWN: '公示中', APPLICATION_OBJECTED: '有异议，暂停发放', APPLICATION_PAYABLE: '待发放', APPLICATION_ORDERED: '发放中', APPLICATION_PAID: '已到账', APPLICATION_NOT_CHOSEN: '未入选',
} satisfies Said<'subsidy.ApplicationState'>;
export const APPLICATION_STEP: Record<string, string> = {
  STEP_SUBMITTED: '提交', STEP_TAKEN: '审核人领取办理', STEP_LEFT: '审核人放回', STEP_APPROVED: '审核同意', STEP_PASSED_ON: '转到下一级', STEP_GIVEN_BACK: '退回补正', STEP_REFUSED: '不同意', STEP_DECIDED: '审核通过', STEP_WITHDRAWN: '本人撤回', STEP_LAPSED: '逾期失效',
  STEP_OVERDUE: '逾期未办，转上级工会', STEP_ASKED_AGAIN: '本人申请上级复核', STEP_CHOSEN: '入选，开始公示', STEP_WAITS: '候补', STEP_NOT_CHOSEN: '未入选', STEP_SHOWN: '公示期满', STEP_OBJECTED: '收到异议，暂停发放', STEP_OBJECTION_UPHELD: '异议成立', STEP_OBJECTION_UNFOUNDED: '异议不成立，恢复',
  STEP_ORDERED: '列入发放', STEP_TO_CONFIRM: '待本人在微信确认', STEP_PAID: '到账', STEP_CAME_BACK: '没有付成，退回', STEP_ABOVE_CEILING: '超过全年上限，未入选', STEP_CARRIED_OVER: '沿用上期申报', STEP_FOLLOWED_UP: '回访',
} satisfies Said<'subsidy.StepKind'>;
export const SUBSIDY_FUND: Record<string, string> = { FUND_PROPOSED: '待第二人确认', FUND_OPEN: '使用中', FUND_REFUSED: '未设立' } satisfies Said<'subsidy.FundState'>;
export const OBJECTION: Record<string, string> = { OBJECTION_OPEN: '待处理', OBJECTION_UPHELD: '成立', OBJECTION_UNFOUNDED: '不成立', OBJECTION_ENDED: '已终止（名额另有变动）' } satisfies Said<'subsidy.ObjectionState'>;
export const PROPOSED: Record<string, string> = { PROPOSED_UPHELD: '成立', PROPOSED_UNFOUNDED: '不成立' } satisfies Said<'subsidy.Proposed'>;
export const RUN: Record<string, string> = { RUN_PREPARING: '正在生成名单', RUN_PREPARED: '名单已冻结，待放款', RUN_RELEASED: '正在下单', RUN_UNDER_WAY: '已全部下单', RUN_ENDED: '已办结', RUN_DROPPED: '已撤销' } satisfies Said<'subsidy.RunState'>;
export const RUN_LINE: Record<string, string> = { LINE_LISTED: '未下单', LINE_ORDERED: '已下单', LINE_TO_CONFIRM: '待本人在微信确认', LINE_PAID: '已到账', LINE_BACK: '没有付成，下一批再付', LINE_OUT: '已移出，没有下单' } satisfies Said<'subsidy.LineState'>;

export const onceWords = ({ once, period }: Schemas['subsidy.Scheme']) => `每人${once === 'ONCE_PERIOD' ? `${PERIOD[period] ?? '每期'}一次` : ONCE[once]}`;
/** Why somebody did not get it, by the step that it ended with. */
export const TURNED_DOWN: Record<string, string> = {
  STEP_REFUSED: '审核不同意', STEP_WITHDRAWN: '本人撤回', STEP_LAPSED: '逾期没有补正', STEP_NOT_CHOSEN: '未入选', STEP_OBJECTION_UPHELD: '异议成立', STEP_ABOVE_CEILING: '超过全年上限',
};
