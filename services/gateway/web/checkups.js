// Health checks given by lot: what is open for her, her entry, what came out, what she
// does with a place, and all there was.
import { get, patiently, post } from './api.js';
import { BOOKING, bookingPart, choose, hoursOf, storyButton } from './bookings.js';
import { $, actions, button, card, element, facts, fill, moment, save, say, time, unfold } from './dom.js';
import './draw/verify.js'; // for whoever checks from the disk too, so no module
import { siteOf, sitesPanel } from './sites.js';

const { Mismatch, verifyReceipt, hex } = globalThis.drawVerifier;

const STATE = { ANNOUNCED: '即将报名', OPEN: '报名中', FROZEN: '名单已冻结，等待抽签', DRAWN: '已抽签，等待公布', PUBLISHED: '结果已公布', CLOSED: '已结束', VOID: '已作废' };
// The service takes a moment to say that an hour has come.
function stateOf({ state, opensAt, closesAt }) {
  if (state === 'ANNOUNCED' && Date.now() >= Date.parse(opensAt)) return 'OPEN';
  return state === 'OPEN' && Date.now() >= Date.parse(closesAt) ? 'FROZEN' : state;
}
const ENTITLEMENT = {
  WON: '已中签，请在期限内预约', BOOKED: '已中签，已预约', ATTENDED: '已体检', LAPSED: '已中签，没有在期限内预约，名额已失效',
  DECLINED: '您放弃了名额', NO_SHOW: '预约后没有到检',
};

/** What came out for her, in words. */
function resultWords({ result }, quota) {
  if (result.state !== 'ENTITLEMENT_NONE') return ENTITLEMENT[result.state];
  if (result.waitingPosition > 0) return `候补第 ${result.waitingPosition} 位：前面有人放弃或逾期，依次递补`;
  return result.place > 0 && result.place <= quota ? '已中签，名额正在发放，请稍后刷新' : '未中签';
}

// ---- entering ----

// Where places are drawn for each site, she says at which one.
async function siteChoice({ strata }) {
  const ids = [...new Set(strata.map((one) => one.siteId).filter((id) => id !== '0'))];
  if (!ids.length) return null;
  const sites = await Promise.all(ids.map(siteOf));
  return element('select', {}, ...sites.map((site) => element('option', { value: site.siteId }, site.name)));
}

async function enterPart(campaign) {
  const select = await siteChoice(campaign), path = `/v1/checkups/${campaign.campaignId}/entries`;
  return [select && element('label', {}, '体检点 ', select), actions(button('一键报名', async () => {
    const entry = await post(path, select ? { siteId: select.value } : {});
    await showCheckups();
    say(`报名成功，您的号签是 ${entry.ticket}`);
  }))];
}

const withdrawButton = ({ campaignId }) => button('取消报名', async () => {
  if (!confirm('确定取消报名吗？截止之前还可以再报。')) return;
  await post(`/v1/checkups/${campaignId}/entries:withdraw`);
  await showCheckups();
  say('已取消报名');
}, { className: 'quiet' });

// ---- the draw ----

async function proofPanel({ campaign, entry }) {
  const path = `/v1/me/checkups/${campaign.campaignId}/receipt`;
  const [{ text }, draw] = await Promise.all([patiently(() => get(path), ['DRAW_LOADING']), get(`/v1/checkups/${campaign.campaignId}/draw`)]);
  const keep = actions(button('保存凭据', async () => save(`receipt-${campaign.campaignId}.txt`, text, 'text/plain'), { className: 'quiet' }));
  const whole = element('p', {}, element('a', { href: `/draw/#${campaign.campaignId}` }, '核对整份公布的名单'));
  try {
    const read = verifyReceipt(new TextEncoder().encode(text), entry.ticket);
    if (hex(read.root) !== draw.root) throw new Mismatch('凭据的名单指纹与公布的不同');
    return [element('p', { className: 'proven' }, read.seed ? `核对无误：按公布的方法算出，您${read.won ? '中签' : '没有中签'}。` : '核对无误：您在冻结的名单中。'),
      facts(['名单', `共 ${read.entries} 人，您在第 ${read.index + 1} 行`], read.place > 0 ? ['名次', String(read.place)] : null,
        read.seed ? ['公开数值', `${read.publicName} = ${read.value}`] : null),
      element('p', { className: 'fine' }, '以上由您的浏览器自己算出，没有采信工会的结论。'),
      element('details', {}, element('summary', {}, '计算的数据'), facts(['您的号签', entry.ticket], ['名单指纹', hex(read.root)],
        read.seed ? ['您的抽签号', hex(read.rank)] : null,
        read.seed ? ['中签线', read.cutoff === null ? '无人中签' : `${hex(read.cutoff)}（抽签号不大于它的中签）`] : null)),
      draw.secret ? whole : null, keep];
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    return [element('p', { className: 'bad', role: 'alert' }, `核对不符：${error.message}。请保存凭据并向工会经审部门反映。`), keep];
  }
}
const proofButton = (offer) => button(offer.result ? '核对我的结果' : '我的凭据',
  (event) => unfold(event.currentTarget, offer.result ? '核对我的结果' : '我的凭据', () => proofPanel(offer)), { className: 'quiet' });

// ---- a place ----

function wonPart({ campaign, result }) {
  const book = choose('选择体检点', campaign.campaignId, async (slot) => {
    const booking = await post(`/v1/checkups/${campaign.campaignId}/bookings`, { slotId: slot.slotId });
    await showCheckups();
    say(`预约成功：${hoursOf(booking)}`);
  });
  const decline = async () => {
    if (!confirm('确定放弃名额吗？放弃后由候补者递补，不能恢复。')) return;
    await post(`/v1/checkups/${campaign.campaignId}:decline`);
    await showCheckups();
    say('已放弃名额');
  };
  return [facts(['预约期限', moment(result.bookBy)]), actions(button('就近预约', book), button('放弃名额', decline, { className: 'quiet' }))];
}

async function itemsPanel({ packageId }) {
  const { title, items } = await get(`/v1/checkup-packages/${packageId}`);
  return [element('p', {}, title), element('ul', { className: 'plain' }, ...items.map(({ name, kind }) =>
    element('li', {}, kind === 'BASE' ? name : `${name}（新就业形态劳动者加项）`)))];
}
const itemsButton = (campaign) => button('体检项目', (event) => unfold(event.currentTarget, '体检项目', () => itemsPanel(campaign)), { className: 'quiet' });

const sitesButton = ({ campaignId }) => button('体检点', (event) => unfold(event.currentTarget, '体检点', () => sitesPanel(campaignId)), { className: 'quiet' });

// ---- a campaign's card ----

async function entryPart(offer, booking) {
  const { campaign, entry, result } = offer;
  if (!entry) return offer.reason ? [element('p', { className: 'state' }, offer.words)] : enterPart(campaign);
  const quota = campaign.strata[entry.stratum].quota, open = stateOf(campaign) === 'OPEN';
  return [element('p', { className: 'standing' }, result ? resultWords(offer, quota) : '已报名'),
    facts(['号签', entry.ticket], ['报名时间', time(entry.enteredAt)]),
    ...result?.state === 'WON' ? wonPart(offer) : [],
    ...booking ? await bookingPart(booking, showCheckups) : [],
    actions(open ? withdrawButton(campaign) : null, open || campaign.state === 'VOID' ? null : proofButton(offer))];
}

async function offerCard(offer, booking) {
  const { campaign } = offer, quota = campaign.strata.reduce((sum, one) => sum + one.quota, 0);
  return card(campaign.title, element('p', {}, campaign.rules),
    facts(['进度', campaign.state === 'VOID' ? `已作废：${campaign.voidReason}` : STATE[stateOf(campaign)]], ['名额', `${quota} 个`],
      ['报名', `${moment(campaign.opensAt)} 至 ${moment(campaign.closesAt)}`], ['抽签', moment(campaign.drawAt)],
      ['预约', `${moment(campaign.bookFrom)} 至 ${moment(campaign.bookUntil)}`]),
    ...await entryPart(offer, booking), actions(itemsButton(campaign), campaign.state === 'PUBLISHED' ? sitesButton(campaign) : null));
}

// ---- all of the past ----

const pastCard = (one) => card(one.title,
  facts(['报名', one.enteredAt ? moment(one.enteredAt) : '现场登记'], one.entitlement !== 'ENTITLEMENT_NONE' ? ['名额', ENTITLEMENT[one.entitlement]] : null,
    one.booking !== 'BOOKING_NONE' ? ['预约', `${BOOKING[one.booking]}　${moment(one.startsAt)}`] : null, one.reports ? ['报告', `${one.reports} 份`] : null),
  actions(one.bookingId !== '0' ? storyButton(one.bookingId) : null,
    one.enteredAt ? button('我的凭据', (event) => unfold(event.currentTarget, '我的凭据', async () =>
      proofPanel(await get(`/v1/me/checkups/${one.campaignId}`))), { className: 'quiet' }) : null));

// ---- what is next ----

function nextOf({ campaign, entry, reason, result }, booking) {
  const title = `「${campaign.title}」`;
  if (booking?.mustMove) return `${title}您约的体检点已不再接受体检，请改约。`;
  if (booking) return `${title}${hoursOf(booking)} 体检，请带身份证并出示预约码。`;
  if (result?.state === 'WON') return `${title}您已中签，请在 ${moment(result.bookBy)} 前预约。`;
  return !entry && !reason ? `${title}正在报名，${moment(campaign.closesAt)} 截止。` : null;
}

export async function showCheckups() {
  const load = async () => {
    const [{ offers }, { bookings }] = await Promise.all([get('/v1/me/checkups'), get('/v1/me/bookings')]);
    const of = (offer) => bookings.find((one) => one.campaignId === offer.campaign.campaignId && (one.state === 'ACTIVE' || one.state === 'ARRIVED'));
    $('next').replaceChildren(...offers.map((offer) => [offer, of(offer)]).map(([offer, booking]) =>
      nextOf(offer, booking?.state === 'ACTIVE' ? booking : null)).filter(Boolean).map((line) => element('li', {}, line)));
    return Promise.all(offers.map((offer) => offerCard(offer, of(offer))));
  };
  await Promise.all([fill('campaigns', load, (one) => one, '目前没有面向您的体检活动。'),
    fill('past', async () => (await get('/v1/me/checkup-history')).checkups, pastCard, '您还没有参加过体检活动。')]);
}
