// A scheme of subsidies as its form has it: from nothing, from an example, or like another one.
import type { Schemas } from '../shared/api';
import { amount } from '../shared/format';
import { fen } from './release';
import { REPORTS } from './subsidy';
import { ROLE } from './words';

type Scheme = Schemas['subsidy.Scheme'];
type Asked<N extends 'Scheme' | 'FormField' | 'Selection'> = Schemas[`asked.subsidy.${N}`];
export type Kind = Exclude<Schemas['subsidy.FieldKind'], 'FIELD_NONE'>;
/** Bounds are characters, numbers, yuan, or days as 2026-12-01, by its kind. */
export interface FieldForm { name: string; label: string; kind: Kind; optional: boolean; least: string; most: string; choices: string; hint: string; askedWith: string; askedFor: string[] }
export interface StepForm { title: string; level: number; role: Schemas['rule.Role']; hands: number; days: number }

const DAY_MS = 86400000, WEEK_MS = 7 * DAY_MS;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);
export const newField = (name: string, more: Partial<FieldForm> = {}): FieldForm => ({ name, label: '', kind: 'TEXT', optional: false, least: '', most: '', choices: '', hint: '', askedWith: '', askedFor: [], ...more });
export const newStep = (more: Partial<StepForm> = {}): StepForm => ({ title: '', level: 0, role: 'BENEFIT_MANAGER', hands: 1, days: 10, ...more });
const everybody = () => ({ level: 'MEMBER', trades: [], sex: 'SEX_UNKNOWN', birthday: 'ANY_DAY', ageFrom: 0, ageUntil: 0, memberMonths: 0, newWithinDays: 0 }) as Schemas['asked.audience.Audience'];

export const newScheme = () => ({
  title: '', basis: '', audience: everybody(), fields: [newField('f1')] as FieldForm[], rules: [] as { smaller: string; greater: string; words: string }[], once: 'ONCE_EVER' as Schemas['subsidy.Once'], period: 'SEASON' as Schemas['granted.Period'],
  byField: false, yuan: 1000, field: '', mostYuan: 3000, steps: [newStep({ title: '初审', days: 5 }), newStep({ title: '复核', role: 'FINANCE' })] as StepForm[], opens: inDays(1), closes: inDays(31), correctDays: 15, againDays: 15, replacesId: '0',
  funded: false, fundId: '', fundYuan: 100000, kind: 'ALL' as Exclude<Schemas['subsidy.SelectionKind'], 'SELECTION_NONE'>, places: 100, waiting: 50, list: inDays(46), until: inDays(120), publicName: '', valueFormat: '', value: inDays(48), draw: inDays(48),
  shown: true, workingDays: 5, countsOnly: false, objectionDays: 15, paid: true, scene: 'SCENE_SUBSIDY' as Schemas['payout.Scene'], report: [''], remark: '', runLines: 0, runYuan: 0, dayYuan: 0,
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

/**
 * The terms for which the form has no fields, in words: who confirms a scheme reads them all, and one that has some is
 * changed by its file, as the form would lose them.
 */
export function beyondForm({ counts, applicantRoles, notBeside, carries, amount: what, selection, fields, coverCheck, skill, followUpDays, steps }: Scheme): string[] {
  const labelOf = (name: string) => fields.find((one) => one.name === name)?.label ?? name;
  return [
    ...counts ? ['与其他福利合并计入限额'] : [],
    ...applicantRoles.length ? [`由${applicantRoles.map((role) => ROLE[role]).join('、')}代表本单位申报`] : [],
    ...notBeside.map(({ schemeId, days }) => `领过项目 ${schemeId} 的，${days} 天内不再发`),
    ...coverCheck ? [`“${labelOf(coverCheck.field)}”那天，本人须在意外医疗互助保障期内`] : [],
    ...skill ? [`审核通过后记入技能档案：${[skill.title || `“${labelOf(skill.titleField)}”`, ...[skill.occupationField, skill.levelField, skill.dayField].filter(Boolean).map((name) => `“${labelOf(name)}”`)].join('、')}`] : [],
    ...steps.filter(({ notes }) => notes).map(({ title }) => `${title}：同意时须写明核实情况`),
    ...followUpDays ? [`审核通过 ${followUpDays} 天后回访`] : [],
    ...carries ? ['上期已发的沿用到下一期，重新审核'] : [],
    ...what?.by ? [`金额看“${labelOf(what.by)}”：${what.of.map(({ choice, fen: each }) => `${choice} ${amount(each)} 元`).join('、')}`] : [],
    ...(selection?.strata ?? []).map(({ title, choices, places, waiting }) => `${title}（${choices.join('、')}）：${places} 名，候补 ${waiting} 名`),
    ...(selection?.points ?? []).map(({ field, choice, points, most }) => `“${labelOf(field)}”${choice ? `是${choice}` : '每 1'}：${points} 分${most ? `，最多 ${most} 分` : ''}`),
  ];
}

/** A draft as it is, or, to begin another like it, the same so many whole weeks later that it lies ahead. */
export function formOf(scheme: Scheme, anew: boolean): SchemeForm {
  const blank = newScheme(), { amount: what, funding, selection, showing, payment } = scheme;
  const shift = anew ? Math.max(0, Math.ceil((Date.now() + DAY_MS - Date.parse(scheme.opensAt ?? '')) / WEEK_MS)) * WEEK_MS : 0;
  const at = (text: string | null | undefined, else_: Date) => (text ? new Date(Date.parse(text) + shift) : else_), yuanOf = (text: string | undefined) => Number(text ?? 0) / 100;
  return {
    ...blank, title: scheme.title, basis: scheme.basis, audience: scheme.audience ?? blank.audience, fields: scheme.fields.map(fieldForm), rules: scheme.rules.map((one) => ({ ...one })), once: scheme.once, period: scheme.period === 'PERIOD_NONE' ? blank.period : scheme.period,
    byField: Boolean(what?.field), yuan: yuanOf(what?.fen) || blank.yuan, field: what?.field ?? '', mostYuan: yuanOf(what?.mostFen) || blank.mostYuan, steps: scheme.steps.map(({ hands, ...one }) => ({ ...one, hands: hands || 1 })),
    opens: at(scheme.opensAt, blank.opens), closes: at(scheme.closesAt, blank.closes), correctDays: scheme.correctDays || 15, againDays: scheme.againDays || 15, replacesId: anew ? '0' : scheme.replacesId, funded: Boolean(funding),
    ...funding && { fundId: funding.fundId, fundYuan: yuanOf(funding.fen) },
    ...selection && { kind: selection.kind as SchemeForm['kind'], places: selection.places, waiting: selection.waiting, list: at(selection.listAt, blank.list), until: at(selection.until, blank.until), publicName: selection.publicName, valueFormat: selection.valueFormat, value: at(selection.valueAt, blank.value), draw: at(selection.drawAt, blank.draw) },
    shown: Boolean(showing) || !funding, ...showing && { workingDays: showing.workingDays, countsOnly: showing.countsOnly, objectionDays: showing.objectionDays || 15 }, paid: Boolean(payment) || !funding,
    ...payment && { scene: payment.scene, report: [...payment.report], remark: payment.remark, runLines: payment.runLines, runYuan: yuanOf(payment.runFen), dayYuan: yuanOf(payment.dayFen) },
  };
}

const lines = (text: string) => text.split('\n').map((one) => one.trim()).filter(Boolean);
const number = (kind: Kind, text: string) => (text === '' ? '0' : kind === 'FEN' ? fen(Number(text)) : kind === 'DATE' ? text.replaceAll('-', '') : text.trim());
export const isBounded = (kind: Kind) => /^(TEXT|NUMBER|FEN|DATE|FILE)$/.test(kind);
function fieldOf({ choices, least, most, askedWith, askedFor, kind, ...one }: FieldForm): Asked<'FormField'> {
  return { ...one, kind, ...isBounded(kind) && { least: number(kind, least), most: number(kind, most) }, ...kind === 'CHOICE' && { choices: lines(choices) }, ...askedWith && { askedWith, askedFor } };
}
/** What may be chosen, as it is typed. */
export const choicesOf = ({ choices }: FieldForm) => lines(choices);

function selectionOf({ kind, places, waiting, list, until, publicName, valueFormat, value, draw }: SchemeForm): Asked<'Selection'> {
  if (kind === 'ALL') return { kind };
  const fixed = { kind, places, listAt: list.toISOString(), until: until.toISOString() };
  return kind === 'IN_ORDER' ? fixed : { ...fixed, waiting, ...publicName && { publicName, valueFormat, valueAt: value.toISOString(), drawAt: draw.toISOString() } };
}

export function schemeOf(form: SchemeForm, unionId: string): Asked<'Scheme'> {
  const { title, basis, audience, fields, rules, once, period, byField, yuan, field, mostYuan, steps, opens, closes, correctDays, againDays, replacesId, funded, shown, paid } = form;
  return {
    unionId, title, basis, audience, fields: fields.map(fieldOf), rules, once, ...once === 'ONCE_PERIOD' && { period }, amount: byField ? { field, mostFen: fen(mostYuan) } : { fen: fen(yuan) }, steps, opensAt: opens.toISOString(), closesAt: closes.toISOString(), correctDays, againDays,
    ...replacesId !== '0' && { replacesId },
    ...funded && { funding: { fundId: form.fundId, fen: fen(form.fundYuan) }, selection: selectionOf(form) }, ...funded && shown && { showing: { workingDays: form.workingDays, countsOnly: form.countsOnly, objectionDays: form.objectionDays } },
    ...funded && paid && { payment: { way: 'BY_WECHAT' as const, scene: form.scene, report: form.report.slice(0, REPORTS[form.scene]?.length ?? 1), remark: form.remark, runLines: form.runLines, runFen: fen(form.runYuan), dayFen: fen(form.dayYuan) } },
  };
}

/** What is meant by the place that a refusal names, e.g. scheme.fields[2].most. */
export function placeOf(path: string, { fields, steps }: SchemeForm): string {
  const [, part, nth] = /^scheme\.(\w+)(?:\[(\d+)\])?/.exec(path) ?? [], i = Number(nth ?? 0);
  const NAMES: Record<string, string> = { title: '名称', basis: '政策说明', closesAt: '申报截止', opensAt: '申报开始', amount: '补贴金额', period: '周期', steps: '审核', rules: '大小关系', funding: '资金', selection: '产生方式', payment: '发放方式', showing: '公示', audience: '面向' };
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
