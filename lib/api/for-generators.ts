import { NDJSON_TYPE } from '../core/model/batch-lines.ts';

const INT32_MAX = 2 ** 31 - 1;

/**
 * Adapts an OpenAPI document to generators of clients, without changing what it allows. Generators for Java and Go read an integer
 * without a format as one of 32 bits, and fail at the size of a large result. Of lines, they take the schema of a line for that of the
 * whole body, or leave the operation out, so lines are described as bytes.
 */
export function forGenerators(document: object): object {
  return JSON.parse(JSON.stringify(document), (key, value) => {
    if (key === NDJSON_TYPE) {
      return { schema: { type: 'string', format: 'binary', contentSchema: value.schema } };
    }
    return value?.type === 'integer' && !(value.maximum <= INT32_MAX) ? { ...value, format: 'int64' } : value;
  });
}
