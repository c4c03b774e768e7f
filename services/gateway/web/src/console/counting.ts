// With what else a benefit counts: as the form has it, and as it is sent.
import type { Schemas } from '../shared/api';

// Who counts is the union that gives, unless another one is named.
export const newCounting = () => ({ groupUnion: '0', ceilingUnion: '0', group: '', atMost: 1, period: 'MONTH' as Schemas['granted.Period'], notWithinDays: 0, ceiling: '', yuan: 1000 });
export type CountingForm = ReturnType<typeof newCounting>;
/** Nothing where it counts with nothing. */
export function countsOf({ groupUnion, ceilingUnion, group, atMost, period, notWithinDays, ceiling, yuan }: CountingForm): Schemas['asked.granted.Counting'] | undefined {
  if (!group && !ceiling) return undefined;
  return {
    ...group && { group: { ...groupUnion !== '0' && { unionId: groupUnion }, name: group, atMost, ...atMost && { period }, notWithinDays } },
    ...ceiling && { ceiling: { ...ceilingUnion !== '0' && { unionId: ceilingUnion }, name: ceiling, fen: String(Math.round(yuan * 100)) } },
  };
}
/** The form of what was sent by a union. */
export function formOfCounts(counts: Schemas['granted.Counting'] | null | undefined, unionId: string): CountingForm {
  const form = newCounting(), { group, ceiling } = counts ?? {}, other = (id: string) => (id === unionId ? '0' : id);
  if (group) Object.assign(form, { groupUnion: other(group.unionId), group: group.name, atMost: group.atMost, period: group.atMost ? group.period : form.period, notWithinDays: group.notWithinDays });
  if (ceiling) Object.assign(form, { ceilingUnion: other(ceiling.unionId), ceiling: ceiling.name, yuan: Number(ceiling.fen) / 100 });
  return form;
}
