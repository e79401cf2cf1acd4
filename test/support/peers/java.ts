import { join } from 'node:path';
import { installOnce, peerFolder } from './installation.ts';
import { runProgram } from './run-program.ts';

/**
 * Installs the peers from Maven, unless they are already installed: test/peers/java/pom.xml.
 * @returns their class path; `java -cp CLASSPATH File.java` runs a program of one file
 */
export async function installJavaPeers(): Promise<string> {
  const folder = await installOnce('java', ['pom.xml'], async (draft) => {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${draft}`];
    await runProgram('mvn', [
      '--batch-mode',
      '--quiet',
      '--file',
      join(peerFolder('java'), 'pom.xml'),
      ...goal,
    ]);
  });
  return join(folder, '*');
}
