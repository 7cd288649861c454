import type { CommandDefinition } from './define-command.ts'
import isolateHost from './isolate-host.ts'
import rearmCanaries from './rearm-canaries.ts'
import releaseHost from './release-host.ts'

/** Every command both ends know, by verb. A browser can't list a folder, so this list stands in a file. */
export const commands: ReadonlyMap<string, CommandDefinition> = new Map(
  [isolateHost, releaseHost, rearmCanaries].map((command) => [command.verb, command]),
)
