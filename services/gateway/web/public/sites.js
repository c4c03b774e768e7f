// The sites that a page names.
import { get } from './api.js';

const known = new Map(); // by id: a promise of the site

/** A site, asked for once. */
export function siteOf(siteId) {
  if (!known.has(siteId)) {
    known.set(siteId, get(`/v1/checkup-sites/${siteId}`).catch((error) => {
      known.delete(siteId);
      throw error;
    }));
  }
  return known.get(siteId);
}
