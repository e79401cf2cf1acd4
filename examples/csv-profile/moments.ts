/**
 * Mean and standard deviation in one pass. Welford's method, with West's weights for repeated values
 * ("Updating mean and variance estimates", 1979): sums of squares would lose the digits that matter when the
 * values are large and close together.
 */
export class Moments {
  #count = 0;
  #mean = 0;
  /** Sum of the squared distances from the mean. */
  #squares = 0;

  add(value: number, times = 1): void {
    this.#count += times;
    const distance = value - this.#mean;
    this.#mean += (distance * times) / this.#count;
    this.#squares += times * distance * (value - this.#mean);
  }

  /** Undefined without values. */
  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#mean;
  }

  /** Of the sample (n − 1); undefined with fewer than two values. */
  get standardDeviation(): number | undefined {
    return this.#count < 2 ? undefined : Math.sqrt(this.#squares / (this.#count - 1));
  }
}
