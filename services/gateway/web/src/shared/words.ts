// What the app and the console call alike.
import type { Said } from './api';

export const TRADE: Record<string, string> = {
  TRADE_OTHER: '其他职业', COURIER: '快递员', FOOD_DELIVERY: '外卖配送员', TRUCK_DRIVER: '货车司机', RIDE_DRIVER: '网约车司机', SANITATION: '环卫工人', CONSTRUCTION: '建筑工人',
} satisfies Said<'rpc.Trade'>;
export const REFUSAL = {
  REFUSAL_NOT_OF_THIS_UNION: '不属于该工会', REFUSAL_DETAILS_WRONG: '资料不符', REFUSAL_UNPROVEN: '没有证明', REFUSAL_DUES_OPEN: '会费未缴清', REFUSAL_UNION_CLOSED: '工会不再接收', REFUSAL_OTHER: '其他原因',
} as const satisfies Said<'identity.RefusalReason'>;
export const DOCUMENT: Record<string, string> = {
  DOCUMENT_RESIDENT_ID: '居民身份证（含居住证、新版永久居留身份证）', DOCUMENT_HK_MACAU_PERMIT: '港澳居民来往内地通行证', DOCUMENT_TAIWAN_PERMIT: '台湾居民来往大陆通行证', DOCUMENT_FOREIGN_PERMANENT: '外国人永久居留证（旧版）', DOCUMENT_PASSPORT: '护照',
} satisfies Said<'identity.DocumentKind'>;
export const PURPOSE: Record<string, string> = {
  PURPOSE_ACCOUNT: '账号', PURPOSE_REAL_NAME_CHECK: '实名核验', PURPOSE_HEALTH_REPORT: '体检报告', PURPOSE_LOCATION: '位置', PURPOSE_PARTNER_SHARING: '提供给合作方',
  PURPOSE_PERSONALISED_PUSH: '个性化推送', PURPOSE_MATCHMAKING: '婚恋交友', PURPOSE_SINGLE_PLEDGE: '单身承诺',
  PURPOSE_HARDSHIP: '家庭与医疗资料',
} satisfies Said<'identity.Purpose'>;
export const SIGN_IN: Record<string, string> = { SIGN_IN_BY_CODE: '验证码登录', SIGN_IN_BY_WECHAT: '微信登录', SIGN_IN_BY_PASSWORD: '密码和动态口令登录' } satisfies Said<'identity.SignIn'>;
export const GOODS: Record<string, string> = {
  MEALS: '餐饮', COOL_DRINKS: '饮品', GROCERIES: '商超、便利店', CINEMA: '电影', BOOKS: '图书', SPORTS: '运动健身', MEDICINE: '药店', VEHICLES: '加油、充电、车辆保养', HOTELS: '住宿、疗休养',
  TRAVEL: '交通、旅游', TELECOMS: '通信', HOUSEHOLD: '家电、日用品', SUPPORTED: '帮扶地区产品', SERVICES: '理发、维修等生活服务', OTHER_GOODS: '其他',
} satisfies Said<'coupon.GoodsClass'>;
export const WEEKDAY: Record<string, string> = { MONDAY: '周一', TUESDAY: '周二', WEDNESDAY: '周三', THURSDAY: '周四', FRIDAY: '周五', SATURDAY: '周六', SUNDAY: '周日' } satisfies Said<'coupon.Weekday'>;
