// What she has booked: changing it, the pass that she shows, and the story of it.
import { get, newKey, patiently, post, words } from './api.js';
import { showCode, turn } from './codes.js';
import { actions, button, clock, day, element, facts, moment, say, time, unfold } from './dom.js';
import { sitesPanel, directionsTo, siteOf } from './sites.js';

export const BOOKING = { ACTIVE: '已预约', ARRIVED: '已到检', CANCELLED: '已取消', NOT_COME: '未到检' };

/** Chooses a slot in the card around a button, and does `book` with it. */
export const choose = (title, campaignId, book) => (event) =>
  unfold(event.currentTarget, title, () => sitesPanel(campaignId, (slot) => book(slot)));

// ---- the pass ----

const showFixed = (pass, place) => showCode(place, { svg: pass.svg, text: pass.text,
  fine: '体检点没有网络时出示此码。请勿转给他人：谁先用，谁就占用您的名额。' });

// The code that changes; without network, the one that does not.
const showTurning = (bookingId, pass, place) => turn(place, () => get(`/v1/me/bookings/${bookingId}/screen-code`),
  '此码每 30 秒自动更换，截图无效。', (error) => {
    showFixed(pass, place);
    place.prepend(element('p', { className: 'state' }, `${words(error)}。已改用离线码。`));
  });

async function passPanel(booking) {
  const [pass, site] = await Promise.all([get(`/v1/me/bookings/${booking.bookingId}/pass`), siteOf(booking.siteId)]);
  const place = element('div', { className: 'pass' });
  const show = (turning) => () => {
    place.turning = turning;
    return turning ? showTurning(booking.bookingId, pass, place) : showFixed(pass, place);
  };
  setTimeout(show(true)); // once it is on the page
  return [facts(['体检点', site.name], ['时间', hoursOf(booking)], ['可验时间', `${moment(pass.validFrom)} 至 ${moment(pass.validUntil)}`],
    ['名单代号', pass.handle]), place,
  actions(button('动态码', show(true), { className: 'quiet' }), button('离线码', show(false), { className: 'quiet' }),
    button('换发新码', async () => {
      Object.assign(pass, await post(`/v1/me/bookings/${booking.bookingId}:reissue`, {}, newKey()));
      await show(place.turning)();
      say('已换发，旧码作废');
    }, { className: 'quiet' }))];
}

// ---- the story ----

const STEPS = {
  entitlement_changed: {
    WON: '获得体检名额', BOOKED: '名额用于预约', ATTENDED: '名额已使用', LAPSED: '名额失效', DECLINED: '放弃名额', NO_SHOW: '预约后未到',
  },
  booking_changed: { ACTIVE: '预约时段', ARRIVED: '到检', CANCELLED: '取消预约', NOT_COME: '未到检' },
  report_changed: {
    REPORT_STATE_UPLOADING: '医院开始上传报告', REPORT_STATE_READY: '报告可以查看', REPORT_STATE_SUPERSEDED: '报告有了新版本',
    REPORT_STATE_ABANDONED: '上传中断', REPORT_STATE_EXPIRED: '报告保存期满，已销毁', REPORT_STATE_ERASED: '报告按您的要求删除',
  },
  settlement_changed: {
    SETTLEMENT_PREPARED: '工会编制结算单', SETTLEMENT_CONFIRMED: '工会确认结算', SETTLEMENT_REJECTED: '结算单退回',
  },
  pass_issued: { '': '签发预约码' },
  pass_revoked: { '': '预约码作废' },
  scanned: { '': '体检点核验预约码' },
  scan_undone: { '': '体检点撤销核验' },
  report_opened: { '': '您查看了报告' },
};

/** The steps of a booking, each with its row of the journal. */
export async function storyPanel(bookingId) {
  const story = await patiently(() => get(`/v1/me/bookings/${bookingId}/story`), ['STORY_NOT_READY']);
  return [element('p', { className: 'fine' }, '每一步都是哈希链日志的一行；改动任何一行都会被审计发现。'),
    element('ol', { className: 'steps' }, ...story.facts.map((fact) => element('li', {},
      STEPS[fact.event]?.[fact.state] || '办理记录', element('br'),
      element('span', { className: 'fine' }, `${time(fact.at)}　日志第 ${fact.seq} 行`), element('br'),
      element('code', {}, fact.hash))))];
}
export const storyButton = (bookingId) => button('办理过程', (event) => unfold(event.currentTarget, '办理过程', () => storyPanel(bookingId)), { className: 'quiet' });

// ---- a booking in its campaign's card ----

export const hoursOf = (booking) => `${day(booking.startsAt)} ${clock(booking.startsAt)}–${clock(booking.endsAt)}`;

/** What a card says of a booking and lets her do with it; `changed` shows all anew. */
export async function bookingPart(booking, changed) {
  const site = await siteOf(booking.siteId), path = `/v1/me/bookings/${booking.bookingId}`;
  const move = choose('改约到', booking.campaignId, async (slot) => {
    const moved = await post(`${path}:move`, { slotId: slot.slotId });
    await changed();
    say(`已改约到 ${hoursOf(moved)}，旧码作废`);
  });
  const cancel = async () => {
    if (!confirm('确定取消预约吗？')) return;
    await post(`${path}:cancel`);
    await changed();
    say('已取消预约');
  };
  const active = booking.state === 'ACTIVE';
  return [facts(['预约', BOOKING[booking.state]], ['编号', booking.bookingId], ['时间', hoursOf(booking)],
    ['体检点', element('span', {}, site.name, element('br'), element('span', { className: 'fine' }, site.address), element('br'), directionsTo(site))],
    active ? ['最迟改约', booking.mustMove ? '该体检点已不再接受本次体检，请改约' : moment(booking.cancelUntil)] : null),
  actions(active ? button('出示预约码', (event) => unfold(event.currentTarget, '预约码', () => passPanel(booking))) : null,
    active ? button('改约', move, { className: 'quiet' }) : null, active ? button('取消预约', cancel, { className: 'quiet' }) : null,
    storyButton(booking.bookingId))];
}
