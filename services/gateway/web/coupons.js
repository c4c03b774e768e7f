// What she may take, and what she has taken.
import { get, newKey, post } from './api.js';
import { actions, button, element, fill, say, time, yuan } from './dom.js';

function claimButton(offer) {
  // One key for this button: pressing it again can only repeat the same claim.
  const key = newKey();
  return button('领取', async () => {
    const coupon = await post(`/v1/releases/${offer.status.release.releaseId}/claims`, undefined, key);
    await showCoupons();
    say(`已领取，券码 ${coupon.code}`);
  });
}

function offerItem(offer) {
  const { release, left } = offer.status;
  const text = `${release.title}　${yuan(release.faceFen)}　剩余 ${left}　${time(release.opensAt)} 开始`;
  return element('li', { className: 'card' }, element('p', {}, text + (offer.coupon ? '　已领取' : '')), offer.coupon ? null : actions(claimButton(offer)));
}

const couponItem = (coupon) =>
  element('li', { className: 'card' }, `${yuan(coupon.faceFen)}　券码 ${coupon.code}　有效期至 ${time(coupon.expiresAt)}`);

export const showCoupons = () => Promise.all([
  fill('offers', async () => (await get('/v1/me/offers')).offers, offerItem, '目前没有可领取的券。'),
  fill('coupons', async () => (await get('/v1/me/coupons')).coupons, couponItem, '您还没有领过券。'),
]);
