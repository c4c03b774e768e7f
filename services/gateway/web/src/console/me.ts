// The official: who she is, her offices, and the one she works in now.
import { computed, ref, watch } from 'vue';
import { api, got, type Schemas } from '../shared/api';
import { session } from '../shared/session';
import type { Role } from './places';

type Union = Schemas['identity.Union'];
export const me = ref<Schemas['identity.Member'] | null>(null);
let reading: Promise<void> | null = null;

/** Once for each session; again() reads anew. */
export function readMe(): Promise<void> {
  reading ??= got(api.GET('/v1/me')).then((member) => { me.value = member; }).catch((error) => { reading = null; throw error; });
  return reading;
}
watch(session, (now, before) => { if (!now || !before) { reading = null; me.value = null; } }, { flush: 'sync' });

/** Whether one of her offices is among the roles; any will do for none. */
export const may = (roles: readonly string[]) => roles.length === 0 || (me.value?.grants ?? []).some(({ role }) => roles.includes(role));

/** The unions over which she holds something, each once. */
export const offices = computed(() => {
  const unions = new Map<string, Union>();
  for (const { union } of me.value?.grants ?? []) if (union) unions.set(union.unionId, union);
  return [...unions.values()];
});

const chosen = ref(sessionStorage.getItem('office') ?? '');
/** The union in which she works now. */
export const office = computed<Union | null>({
  get: () => offices.value.find(({ unionId }) => unionId === chosen.value) ?? offices.value[0] ?? null,
  set: (union) => {
    chosen.value = union?.unionId ?? '';
    sessionStorage.setItem('office', chosen.value);
  },
});
/** The same for calls; pages that ask need one. */
export const unionId = computed(() => office.value?.unionId ?? '0');

/** Whether she holds a role in the office she works in. */
export const holds = (...roles: Role[]) => (me.value?.grants ?? []).some(({ role, union }) => roles.includes(role) && union?.unionId === office.value?.unionId);
