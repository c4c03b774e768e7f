// A release of coupons as its form has it, and as it is sent. What the way of giving does not ask for is left out.
import type { Schemas } from '../shared/api';
import { countsOf, newCounting } from './counting';

type Asked<N extends 'Release' | 'LotForm' | 'TicketTerms' | 'Spending' | 'OpenHours'> = Schemas[`asked.coupon.${N}`];
export type Kind = 'FIRST_COME' | 'FAIR' | 'DAILY' | 'SEASON' | 'ENTITLED' | 'CODES' | 'TICKETS';
/** The ways of giving as officials choose them: a lot of each day and one of a season are two. */
export const KIND: Record<Kind, string> = { FIRST_COME: '先到先得', FAIR: '公平领取', DAILY: '每日抽签', SEASON: '整期抽签', ENTITLED: '人人有份', CODES: '兑换码', TICKETS: '票务' };
export const KIND_HINT: Record<Kind, string> = {
  FIRST_COME: '每天到点开抢，领完为止。', FAIR: '开始后一段时间内登记的人一起抽签，快慢没有差别；有剩余再先到先得。', DAILY: '每天在登记时间内登记，截止后按事先承诺的秘密自动抽签并公布。',
  SEASON: '一次登记、一次抽签，混入公开的开奖数值，有候补名单；如疗休养名额。', ENTITLED: '符合条件的人人可领，不必抢；如生日、新入会、长期会龄。', CODES: '导入合作方的兑换码（如观影券），每个只发一人。', TICKETS: '按班次和席别的票，可带同行人，退票给候补。',
};
/** Whether its coupons are spent at a counter. */
export const atCounter = (kind: Kind) => kind !== 'CODES' && kind !== 'TICKETS';

const DAY_MS = 86400000;
const later = (days: number) => new Date(Date.now() + days * DAY_MS);
export const newDeparture = (classes: number) => ({ title: '', place: '', departsAt: later(14), quotas: Array<number>(classes).fill(50) });
export const newRelease = () => ({
  kind: 'FIRST_COME' as Kind, title: '', face: 5, threshold: 15, stock: 1000, days: 30, allowance: 'ONE_PER_DAY' as Schemas['coupon.Allowance'], opens: later(1), fundId: '',
  audience: { level: 'MEMBER', trades: [], sex: 'SEX_UNKNOWN', birthday: 'ANY_DAY', ageFrom: 0, ageUntil: 0, memberMonths: 0, newWithinDays: 0 } as Asked<'Release'>['audience'] & object, counting: newCounting(),
  lot: { minutes: 60, thatDay: true, rules: '', closes: later(8), publicName: '', valueFormat: '', value: later(9), draw: later(9), until: later(40), waiting: 50, acceptDays: 3 },
  codes: { partner: '', howTo: '' },
  tickets: { classes: [{ title: '', price: 0 }], departures: [newDeparture(1)], companions: 0, acceptHours: 24, returnHours: 24 },
  life: 'AFTER' as 'AFTER' | 'FIXED', validDays: 7, validAfterDays: 0, validFrom: later(1), validUntil: later(31),
  spending: { merchantIds: [] as string[], goods: [] as Schemas['coupon.GoodsClass'][], hours: [] as Asked<'OpenHours'>[], alone: false, atMost: 0, merchantPercent: 0, freesUnspent: false },
});
export type ReleaseForm = ReturnType<typeof newRelease>;

/** How often one person may take one, by the way of giving. */
export const allowances = (kind: Kind): Schemas['coupon.Allowance'][] =>
  kind === 'TICKETS' ? ['ONE_PER_RELEASE'] : kind === 'FIRST_COME' || kind === 'ENTITLED' || kind === 'CODES' ? ['ONE_PER_RELEASE', 'ONE_PER_DAY', 'ONE_PER_MONTH', 'ONE_PER_YEAR'] : ['ONE_PER_RELEASE', 'ONE_PER_DAY'];

export const fen = (amount: number) => String(Math.round(amount * 100));
const isOneDay = (kind: Kind) => kind === 'SEASON' || kind === 'TICKETS';
/** How many coupons at most, all days together. */
export function most({ kind, stock, days, tickets }: ReleaseForm) {
  if (kind === 'TICKETS') return tickets.departures.reduce((sum, one) => sum + one.quotas.reduce((seats, n) => seats + n, 0), 0);
  return kind === 'ENTITLED' || kind === 'SEASON' ? stock : stock * days;
}

function lotOf({ kind, lot }: ReleaseForm): Asked<'LotForm'> | undefined {
  if (kind === 'FAIR' || kind === 'DAILY') return { entrySeconds: Math.round(lot.minutes * 60), thatDay: lot.thatDay, rules: lot.rules };
  if (kind !== 'SEASON') return undefined;
  return { season: true, rules: lot.rules, closesAt: lot.closes.toISOString(), publicName: lot.publicName, valueFormat: lot.valueFormat, valueAt: lot.value.toISOString(), drawAt: lot.draw.toISOString(), until: lot.until.toISOString(), waiting: lot.waiting, acceptDays: lot.acceptDays };
}
const ticketsOf = ({ classes, departures, ...rest }: ReleaseForm['tickets']): Asked<'TicketTerms'> => ({
  ...rest, classes: classes.map(({ title, price }) => ({ title, priceFen: fen(price) })), departures: departures.map(({ departsAt, ...one }) => ({ ...one, departsAt: departsAt.toISOString() })),
});
function spendingOf({ life, validAfterDays, validFrom, validUntil, spending }: ReleaseForm): Asked<'Spending'> | undefined {
  const { merchantIds, goods, hours, alone, atMost, merchantPercent, freesUnspent } = spending;
  const fixed = life === 'FIXED' && { validFrom: validFrom.toISOString(), validUntil: validUntil.toISOString() };
  const asks = merchantIds.length || goods.length || hours.length || alone || atMost || merchantPercent || freesUnspent || fixed || validAfterDays;
  return asks ? { merchantIds, goods, hours, alone, atMost, merchantPercent, freesUnspent, ...fixed || { validAfterDays } } : undefined;
}

export function releaseOf(form: ReleaseForm, unionId: string): Asked<'Release'> {
  const { kind, title, face, threshold, stock, days, allowance, audience, opens, life, validDays, fundId } = form;
  return {
    unionId, title, faceFen: fen(face), thresholdFen: fen(atCounter(kind) ? threshold : 0), way: kind === 'DAILY' || kind === 'SEASON' ? 'LOT' : kind, allowance: isOneDay(kind) ? 'ONE_PER_RELEASE' : allowance,
    audience, counts: countsOf(form.counting), opensAt: opens.toISOString(), days: isOneDay(kind) ? 1 : days,
    ...kind !== 'TICKETS' && { stockPerDay: stock }, ...(life === 'AFTER' || !atCounter(kind)) && { validDays }, lot: lotOf(form),
    ...kind === 'CODES' && { codes: form.codes }, ...kind === 'TICKETS' && { tickets: ticketsOf(form.tickets) }, ...atCounter(kind) && { spending: spendingOf(form) }, ...fundId && { funding: { fundId } },
  };
}
