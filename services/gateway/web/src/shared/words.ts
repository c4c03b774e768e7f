// What the app and the console call alike.
import type { Said } from './api';

export const TRADE: Record<string, string> = {
  TRADE_OTHER: '其他职业', COURIER: '快递员', FOOD_DELIVERY: '外卖配送员', TRUCK_DRIVER: '货车司机', RIDE_DRIVER: '网约车司机', SANITATION: '环卫工人', CONSTRUCTION: '建筑工人',
} satisfies Said<'rpc.Trade'>;
export const REFUSAL = {
  REFUSAL_NOT_OF_THIS_UNION: '不属于该工会', REFUSAL_DETAILS_WRONG: '资料不符', REFUSAL_UNPROVEN: '没有证明', REFUSAL_DUES_OPEN: '会费未缴清', REFUSAL_UNION_CLOSED: '工会不再接收', REFUSAL_OTHER: '其他原因',
} as const satisfies Said<'identity.RefusalReason'>;
