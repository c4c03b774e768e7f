// Places near her: by distance once she tells where she stands, which is kept nowhere; by name until then.
import { ref } from 'vue';
import { isWechat, position } from '../shared/plain';
import { useLoad } from '../shared/use';

const SHOWN = 50;
const millionths = (degrees = 0) => Math.round(degrees * 1e6);

/** Where she stands, in millionths of degrees, if she has allowed it before: nobody asks her. */
export async function knownPlace() {
  if (isWechat()) return null; // which asks her each time
  const { state } = await navigator.permissions.query({ name: 'geolocation' });
  const place = state === 'granted' ? await position() : null;
  return place && { latE6: millionths(place.latitude), lonE6: millionths(place.longitude) };
}

export function useNearest<T>(ask: (from: { latE6: number; lonE6: number; limit: number }) => Promise<T[]>, name: (one: T) => string) {
  const from = ref<{ latitude: number; longitude: number } | null>(null), said = ref('');
  const list = useLoad(async () => {
    const found = await ask({ latE6: millionths(from.value?.latitude), lonE6: millionths(from.value?.longitude), limit: SHOWN });
    if (!from.value) found.sort((a, b) => name(a).localeCompare(name(b), 'zh-CN'));
    said.value = `${from.value ? '已按距离排列' : '按名称排列'}，共 ${found.length} 个${found.length === SHOWN ? '（最多列出这么多）' : ''}。`;
    return found;
  });
  async function byDistance() {
    from.value = await position();
    await list.reload();
    if (!from.value) said.value = '没有得到您的位置，仍按名称排列。';
  }
  return { ...list, from, said, byDistance };
}
