// A corner where orders are picked up (职工e家): what a member shows says which order is hers.
import { isOffline, post, words } from '../api.js';
import { $, act, actions, button, facts, showVerdict, time, yuan } from '../dom.js';
import { offerCamera } from './camera.js';

const OVER = { ORDER_HANDED_OVER: '已经交付', ORDER_POSTED: '已经邮寄', ORDER_CANCELLED: '会员已取消', ORDER_LAPSED: '逾期未领，已失效', ORDER_REFUSED: '工会已退单', ORDER_ENDED: '已失效' };
let corner = null;
const verdict = (good, title, ...lines) => showVerdict($('order'), good, title, ...lines);

async function handOver(code, order) {
  await post(`/v1/corners/${corner.cornerId}/orders:handOver`, { code, paidFen: order.dueFen });
  verdict(true, '✓ 已交付', `${order.title}　${order.count} 件`);
}

async function take(code) {
  $('order').className = 'verdict';
  $('order').textContent = '正在查找…';
  try {
    const order = await post(`/v1/corners/${corner.cornerId}/orders:scan`, { code }), due = Number(order.dueFen);
    if (OVER[order.state]) verdict(false, '✗ 不能交付', `${order.title}：${OVER[order.state]}${order.endedAt ? `（${time(order.endedAt)}）` : ''}。`);
    else verdict(null, `${order.title}　${order.count} 件`, facts(['订购', time(order.orderedAt)], ['领取截止', time(order.until)], ['应收', due ? yuan(order.dueFen) : '不用付款']),
      actions(button(due ? `已收 ${yuan(order.dueFen)}，交付` : '交付', () => handOver(code, order))));
  } catch (error) {
    verdict(false, '✗ 不能交付', isOffline(error) ? '没有网络时不能核对订单，请联网后再交付。' : words(error));
  }
}

// ---- what is common to all counters (staff.js) ----

export const part = 'corner', list = '/v1/me/corners?pageSize=100', places = (answer) => answer.corners, keyOf = (one) => one.cornerId;
export const waiting = () => [], renew = () => {};

export function enter(place) {
  corner = place;
  $('order').className = $('order').textContent = '';
}

export const leave = offerCamera('corner-video', 'corner-camera', take);
$('order-form').addEventListener('submit', act(async () => {
  const code = $('order-code').value.trim();
  $('order-code').value = '';
  await take(code);
}));
