// The gate of a departure: what a member shows lets her in once, and those who came along with her. It works with network alone.
import { get, isOffline, post, words } from '../api.js';
import { $, act, actions, button, card, clock, element, fill, showVerdict, time } from '../dom.js';
import { offerCamera } from './camera.js';
import { withDevice } from './device.js';
import { find } from './kept.js';

const UNDO_MS = 3600000;
let gate = null;
const path = () => `/v1/releases/${gate.releaseId}`;
const verdict = (good, title, ...lines) => showVerdict($('boarding'), good, title, ...lines);

// ---- who comes ----

async function bring({ boardingId }, left) {
  const { companions } = await post(`/v1/boardings/${boardingId}:bring`, { couponIds: left.map((one) => one.couponId) });
  verdict(true, `✓ 同行 ${companions.filter((one) => one.boardedAt).length} 人已进`);
  await show();
}

function admitted(done) {
  const left = done.companions.filter((one) => !one.boardedAt);
  verdict(true, `✓ ${done.classTitle || '有效票'}`, done.companions.length ? `同行 ${done.companions.length} 人，${left.length ? `${left.length} 人还没有进` : '都已进'}。` : null,
    left.length ? actions(button(`同行 ${left.length} 人一起进`, () => bring(done, left))) : null);
}

async function take(text) {
  $('boarding').className = 'verdict';
  $('boarding').textContent = '正在核对…';
  const scanRef = crypto.randomUUID(), as = { store: 'gates', path: `${path()}/gate-devices`, name: '检票' };
  try {
    admitted(await withDevice(gate, as, () => post(`${path()}/boardings`, { departure: gate.departure, deviceId: gate.deviceId, scanRef, text })));
  } catch (error) {
    verdict(false, '✗ 不能进', isOffline(error) ? '没有网络时不能检票，请联网。' : words(error),
      error.boardedAt ? `已于 ${time(error.boardedAt)} 进过。` : null, error.reason === 'OTHER_DEPARTURE' && error.departure ? `这张票是 ${error.departure} 的。` : null);
  }
  await show();
}

// ---- who came ----

// Taken back with a reason, which is on record.
const undo = (one) => button('撤销', async () => {
  await post(`/v1/boardings/${one.boardingId}:undo`, { reason: '误检' });
  await show();
}, { className: 'quiet' });

function line(one) {
  const how = one.undoneAt ? '已撤销' : one.reason ? one.words : one.broughtBy === '0' ? '' : '同行';
  const done = card(`${clock(one.at)}　${one.classTitle}`, how ? element('p', {}, how) : null, !one.undoneAt && !one.reason && Date.now() - Date.parse(one.at) < UNDO_MS ? actions(undo(one)) : null);
  done.dataset.key = one.boardingId;
  return done;
}

async function show() {
  const { gates } = await get(list), here = gates.find((one) => keyOf(one) === keyOf(gate));
  $('gate-count').textContent = here ? `已进 ${here.boarded} 人，共 ${here.seats} 人。${time(here.opensAt)} 起检票，至 ${time(here.closesAt)}。` : '';
  await fill('boardings', async () => (await get(`${path()}/boardings?departure=${gate.departure}&pageSize=20`)).boardings, line, '还没有人进。');
}

// ---- what is common to all counters (staff.js) ----

export const part = 'gate', list = '/v1/me/gates?pageSize=50', keyOf = (one) => `${one.releaseId} ${one.departure}`;
export const places = ({ gates }) => gates.map((one) => ({ ...one, name: `${one.title} ${one.departureTitle}` }));
export const waiting = () => [], renew = () => act(show)();

export async function enter(place) {
  gate = { ...place, deviceId: (await find('gates', place.releaseId))?.deviceId };
  $('boarding').className = $('boarding').textContent = '';
  await show();
}

export const leave = offerCamera('gate-video', 'gate-camera', take);
$('refresh-gate').addEventListener('click', act(show));
$('gate-form').addEventListener('submit', act(async () => {
  const text = $('ticket').value.trim();
  $('ticket').value = '';
  await take(text);
}));
