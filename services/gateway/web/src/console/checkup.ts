// A campaign of check-ups as its form has it: from nothing, from an example, or like another one.
import { api, got, newKey, type Schemas } from '../shared/api';
import { countsOf, formOfCounts, newCounting } from './counting';

type Campaign = Schemas['health.Campaign'];
type Package = Schemas['health.Package'];
export interface CheckupForm {
  title: string; rules: string; firstCome: boolean; audience: Schemas['asked.audience.Audience']; counting: ReturnType<typeof newCounting>;
  strata: Schemas['asked.health.Stratum'][]; walkIns: number; price: number; opens: Date; closes: Date; value: Date; publicName: string; valueFormat: string;
  bookFrom: Date; bookUntil: Date; items: string; sites: string[];
  /** What has no field and is kept as it was: prices of sites, terms of booking. */
  was: Campaign | null;
  /** Whose items these are, or were until they were changed: it gives them their codes, and serves as it is while they are the same. */
  pack: Package | null;
}

const HOUR = 3600000, DAY = 24 * HOUR, WEEK = 7 * DAY;
const inDays = (days: number) => new Date(Date.now() + days * DAY);

export const newCheckup = (): CheckupForm => ({
  title: '', rules: '', firstCome: false, audience: { level: 'MEMBER', trades: [], sex: 'SEX_UNKNOWN', birthday: 'ANY_DAY', ageFrom: 0, ageUntil: 0, memberMonths: 0, newWithinDays: 0 }, counting: newCounting(),
  strata: [{ label: '全体', quota: 100, waiting: 50 }], walkIns: 0, price: 300, opens: inDays(1), closes: inDays(8), value: inDays(9), publicName: '福彩双色球', valueFormat: '## ## ## ## ## ## + ##',
  bookFrom: inDays(10), bookUntil: inDays(40), items: '血常规\n尿常规\n血压\n心电图', sites: [], was: null, pack: null,
});

export const EXAMPLES: { name: string; form: Partial<CheckupForm> & { audience?: Schemas['asked.audience.Audience'] } }[] = [
  { name: '年度免费体检（抽签）', form: { title: '年度免费体检', rules: '本会会员每年一次，按抽签结果预约。', price: 300, items: '血常规\n尿常规\n血压\n心电图\n肝功能\n肾功能\n血脂\n空腹血糖\n胸部正位片\n腹部彩超' } },
  { name: '女职工两癌筛查（抽签）', form: { title: '女职工两癌筛查', rules: '35 至 64 周岁女会员，三年内没有参加过两癌筛查。', price: 280, items: '妇科检查\n宫颈细胞学检查\nHPV 检测\n乳腺彩超\n乳腺专科检查',
    audience: { level: 'MEMBER', trades: [], sex: 'FEMALE', birthday: 'ANY_DAY', ageFrom: 35, ageUntil: 64, memberMonths: 0, newWithinDays: 0 } } },
  { name: '新就业形态劳动者专项体检（抽签）', form: { title: '新就业形态劳动者专项体检', rules: '职业已认证的快递员、外卖配送员、货车司机、网约车司机。', price: 260, items: '血常规\n尿常规\n血压\n心电图\n肺功能\n胸部正位片\n幽门螺杆菌检测\n腹部彩超',
    audience: { level: 'CATEGORY', trades: ['COURIER', 'FOOD_DELIVERY', 'TRUCK_DRIVER', 'RIDE_DRIVER'], sex: 'SEX_UNKNOWN', birthday: 'ANY_DAY', ageFrom: 0, ageUntil: 0, memberMonths: 0, newWithinDays: 0 } } },
  { name: '流动体检车（先到先得）', form: { title: '流动体检车进站点', rules: '本会会员直接预约，当天有空位可以现场登记。', firstCome: true, walkIns: 20, price: 120, items: '血压\n血常规\n空腹血糖\n心电图\n胸部正位片' } },
];

const namesOf = ({ items }: Package) => items.map(({ name }) => name).join('\n');
/** What a form has of a package that is chosen. */
export const withPackage = (pack: Package) => ({ items: namesOf(pack), pack });

const timeOf = (text: string | null | undefined, shift: number, fallback: Date) => (text ? new Date(Date.parse(text) + shift) : fallback);
/** A draft as it is, or, to begin another like it, the same so many whole weeks later that it lies ahead. */
export function formOf(campaign: Campaign, pack: Package, anew: boolean): CheckupForm {
  const begins = Date.parse((campaign.firstCome ? campaign.bookFrom : campaign.opensAt) ?? ''), blank = newCheckup();
  const shift = anew ? Math.max(0, Math.ceil((Date.now() + DAY - begins) / WEEK)) * WEEK : 0, price = Number(campaign.priceFen);
  const places = campaign.strata.reduce((sum, one) => sum + one.quota, 0);
  return {
    title: campaign.title, rules: campaign.rules, firstCome: campaign.firstCome, audience: campaign.audience ?? blank.audience, counting: formOfCounts(campaign.counts, campaign.unionId),
    strata: campaign.strata.map((one) => ({ ...one })), walkIns: price ? Math.max(0, Math.round(Number(campaign.budgetFen) / price) - places) : 0, price: price / 100,
    opens: timeOf(campaign.opensAt, shift, blank.opens), closes: timeOf(campaign.closesAt, shift, blank.closes), value: timeOf(campaign.valueAt, shift, blank.value),
    publicName: campaign.publicName || blank.publicName, valueFormat: campaign.valueFormat || blank.valueFormat, bookFrom: timeOf(campaign.bookFrom, shift, blank.bookFrom), bookUntil: timeOf(campaign.bookUntil, shift, blank.bookUntil),
    ...withPackage(pack), sites: campaign.sites.filter((one) => !one.withdrawn).map(({ siteId }) => siteId), was: campaign,
  };
}

export const placesOf = ({ strata, walkIns }: CheckupForm) => strata.reduce((sum, one) => sum + (one.quota ?? 0), walkIns);
const priceAt = ({ was }: CheckupForm, siteId: string) => was?.sites.find((one) => one.siteId === siteId)?.priceFen ?? '0';
/** In yuan: as if all were examined at the dearest of its sites. */
export const mostOf = (form: CheckupForm) => placesOf(form) * Math.max(form.price, ...form.sites.map((siteId) => Number(priceAt(form, siteId)) / 100));

export const itemsOf = ({ items, pack }: CheckupForm) => items.split('\n').map((name) => name.trim()).filter(Boolean)
  .map((name, i) => pack?.items.find((one) => one.name === name) ?? { code: `I${i + 1}`, name, kind: 'BASE' as const });
/** Whether what is examined is the same as there, so that its package serves. */
export const samePackage = (form: CheckupForm) => form.pack && namesOf(form.pack) === itemsOf(form).map(({ name }) => name).join('\n');

export function campaignOf(form: CheckupForm, unionId: string, packageId: string): Schemas['asked.health.Campaign'] {
  const iso = (time: Date) => new Date(time).toISOString(), { was } = form;
  return {
    unionId, title: form.title, rules: form.rules, packageId, audience: form.audience, counts: countsOf(form.counting), strata: form.strata.map((one) => ({ ...one, ...form.firstCome && { waiting: 0 } })),
    sites: form.sites.map((siteId) => ({ siteId, priceFen: priceAt(form, siteId) })),
    ...form.firstCome ? { firstCome: true } : { opensAt: iso(form.opens), closesAt: iso(form.closes), publicName: form.publicName, valueFormat: form.valueFormat, valueAt: iso(form.value), drawAt: iso(new Date(form.value.getTime() + HOUR)) },
    bookFrom: iso(form.bookFrom), bookUntil: iso(form.bookUntil), bookDays: was?.bookDays ?? 7, cancelHours: was?.cancelHours ?? 24, noShowDays: was?.noShowDays ?? 0,
    priceFen: String(Math.round(form.price * 100)), budgetFen: String(Math.round(mostOf(form) * 100)),
  };
}

/** Drafts it, or changes the draft of that number. */
export async function saveCheckup(form: CheckupForm, unionId: string, campaignId?: string): Promise<Campaign> {
  const params = () => ({ header: { 'Idempotency-Key': newKey() } });
  const packageId = samePackage(form) ? form.pack!.packageId
    : (await got(api.POST('/v1/checkup-packages', { params: params(), body: { package: { unionId, title: form.title, items: itemsOf(form) } } }))).packageId;
  const body = { campaign: campaignOf(form, unionId, packageId) };
  return campaignId ? got(api.POST('/v1/checkups/{campaignId}:update', { params: { path: { campaignId } }, body })) : got(api.POST('/v1/checkups', { params: params(), body }));
}
