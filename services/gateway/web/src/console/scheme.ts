// A scheme of subsidies as its form has it: from nothing, from an example, or like another one.
import type { Schemas } from '../shared/api';
import { amount } from '../shared/format';
import { countsOf, formOfCounts, newCounting } from './counting';
import { fen } from './release';
import { REPORTS } from './subsidy';

type Scheme = Schemas['subsidy.Scheme'];
type Asked<N extends 'Scheme' | 'FormField' | 'Selection' | 'Amount' | 'Payment'> = Schemas[`asked.subsidy.${N}`];
export type Kind = Exclude<Schemas['subsidy.FieldKind'], 'FIELD_NONE'>;
/** Bounds are characters, numbers, yuan, or days as 2026-12-01, by its kind. */
export interface FieldForm { name: string; label: string; kind: Kind; optional: boolean; least: string; most: string; choices: string; hint: string; askedWith: string; askedFor: string[]; sensitive: boolean; fileKinds: Schemas['subsidy.FileKind'][] }
/** Of numbers null is what is usual. */
export interface StepForm { title: string; level: number; role: Schemas['rule.Role']; hands: number | null; days: number; perMille: number; elsewhere: boolean; notes: boolean }
export type Way = Exclude<Schemas['payout.Way'], 'WAY_NONE'>;
export interface PointsForm { field: string; choice: string; points: number; most: number }
export interface StratumForm { title: string; choices: string[]; places: number; waiting: number }

const DAY_MS = 86400000, WEEK_MS = 7 * DAY_MS;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);
export const newField = (name: string, more: Partial<FieldForm> = {}): FieldForm => ({ name, label: '', kind: 'TEXT', optional: false, least: '', most: '', choices: '', hint: '', askedWith: '', askedFor: [], sensitive: false, fileKinds: [], ...more });
export const newStep = (more: Partial<StepForm> = {}): StepForm => ({ title: '', level: 0, role: 'BENEFIT_MANAGER', hands: null, days: 10, perMille: 0, elsewhere: false, notes: false, ...more });
const everybody = () => ({ level: 'MEMBER', trades: [], sex: 'SEX_UNKNOWN', birthday: 'ANY_DAY', ageFrom: 0, ageUntil: 0, memberMonths: 0, newWithinDays: 0 }) as Schemas['asked.audience.Audience'];

export const newScheme = () => ({
  title: '', basis: '', audience: everybody(), fields: [newField('f1')] as FieldForm[], rules: [] as { smaller: string; greater: string; words: string }[], once: 'ONCE_EVER' as Schemas['subsidy.Once'], period: 'SEASON' as Schemas['granted.Period'],
  applicants: [] as Schemas['rule.Role'][], carries: false, notBeside: [] as { schemeId: string; days: number }[], counting: newCounting(),
  byField: false, yuan: 1000, field: '', mostYuan: 3000, by: '', of: [] as { choice: string; yuan: number }[], steps: [newStep({ title: '初审', days: 5 }), newStep({ title: '复核', role: 'FINANCE' })] as StepForm[], opens: inDays(1), closes: inDays(31), correctDays: null as number | null, againDays: null as number | null, replacesId: '0',
  coverField: '', skill: null as Asked<'Scheme'>['skill'] | null, followUpDays: 0, funded: false, fundId: '', fundYuan: 100000, kind: 'ALL' as Exclude<Schemas['subsidy.SelectionKind'], 'SELECTION_NONE'>, places: 100, waiting: 50, list: inDays(46), until: inDays(120), publicName: '', valueFormat: '', value: inDays(48), draw: inDays(48), strataField: '', strata: [] as StratumForm[], points: [] as PointsForm[],
  shown: true, workingDays: 5, countsOnly: false, objectionDays: null as number | null, way: 'BY_WECHAT' as Way | '', accountField: '', holderField: '', bankField: '', scene: 'SCENE_SUBSIDY' as Schemas['payout.Scene'], report: [''], remark: '', runLines: 0, runYuan: 0, dayYuan: 0,
});
export type SchemeForm = ReturnType<typeof newScheme>;

const certificate = (name = 'certificate') => newField(name, { label: '证书编号', kind: 'CERTIFICATE', hint: '照证书填写，同一证书只能申报一次' });
export const EXAMPLES: { name: string; form: () => Partial<SchemeForm> }[] = [
  { name: '技能等级补贴（按费用，最高 3,000 元）', form: () => ({ title: '技能等级补贴', basis: '取得职业技能等级证书的会员，凭培训和认定费用申报，每人最高 3,000 元。', byField: true, field: 'fee', mostYuan: 3000, report: ['技能等级补贴'], remark: '技能等级补贴',
    fields: [newField('level', { label: '技能等级', kind: 'CHOICE', choices: '初级工\n中级工\n高级工\n技师\n高级技师' }), certificate(), newField('began', { label: '培训开始', kind: 'DATE' }), newField('ended', { label: '培训结束', kind: 'DATE' }), newField('fee', { label: '培训和认定费用', kind: 'FEN', least: '0.01', most: '10000' })],
    rules: [{ smaller: 'began', greater: 'ended', words: '培训结束早于培训开始' }] }) },
  { name: '学历补贴（抽签，1,000 元）', form: () => ({ title: '学历补贴', basis: '取得大专以上学历的会员，审核通过后抽签，每人 1,000 元。', yuan: 1000, funded: true, kind: 'BY_LOT', places: 100, waiting: 50, report: ['学历补贴'], remark: '学历补贴',
    fields: [newField('level', { label: '学历', kind: 'CHOICE', choices: '大专\n本科\n硕士及以上' }), certificate(), newField('school', { label: '毕业院校', least: '2', most: '60' }), newField('day', { label: '毕业日期', kind: 'DATE' })] }) },
  { name: '困难帮扶（只公示人数和金额）', form: () => ({ title: '困难职工帮扶', basis: '因病因灾等造成家庭困难的会员，经入户核实后帮扶。', once: 'ONCE_PERIOD', period: 'YEAR', yuan: 3000, funded: true, countsOnly: true, report: ['困难帮扶'], remark: '困难帮扶',
    fields: [newField('reason', { label: '困难原因', kind: 'CHOICE', choices: '本人患病\n家属患病\n意外灾害\n其他' }), newField('other', { label: '具体情况', askedWith: 'reason', askedFor: ['其他'], least: '4', most: '500' }), newField('people', { label: '家庭人口', kind: 'NUMBER', least: '1', most: '20' }), newField('income', { label: '家庭月收入', kind: 'FEN', least: '0', most: '100000' })],
    steps: [newStep({ title: '入户核实', level: 3, days: 10 }), newStep({ title: '复核', role: 'FINANCE' })] }) },
  { name: '非公企业工会主席补贴（每季度，按提交先后）', form: () => ({ title: '非公企业工会主席补贴', basis: '非公企业工会主席按季度申报履职补贴。', once: 'ONCE_PERIOD', period: 'SEASON', yuan: 600, funded: true, kind: 'IN_ORDER', places: 0, report: ['工会主席补贴'], remark: '工会主席补贴',
    fields: [newField('company', { label: '企业名称', least: '4', most: '60' }), newField('since', { label: '任职日期', kind: 'DATE' }), newField('members', { label: '企业会员人数', kind: 'NUMBER', least: '25', most: '100000' })] }) },
];

const scaled = (kind: Kind, number: string) => (kind === 'FEN' ? amount(number).replaceAll(',', '') : kind === 'DATE' ? number.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3') : number);
const fieldForm = (one: Scheme['fields'][number]): FieldForm => {
  const bounded = one.least !== '0' || one.most !== '0', kind = one.kind as Kind;
  return { ...one, kind, least: bounded ? scaled(kind, one.least) : '', most: bounded ? scaled(kind, one.most) : '', choices: one.choices.join('\n') };
};

/** A draft as it is, or, to begin another like it, the same so many whole weeks later that it lies ahead. */
export function formOf(scheme: Scheme, anew: boolean): SchemeForm {
  const blank = newScheme(), { amount: what, funding, selection, showing, payment } = scheme;
  const shift = anew ? Math.max(0, Math.ceil((Date.now() + DAY_MS - Date.parse(scheme.opensAt ?? '')) / WEEK_MS)) * WEEK_MS : 0;
  const at = (text: string | null | undefined, else_: Date) => (text ? new Date(Date.parse(text) + shift) : else_), yuanOf = (text: string | undefined) => Number(text ?? 0) / 100;
  return {
    ...blank, title: scheme.title, basis: scheme.basis, audience: scheme.audience ?? blank.audience, fields: scheme.fields.map(fieldForm), rules: scheme.rules.map((one) => ({ ...one })), once: scheme.once, period: scheme.period === 'PERIOD_NONE' ? blank.period : scheme.period,
    applicants: [...scheme.applicantRoles], carries: scheme.carries, notBeside: scheme.notBeside.map((one) => ({ ...one })), counting: formOfCounts(scheme.counts, scheme.unionId),
    byField: Boolean(what?.field), yuan: yuanOf(what?.fen) || blank.yuan, field: what?.field ?? '', mostYuan: yuanOf(what?.mostFen) || blank.mostYuan, by: what?.by ?? '', of: (what?.of ?? []).map(({ choice, fen: each }) => ({ choice, yuan: yuanOf(each) })), steps: scheme.steps.map(({ hands, ...one }) => ({ ...one, hands: hands || null })),
    opens: at(scheme.opensAt, blank.opens), closes: at(scheme.closesAt, blank.closes), correctDays: scheme.correctDays || null, againDays: scheme.againDays || null, replacesId: anew ? '0' : scheme.replacesId, funded: Boolean(funding),
    ...funding && { fundId: funding.fundId, fundYuan: yuanOf(funding.fen) },
    ...selection && { kind: selection.kind as SchemeForm['kind'], places: selection.places, waiting: selection.waiting, list: at(selection.listAt, blank.list), until: at(selection.until, blank.until), publicName: selection.publicName, valueFormat: selection.valueFormat, value: at(selection.valueAt, blank.value), draw: at(selection.drawAt, blank.draw), strataField: selection.strataField, strata: selection.strata.map((one) => ({ ...one, choices: [...one.choices] })), points: selection.points.map((one) => ({ ...one })) },
    shown: Boolean(showing) || !funding, ...showing && { workingDays: showing.workingDays, countsOnly: showing.countsOnly, objectionDays: showing.objectionDays || null }, way: payment ? payment.way as Way : funding ? '' : blank.way,
    coverField: scheme.coverCheck?.field ?? '', skill: scheme.skill ? { ...scheme.skill } : null, followUpDays: scheme.followUpDays,
    ...payment && { accountField: payment.accountField, holderField: payment.holderField, bankField: payment.bankField, scene: payment.scene === 'SCENE_NONE' ? blank.scene : payment.scene, report: [...payment.report], remark: payment.remark, runLines: payment.runLines, runYuan: yuanOf(payment.runFen), dayYuan: yuanOf(payment.dayFen) },
  };
}

const lines = (text: string) => text.split('\n').map((one) => one.trim()).filter(Boolean);
const number = (kind: Kind, text: string) => (text === '' ? '0' : kind === 'FEN' ? fen(Number(text)) : kind === 'DATE' ? text.replaceAll('-', '') : text.trim());
export const isBounded = (kind: Kind) => /^(TEXT|NUMBER|FEN|DATE|FILE)$/.test(kind);
function fieldOf({ choices, least, most, askedWith, askedFor, kind, fileKinds, ...one }: FieldForm): Asked<'FormField'> {
  return { ...one, kind, ...kind === 'FILE' && { fileKinds }, ...isBounded(kind) && { least: number(kind, least), most: number(kind, most) }, ...kind === 'CHOICE' && { choices: lines(choices) }, ...askedWith && { askedWith, askedFor } };
}
/** What may be chosen, as it is typed. */
export const choicesOf = ({ choices }: FieldForm) => lines(choices);

/** The fields that each application has an answer to, of a kind; of what is chosen by them. */
export const asksAlways = ({ fields }: Pick<SchemeForm, 'fields'>, kinds: RegExp) => fields.filter(({ kind, optional, askedWith }) => kinds.test(kind) && !optional && !askedWith);
/** What is paid for each of the choices, as far as it is said. */
export function eachOf({ by, of, fields }: SchemeForm) {
  const field = fields.find(({ name }) => name === by), names = field ? choicesOf(field) : [];
  return [...of.filter(({ choice }) => names.includes(choice)), ...names.filter((name) => !of.some(({ choice }) => choice === name)).map((choice) => ({ choice, yuan: 0 }))];
}
/** How many places there are: of strata all of theirs. */
export const placesOf = ({ kind, strataField, strata, places }: SchemeForm) => (kind === 'BY_LOT' && strataField ? strata.reduce((sum, one) => sum + (one.places || 0), 0) : places);

function amountOf(form: SchemeForm): Asked<'Amount'> {
  const { byField, by, field, mostYuan, yuan } = form;
  if (by) return { ...byField && { field }, by, of: eachOf(form).map((one) => ({ choice: one.choice, fen: fen(one.yuan) })) };
  return byField ? { field, mostFen: fen(mostYuan) } : { fen: fen(yuan) };
}

function selectionOf(form: SchemeForm): Asked<'Selection'> {
  const { kind, waiting, list, until, publicName, valueFormat, value, draw, strataField, strata, points } = form;
  if (kind === 'ALL') return { kind };
  const fixed = { kind, places: placesOf(form), listAt: list.toISOString(), until: until.toISOString() };
  if (kind === 'IN_ORDER') return fixed;
  const scored = { ...fixed, points };
  return kind === 'BY_SCORE' ? scored : { ...scored, ...strataField ? { strataField, strata } : { waiting }, ...publicName && { publicName, valueFormat, valueAt: value.toISOString(), drawAt: draw.toISOString() } };
}

function paymentOf({ way, scene, report, accountField, holderField, bankField, remark, runLines, runYuan, dayYuan }: SchemeForm): Asked<'Payment'> {
  const limits = { remark, runLines, runFen: fen(runYuan), dayFen: fen(dayYuan) };
  if (way === 'BY_WECHAT') return { way, scene, report: report.slice(0, REPORTS[scene]?.length ?? 1), ...limits };
  return way === 'BY_BANK' ? { way, accountField, holderField, bankField, ...limits } : { way: 'IN_KIND', ...limits };
}

export function schemeOf(form: SchemeForm, unionId: string): Asked<'Scheme'> {
  const { title, basis, audience, fields, rules, once, period, steps, opens, closes, correctDays, againDays, replacesId, funded, shown, way, applicants, notBeside, carries } = form;
  return {
    unionId, title, basis, audience, fields: fields.map(fieldOf), rules, once, ...once === 'ONCE_PERIOD' && { period, carries }, applicantRoles: applicants, notBeside, counts: countsOf(form.counting), amount: amountOf(form),
    steps: steps.map((one) => ({ ...one, hands: one.hands ?? 0, elsewhere: one.perMille > 0 && one.elsewhere })), opensAt: opens.toISOString(), closesAt: closes.toISOString(), correctDays: correctDays ?? 0, againDays: againDays ?? 0,
    ...replacesId !== '0' && { replacesId },
    ...funded && { funding: { fundId: form.fundId, fen: fen(form.fundYuan) }, selection: selectionOf(form) }, ...funded && shown && { showing: { workingDays: form.workingDays, countsOnly: form.countsOnly, objectionDays: form.objectionDays ?? 0 } },
    ...funded && way && { payment: paymentOf(form) },
    ...form.coverField && { coverCheck: { field: form.coverField } }, ...form.skill && { skill: form.skill }, followUpDays: form.followUpDays,
  };
}

/** What a field that is no more, or is another now, was used for is forgotten. */
export function forget(form: SchemeForm, name: string) {
  for (const one of form.fields) if (one.askedWith === name) Object.assign(one, { askedWith: '', askedFor: [] });
  form.rules = form.rules.filter(({ smaller, greater }) => smaller !== name && greater !== name);
  form.points = form.points.filter(({ field }) => field !== name);
  if (form.field === name) form.field = '';
  if (form.by === name) Object.assign(form, { by: '', of: [] });
  for (const key of ['coverField', 'accountField', 'holderField', 'bankField'] as const) if (form[key] === name) form[key] = '';
  if (form.skill && Object.values(form.skill).includes(name)) form.skill = null;
  if (form.strataField === name) Object.assign(form, { strataField: '', strata: [] });
}

/** What is meant by the place that a refusal names, e.g. scheme.fields[2].most. */
export function placeOf(path: string, { fields, steps }: SchemeForm): string {
  const [, part, nth] = /^scheme\.(\w+)(?:\[(\d+)\])?/.exec(path) ?? [], i = Number(nth ?? 0);
  const NAMES: Record<string, string> = { title: '名称', basis: '政策说明', closesAt: '申报截止', opensAt: '申报开始', amount: '补贴金额', period: '周期', steps: '审核', rules: '大小关系', funding: '资金', selection: '产生方式', payment: '发放方式', showing: '公示', audience: '面向', applicantRoles: '由谁申报', carries: '沿用', notBeside: '不同时享受', counts: '与其他福利合并计算', coverCheck: '互助保障', skill: '技能档案', followUpDays: '回访' };
  if (part === 'fields' && nth) return `第 ${i + 1} 项“${fields[i]?.label || '未命名'}”`;
  if (part === 'steps' && nth) return `第 ${i + 1} 级审核“${steps[i]?.title || '未命名'}”`;
  return part === 'rules' && nth ? `第 ${i + 1} 条大小关系` : NAMES[part ?? ''] ?? '';
}

/** A code for a new field that none has. */
export function freeName(fields: FieldForm[]) {
  let n = fields.length + 1;
  while (fields.some(({ name }) => name === `f${n}`)) n++;
  return `f${n}`;
}
