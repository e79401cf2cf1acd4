import { join } from 'node:path';
import { installOnce, peerFolder } from './installation.ts';
import { runProgram } from './run-program.ts';

/**
 * Installs peers from Maven, unless they are already installed: test/peers/java/pom.xml.
 * @param name the folder of their pom.xml
 * @returns their class path; `java -cp CLASSPATH File.java` runs a program of one file
 */
export async function installJavaPeers(name = 'java'): Promise<string> {
  const folder = await installOnce(name, ['pom.xml'], async (draft) => {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${draft}`];
    await runProgram('mvn', [
      '--batch-mode',
      '--quiet',
      '--file',
      join(peerFolder(name), 'pom.xml'),
      ...goal,
    ]);
  });
  return join(folder, '*');
}
