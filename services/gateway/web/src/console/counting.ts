// With what else a benefit counts: as the form has it, and as it is sent.
import type { Schemas } from '../shared/api';

export const newCounting = () => ({ group: '', atMost: 1, period: 'MONTH' as Schemas['granted.Period'], notWithinDays: 0, ceiling: '', yuan: 1000 });
export type CountingForm = ReturnType<typeof newCounting>;
/** Nothing where it counts with nothing. */
export function countsOf({ group, atMost, period, notWithinDays, ceiling, yuan }: CountingForm): Schemas['asked.granted.Counting'] | undefined {
  if (!group && !ceiling) return undefined;
  return {
    ...group && { group: { name: group, atMost, ...atMost && { period }, notWithinDays } },
    ...ceiling && { ceiling: { name: ceiling, fen: String(Math.round(yuan * 100)) } },
  };
}
/** The form of what was sent. */
export function formOfCounts(counts: Schemas['granted.Counting'] | null | undefined): CountingForm {
  const form = newCounting(), { group, ceiling } = counts ?? {};
  if (group) Object.assign(form, { group: group.name, atMost: group.atMost, period: group.atMost ? group.period : form.period, notWithinDays: group.notWithinDays });
  if (ceiling) Object.assign(form, { ceiling: ceiling.name, yuan: Number(ceiling.fen) / 100 });
  return form;
}
