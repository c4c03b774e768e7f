// The gate of a departure: what a member shows lets her in once, and those who came along with her; without network it is
// kept and judged later.
import { get, isOffline, post, words } from '../api.js';
import { $, act, actions, button, card, clock, element, fill, say, showVerdict, time } from '../dom.js';
import { board, handIn, keyOf, openGate, waiting } from './boarding.js';
import { offerCamera } from './camera.js';

const UNDO_MS = 3600000;
let gate = null;
const path = () => `/v1/releases/${gate.releaseId}`;
const verdict = (good, title, ...lines) => showVerdict($('boarding'), good, title, ...lines);

// ---- who comes ----

async function bring({ boardingId }, left) {
  const { companions } = await post(`/v1/boardings/${boardingId}:bring`, { couponIds: left.map((one) => one.couponId) });
  verdict(true, `✓ 同行 ${companions.filter((one) => one.boardedAt).length} 人已进`);
  await renew();
}

function admitted(done) {
  const left = done.companions.filter((one) => !one.boardedAt);
  verdict(true, `✓ ${done.classTitle || '有效票'}`, done.companions.length ? `同行 ${done.companions.length} 人，${left.length ? `${left.length} 人还没有进` : '都已进'}。` : null,
    left.length ? actions(button(`同行 ${left.length} 人一起进`, () => bring(done, left))) : null);
}

const refused = (error) => verdict(false, '✗ 不能进', words(error), error.boardedAt ? `已于 ${time(error.boardedAt)} 进过。` : null,
  error.reason === 'OTHER_DEPARTURE' && error.departure ? `这张票是 ${error.departure} 的。` : null);

async function take(text) {
  $('boarding').className = 'verdict';
  $('boarding').textContent = '正在核对…';
  const done = await board(gate, text);
  if (done.boarding) admitted(done.boarding);
  else if (done.refusal) refused(done.refusal);
  else if (done.refused) verdict(false, '✗ 不能进', done.refused);
  else verdict(null, '已记在本机，未确认', '没有网络，不能核对真假和是否已进，请看清会员手机上的车次；联网后自动上传，结果见“最近检票”。');
  if (done.boarding || done.refusal) await show();
  else await showNetwork(false);
}

// ---- who came ----

// Taken back with a reason, which is on record.
const undo = (one) => button('撤销', async () => {
  await post(`/v1/boardings/${one.boardingId}:undo`, { reason: '误检' });
  await renew();
}, { className: 'quiet' });

function line(one) {
  const how = one.undoneAt ? '已撤销' : one.reason ? `不能进：${one.words}` : one.broughtBy === '0' ? '' : '同行';
  const done = card(`${clock(one.at)}　${one.classTitle}`, how ? element('p', {}, how) : null, one.offline ? element('p', {}, '离线检票后上传') : null,
    !one.undoneAt && !one.reason && Date.now() - Date.parse(one.at) < UNDO_MS ? actions(undo(one)) : null);
  done.dataset.key = one.boardingId;
  return done;
}

async function showNetwork(online) {
  const left = (await waiting()).length;
  $('gate-network').textContent = [online ? null : '没有网络，仍可记下检票，联网后上传核对。', left ? `有 ${left} 张离线检票等待上传。` : null].filter(Boolean).join('');
}

async function show() {
  const { gates } = await get(list), here = gates.find((one) => keyOf(one) === keyOf(gate));
  $('gate-count').textContent = here ? `已进 ${here.boarded} 人，共 ${here.seats} 人。${time(here.opensAt)} 起检票，至 ${time(here.closesAt)}。` : '';
  await Promise.all([showNetwork(true), fill('boardings', async () => (await get(`${path()}/boardings?departure=${gate.departure}&pageSize=20`)).boardings, line, '还没有人进。')]);
}

/** Hands in what waits, and shows what is new; says so when there is no network. */
export async function renew() {
  try {
    const handed = await handIn(), not = handed.filter((one) => one.reason).length;
    await show();
    if (handed.length) say(`已上传 ${handed.length} 张离线检票${not ? `，其中 ${not} 张不能进，见“最近检票”` : ''}`, !not);
  } catch (error) {
    await showNetwork(!isOffline(error));
    if (!isOffline(error)) say(words(error), false);
  }
}

// ---- what is common to all counters (staff.js) ----

export const part = 'gate', kept = 'departures', list = '/v1/me/gates?pageSize=50';
export const places = ({ gates }) => gates.map((one) => ({ ...one, name: `${one.title} ${one.departureTitle}` }));
export { keyOf, waiting };

export async function enter(place, before) {
  // Without network, what was taken along the last time.
  gate = await openGate(place).catch((error) => {
    if (!isOffline(error) || !before) throw error;
    return before;
  });
  $('boarding').className = $('boarding').textContent = $('gate-count').textContent = '';
  await renew();
}

export const leave = offerCamera('gate-video', 'gate-camera', take);
$('refresh-gate').addEventListener('click', act(renew));
$('gate-form').addEventListener('submit', act(async () => {
  const text = $('ticket').value.trim();
  $('ticket').value = '';
  await take(text);
}));
