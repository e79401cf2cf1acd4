import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { RECORD_KEY } from '../../lib/core/config/record-table.ts';
import { jsonAnswer, type ReceivedCall, type Script } from './scripted-endpoint.ts';

type Item = Readonly<Record<string, AttributeValue>>;

/** A statement of a `BatchExecuteStatement` call. */
export interface SentStatement {
  readonly Statement: string;
  readonly Parameters: readonly AttributeValue[];
  readonly ConsistentRead?: boolean;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

/** A parsed statement of the record store. */
export interface ReadStatement {
  readonly kind: 'INSERT' | 'SELECT' | 'UPDATE';
  readonly table: string;
  readonly key: string;
  /** The attributes that it sets, including the key. */
  readonly set: Item;
  readonly removed: readonly string[];
  /** The revision that its item must have. */
  readonly revision?: string;
}

/** Parses a statement of lib/aws/dynamodb-record-store.ts. @throws Error for any other form */
export function readStatement({ Statement, Parameters }: SentStatement): ReadStatement {
  const match =
    /^(INSERT INTO|SELECT \* FROM|UPDATE) "([\w.-]+)"(?: VALUE \{(.*)\})?(.*?)(?: WHERE (.*))?$/.exec(
      Statement,
    );
  const [, verb = '', table = '', members = '', changes = '', condition = ''] = match ?? [];
  const [kind] = verb.split(' ');
  if (kind !== 'INSERT' && kind !== 'SELECT' && kind !== 'UPDATE') throw new Error(`can't read ${Statement}`);
  const parameters = [...Parameters];
  const take = (text: string, form: RegExp) =>
    Object.fromEntries(
      [...text.matchAll(form)].map(([, name = '']) => {
        const value = parameters.shift();
        if (!value) throw new Error(`too few parameters for ${Statement}`);
        return [name, value];
      }),
    );
  const inserted = take(members, /'(\w+)': \?/g);
  const changed = take(changes, /SET "(\w+)" = \?/g);
  const where: Item = take(condition, /"(\w+)" = \?/g);
  if (parameters.length > 0) throw new Error(`too many parameters for ${Statement}`);
  const set: Item = {
    ...inserted,
    ...changed,
    ...(where[RECORD_KEY] && { [RECORD_KEY]: where[RECORD_KEY] }),
  };
  const removed = [...changes.matchAll(/REMOVE "(\w+)"/g)].map(([, name = '']) => name);
  return { kind, table, key: set[RECORD_KEY]?.S ?? '', set, removed, revision: where.revision?.N };
}

/** The statements of a call. */
export function statementsOf({ body }: Pick<ReceivedCall, 'body'>): SentStatement[] {
  return JSON.parse(String(body)).Statements;
}

/** The items that the writes of a call make. */
export function writtenItems(call: Pick<ReceivedCall, 'body'>): Item[] {
  return statementsOf(call).map((statement) => readStatement(statement).set);
}

/** Answers a call, statement by statement. @param answer returns the response to a statement, by its index */
export function executing(answer: (statement: SentStatement, index: number) => object = () => ({})): Script {
  return (call, response) => {
    const Responses = statementsOf(call).map((statement, index) => ({
      TableName: 'requests',
      ...answer(statement, index),
    }));
    jsonAnswer(200, { Responses })(call, response);
  };
}

/** DynamoDB's answer to a statement that it doesn't execute. */
export function statementError(Code: string, Item?: Item): object {
  return { Error: { Code, Message: `${Code}, it says`, ...(Item && { Item }) } };
}
