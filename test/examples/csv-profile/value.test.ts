import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NULL_TOKENS, read } from '../../../examples/csv-profile/value.ts';

describe('read', () => {
  it.each([...NULL_TOKENS])('takes %j for no value', (text) => {
    expect(read(text).kind).toBe('null');
  });

  it.each([
    ['0', 0],
    ['-17', -17],
    ['+5', 5],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('takes %s for an integer', (text, number) => {
    expect(read(text)).toEqual({ kind: 'integer', number });
  });

  it.each([
    ['0.5', 0.5],
    ['.5', 0.5],
    ['-3.', -3],
    ['1e3', 1000],
    ['6.02E+23', 6.02e23],
  ])('takes %s for a number', (text, number) => {
    expect(read(text)).toEqual({ kind: 'number', number });
  });

  it.each(['true', 'FALSE', 'True'])('takes %s for a boolean', (text) => {
    expect(read(text).kind).toBe('boolean');
  });

  it.each([
    ['1970-01-01', 0],
    ['1970-01-01T00:00', 0],
    ['1970-01-02 00:00:00.5', 86_400_500],
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T02:00:00+02:00', 0],
    ['2020-02-29', Date.UTC(2020, 1, 29)],
  ])('takes %s for a date', (text, number) => {
    expect(read(text)).toEqual({ kind: 'date', number });
  });

  it.each([
    ['a postcode with a leading zero', '00501'],
    ['an identifier a double would change', '9007199254740993'],
    ['a number a double does not reach', '1e999'],
    ['a sign alone', '-'],
    ['a hexadecimal number', '0x10'],
    ['a number with a space', ' 1'],
    ['a thousands separator', '1,000'],
    ['infinity', 'Infinity'],
    ['a day that is not in the calendar', '2021-02-29'],
    ['a month that is not in the calendar', '2021-13-01'],
    ['an hour that is not on the clock', '2021-01-01T25:00'],
    ['a date of another form', '01/02/2021'],
    ['a word that begins like a boolean', 'truest'],
  ])('takes %s (%s) for text', (_, text) => {
    expect(read(text).kind).toBe('string');
  });

  it('reads back every finite number that JavaScript writes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        fc.pre(!Number.isInteger(number));
        expect(read(String(number))).toEqual({ kind: 'number', number });
      }),
    );
  });

  it('reads back every instant that JavaScript writes', () => {
    const dates = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(read(date.toISOString())).toEqual({ kind: 'date', number: date.getTime() });
      }),
    );
  });
});
