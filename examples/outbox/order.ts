/** What a customer orders. */
export interface Order {
  readonly id: number;
  readonly customer: number;
  readonly item: string;
}
