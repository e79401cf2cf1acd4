/** Random numbers from 0 (inclusive) to 1 (exclusive), reproducible by the seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** From here on a Poisson distribution is close enough to a normal one. */
const MANY = 50;

/** How many independent arrivals come where `mean` are expected (Poisson). */
export function arrivalsOf(mean: number, random: () => number): number {
  if (mean === 0) return 0;
  return mean < MANY ? few(mean, random) : many(mean, random);
}

/** Draws by inversion: one random number for any mean. */
function few(mean: number, random: () => number): number {
  let chance = Math.exp(-mean);
  let left = random() - chance;
  let arrivals = 0;
  while (left >= 0 && chance > 0) {
    arrivals += 1;
    chance *= mean / arrivals;
    left -= chance;
  }
  return arrivals;
}

/** By the normal distribution of the same mean and variance (Box and Muller). */
function many(mean: number, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
}
