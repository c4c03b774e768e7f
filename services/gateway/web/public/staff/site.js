// A check-up site's door: who comes with a pass is let in.
import { get, isOffline, post, words } from '../api.js';
import { $, act, actions, button, card, clock, element, facts, fill, say, showVerdict, time, unfold } from '../dom.js';
import { siteOf } from '../sites.js';
import { offerCamera } from './camera.js';
import { handIn, isCard, openDesk, scan, waiting } from './desk.js';

const RENEW_MS = 10 * 60000; // keys and revocations are taken along anew
const UNDO_MS = 15 * 60000;
let desk = null;

const OUTCOME = {
  ACCEPTED: '通过', DUPLICATE: '重复：预约码已经使用过', SCAN_REVOKED: '预约码已作废', SCAN_OTHER_SITE: '这是其他体检点的预约码', SCAN_NOT_YET: '还没有到预约的时间',
  SCAN_EXPIRED: '预约的时间已经过去', SCAN_FORGED: '预约码是伪造的', SCAN_UNKNOWN_KEY: '预约码的签发密钥未知', SCAN_MALFORMED: '这不是体检预约码',
  SCAN_STALE: '动态码已过期', SCAN_DEVICE_OFF: '核验时设备已停用', SCAN_CHANGED: '预约已改约或取消', SCAN_WAITS: '待工会核实',
};
const WAITS = {
  DEVICE_NOT_YET: '核验时设备尚未登记', CLOCK_AHEAD: '设备的时间快于实际', HANDED_IN_LATE: '核验超过 72 小时才上传', PASS_MADE_ANEW: '核验后预约码已重新出码', PLACE_GIVEN_ON: '名额已由他人递补',
};
const OFFLINE = {
  USED: '预约码已经使用过', REVOKED: '预约码已作废：预约已改约、取消或重新出码', OTHER_SITE: OUTCOME.SCAN_OTHER_SITE, NOT_YET: OUTCOME.SCAN_NOT_YET, EXPIRED: OUTCOME.SCAN_EXPIRED,
  FORGED: OUTCOME.SCAN_FORGED, UNKNOWN_KEY: OUTCOME.SCAN_UNKNOWN_KEY, MALFORMED: OUTCOME.SCAN_MALFORMED, NEEDS_NETWORK: '没有网络时不能核验动态码，请会员出示“离线码”',
};
const TRADE = { COURIER: '快递员', FOOD_DELIVERY: '外卖配送员', TRUCK_DRIVER: '货车司机', RIDE_DRIVER: '网约车司机', SANITATION: '环卫工人', CONSTRUCTION: '建筑工人' };
const ROSTER = { ACTIVE: '未到', ARRIVED: '已到', CANCELLED: '已取消', NOT_COME: '未到检' };

// ---- the verdict ----

const verdict = (good, lines, more, title = good ? '✓ 通过' : '✗ 未通过') => showVerdict($('verdict'), good, title, ...lines, more);

// Who it is, when she has to be told from another: asked for by itself, since each look is on record.
const nameOf = (letter) => button('核对姓名', async (event) => {
  const pressed = event.currentTarget, { name, residentId } = await post('/v1/people:look', { letter });
  pressed.replaceWith(element('p', {}, `${name}　${residentId}`));
}, { className: 'quiet' });

// Whether the document that she shows is hers whose pass it is: the last four characters of its number are compared.
function documentOf(letter) {
  const last = element('input', { required: true, maxLength: 4, size: 4, autocomplete: 'off', className: 'last-four' });
  const form = element('form', {}, element('label', {}, '证件号码后四位 ', last), element('button', {}, '核对证件'));
  form.addEventListener('submit', act(async () => {
    const { matches, name, looksLeft } = await post('/v1/people:match', { letter, lastFour: last.value });
    form.querySelector('p')?.remove();
    form.append(element('p', {}, matches ? `✓ 证件相符　${name}` : `✗ 证件不符，不是本人：${name}。还可核对 ${looksLeft} 次，每次均记录并告知本人。`));
    last.value = '';
  }));
  return form;
}

/** Where and when a pass was used before. */
const usedBefore = async (siteId, at) => `已于 ${time(at)} 在 ${(await siteOf(siteId)).name} 使用。`;

async function verdictOf({ good, scan: done, pass, refusal, offline }) {
  if (good) return [`代号 ${offline ? pass.handle : done.handle}`, offline ? '没有网络：已记在本机，联网后自动上传。' : null];
  if (refusal) return [refusal.message, refusal.firstAt ? await usedBefore(refusal.firstSiteId, refusal.firstAt) : null];
  return [OFFLINE[pass.reason], pass.before ? `本机已于 ${time(pass.before)} 核验过。` : null];
}

// A card says that she is a member, and opens nothing.
async function takeCard(code) {
  const { valid, shownName, unionName, memberId, trade } = await post('/v1/cards:verify', { code }).catch((error) => {
    verdict(false, [isOffline(error) ? '没有网络时不能核验会员码' : words(error)]);
    throw error;
  });
  verdict(valid, valid ? [shownName, unionName, `会员编号 ${memberId}${TRADE[trade] ? `　${TRADE[trade]}` : ''}`, '只核验会员身份，不代表已预约。'] : [], null,
    valid ? '✓ 有效会员' : '✗ 不是有效会员');
}

async function take(text) {
  // The verdict of the one before must not be taken for this one's.
  $('verdict').className = 'verdict';
  $('verdict').textContent = '正在核验…';
  if (isCard(text.trim())) return takeCard(text.trim());
  const done = await scan(desk, text.trim()).catch((error) => {
    verdict(false, [words(error)]);
    throw error;
  });
  verdict(done.good, await verdictOf(done), done.scan?.letter ? element('div', {}, documentOf(done.scan.letter), nameOf(done.scan.letter)) : null);
  if (done.offline) await showNetwork(false);
  else act(Date.now() - desk.takenAt > RENEW_MS ? renew : showLists)();
}

// One after the other, however fast they come.
let line = Promise.resolve();
const queue = (text) => (line = line.then(act(() => take(text))));

// ---- what the desk shows ----

async function showNetwork(online) {
  const left = (await waiting()).length;
  const off = Math.abs(desk.behindMs ?? 0) / 60000;
  const wrong = off > 1 ? `本机时钟${desk.behindMs > 0 ? '慢' : '快'}了约 ${Math.round(off)} 分钟，核验时间已按服务器校正，请校准。` : null;
  $('network').textContent = [wrong, online ? null : '没有网络，仍可核验“离线码”。', left ? `有 ${left} 次离线核验等待上传。` : null].filter(Boolean).join('');
}

async function showCounts() {
  const { expected, arrived, leftOver, notCome, walkedIn } = await get(`/v1/checkup-sites/${desk.siteId}/counts`);
  const count = ([name, number]) => element('div', {}, element('dt', {}, name), element('dd', {}, String(number)));
  $('counts').replaceChildren(...[['应到', expected], ['已到', arrived], ['待到', leftOver], ['未到检', notCome], ['现场登记', walkedIn]].map(count));
}

function undoPanel(one) {
  const reason = element('input', { required: true, maxLength: 200 });
  const form = element('form', {}, element('label', {}, '撤销的原因 ', reason), element('button', {}, '确认撤销'));
  form.addEventListener('submit', act(async () => {
    await post(`/v1/checkup-scans/${one.scanId}:undo`, { reason: reason.value });
    form.closest('.panel').hidden = true;
    await showLists();
    say('已撤销，该预约恢复为未到');
  }));
  return [form];
}

function scanCard(one) {
  const fresh = one.outcome === 'ACCEPTED' && !one.undoneAt && Date.now() - Date.parse(one.at) < UNDO_MS;
  const scan = card(`${clock(one.at)}　${one.undoneAt ? '已撤销' : OUTCOME[one.outcome]}`,
    facts(one.handle ? ['代号', one.handle] : null, one.offline ? ['方式', '离线核验后上传'] : null, WAITS[one.waitsFor] ? ['待核实', WAITS[one.waitsFor]] : null, one.firstAt ? ['先前', `${time(one.firstAt)} 已使用`] : null,
      one.undoneAt ? ['撤销原因', one.undoReason] : null),
    actions(fresh ? button('撤销', (event) => unfold(event.currentTarget, '撤销这次核验', () => undoPanel(one)), { className: 'quiet' }) : null));
  scan.dataset.key = one.scanId;
  return scan;
}

async function rosterLines() {
  const lines = [];
  for (let token = ''; ;) {
    const page = await get(`/v1/checkup-sites/${desk.siteId}/roster?pageSize=1000&pageToken=${token}`);
    lines.push(...page.lines);
    token = page.nextPageToken;
    if (!token) return lines.sort((a, b) => (a.startsAt < b.startsAt ? -1 : 1));
  }
}
const rosterItem = (line) => element('li', {}, `${clock(line.startsAt)}–${clock(line.endsAt)}　${ROSTER[line.state]}　`, element('code', {}, line.handle));

const showLists = () => Promise.all([showCounts(), showNetwork(true),
  fill('scans', async () => (await get(`/v1/checkup-sites/${desk.siteId}/scans?pageSize=20`)).scans, scanCard, '还没有核验。'),
  fill('roster', rosterLines, rosterItem, '今天没有预约。')]);

/** Takes along what is new, and hands in what waits; says so when there is no network. */
export async function renew() {
  try {
    const handed = await handIn();
    desk = await openDesk({ siteId: desk.siteId, name: desk.name });
    await showLists();
    const refused = handed.filter((one) => one.outcome !== 'ACCEPTED').length;
    if (handed.length) say(`已上传 ${handed.length} 次离线核验${refused ? `，其中 ${refused} 次未通过，见“最近核验”` : ''}`, !refused);
  } catch (error) {
    await showNetwork(!isOffline(error));
    if (!isOffline(error)) say(words(error), false);
  }
}

// ---- entering, and what is common to all counters (staff.js) ----

export const part = 'desk', kept = 'desks', list = '/v1/me/checkup-sites', places = (answer) => answer.sites, keyOf = (site) => site.siteId;
export { waiting };

export async function enter(site, before) {
  // Without network, what was taken along the last time.
  desk = await openDesk(site).catch((error) => {
    if (!isOffline(error) || !before) throw error;
    return before;
  });
  await renew();
  $('code').focus();
}

export const leave = offerCamera('video', 'camera', queue);
$('scan-form').addEventListener('submit', (event) => {
  event.preventDefault();
  queue($('code').value);
  $('code').value = '';
  $('code').focus();
});
$('refresh').addEventListener('click', act(renew));
