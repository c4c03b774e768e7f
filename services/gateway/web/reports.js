// Reports of her check-ups, which she alone reads.
import { stepUpPanel } from './account.js';
import { download, get, patiently, post } from './api.js';
import { actions, button, card, day, element, facts, fill, save, say, time, unfold } from './dom.js';
import { siteOf } from './sites.js';

const PURPOSE = 'PURPOSE_HEALTH_REPORT';

// ---- her consent ----

/** What she agrees to before anything of a report is shown. */
async function consentPanel(agreed) {
  const { asked } = await get('/v1/me/consents');
  const wanted = asked.find((one) => one.purpose === PURPOSE);
  if (!wanted) return [element('p', { className: 'state' }, '工会还没有公布体检报告的使用说明，暂时不能查看。')];
  const policy = await get(`/v1/policies/${wanted.policyId}`);
  return [element('p', {}, policy.title), element('p', { className: 'policy' }, policy.text),
    facts(['处理者', policy.controller], ['联系方式', policy.contact], ['涉及信息', policy.kinds], ['保存期限', policy.retention]),
    actions(button('我同意', async () => {
      await post('/v1/me/consents', { purpose: PURPOSE, version: wanted.version, channel: 'CHANNEL_WEB' });
      await agreed();
    }))];
}

const withdrawButton = () => button('撤回同意', async () => {
  if (!confirm('撤回后不能再查看报告，可以随时重新同意。')) return;
  await post('/v1/me/consents:withdraw', { purpose: PURPOSE });
  await showReports();
  say('已撤回同意');
}, { className: 'quiet' });

// ---- a report ----

function itemsTable(items) {
  const row = (tag, cells) => element('tr', {}, ...cells.map((cell) => element(tag, {}, cell)));
  return element('div', { className: 'wide', tabIndex: 0, role: 'region', 'aria-label': '检验结果' }, element('table', {},
    element('thead', {}, row('th', ['项目', '结果', '参考范围', '提示'])),
    element('tbody', {}, ...items.map((one) =>
      row('td', [one.name, `${one.value} ${one.unit}`, one.range || '—', one.abnormal ? '异常' : '正常'])))));
}

async function openPanel(reportId) {
  // Health hears of her consent a moment after she has given it.
  const { fact, items, link, linkUntil } = await patiently(() => post(`/v1/me/checkup-reports/${reportId}:open`), ['REPORT_CONSENT_MISSING']);
  const fetchPdf = async () => save(`report-${fact.reportId}.pdf`, await download(link), 'application/pdf');
  return [items.length ? itemsTable(items) : null,
    element('p', { className: 'fine' }, '结果只供参考，异常项目请到医院复查。'),
    link ? element('p', { className: 'fine' }, `PDF 的链接到 ${time(linkUntil)} 失效，过后请重新打开。`) : null,
    link ? actions(button('下载报告 PDF', fetchPdf)) : null];
}

/** With her consent the report, without it what she is asked. */
function open(reportId, consented) {
  return (event) => {
    const from = event.currentTarget;
    const read = () => unfold(from, '体检报告', () => openPanel(reportId));
    return consented ? read() : unfold(from, '查看前请单独同意', () => consentPanel(read));
  };
}

async function viewsPanel(reportId) {
  const { views } = await get(`/v1/me/checkup-reports/${reportId}/views`);
  return [element('p', {}, views.length ? '只有您本人能查看；每次查看都在这里：' : '还没有人查看过。'),
    element('ol', { className: 'plain' }, ...views.map((view) => element('li', {}, `${time(view.at)}　登录编号 ${view.sessionId}`)))];
}

const STATE = {
  REPORT_STATE_READY: '可以查看', REPORT_STATE_SUPERSEDED: '有更新的版本', REPORT_STATE_EXPIRED: '保存期满，已销毁', REPORT_STATE_ERASED: '已按您的要求删除',
};

async function reportCard({ fact, abnormal }, consented) {
  const site = await siteOf(fact.siteId), readable = /READY|SUPERSEDED/.test(fact.state);
  const erase = async () => {
    if (!confirm('删除后无法恢复，确定删除这份报告吗？')) return;
    await post(`/v1/me/checkup-reports/${fact.reportId}:erase`);
    await showReports();
    say('报告已删除');
  };
  return card(`${site.name}　${day(fact.readyAt)}`,
    facts(['状态', STATE[fact.state]], ['版本', `第 ${fact.version} 版`], abnormal ? ['提示', '有异常项目，请查看'] : null),
    actions(readable ? button('查看报告', open(fact.reportId, consented)) : null,
      button('谁看过', (event) => unfold(event.currentTarget, '查看记录', () => viewsPanel(fact.reportId)), { className: 'quiet' }),
      readable && consented ? withdrawButton() : null, readable ? button('删除报告', erase, { className: 'quiet' }) : null));
}

// Who has proven no name has no reports; who has shows each time that it is she.
const reportCards = async () => {
  const { reports, consented } = await get('/v1/me/checkup-reports');
  return Promise.all(reports.map((one) => reportCard(one, consented)));
};
const instead = (error) => {
  if (error.reason === 'NOT_VERIFIED') return [];
  if (error.reason === 'STEP_UP_NEEDED') return [card('查看报告前请核对身份', ...stepUpPanel(showReports))];
  throw error;
};

export const showReports = () => fill('report-list', () => reportCards().catch(instead), (one) => one, '还没有体检报告。体检后由医院上传，只有您本人能看。');
