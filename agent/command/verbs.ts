import type { Verb } from './verb.ts'
import isolateHost from './verbs/isolate-host.ts'
import rearmCanaries from './verbs/rearm-canaries.ts'
import releaseHost from './verbs/release-host.ts'

/** Every verb this agent can do; a test holds the list against the folder and against shared/commands. */
export const verbs: ReadonlyMap<string, Verb> = new Map(
  [isolateHost, rearmCanaries, releaseHost].map((verb) => [verb.command.verb, verb as Verb]),
)
