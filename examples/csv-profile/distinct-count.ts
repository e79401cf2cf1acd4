/** The first bits of a hash select the register. */
const INDEX_BITS = 14;
const REGISTERS = 2 ** INDEX_BITS;
/** Rank: leading zeros of the second hash (0 to 32) plus one. */
const MAX_RANK = 33;

/**
 * Estimates the number of distinct values in 16 KiB of memory: a HyperLogLog with a standard error of 0.8 %
 * (1.04 / √16384). The estimate is Ertl's, which needs no correction for small or large numbers ("New
 * cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6).
 */
export class DistinctCount {
  readonly #ranks = new Uint8Array(REGISTERS);

  add(value: string): void {
    const seed = hash(value, 0x9e3779b9);
    const index = seed >>> (32 - INDEX_BITS);
    const rank = Math.clz32(hash(value, seed)) + 1;
    if (rank > (this.#ranks[index] ?? 0)) this.#ranks[index] = rank;
  }

  estimate(): number {
    const registersOf = new Array<number>(MAX_RANK + 1).fill(0);
    for (const rank of this.#ranks) registersOf[rank] = (registersOf[rank] ?? 0) + 1;
    const share = (rank: number) => (registersOf[rank] ?? 0) / REGISTERS;
    let sum = tau(1 - share(MAX_RANK));
    for (let rank = MAX_RANK - 1; rank >= 1; rank--) sum = (sum + share(rank)) / 2;
    sum += sigma(share(0));
    return Math.round(REGISTERS / (2 * Math.LN2 * sum));
  }
}

/** FNV-1a over UTF-16 code units, finished by MurmurHash3's mix so that every bit depends on every other. */
function hash(value: string, seed: number): number {
  let bits = seed;
  for (let i = 0; i < value.length; i++) bits = Math.imul(bits ^ value.charCodeAt(i), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** σ of the paper: contribution of untouched registers. */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let sum = share;
  let previous = Number.NaN;
  for (let power = share * share, weight = 1; sum !== previous; power *= power, weight *= 2) {
    previous = sum;
    sum += power * weight;
  }
  return sum;
}

/** τ of the paper: contribution of saturated registers. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let sum = 1 - share;
  let previous = Number.NaN;
  for (let root = Math.sqrt(share), weight = 0.5; sum !== previous; root = Math.sqrt(root), weight /= 2) {
    previous = sum;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
