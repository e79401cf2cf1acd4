/** The work of every handler. */
export function product({ x, y }: { readonly x: number; readonly y: number }): { readonly product: number } {
  return { product: x * y };
}

/** Where results go. A queue is called at the host of its URL unless an endpoint is configured. */
export const QUEUE_URL = `${process.env.AWS_ENDPOINT_URL}/000000000000/output`;
export const TABLE = 'requests';
