import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { Architecture } from 'aws-cdk-lib/aws-lambda';

/**
 * The magic number of ELF files, the format of native code on Linux.
 * @see https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
 */
const ELF = 0x7f454c46;

const MACHINE_OFFSET = 18;

/** The machine field of ELF files by Lambda's name of the architecture. */
const MACHINES: Readonly<Record<string, number>> = {
  [Architecture.X86_64.name]: 0x3e,
  [Architecture.ARM_64.name]: 0xb7,
};

/**
 * The problem with the native code of a bundle if the function couldn't load any of it; otherwise undefined. A
 * package with native code for several platforms is fine if one of them is the function's. npm and pnpm 12
 * install packages for the function; others install them for the machine they run on.
 */
export function nativeCodeProblem(folder: string, architecture: Architecture): string | undefined {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.node'),
  );
  const [first] = files;
  if (first === undefined || files.some((path) => runsOn(join(folder, path), architecture))) return undefined;
  return (
    `function.bundling.nodeModules must be installed for linux-${architecture.name}, got native code for another platform, ` +
    `for example ${first}. Use npm or pnpm 12, which install packages for the function, with their lock file in ` +
    'function.depsLockFilePath; or set function.bundling.forceDockerBundling; or set function.architecture to that of this machine'
  );
}

function runsOn(file: string, architecture: Architecture): boolean {
  const header = Buffer.alloc(MACHINE_OFFSET + 2);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header);
  } finally {
    closeSync(descriptor);
  }
  return (
    header.readUInt32BE(0) === ELF && header.readUInt16LE(MACHINE_OFFSET) === MACHINES[architecture.name]
  );
}
