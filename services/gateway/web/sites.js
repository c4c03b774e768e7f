// Where a campaign's winners are examined: by distance, and when there is room.
import { get, post, words } from './api.js';
import { turn } from './codes.js';
import { actions, button, clock, day, distance, element, moment } from './dom.js';
import { gcj02 } from './gcj02.js';

const SHOWN = 50;
const known = new Map(); // by id: a promise of the site

/** A site, asked for once. */
export function siteOf(siteId) {
  if (!known.has(siteId)) {
    known.set(siteId, get(`/v1/checkup-sites/${siteId}`).catch((error) => {
      known.delete(siteId);
      throw error;
    }));
  }
  return known.get(siteId);
}

export const directionsTo = (site) => element('a', { href: site.directions, target: '_blank', rel: 'noopener noreferrer' }, `去${site.name}的路线`);

const millionths = (degrees) => Math.round(degrees * 1e6);
const nearest = (campaignId, { latitude, longitude }) => post('/v1/checkup-sites:nearest',
  { campaignId, latE6: millionths(latitude), lonE6: millionths(longitude), limit: SHOWN });

// Where she stands, by her leave; it is kept nowhere.
const position = () => new Promise((done, fail) => {
  const refused = () => fail(new Error('position'));
  if (navigator.geolocation) navigator.geolocation.getCurrentPosition(({ coords }) => done(gcj02(coords)), refused, { timeout: 15000 });
  else refused();
});

// Buttons for the hours of a site, a paragraph for each day.
async function slotsOf(campaignId, siteId, choose) {
  const { slots } = await get(`/v1/checkups/${campaignId}/sites/${siteId}/slots`);
  const days = new Map();
  for (const slot of slots) {
    const name = day(slot.startsAt);
    if (!days.has(name)) days.set(name, []);
    days.get(name).push(slot);
  }
  if (!days.size) return [element('p', { className: 'state' }, '这里暂时没有可预约的时段。')];
  return [...days].map(([name, ones]) => element('div', { role: 'group', 'aria-label': name }, element('h6', {}, name),
    actions(...ones.map((slot) => {
      const hours = `${clock(slot.startsAt)}–${clock(slot.endsAt)}`;
      return button(slot.free > 0 ? `${hours} 余 ${slot.free}` : `${hours} 已满`, () => choose(slot),
        { className: 'quiet slot', disabled: slot.free <= 0 });
    }))));
}

// Who comes to a van without a booking shows who she is; there is a place for her or not.
const walkInButton = (campaignId, site, place) => button('现场登记码', async () => {
  place.turning = true;
  await turn(place, () => post(`/v1/checkups/${campaignId}/walk-in-code`), '到车前出示此码现场登记，每 30 秒自动更换。',
    (error) => place.replaceChildren(element('p', { className: 'state' }, words(error))));
}, { className: 'quiet', 'aria-label': `${site.name}的现场登记码` });

function siteItem(campaignId, { site, metres, free }, measured, choose) {
  const hours = element('div');
  const open = choose && button('选择时段', async () => {
    hours.turning = false;
    hours.replaceChildren(...await slotsOf(campaignId, site.siteId, choose));
  },
    { 'aria-label': `选择${site.name}的时段` });
  return element('li', { className: 'site' }, element('h5', {}, site.name),
    element('p', {}, `${measured ? `距您 ${distance(metres)}　` : ''}${Number(free) ? `余 ${free} 个名额` : '已约满'}`),
    element('p', { className: 'fine' }, [site.address, site.hours, site.phone].filter(Boolean).join('　'), element('br'), directionsTo(site)),
    site.kind === 'VAN' ? element('p', {}, `流动体检车，停靠 ${moment(site.stopsFrom)} 至 ${clock(site.stopsUntil)}，现场名额 ${site.walkIns} 个`) : null,
    actions(open, site.walkIns > 0 ? walkInButton(campaignId, site, hours) : null), hours);
}

/** The sites of a campaign in a panel; `choose`, if any, gets the slot that is chosen. */
export async function sitesPanel(campaignId, choose) {
  const list = element('ul'), state = element('p', { className: 'state', role: 'status' });
  async function show(from) {
    const { sites } = await nearest(campaignId, from ?? { latitude: 0, longitude: 0 });
    if (!from) sites.sort((a, b) => a.site.name.localeCompare(b.site.name, 'zh-CN'));
    list.replaceChildren(...sites.map((one) => siteItem(campaignId, one, from, choose)));
    state.textContent = !sites.length ? '目前没有体检点。'
      : `${from ? '已按距离排列' : '按名称排列'}，共 ${sites.length} 个${sites.length === SHOWN ? '（最多列出这么多）' : ''}。`;
  }
  const byDistance = button('按距离排列（使用我的位置）', async () => {
    state.textContent = '正在取得您的位置…';
    const from = await position().catch(() => null);
    await show(from);
    if (!from) state.textContent = '没有得到您的位置，仍按名称排列。';
  });
  await show(null);
  return [element('p', { className: 'fine' }, '位置只用来算这一次的距离，不会保存。'), actions(byDistance), state, list];
}
