// What the steps of a booking are called: by what happened, and the state it passed to.
const WORDS: Record<string, Record<string, string>> = {
  entitlement_changed: { WON: '获得体检名额', BOOKED: '名额用于预约', ATTENDED: '名额已使用', LAPSED: '名额失效', DECLINED: '放弃名额', NO_SHOW: '预约后未到', TAKEN_BACK: '年度福利已达上限，名额收回' },
  booking_changed: { ACTIVE: '预约时段', ARRIVED: '到检', CANCELLED: '取消预约', NOT_COME: '未到检' },
  report_changed: {
    REPORT_STATE_UPLOADING: '医院开始上传报告', REPORT_STATE_READY: '报告可以查看', REPORT_STATE_SUPERSEDED: '报告有了新版本',
    REPORT_STATE_ABANDONED: '上传中断', REPORT_STATE_EXPIRED: '报告保存期满，已销毁', REPORT_STATE_ERASED: '报告按本人的要求删除',
  },
  settlement_changed: { SETTLEMENT_PREPARED: '工会编制结算单', SETTLEMENT_CONFIRMED: '工会确认结算', SETTLEMENT_REJECTED: '结算单退回' },
  pass_issued: { '': '签发预约码' }, pass_revoked: { '': '预约码作废' }, scanned: { '': '体检点核验预约码' },
  scan_undone: { '': '体检点撤销核验' }, report_opened: { '': '本人查看了报告' },
};
export const storyWords = ({ event, state }: { event: string; state: string }) => WORDS[event]?.[state] ?? '办理记录';
