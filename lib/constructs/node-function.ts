import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, LogLevel, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** What our functions run on. */
export const NODE_RUNTIME = {
  runtime: Runtime.NODEJS_24_X,
  architecture: Architecture.ARM_64,
  // Lambda's own lines as JSON too; lines that are JSON already, as Powertools writes them, pass as they are.
  loggingFormat: LoggingFormat.JSON,
} as const;

/**
 * One ESM file with the SDK inside: pinned to the version it was tested with, and quicker to start than the runtime's.
 */
export const BUNDLING: BundlingOptions = {
  format: OutputFormat.ESM,
  mainFields: ['module', 'main'],
  bundleAwsSDK: true,
  minify: true,
  // Errors are told apart by name, in logs too.
  keepNames: true,
  sourceMap: true,
  // The map says which line; the text of that line is in the repository.
  sourcesContent: false,
  // CommonJS packages inside the ESM file call require for Node's own modules.
  banner:
    "import { createRequire as coatcheckCreateRequire } from 'node:module'; const require = coatcheckCreateRequire(import.meta.url);",
  logLevel: LogLevel.WARNING,
};
