import { Command } from 'commander';
import { note } from '../../terminal/output.ts';
import { projectVersion } from '../project-version.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { type ApiOptions, addApiOptions } from '../service-options.ts';

const HELP = `
An agent starts this command, and speaks the Model Context Protocol over its standard input and output. It sees no payloads and no
results, and of errors their codes and the messages of their groups.

Example, in the configuration of an agent:
  { "mcpServers": { "coatcheck": { "command": "npx", "args": ["coatcheck", "mcp", "--stack", "Coatcheck"] } } }`;

interface McpOptions extends ApiOptions {
  readonly allowActions?: true;
}

/** `coatcheck mcp`: lets an agent operate a service. */
export function mcpCommand({ signal }: Run): Command {
  const command = new Command('mcp')
    .description(
      'Serve the Model Context Protocol on standard input and output, for agents that operate a service.',
    )
    .option(
      '--allow-actions',
      'the agent may also plan and apply actions and other changes (default: read-only)',
    )
    .addHelpText('after', HELP);
  return addApiOptions(command).action(({ allowActions, ...options }: McpOptions) =>
    withService(options, signal, async (client) => {
      const { serveMcp } = await import('../../mcp/serve-mcp.ts');
      note('Serving the Model Context Protocol on standard input and output.');
      await serveMcp({ client, version: projectVersion(), allowsActions: allowActions === true }, signal);
    }),
  );
}
