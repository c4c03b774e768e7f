import { api, got, type Schemas } from '../shared/api';

const known = new Map<string, Promise<Schemas['health.Site']>>();

/** A site, asked for once. */
export function siteOf(siteId: string) {
  if (!known.has(siteId)) {
    known.set(siteId, got(api.GET('/v1/checkup-sites/{siteId}', { params: { path: { siteId } } })).catch((error) => {
      known.delete(siteId);
      throw error;
    }));
  }
  return known.get(siteId)!;
}
