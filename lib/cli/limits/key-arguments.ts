import type { Command } from 'commander';

/** Declares the arguments that select one value of a key. */
export function addKeyArguments(command: Command): Command {
  return command
    .argument('<key>', 'tenant, topic, all or metadata.NAME')
    .argument('[value]', 'value of the key, for example the name of a tenant; left out for all');
}
