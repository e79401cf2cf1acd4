/** A source of random numbers that returns a value set by the test. */
export class FixedRandom {
  value: number;

  constructor(value = 0.5) {
    this.value = value;
  }

  next = (): number => this.value;
}
