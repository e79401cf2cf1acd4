import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { Architecture } from 'aws-cdk-lib/aws-lambda';

/** The magic number of ELF files, which Linux loads. @see https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const ELF = 0x7f454c46;

const MACHINE_OFFSET = 18;

/** The machines of ELF files, by the name Lambda has for them. */
const MACHINES: Readonly<Record<string, number>> = {
  [Architecture.X86_64.name]: 0x3e,
  [Architecture.ARM_64.name]: 0xb7,
};

/**
 * What is wrong with the native code of a bundle: the function couldn't load any of it. Packages that have it for several
 * platforms are fine as long as one of them is the function's. npm installs what the function needs; other package
 * managers install for the machine they run on.
 */
export function nativeCodeProblem(folder: string, architecture: Architecture): string | undefined {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.node'),
  );
  const [first] = files;
  if (first === undefined || files.some((path) => runsOn(join(folder, path), architecture))) return undefined;
  return (
    `function.bundling.nodeModules must be installed for linux-${architecture.name}, got native code for another platform, ` +
    `${first} for example: name a package-lock.json by function.depsLockFilePath, since npm installs for the function, set ` +
    'function.bundling.forceDockerBundling, or choose the architecture of this machine'
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
