import { describeServiceOutput, type ServiceOutputName } from '../../lib/core/config/service-outputs.ts';

/** The parts of a template for a function with one published version and the alias `live`. */
export function releaseTemplate(FunctionName: string) {
  return {
    Resources: {
      Processor: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName,
          Runtime: 'python3.12',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/any',
          Code: { ZipFile: 'def handler(event, context): pass' },
        },
      },
      Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Processor' } } },
      Alias: {
        Type: 'AWS::Lambda::Alias',
        Properties: {
          Name: 'live',
          FunctionName: { Ref: 'Processor' },
          FunctionVersion: { 'Fn::GetAtt': ['Version', 'Version'] },
        },
      },
    },
    Outputs: {
      ...serviceOutput('ProcessorFunctionName', { Ref: 'Processor' }),
      ...serviceOutput('ReleaseAliasName', 'live'),
    },
  };
}

/** An output of the service in a template. */
export function serviceOutput(name: ServiceOutputName, Value: unknown) {
  return { [name]: { Value, Description: describeServiceOutput({ service: 'Service', name }) } };
}
