import { isObject } from '../../core/base/json-object.ts';
import { quote } from '../../core/base/quote.ts';
import { type NumberSettingName, numberSetting, rangeText } from '../../core/config/settings.ts';
import { having, type Shape, shape, shapeProblems } from '../../core/config/shape.ts';

export const DURATION = having('toSeconds', 'a Duration, such as Duration.seconds(30)');
export const SIZE = having('toMebibytes', 'a Size, such as Size.gibibytes(1)');
export const QUEUE = having('queueArn', 'an SQS queue of the CDK');
export const BUCKET = having('bucketArn', 'an S3 bucket of the CDK');
export const TOPIC = having('topicArn', 'an SNS topic of the CDK');
export const SECRET = having('secretArn', 'a secret of the CDK');
export const KEY = having('keyArn', 'a KMS key of the CDK');
export const VPC = having('vpcId', 'a VPC of the CDK');
export const SECURITY_GROUP = having('securityGroupId', 'a security group of the CDK');
export const SERVICE = having('inputQueue', 'an AsyncService');

/** The number of a setting. Its range has a check of its own. */
export function number(name: NumberSettingName): Shape {
  return shape(rangeText(numberSetting(name)), (value) => typeof value === 'number');
}

/** The problems with the props of a construct, whose names are paths. */
export function propsProblems(wanted: Shape, props: unknown): readonly string[] {
  if (!isObject(props)) return [`The props must be an object, got ${quote(props)}`];
  return shapeProblems(wanted, props, '');
}
