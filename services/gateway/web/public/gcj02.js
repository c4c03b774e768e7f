// A position of a satellite receiver (WGS-84) on China's maps (GCJ-02), in which the
// sites are given; the two lie some hundred metres apart. The constants are those of the
// Krasovsky ellipsoid and of the published approximation.
const AXIS = 6378245, ECCENTRICITY = 0.00669342162296594323;

const waves = (x, ...terms) => terms.reduce((sum, [height, length]) => sum + height * Math.sin(x * Math.PI / length), 0) * 2 / 3;
const both = (x) => waves(x, [20, 1 / 6], [20, 1 / 2]);
const north = (x, y) => -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x))
  + both(x) + waves(y, [20, 1], [40, 3], [160, 12], [320, 30]);
const east = (x, y) => 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x))
  + both(x) + waves(x, [20, 1], [40, 3], [150, 12], [300, 30]);

/** Degrees to degrees; outside China the maps agree. */
export function gcj02({ latitude, longitude }) {
  if (longitude < 72.004 || longitude > 137.8347 || latitude < 0.8293 || latitude > 55.8271) return { latitude, longitude };
  const x = longitude - 105, y = latitude - 35, radians = latitude * Math.PI / 180;
  const bend = 1 - ECCENTRICITY * Math.sin(radians) ** 2, meridian = AXIS * (1 - ECCENTRICITY) / bend ** 1.5;
  return {
    latitude: latitude + north(x, y) * 180 / (meridian * Math.PI),
    longitude: longitude + east(x, y) * 180 / (AXIS / Math.sqrt(bend) * Math.cos(radians) * Math.PI),
  };
}
