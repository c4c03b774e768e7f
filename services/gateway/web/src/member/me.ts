// Who she is, as the service sees her; read anew by whoever changes it.
import { ref, watch } from 'vue';
import { api, got, type Schemas } from '../shared/api';
import { session } from '../shared/session';

export const me = ref<Schemas['identity.Member'] | null>(null);
export const readMe = async () => { me.value = await got(api.GET('/v1/me')); };

watch(session, (now) => { if (!now) me.value = null; });
